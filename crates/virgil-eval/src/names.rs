//! What the references of an expected answer mean to whoever asks.
//!
//! An answer shows a thing by one of its keys; a file of questions may name it by another one. Both mean the same when the API
//! resolves them to one thing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::expect::{Expect, ExpectedSet, Row};

/// The shown reference of each written one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    shown: BTreeMap<String, String>,
}

impl Names {
    /// Notes that `written` is shown as `shown`.
    pub fn insert(&mut self, written: String, shown: String) {
        self.shown.insert(written, shown);
    }

    /// How `written` is shown; as it is written, if it names nothing.
    pub fn shown<'n>(&'n self, written: &'n str) -> &'n str {
        self.shown.get(written).map_or(written, String::as_str)
    }

    /// Whether `written` names something.
    pub fn knows(&self, written: &str) -> bool {
        self.shown.contains_key(written)
    }
}

impl Expect {
    /// The references that have to mean something.
    pub fn references(&self) -> BTreeSet<&str> {
        match self {
            Expect::Set(set) => set.references(),
            Expect::Choices(choices) => choices.iter().map(String::as_str).collect(),
            Expect::Evidence(_) | Expect::Abstain => BTreeSet::new(),
        }
    }

    /// The texts that may be references: values of columns.
    pub fn perhaps_references(&self) -> BTreeSet<&str> {
        let Expect::Set(set) = self else {
            return BTreeSet::new();
        };
        let rows = set.rows.iter().flatten();
        let values = rows.flat_map(Row::columns).flatten();
        values
            .filter_map(Value::as_str)
            .filter(|text| looks_like_a_reference(text))
            .collect()
    }
}

impl ExpectedSet {
    fn references(&self) -> BTreeSet<&str> {
        let rows = self.rows.iter().flatten().map(Row::reference);
        let steps = self.paths.iter().flatten().flatten().map(String::as_str);
        let groups = self.groups.iter().flat_map(BTreeMap::keys);
        let groups = groups
            .map(String::as_str)
            .filter(|text| looks_like_a_reference(text));
        rows.chain(steps).chain(groups).collect()
    }
}

fn looks_like_a_reference(text: &str) -> bool {
    text.contains(':') && !text.contains(' ')
}
