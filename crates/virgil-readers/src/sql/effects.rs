//! What one statement does: the places it reads and writes, the tables it declares, and where columns come from.

use sqlparser::ast::{
    AlterTable, AlterTableOperation, AssignmentTarget, CommentObject, CopySource, CopyTarget,
    CreateTable, CreateTableOptions, CreateView, Delete, Expr, FromTable, HiveDistributionStyle,
    Ident, Insert, Merge, MergeAction, MergeInsertKind, MergeUpdateKind, ObjectName, Query,
    SetExpr, SqlOption, Statement, TableFactor, TableObject, Update, UpdateTableFromKind, Value,
};

use super::lineage::{Catalog, Columns, Origins, Rest, trace, trace_value};
use super::name::{Name, Place, uri};
use super::reads::{is_system, places};

/// What a statement does.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// What it reads.
    pub(crate) reads: Vec<Place>,
    /// What it writes.
    pub(crate) writes: Vec<Place>,
    /// What it makes of what it reads.
    pub(crate) made: Vec<Made>,
    /// Tables, views and columns that it declares.
    pub(crate) declared: Vec<Declared>,
    /// Tables that live no longer than the session.
    pub(crate) temporary: Vec<Name>,
    /// Columns that it takes away.
    pub(crate) dropped: Vec<(Name, String)>,
    /// Comments on a table, or on a column of it.
    pub(crate) comments: Vec<(Name, Option<String>, String)>,
}

/// What is made of what a query reads.
#[derive(Debug)]
pub(crate) struct Made {
    /// The table or file.
    pub(crate) place: Place,
    /// What the query reads.
    pub(crate) from: Vec<Place>,
    /// The origins of columns, as far as they can be told.
    pub(crate) columns: Vec<(String, Origins)>,
}

/// A table or view that is declared, or one that gets more columns.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: Name,
    /// `table`, `view`, `materialized view`, `external table`.
    pub(crate) what: &'static str,
    pub(crate) columns: Vec<Column>,
    /// Whether these are all columns.
    pub(crate) is_whole: bool,
    /// Where the data lies.
    pub(crate) location: Option<String>,
    pub(crate) comment: Option<String>,
}

/// A declared column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: Option<String>,
    pub(crate) comment: Option<String>,
}

/// What a statement does; `catalog` knows the columns of tables.
pub(crate) fn effects(statement: &Statement, catalog: &dyn Catalog) -> Effects {
    let mut effects = Effects::default();
    match statement {
        Statement::Query(query) => effects.query(query, catalog),
        Statement::CreateTable(table) => effects.create_table(table, catalog),
        Statement::CreateView(view) => effects.create_view(view, catalog),
        Statement::Insert(insert) => effects.insert(insert, catalog),
        Statement::Update(update) => effects.update(update),
        Statement::Delete(delete) => effects.delete(delete),
        Statement::Merge(merge) => effects.merge(merge, catalog),
        Statement::Truncate(truncate) => {
            for target in &truncate.table_names {
                effects.write(Name::of(&target.name).map(Place::Table));
            }
        }
        Statement::Copy {
            source, to, target, ..
        } => effects.copy(source, *to, target, catalog),
        Statement::CopyIntoSnowflake { .. } => effects.copy_into(statement, catalog),
        Statement::Directory { path, source, .. } => {
            let place = uri(path).map(Place::Uri);
            effects.write(place.clone());
            effects.make(place, source, &[], catalog);
        }
        Statement::AlterTable(table) => effects.alter(table),
        Statement::Comment {
            object_type,
            object_name,
            comment: Some(comment),
            ..
        } => effects.comment(*object_type, object_name, comment),
        // A plan is not run.
        _ => {}
    }
    effects
}

impl Effects {
    fn read(&mut self, more: Vec<Place>) {
        for place in more {
            if !self.reads.contains(&place) {
                self.reads.push(place);
            }
        }
    }

