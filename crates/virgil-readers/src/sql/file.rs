//! Files of SQL: migrations, loads, models of hand-written warehouses.
//!
//! A file is a script, `file:./{path}`, that reads and writes tables, as what runs it does. What a file says of
//! tables and columns is stated too. Only statements that say something of the kind are parsed; those that do not
//! parse are counted, and the first is the file's problem.

use virgil_model::{Files, Kind, LineSpan};

use crate::keys;
use crate::lines::number;
use crate::statements::{Asset, Format, Said};

use super::effects::effects;
use super::lineage::Catalog;
use super::name::{HOLE, Name};
use super::parse::parse;
use super::split::split;
use super::state::state;
use super::{dbt_model, system};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "sql",
    accepts,
    state: file,
};

/// Larger files are dumps of data.
const FILE_BYTES: usize = 8 << 20;

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "sql" | "ddl" | "hql")
}

fn file(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    if asset.raw.text.len() > FILE_BYTES {
        said.problem(1, "the file is too large, so its SQL is not read");
        return;
    }
    // What dbt compiled and ran is a copy of its models.
    if path.contains("target/compiled/") || path.contains("target/run/") {
        return;
    }
    // The other direction of a migration: it undoes what another file states.
    if [".down.sql", "_down.sql", "/down.sql"]
        .iter()
        .any(|end| path.ends_with(end))
    {
        return;
    }
    let project = dbt_model::project_of(path, files);
    let is_template = asset.mentions(&["{{", "{%"]);
    if let Some(project) = project.as_ref().filter(|_| is_template) {
        dbt_model::state(asset, project, files, said);
        return;
    }
    let setting = system::of_file(path, project.as_ref(), files);
    let filled = is_template.then(|| without_template(asset.raw.text));
    let text = filled.as_deref().unwrap_or(asset.raw.text);
    let subject = keys::file(path);
    let before = said.statements.len();
    let mut known = Known::default();
    let mut temporary: Vec<Name> = Vec::new();
    let (mut unread, mut count) = (None, 0);
    let pieces = split(text);
    for piece in pieces.iter().filter(|piece| says_something(piece.text)) {
        count += 1;
        let lines = LineSpan::new(number(piece.line), number(piece.end));
        match parse(piece.text, setting.platform()) {
            Ok(statements) => {
                for statement in &statements {
                    let effects = effects(statement, &known);
                    temporary.extend(effects.temporary.iter().cloned());
                    state(&effects, &subject, &setting, &temporary, lines, said);
                    known.take(&effects);
                }
            }
            Err(failure) => {
                let (unread, _, _) =
                    unread.get_or_insert((0, piece.line + failure.line, failure.message));
                *unread += 1;
            }
        }
    }
    if let Some((unread, line, message)) = unread {
        let what = format!("{unread} of {count} statements are not understood, the first");
        let problem = crate::lines::problem(Some(number(line)), &what, &message);
        said.problems.push(problem);
    }
    if said.statements.len() > before {
        let lines = LineSpan::line(1);
        said.mention(lines, Kind::Resource, &[&subject], path);
        said.text(lines, &subject, "type", "sql_script");
    }
}

/// Whether a statement is of a kind that says what it reads, writes or declares.
pub(crate) fn says_something(statement: &str) -> bool {
    let statement = statement.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let mut words = statement
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase);
    match words.next().as_deref() {
        Some(
            "select" | "with" | "insert" | "replace" | "merge" | "update" | "delete" | "truncate"
            | "copy" | "from",
        ) => true,
        Some("create") => words
            .take(6)
            .any(|word| matches!(word.as_str(), "table" | "view")),
        Some("alter") => words.next().as_deref() == Some("table"),
        Some("comment") => words.next().as_deref() == Some("on"),
        _ => false,
    }
}

/// A template as SQL: a value stands for each expression, and what controls it is left out. Lines stay.
pub(crate) fn without_template(text: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, tail) = rest.split_at(at);
        filled.push_str(before);
        let (end, stands_for) = match tail.get(..2) {
            Some("{{") => ("}}", HOLE),
            Some("{%") => ("%}", " "),
            Some("{#") => ("#}", " "),
            _ => {
                filled.push('{');
                rest = &tail[1..];
                continue;
            }
        };
        let length = tail.find(end).map_or(tail.len(), |at| at + 2);
        filled.push_str(stands_for);
        filled.extend(tail[..length].matches('\n'));
        rest = &tail[length..];
    }
    filled.push_str(rest);
    filled
}

/// The columns of the tables that statements in front declared.
#[derive(Default)]
pub(crate) struct Known {
    tables: Vec<(Name, Vec<String>)>,
}

impl Known {
    /// Learns the tables that a statement declares.
    pub(crate) fn take(&mut self, effects: &super::effects::Effects) {
        for table in &effects.declared {
            let names = table.columns.iter().map(|column| column.name.clone());
            if table.is_whole {
                self.tables.retain(|(name, _)| *name != table.name);
                self.tables.push((table.name.clone(), names.collect()));
            } else if let Some((_, columns)) =
                self.tables.iter_mut().find(|(name, _)| *name == table.name)
            {
                columns.extend(names);
            }
        }
        for (table, dropped) in &effects.dropped {
            if let Some((_, columns)) = self.tables.iter_mut().find(|(name, _)| name == table) {
                columns.retain(|column| column != dropped);
            }
        }
    }
}

impl Catalog for Known {
    fn columns(&self, table: &Name) -> Option<Vec<String>> {
        let known = self.tables.iter().rev().find(|(name, _)| name.is(table));
        known.map(|(_, columns)| columns.clone())
    }
}

#[cfg(test)]
mod tests;
