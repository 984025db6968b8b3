//! Comparing exact answers, as the API gives them.
//!
//! Two comparisons: [`differences`] is strict and for typed queries, whose shape is known; [`agrees`] is for questions in words,
//! where the same answer may come in another shape.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::expect::{Completeness, ExpectedSet, Row};
use crate::names::Names;

/// What an exact answer says, whatever way it came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    total: u64,
    rows: BTreeSet<String>,
    values: BTreeSet<String>,
    groups: BTreeMap<String, u64>,
    paths: BTreeSet<(String, String)>,
    /// What the answer is: rows, or else a count, groups or paths.
    shape: Shape,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Rows,
    Count,
    Groups,
    Paths,
}

impl Said {
    /// What the result of a query says.
    pub fn of_result(result: &Value) -> Said {
        let rows = list(&result["rows"]);
        let cells = rows
            .iter()
            .flat_map(|row| list(&row["columns"]))
            .flat_map(|cell| list(&cell["values"]));
        let ends = |path: &Value| {
            let end = |name: &str| text(&path[name]["reference"]);
            (end("from"), end("to"))
        };
        Said {
            total: result["total"].as_u64().unwrap_or_default(),
            values: cells.map(value_of).collect(),
            rows: rows.iter().map(|row| text(&row["reference"])).collect(),
            groups: list(&result["groups"]).iter().map(group_of).collect(),
            paths: list(&result["paths"]).iter().map(ends).collect(),
            shape: Shape::Rows,
        }
    }

    /// What is expected.
    pub fn of_expected(expected: &ExpectedSet, names: &Names) -> Said {
        let rows = expected.rows.as_deref().unwrap_or_default();
        let paths = expected.paths.iter().flatten();
        let shape = match expected {
            ExpectedSet {
                groups: Some(_), ..
            } => Shape::Groups,
            ExpectedSet { count: Some(_), .. } => Shape::Count,
            ExpectedSet { paths: Some(_), .. } => Shape::Paths,
            _ => Shape::Rows,
        };
        Said {
            total: expected.count.unwrap_or(rows.len() as u64),
            rows: rows
                .iter()
                .map(|row| names.shown(row.reference()).to_owned())
                .collect(),
            values: rows
                .iter()
                .flat_map(Row::columns)
                .flatten()
                .map(|value| names.shown(&text(value)).to_owned())
                .collect(),
            groups: expected
                .groups
                .iter()
                .flatten()
                .map(|(value, count)| (names.shown(value).to_owned(), *count))
                .collect(),
            paths: paths
                .filter_map(|path| {
                    let end = |step: &String| names.shown(step).to_owned();
                    Some((path.first().map(end)?, path.last().map(end)?))
                })
                .collect(),
            shape,
        }
    }
}

/// Whether a result answers what is `wanted`. Paths agree when their ends do.
pub fn agrees(wanted: &Said, got: &Said) -> bool {
    match wanted.shape {
        Shape::Groups => wanted.groups == got.groups,
        Shape::Count => wanted.total == got.total,
        Shape::Paths => wanted.paths == got.paths,
        Shape::Rows => {
            // Whether things are rows or what another row is linked with is a matter of words: `who owns X`, `X and its owner`.
            let is_linked = wanted.values.is_empty() && wanted.rows == got.values;
            wanted.rows == got.rows && wanted.values.is_subset(&got.values) || is_linked
        }
    }
}

/// What the result of a typed query says otherwise than expected, one line each.
pub fn differences(expected: &ExpectedSet, names: &Names, found: &Value) -> Vec<String> {
    let mut said = Vec::new();
    let mut compare = |what: &str, expected: BTreeSet<String>, found: BTreeSet<String>| {
        for missing in expected.difference(&found) {
            said.push(format!("missing {what} {missing}"));
        }
        for extra in found.difference(&expected) {
            said.push(format!("extra {what} {extra}"));
        }
    };
    if let Some(rows) = &expected.rows {
        let wants_columns = rows.iter().any(|row| !row.columns().is_empty());
        let expected = rows.iter().map(|row| expected_row(row, names)).collect();
        let found = list(&found["rows"]).iter();
        let found = found.map(|row| found_row(row, wants_columns)).collect();
        compare("row", expected, found);
    }
    if let Some(count) = expected.count {
        let found = BTreeSet::from([found["total"].to_string()]);
        compare("count", BTreeSet::from([count.to_string()]), found);
    }
    if let Some(groups) = &expected.groups {
        let shown = |(value, count): (&String, &u64)| format!("{}: {count}", names.shown(value));
        let found = list(&found["groups"]).iter().map(group_of);
        let found = found.map(|(value, count)| format!("{value}: {count}"));
        compare("group", groups.iter().map(shown).collect(), found.collect());
    }
    if let Some(paths) = &expected.paths {
        let shown = |path: &Vec<String>| {
            let steps: Vec<&str> = path.iter().map(|step| names.shown(step)).collect();
            steps.join(" -> ")
        };
        let expected = paths.iter().map(shown).collect();
        let found = list(&found["paths"]).iter().map(found_path).collect();
        compare("path", expected, found);
    }
    if let Some(expected) = &expected.completeness
        && found_completeness(&found["completeness"]) != *expected
    {
        said.push(format!("{expected:?}: {}", found["completeness"]));
    }
    said
}