    fn write(&mut self, place: Option<Place>) {
        if let Some(place) = place.filter(|place| !is_system(place))
            && !self.writes.contains(&place)
        {
            self.writes.push(place);
        }
    }

    fn query(&mut self, query: &Query, catalog: &dyn Catalog) {
        self.read(places(query));
        match &*query.body {
            SetExpr::Select(select) => {
                // SELECT … INTO t FROM …
                let Some(into) = &select.into else {
                    return;
                };
                let target = match into.targets.as_slice() {
                    [Expr::Identifier(ident)] => Name::of(&ObjectName::from(vec![ident.clone()])),
                    [Expr::CompoundIdentifier(parts)] => Name::of(&ObjectName::from(parts.clone())),
                    _ => None,
                };
                if into.temporary {
                    self.temporary.extend(target);
                } else {
                    self.write(target.clone().map(Place::Table));
                    self.make(target.map(Place::Table), query, &[], catalog);
                }
            }
            // WITH … INSERT, UPDATE, DELETE, MERGE
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => {
                let inner = effects(statement, catalog);
                for place in inner.writes {
                    self.reads
                        .retain(|other| *other != place || inner.reads.contains(other));
                    self.write(Some(place));
                }
                let common: Vec<String> = query
                    .with
                    .iter()
                    .flat_map(|with| &with.cte_tables)
                    .map(|table| table.alias.name.value.clone())
                    .collect();
                self.reads.retain(|place| match place {
                    Place::Table(name) => name.0.len() > 1 || !common.contains(&name.0[0].text),
                    Place::Uri(_) => true,
                });
                for made in inner.made {
                    self.made.push(Made {
                        place: made.place,
                        from: self.reads.clone(),
                        columns: Vec::new(),
                    });
                }
            }
            _ => {}
        }
    }

    /// Something is made of what a query reads; `names` are the columns that get its results, in order.
    fn make(
        &mut self,
        place: Option<Place>,
        query: &Query,
        names: &[String],
        catalog: &dyn Catalog,
    ) {
        let from = places(query);
        self.read(from.clone());
        let Some(place) = place.filter(|place| !is_system(place)) else {
            return;
        };
        let columns = named(trace(query, catalog), names);
        self.made.push(Made {
            place,
            from,
            columns,
        });
    }

