//! The columns of a query as lines of text, for the tests of the tracing.

use super::{Catalog, Rest, Step, trace};
use crate::sql::name::{Name, Place};
use crate::sql::parse::parse;

/// Knows two tables.
struct Shop;

impl Catalog for Shop {
    fn columns(&self, table: &Name) -> Option<Vec<String>> {
        let names: &[&str] = match table.table() {
            "orders" => &["id", "customer_id", "total", "placed_at"],
            "customers" => &["customer_id", "email", "name"],
            _ => return None,
        };
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

/// What the columns of a query come from: `name: table.column kind, …`.
pub(super) fn check(query: &str, expect: &[&str]) {
    let statements = parse(query, None).expect(query);
    let [sqlparser::ast::Statement::Query(parsed)] = statements.as_slice() else {
        panic!("{query}");
    };
    let columns = trace(parsed, &Shop);
    let mut found: Vec<String> = columns
        .known
        .iter()
        .map(|output| {
            let origins: Vec<String> = output
                .origins
                .iter()
                .map(|((place, column), step)| {
                    let place = match place {
                        Place::Table(name) => name.text(),
                        Place::Uri(uri) => uri.clone(),
                    };
                    let mark = match step {
                        Step::Identity => "",
                        Step::Transformation => " f",
                        Step::Aggregation => " agg",
                        Step::Condition => " if",
                    };
                    format!("{place}.{column}{mark}")
                })
                .collect();
            let name = output.name.as_deref().unwrap_or("?");
            format!("{name}: {}", origins.join(", "))
        })
        .collect();
    match columns.rest {
        Rest::Nothing => {}
        Rest::Of(place) => found.push(format!("* {place:?}")),
        Rest::Unknown => found.push("* ?".to_owned()),
    }
    assert_eq!(found, expect, "{query}");
}
