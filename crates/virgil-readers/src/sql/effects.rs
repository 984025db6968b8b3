//! What one statement does: the places it reads and writes, the tables it declares, and where columns come from.

mod change;
mod copy;
mod declare;

use sqlparser::ast::{Expr, ObjectName, Query, SetExpr, Statement};

use super::lineage::{Catalog, Columns, Origins, Rest, trace};
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

    /// A place is made of others, whose columns are not told apart.
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