    fn create_table(&mut self, table: &CreateTable, catalog: &dyn Catalog) {
        let Some(name) = Name::of(&table.name) else {
            return;
        };
        let is_partition = table.partition_of.is_some();
        let is_temporary = table.temporary || table.volatile;
        if is_temporary {
            self.temporary.push(name.clone());
        }
        let place = Some(Place::Table(name.clone())).filter(|_| !is_temporary);
        let mut columns: Vec<Column> = table
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.value.clone(),
                data_type: Some(column.data_type.to_string()).filter(|written| !written.is_empty()),
                comment: column
                    .options
                    .iter()
                    .find_map(|option| match &option.option {
                        sqlparser::ast::ColumnOption::Comment(comment) => Some(comment.clone()),
                        _ => None,
                    }),
            })
            .collect();
        if let HiveDistributionStyle::PARTITIONED { columns: more } = &table.hive_distribution {
            columns.extend(more.iter().map(|column| Column {
                name: column.name.value.clone(),
                data_type: Some(column.data_type.to_string()),
                comment: None,
            }));
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        if let Some(query) = &table.query {
            self.write(place.clone());
            if columns.is_empty() {
                columns.extend(results(&trace(query, catalog)));
            }
            self.make(place.clone(), query, &names, catalog);
        }
        let cloned = table.clone.as_ref().and_then(Name::of).map(Place::Table);
        if let (Some(origin), Some(place)) = (cloned, &place) {
            self.made.push(Made {
                place: place.clone(),
                from: vec![origin],
                columns: Vec::new(),
            });
        }
        let what = if table.external {
            "external table"
        } else {
            "table"
        };
        let is_whole = !columns.is_empty() && table.like.is_none() && table.inherits.is_none();
        if place.is_some() && !is_partition {
            self.declared.push(Declared {
                name,
                what,
                columns,
                is_whole,
                location: location(table),
                comment: table.comment.as_ref().map(comment_text),
            });
        } else if is_temporary && is_whole {
            self.declared.push(Declared {
                name,
                what: "temporary table",
                columns,
                is_whole,
                location: None,
                comment: None,
            });
        }
    }

    fn create_view(&mut self, view: &CreateView, catalog: &dyn Catalog) {
        let Some(name) = Name::of(&view.name) else {
            return;
        };
        if view.temporary {
            self.temporary.push(name);
            self.read(places(&view.query));
            return;
        }
        let names: Vec<String> = view
            .columns
            .iter()
            .map(|column| column.name.value.clone())
            .collect();
        let traced = trace(&view.query, catalog);
        let columns = if names.is_empty() {
            results(&traced)
        } else {
            let column = |name: &String| Column {
                name: name.clone(),
                data_type: None,
                comment: None,
            };
            names.iter().map(column).collect()
        };
        // A view reads when it is read; only what it is made of is stated.
        let before = std::mem::take(&mut self.reads);
        self.make(
            Some(Place::Table(name.clone())),
            &view.query,
            &names,
            catalog,
        );
        self.reads = before;
        // ClickHouse: the results go into another table.
        if let Some(target) = view.to.as_ref().and_then(Name::of) {
            self.make(Some(Place::Table(target)), &view.query, &[], catalog);
        }
        self.declared.push(Declared {
            name,
            what: if view.materialized {
                "materialized view"
            } else {
                "view"
            },
            is_whole: !columns.is_empty(),
            columns,
            location: None,
            comment: view.comment.clone(),
        });
    }

    fn insert(&mut self, insert: &Insert, catalog: &dyn Catalog) {
        let target = match &insert.table {
            TableObject::TableName(name) => Place::of(name),
            _ => None,
        };
        self.write(target.clone());
        let Some(query) = &insert.source else {
            return;
        };
        if matches!(&*query.body, SetExpr::Values(_)) && query.with.is_none() {
            self.read(places(query));
            return;
        }
        let mut names: Vec<String> = insert
            .columns
            .iter()
            .filter_map(Name::of)
            .map(|name| name.table().to_owned())
            .collect();
        // Without a list the results go to the columns in their order, if that is known.
        if names.is_empty()
            && !insert.by_name
            && let Some(Place::Table(name)) = &target
        {
            names = catalog.columns(name).unwrap_or_default();
            if names.is_empty() {
                let from = places(query);
                self.read(from.clone());
                self.made.extend(target.map(|place| Made {
                    place,
                    from,
                    columns: Vec::new(),
                }));
                return;
            }
        }
        self.make(target, query, &names, catalog);
    }

    fn update(&mut self, update: &Update) {
        let TableFactor::Table { name, .. } = &update.table.relation else {
            return;
        };
        let target = Name::of(name).map(Place::Table);
        let mut from = places(&update.table.joins);
        if let Some(
            UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables),
        ) = &update.from
        {
            from.extend(places(tables));
        }
        for assignment in &update.assignments {
            from.extend(places(&assignment.value));
        }
        // What only picks the rows does not become part of them.
        let picks = places(&update.selection);
        self.read(
            picks
                .into_iter()
                .filter(|place| Some(place) != target.as_ref())
                .collect(),
        );
        self.write_from(target, from);
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let named = delete.tables.iter().filter_map(Name::of).map(Place::Table);
        let mut targets: Vec<Place> = named.collect();
        if targets.is_empty() {
            targets.extend(tables.iter().filter_map(|table| match &table.relation {
                TableFactor::Table { name, .. } => Name::of(name).map(Place::Table),
                _ => None,
            }));
        }
        let mut from = places(&delete.selection);
        from.extend(places(&delete.using));
        from.retain(|place| !targets.contains(place));
        self.read(from);
        for target in targets {
            self.write(Some(target));
        }
    }

    fn merge(&mut self, merge: &Merge, catalog: &dyn Catalog) {
        let TableFactor::Table { name, .. } = &merge.table else {
            return;
        };
        let target = Name::of(name).map(Place::Table);
        let mut from = places(&merge.source);
        for clause in &merge.clauses {
            from.extend(places(clause));
        }
        let mut columns: Vec<(String, Origins)> = Vec::new();
        for (name, value) in merge
            .clauses
            .iter()
            .flat_map(|clause| assigned(&clause.action))
        {
            let tables = [&merge.source, &merge.table];
            let mut origins = trace_value(value, &tables, catalog);
            origins.retain(|(place, _), _| Some(place) != target.as_ref());
            match columns.iter_mut().find(|(other, _)| *other == name) {
                Some((_, own)) => super::lineage::merge(own, origins),
                None => columns.push((name, origins)),
            }
        }
        from.retain(|place| Some(place) != target.as_ref());
        self.read(from.clone());
        self.write(target.clone());
        self.made.extend(target.map(|place| Made {
            place,
            from,
            columns,
        }));
    }

    fn copy(&mut self, source: &CopySource, to: bool, target: &CopyTarget, catalog: &dyn Catalog) {
        let file = match target {
            CopyTarget::File { filename } => uri(filename).map(Place::Uri),
            _ => None,
        };
        match source {
            CopySource::Query(query) => {
                self.read(places(query));
                self.write(file.clone());
                self.make(file, query, &[], catalog);
            }
            CopySource::Table { table_name, .. } => {
                let table = Name::of(table_name).map(Place::Table);
                let (from, into) = if to { (table, file) } else { (file, table) };
                self.write_from(into, from.into_iter().collect());
            }
        }
    }

    fn copy_into(&mut self, statement: &Statement, catalog: &dyn Catalog) {
        use sqlparser::ast::CopyIntoSnowflakeKind::{Location, Table};
        let Statement::CopyIntoSnowflake {
            kind,
            into,
            from_obj,
            from_query,
            ..
        } = statement
        else {
            return;
        };
        // Stages are objects of the account; only locations that are written out are known.
        let place = |name: &ObjectName| {
            let written = name.to_string();
            match uri(written.trim_matches('\'')) {
                Some(uri) => Some(Place::Uri(uri)),
                None => Place::of(name),
            }
        };
        let target = match kind {
            Table | Location => place(into),
        };
        if let Some(query) = from_query {
            self.write(target.clone());
            self.make(target, query, &[], catalog);
        } else {
            let from = from_obj.as_ref().and_then(place);
            self.write_from(target, from.into_iter().collect());
        }
    }

    fn write_from(&mut self, target: Option<Place>, mut from: Vec<Place>) {
        from.retain(|place| Some(place) != target.as_ref());
        self.read(from.clone());
        self.write(target.clone());
        self.made
            .extend(target.filter(|_| !from.is_empty()).map(|place| Made {
                place,
                from,
                columns: Vec::new(),
            }));
    }

    fn alter(&mut self, table: &AlterTable) {
        let Some(name) = Name::of(&table.name) else {
            return;
        };
        let mut columns = Vec::new();
        for operation in &table.operations {
            match operation {
                AlterTableOperation::AddColumn { column_def, .. } => columns.push(Column {
                    name: column_def.name.value.clone(),
                    data_type: Some(column_def.data_type.to_string()),
                    comment: None,
                }),
                AlterTableOperation::DropColumn { column_names, .. } => {
                    let dropped = column_names
                        .iter()
                        .map(|column: &Ident| column.value.clone());
                    self.dropped
                        .extend(dropped.map(|column| (name.clone(), column)));
                }
                _ => {}
            }
        }
        if !columns.is_empty() {
            self.declared.push(Declared {
                name,
                what: "table",
                columns,
                is_whole: false,
                location: None,
                comment: None,
            });
        }
    }

    fn comment(&mut self, object: CommentObject, name: &ObjectName, comment: &str) {
        let Some(mut name) = Name::of(name) else {
            return;
        };
        match object {
            CommentObject::Table | CommentObject::View | CommentObject::MaterializedView => {
                self.comments.push((name, None, comment.to_owned()));
            }
            CommentObject::Column if name.0.len() > 1 => {
                let column = name.0.pop().map(|part| part.text);
                self.comments.push((name, column, comment.to_owned()));
            }
            _ => {}
        }
    }
}

