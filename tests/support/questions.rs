//! The questions in `tests/questions`: typed queries with their whole answers, and questions that have none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use virgil_graph::Query;

/// A question about the sample platform and what its files say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) id: String,
    /// What it is about, such as `lineage`; one of [`ABOUT`].
    pub(crate) about: String,
    /// The groups of whoever asks; an administrator, if none are given.
    #[serde(default, rename = "as")]
    pub(crate) groups: Vec<String>,
    pub(crate) query: Query,
    pub(crate) expect: Expect,
    pub(crate) phrasings: Phrasings,
}

/// The whole answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) rows: Option<Vec<Row>>,
    pub(crate) count: Option<usize>,
    /// How many there are for each value or reference; the empty text stands for those without one.
    pub(crate) groups: Option<BTreeMap<String, usize>>,
    /// For each path the things on it, in order.
    pub(crate) paths: Option<Vec<Vec<String>>>,
    pub(crate) completeness: Completeness,
}

/// One row: its reference, and the values of its columns where the question asks for them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Row {
    Reference(String),
    Columns {
        reference: String,
        columns: Vec<Vec<Value>>,
    },
}

impl Row {
    pub(crate) fn reference(&self) -> &str {
        match self {
            Row::Reference(reference) | Row::Columns { reference, .. } => reference,
        }
    }
}

/// How complete the answer is, with the kinds of the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Completeness {
    Exact,
    AtLeast(BTreeSet<String>),
    Unknown(BTreeSet<String>),
}

/// The question in plain language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrasings {
    /// Those that the planner may be tuned on.
    pub(crate) tune: Vec<String>,
    /// Those that only score it.
    pub(crate) held_out: Vec<String>,
}

/// A question without an exact answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unanswerable {
    pub(crate) id: String,
    /// Why there is none.
    pub(crate) because: String,
    pub(crate) question: String,
    pub(crate) expect: Instead,
}

/// What is right instead of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Instead {
    Abstain,
    /// These, and perhaps others, are offered.
    Choices(Vec<String>),
}

/// What questions can be about.
pub(crate) const ABOUT: &[&str] = &[
    "lineage",
    "impact",
    "ownership",
    "sensitivity",
    "images",
    "schedules",
    "serving",
    "monitoring",
    "counts",
    "not",
    "all",
    "none",
    "paths",
    "columns",
];

pub(crate) fn questions() -> Vec<Question> {
    read("sample.yaml")
}

pub(crate) fn unanswerable() -> Vec<Unanswerable> {
    read("unanswerable.yaml")
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/questions")
        .join(name);
    let text = std::fs::read_to_string(path).expect(name);
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
