//! Statements that declare: `CREATE TABLE` and `CREATE VIEW`, `ALTER TABLE`, `COMMENT ON`.

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnOption, CommentDef, CommentObject, CreateTable,
    CreateTableOptions, CreateView, Expr, HiveDistributionStyle, Ident, ObjectName, SqlOption,
    Value,
};

use super::{Column, Declared, Effects, Made};
use crate::sql::lineage::{Catalog, Columns, Rest, trace};
use crate::sql::name::{Name, Place, uri};
use crate::sql::reads::places;

impl Effects {
    pub(super) fn create_table(&mut self, table: &CreateTable, catalog: &dyn Catalog) {
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
                        ColumnOption::Comment(comment) => Some(comment.clone()),
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

    pub(super) fn create_view(&mut self, view: &CreateView, catalog: &dyn Catalog) {
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

    pub(super) fn alter(&mut self, table: &AlterTable) {
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

    pub(super) fn comment(&mut self, object: CommentObject, name: &ObjectName, comment: &str) {
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

fn comment_text(comment: &CommentDef) -> String {
    match comment {
        CommentDef::WithEq(text) | CommentDef::WithoutEq(text) => text.clone(),
    }
}