/// The columns that a clause of `MERGE` sets, with their values.
fn assigned(action: &MergeAction) -> Vec<(String, &Expr)> {
    let table = |name: &ObjectName| Name::of(name).map(|name| name.table().to_owned());
    match action {
        MergeAction::Update(update) => match &update.kind {
            MergeUpdateKind::Set(assignments) => {
                let pairs = assignments.iter().filter_map(|one| match &one.target {
                    AssignmentTarget::ColumnName(column) => Some((table(column)?, &one.value)),
                    AssignmentTarget::Tuple(_) => None,
                });
                pairs.collect()
            }
            MergeUpdateKind::Wildcard => Vec::new(),
        },
        MergeAction::Insert(insert) => match &insert.kind {
            MergeInsertKind::Values(values) => {
                let row = values.rows.first().map_or(&[][..], |row| &row.content);
                let names = insert.columns.iter();
                let pairs = names.zip(row);
                pairs
                    .filter_map(|(name, value)| Some((table(name)?, value)))
                    .collect()
            }
            MergeInsertKind::Row | MergeInsertKind::Wildcard => Vec::new(),
        },
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => Vec::new(),
    }
}

/// The results of a query under the names of the columns that get them: those given, else their own.
fn named(columns: Columns, names: &[String]) -> Vec<(String, Origins)> {
    // Behind a `*` that is not spread, positions mean nothing; names still do.
    if !names.is_empty() && columns.rest != Rest::Nothing {
        return Vec::new();
    }
    columns
        .known
        .into_iter()
        .enumerate()
        .filter_map(|(at, output)| {
            let name = if names.is_empty() {
                output.name
            } else {
                names.get(at).cloned()
            };
            name.map(|name| (name, output.origins))
        })
        .filter(|(name, _)| !name.contains(super::name::HOLE))
        .collect()
}

