//! Where the columns of a query come from.
//!
//! A column is traced through aliases, common table expressions, subqueries, joins and set operations to columns of
//! tables. `*` is spread only over relations whose columns are known. What is ambiguous without knowing more - a bare
//! name where two relations might have it - has no origin; nothing is guessed.
//!
//! The kinds of steps are those of OpenLineage's column lineage facet
//! (<https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json>): a column is used as it is, in an expression,
//! in an aggregate, or only decides about the value.

mod expression;
mod from;
mod query;
mod scope;
mod select;

use std::collections::BTreeMap;

use sqlparser::ast::{Expr, Query, TableFactor};

use self::scope::Scope;
use super::name::{Name, Place, is_same};

/// How a column of the result depends on another; what is later in the order has lost more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// It is the other one.
    Identity,
    /// It is computed from it.
    Transformation,
    /// It is an aggregate of it.
    Aggregation,
    /// The other one only decides about the value: the condition of a `CASE`, the filter or window of an aggregate.
    Condition,
}

impl Step {
    /// The type and subtype that OpenLineage gives such a step.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Step::Identity => ("direct", "identity"),
            Step::Transformation => ("direct", "transformation"),
            Step::Aggregation => ("direct", "aggregation"),
            Step::Condition => ("indirect", "conditional"),
        }
    }
}

/// The columns that something comes from, each with the step that keeps most of it.
pub(crate) type Origins = BTreeMap<(Place, String), Step>;

/// A column of a result.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Its name; `None` for an expression without one.
    pub(crate) name: Option<String>,
    /// What it comes from.
    pub(crate) origins: Origins,
}

/// The columns of a relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Those that are known by name.
    pub(crate) known: Vec<Output>,
    /// What other names may mean.
    pub(crate) rest: Rest,
}

/// What a name means that is none of the known columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing: all columns are known.
    #[default]
    Nothing,
    /// A column of a table whose columns are not known.
    Of(Place),
    /// Something that cannot be told.
    Unknown,
}

/// The columns of tables, as far as they are known.
pub(crate) trait Catalog {
    /// The names of the columns of a table, all of them; `None` where they are not known.
    fn columns(&self, table: &Name) -> Option<Vec<String>>;
}

/// The columns of the result of a query.
pub(crate) fn trace(query: &Query, catalog: &dyn Catalog) -> Columns {
    let tracer = Tracer { catalog, depth: 0 };
    tracer.query(query, &Names::default())
}

/// The origins of a value among some tables, as in the clauses of `MERGE` and `UPDATE`.
pub(crate) fn trace_value(value: &Expr, tables: &[&TableFactor], catalog: &dyn Catalog) -> Origins {
    let tracer = Tracer { catalog, depth: 0 };
    let names = Names::default();
    let mut scope = Scope::default();
    for table in tables {
        tracer.factor(table, &names, &mut scope);
    }
    tracer.expression(value, &scope, &names)
}

/// What a place holds by itself.
pub(crate) fn columns_of(place: &Place, catalog: &dyn Catalog) -> Columns {
    let names = match place {
        Place::Table(name) => catalog.columns(name),
        Place::Uri(_) => None,
    };
    let Some(names) = names else {
        return Columns {
            known: Vec::new(),
            rest: Rest::Of(place.clone()),
        };
    };
    let known = names
        .into_iter()
        .map(|name| Output {
            origins: Origins::from([((place.clone(), name.clone()), Step::Identity)]),
            name: Some(name),
        })
        .collect();
    Columns {
        known,
        rest: Rest::Nothing,
    }
}

/// Where a query stands: the tables that `WITH` names and the relations of the queries around it.
#[derive(Default, Clone)]
struct Names<'n> {
    tables: Vec<(String, Columns)>,
    around: Option<&'n Scope<'n>>,
}

#[derive(Clone, Copy)]
struct Tracer<'c> {
    catalog: &'c dyn Catalog,
    depth: usize,
}

impl Columns {
    /// Whether a column is known by this name.
    fn has(&self, name: &str) -> bool {
        self.known.iter().any(|output| has_name(output, name))
    }

    /// The origins of a column: those known, else a column of the place.
    fn get(&self, name: &str) -> Option<Origins> {
        let known = self.known.iter().find(|output| has_name(output, name));
        match (known, &self.rest) {
            (Some(output), _) => Some(output.origins.clone()),
            (None, Rest::Of(place)) => {
                let column = (place.clone(), name.to_owned());
                Some(Origins::from([(column, Step::Identity)]))
            }
            (None, _) => None,
        }
    }
}

fn unknown() -> Columns {
    Columns {
        known: Vec::new(),
        rest: Rest::Unknown,
    }
}

fn has_name(output: &Output, name: &str) -> bool {
    output.name.as_deref().is_some_and(|own| is_same(own, name))
}

/// Adds origins; of two steps from one column the one that keeps more of it stays.
pub(crate) fn merge(into: &mut Origins, more: Origins) {
    for (column, step) in more {
        into.entry(column)
            .and_modify(|own| *own = (*own).min(step))
            .or_insert(step);
    }
}

/// The origins behind one more step.
fn at_least(origins: Origins, step: Step) -> Origins {
    origins
        .into_iter()
        .map(|(column, own)| (column, own.max(step)))
        .collect()
}

#[cfg(test)]
mod shown;