fn expected_row(row: &Row, names: &Names) -> String {
    let mut shown = names.shown(row.reference()).to_owned();
    for values in row.columns() {
        let values: BTreeSet<String> = values
            .iter()
            .map(|value| match value {
                Value::String(text) if names.knows(text) => format!("{:?}", names.shown(text)),
                value => value.to_string(),
            })
            .collect();
        let _ = write!(shown, " {values:?}");
    }
    shown
}

fn found_row(row: &Value, with_columns: bool) -> String {
    let mut shown = text(&row["reference"]);
    for column in list(&row["columns"]).iter().filter(|_| with_columns) {
        let values: BTreeSet<String> = list(&column["values"])
            .iter()
            .map(|value| match value.get("entity") {
                Some(entity) => entity["entity"]["reference"].to_string(),
                None => value["value"]["value"].to_string(),
            })
            .collect();
        let _ = write!(shown, " {values:?}");
    }
    if row["possibly"] == true {
        shown.push_str(" (possibly)");
    }
    shown
}

fn found_path(path: &Value) -> String {
    let mut at = text(&path["from"]["reference"]);
    let mut steps = vec![at.clone()];
    for edge in list(&path["edges"]) {
        let (subject, object) = (
            text(&edge["subject"]["reference"]),
            text(&edge["object"]["reference"]),
        );
        at = if subject == at { object } else { subject };
        steps.push(at.clone());
    }
    steps.join(" -> ")
}

fn found_completeness(found: &Value) -> Completeness {
    let why = list(&found["why"]).iter();
    let why = why.map(|why| text(&why["reason"])).collect();
    match found["completeness"].as_str() {
        Some("at_least") => Completeness::AtLeast(why),
        Some("unknown") => Completeness::Unknown(why),
        _ => Completeness::Exact,
    }
}

fn value_of(shown: &Value) -> String {
    match shown.get("value") {
        Some(value) => text(&value["value"]),
        None => text(&shown["entity"]["entity"]["reference"]),
    }
}

fn group_of(group: &Value) -> (String, u64) {
    let value = group["value"].as_str().unwrap_or_default().to_owned();
    (value, group["count"].as_u64().unwrap_or_default())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expect::Expect;

    fn expected(value: Value) -> ExpectedSet {
        match Expect::read(value).expect("a set") {
            Expect::Set(set) => *set,
            other => panic!("{other:?}"),
        }
    }

    fn rows(references: &[&str]) -> Value {
        let rows: Vec<Value> = references
            .iter()
            .map(|reference| json!({ "reference": reference, "columns": [] }))
            .collect();
        json!({ "total": rows.len(), "rows": rows, "groups": [], "paths": [], "completeness": { "completeness": "exact" } })
    }

    #[test]
    fn rows_agree_as_sets_under_their_shown_names() {
        let mut names = Names::default();
        names.insert("model:fraud".into(), "mlflow:fraud".into());
        let wanted = Said::of_expected(&expected(json!({ "rows": ["model:fraud", "b"] })), &names);
        let check = |references: &[&str]| agrees(&wanted, &Said::of_result(&rows(references)));
        assert!(check(&["b", "mlflow:fraud"]));
        assert!(
            !check(&["b"]) && !check(&["b", "mlflow:fraud", "c"]) && !check(&["b", "model:fraud"])
        );
    }

    #[test]
    fn the_owner_of_a_thing_may_be_a_row_or_a_value() {
        let wanted = Said::of_expected(
            &expected(json!({ "rows": ["team:risk"] })),
            &Names::default(),
        );
        let linked = json!({ "total": 1, "rows": [{ "reference": "model:fraud", "columns": [
            { "values": [{ "entity": { "entity": { "reference": "team:risk" } } }] }] }] });
        assert!(agrees(&wanted, &Said::of_result(&linked)));
        let other = json!({ "total": 1, "rows": [{ "reference": "model:fraud", "columns": [
            { "values": [{ "entity": { "entity": { "reference": "team:shop" } } }] }] }] });
        assert!(!agrees(&wanted, &Said::of_result(&other)));
    }

    #[test]
    fn counts_and_groups_compare_numbers() {
        let names = Names::default();
        let wanted = Said::of_expected(&expected(json!({ "count": 2 })), &names);
        assert!(agrees(&wanted, &Said::of_result(&rows(&["a", "b"]))));
        assert!(!agrees(&wanted, &Said::of_result(&rows(&["a"]))));
        let wanted =
            Said::of_expected(&expected(json!({ "groups": { "prod": 2, "": 1 } })), &names);
        let got = json!({ "total": 3, "groups": [{ "value": null, "count": 1 }, { "value": "prod", "count": 2 }] });
        assert!(agrees(&wanted, &Said::of_result(&got)));
    }

    #[test]
    fn differences_name_what_is_missing_and_what_is_too_much() {
        let set =
            expected(json!({ "rows": ["a", "b"], "completeness": { "at_least": ["unresolved"] } }));
        let lines = differences(&set, &Names::default(), &rows(&["b", "c"]));
        assert_eq!(lines.len(), 3);
        assert_eq!(&lines[..2], ["missing row a", "extra row c"]);
        assert!(lines[2].starts_with("AtLeast"), "{lines:?}");
    }
}