/// The columns that a query gives, if they are all known.
fn results(columns: &Columns) -> Vec<Column> {
    let names: Option<Vec<String>> = columns
        .known
        .iter()
        .map(|output| output.name.clone())
        .collect();
    match names {
        Some(names) if columns.rest == Rest::Nothing => names
            .into_iter()
            .map(|name| Column {
                name,
                data_type: None,
                comment: None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn location(table: &CreateTable) -> Option<String> {
    let of_format = table
        .hive_formats
        .as_ref()
        .and_then(|formats| formats.location.as_deref());
    let option = options(&table.table_options)
        .iter()
        .find_map(|option| match option {
            SqlOption::KeyValue { key, value }
                if matches!(
                    key.to_string().to_lowercase().as_str(),
                    "location" | "external_location" | "path" | "uris" | "data_source"
                ) =>
            {
                text(value)
            }
            _ => None,
        });
    let written = table.location.as_deref().or(of_format).or(option)?;
    uri(written)
}

fn options(options: &CreateTableOptions) -> &[SqlOption] {
    match options {
        CreateTableOptions::None => &[],
        CreateTableOptions::With(options)
        | CreateTableOptions::Options(options)
        | CreateTableOptions::Plain(options)
        | CreateTableOptions::TableProperties(options) => options,
    }
}

fn text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        Expr::Array(array) => array.elem.first().and_then(text),
        _ => None,
    }
}

fn comment_text(comment: &sqlparser::ast::CommentDef) -> String {
    match comment {
        sqlparser::ast::CommentDef::WithEq(text) | sqlparser::ast::CommentDef::WithoutEq(text) => {
            text.clone()
        }
    }
}
