//! What a statement of SQL does, as statements about the platform.

use virgil_model::{Attributes, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::keys;
use crate::statements::Said;

use super::effects::{Declared, Effects, Made};
use super::lineage::Step;
use super::name::{Name, Place, uri_key};

/// Where the tables of a text are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The system as keys write it: `.` for a source whose system nothing names.
    pub(crate) system: String,
    /// What stands in front of names with fewer parts than the system's names have, if it is known.
    pub(crate) database: Option<String>,
    /// The schema of names without one, where the engine has only that default.
    pub(crate) schema: Option<String>,
}

impl Setting {
    /// Tables that are known inside their source only.
    pub(crate) fn local() -> Setting {
        Setting::of(".")
    }

    /// Tables of a system.
    pub(crate) fn of(system: &str) -> Setting {
        Setting {
            system: system.to_owned(),
            database: None,
            schema: None,
        }
    }

    /// The platform of the system; `None` where nothing names it.
    pub(crate) fn platform(&self) -> Option<&str> {
        let end = self.system.find([':', '/']).unwrap_or(self.system.len());
        Some(&self.system[..end]).filter(|platform| *platform != ".")
    }

    /// The key of a place.
    pub(crate) fn key(&self, place: &Place) -> Key {
        match place {
            Place::Table(name) => keys::table(self.system_of(name), &self.qualified(name)),
            Place::Uri(uri) => uri_key(uri),
        }
    }

    /// The system of a name. A platform without a server is only said of whole names: `users` of some PostgreSQL is
    /// known inside its source only.
    fn system_of(&self, name: &Name) -> &str {
        let parts = match self.system.as_str() {
            "mysql" | "hive" | "spark" | "clickhouse" | "athena" | "oracle" => 2,
            _ => 3,
        };
        // Another catalogue of DuckDB is another database that the session attached.
        let is_attached = self.system.starts_with("duckdb:")
            && name.0.len() == 3
            && self.database.as_deref() != Some(name.0[0].text.as_str());
        if is_attached {
            return ".";
        }
        let is_bare = !self.system.contains([':', '/']);
        if is_bare && name.0.len() < parts && self.database.is_none() {
            "."
        } else {
            &self.system
        }
    }

    fn qualified(&self, name: &Name) -> String {
        let text = name.text();
        let has_schemas = !matches!(self.platform(), Some("mysql" | "clickhouse"));
        match (&self.database, &self.schema, name.0.len()) {
            (Some(database), _, 1) if !has_schemas => format!("{database}.{text}"),
            (Some(database), Some(schema), 1) => format!("{database}.{schema}.{text}"),
            (Some(database), _, 2) if has_schemas => format!("{database}.{text}"),
            _ => text,
        }
    }
}

/// States what a statement on some lines does; `subject` is the script that runs it, `temporary` are the tables that
/// only its session has.
pub(crate) fn state(
    effects: &Effects,
    subject: &Key,
    setting: &Setting,
    temporary: &[Name],
    lines: LineSpan,
    said: &mut Said,
) {
    let is_lasting = |place: &Place| match place {
        Place::Table(name) => !temporary.iter().any(|other| name.is(other)),
        Place::Uri(_) => true,
    };
    for (places, predicate) in [
        (&effects.reads, Predicate::Reads),
        (&effects.writes, Predicate::Writes),
    ] {
        for place in places.iter().filter(|place| is_lasting(place)) {
            said.relation(lines, subject, predicate, &setting.key(place));
        }
    }
    for table in &effects.declared {
        if is_lasting(&Place::Table(table.name.clone())) {
            declared(table, subject, setting, lines, said);
        }
    }
    for made in effects.made.iter().filter(|made| is_lasting(&made.place)) {
        self::made(made, setting, &is_lasting, lines, said);
    }
    for (table, column) in &effects.dropped {
        let table = setting.key(&Place::Table(table.clone()));
        let column = keys::column(&table, column);
        said.attribute(lines, &column, "dropped", Value::Bool(true));
    }
    for (table, column, comment) in &effects.comments {
        let table = setting.key(&Place::Table(table.clone()));
        let of = match column {
            Some(column) => keys::column(&table, column),
            None => table,
        };
        said.text(lines, &of, "description", comment);
    }
}

fn declared(table: &Declared, subject: &Key, setting: &Setting, lines: LineSpan, said: &mut Said) {
    let key = setting.key(&Place::Table(table.name.clone()));
    if table.is_whole || table.location.is_some() || table.columns.is_empty() {
        said.mention(lines, Kind::Dataset, &[&key], table.name.table());
        said.text(lines, &key, "table_type", table.what);
        said.relation(lines, &key, Predicate::DefinedIn, subject);
    }
    said.text(
        lines,
        &key,
        "description",
        table.comment.as_deref().unwrap_or_default(),
    );
    if let Some(location) = &table.location {
        said.relation(lines, &key, Predicate::StoredAt, &uri_key(location));
    }
    for column in &table.columns {
        let of = keys::column(&key, &column.name);
        said.mention(lines, Kind::Column, &[&of], &column.name);
        said.relation(lines, &of, Predicate::PartOf, &key);
        for (name, text) in [
            ("type", &column.data_type),
            ("description", &column.comment),
        ] {
            said.text(lines, &of, name, text.as_deref().unwrap_or_default());
        }
    }
}

fn made(
    made: &Made,
    setting: &Setting,
    is_lasting: &dyn Fn(&Place) -> bool,
    lines: LineSpan,
    said: &mut Said,
) {
    let key = setting.key(&made.place);
    for origin in made.from.iter().filter(|origin| is_lasting(origin)) {
        let origin = setting.key(origin);
        if origin != key {
            said.relation(lines, &key, Predicate::DerivedFrom, &origin);
        }
    }
    for (name, origins) in &made.columns {
        let column = keys::column(&key, name);
        let lasting = origins.iter().filter(|((place, _), _)| is_lasting(place));
        let mut is_mentioned = false;
        for ((place, origin), step) in lasting {
            if !is_mentioned {
                said.mention(lines, Kind::Column, &[&column], name);
                said.relation(lines, &column, Predicate::PartOf, &key);
                is_mentioned = true;
            }
            let origin = keys::column(&setting.key(place), origin);
            derived(lines, &column, &origin, *step, said);
        }
    }
}

/// States that a column comes from another.
pub(crate) fn derived(lines: LineSpan, column: &Key, origin: &Key, step: Step, said: &mut Said) {
    if column == origin {
        return;
    }
    let (transformation, subtype) = step.names();
    let attributes = Attributes::from([
        (
            "transformation".to_owned(),
            Value::Text(transformation.to_owned()),
        ),
        ("subtype".to_owned(), Value::Text(subtype.to_owned())),
    ]);
    let object = Target::Key(origin.clone());
    said.relation_with(lines, column, Predicate::DerivedFrom, object, attributes);
}
