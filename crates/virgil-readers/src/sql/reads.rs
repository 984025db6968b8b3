//! The places that a statement reads: every table of every `FROM`, but for those that `WITH` names.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query,
    TableFactor, Value, Visit, Visitor,
};

use super::name::{Name, Place, is_same, uri};

/// The places that a part of a statement reads, each once, in order.
pub(super) fn places<T: Visit>(part: &T) -> Vec<Place> {
    let mut reads = Reads::default();
    let _ = part.visit(&mut reads);
    reads.found
}

/// The file that a function in a `FROM` reads, such as `read_parquet('s3://…')`.
pub(super) fn file_of(factor: &TableFactor) -> Option<Place> {
    let (name, arguments) = match factor {
        TableFactor::Table {
            name,
            args: Some(arguments),
            ..
        } => (name, arguments.args.as_slice()),
        TableFactor::Function { name, args, .. } => (name, args.as_slice()),
        TableFactor::TableFunction {
            expr: Expr::Function(function),
            ..
        } => (&function.name, arguments(function)),
        _ => return None,
    };
    let text = first_text(arguments)?;
    is_reader(name).then(|| uri(text).map(Place::Uri))?
}

/// Functions that read files: of `DuckDB`, `ClickHouse`, Databricks.
fn is_reader(name: &ObjectName) -> bool {
    let name = name.to_string().to_lowercase();
    name.starts_with("read_")
        || matches!(
            name.as_str(),
            "parquet_scan" | "iceberg_scan" | "delta_scan" | "s3" | "gcs" | "hdfs" | "s3cluster"
        )
}

fn arguments(function: &Function) -> &[FunctionArg] {
    match &function.args {
        FunctionArguments::List(list) => &list.args,
        _ => &[],
    }
}

fn first_text(arguments: &[FunctionArg]) -> Option<&str> {
    match arguments.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[derive(Default)]
struct Reads {
    /// The tables that `WITH` names in the queries around, and how many of them may be used yet.
    around: Vec<Frame>,
    found: Vec<Place>,
}

struct Frame {
    names: Vec<String>,
    /// Where the queries of those tables stand, to know them again.
    queries: Vec<*const Query>,
    usable: usize,
}

impl Reads {
    fn add(&mut self, place: Place) {
        if !self.found.contains(&place) {
            self.found.push(place);
        }
    }

    fn is_common(&self, name: &str) -> bool {
        self.around.iter().any(|frame| {
            frame.names[..frame.usable]
                .iter()
                .any(|other| is_same(other, name))
        })
    }
}

impl Visitor for Reads {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.as_ref().map_or(&[][..], |with| &with.cte_tables);
        let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
        self.around.push(Frame {
            names: tables
                .iter()
                .map(|table| table.alias.name.value.clone())
                .collect(),
            queries: tables
                .iter()
                .map(|table| std::ptr::from_ref::<Query>(&table.query))
                .collect(),
            usable: if is_recursive { tables.len() } else { 0 },
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.around.pop();
        if let Some(frame) = self.around.last_mut()
            && let Some(at) = frame
                .queries
                .iter()
                .position(|other| std::ptr::eq(*other, query))
        {
            frame.usable = frame.usable.max(at + 1);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let Some(place) = file_of(factor) {
            self.add(place);
            return ControlFlow::Continue(());
        }
        let TableFactor::Table {
            name, args: None, ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let common = match name.0.as_slice() {
            [part] => part
                .as_ident()
                .is_some_and(|ident: &Ident| self.is_common(&ident.value)),
            _ => false,
        };
        if !common && let Some(place) = Place::of(name).filter(|place| !is_system(place)) {
            self.add(place);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a table is the system's own catalogue.
pub(super) fn is_system(place: &Place) -> bool {
    let Place::Table(Name(parts)) = place else {
        return false;
    };
    let is = |part: &super::name::Part, names: &[&str]| {
        names
            .iter()
            .any(|name| part.text.eq_ignore_ascii_case(name))
    };
    parts.iter().rev().skip(1).any(|part| {
        is(
            part,
            &[
                "information_schema",
                "pg_catalog",
                "sys",
                "system",
                "performance_schema",
                "account_usage",
            ],
        )
    }) || parts.first().is_some_and(|part| {
        parts.len() == 1
            && (is(part, &["dual", "sqlite_master", "sqlite_schema"])
                || part.text.starts_with("pg_")
                || part.text.starts_with("duckdb_"))
    })
}
