//! What is right for a question.
//!
//! - a list of places, or `{evidence: [...]}`: where the answer stands. Each has `path`, and may have `source`, `contains` (words of
//!   the place) and `lines` (`[first, last]`).
//! - `{rows: [...]}`, `{count: n}`, `{groups: {value: n}}` or `{paths: [[...]]}`, with `completeness`: the whole exact answer.
//! - `{choices: [...]}`: the things that a name may mean, all of which have to be offered.
//! - `abstain` (or `none`): nothing says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is right.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Where the answer stands.
    Evidence(Vec<Place>),
    /// The whole exact answer.
    Set(Box<ExpectedSet>),
    /// The things that have to be offered; others may be.
    Choices(Vec<String>),
    /// Nothing says it.
    Abstain,
}

/// Where an answer stands. Without `contains` and `lines`, anywhere in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The source; any, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The path inside the source.
    pub path: String,
    /// Words of the place, whatever whitespace stands between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Its first and last line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<(u32, u32)>,
}

/// A whole exact answer: one of rows, count and paths; groups with a count or alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedSet {
    /// One for each thing.
    pub rows: Option<Vec<Row>>,
    /// How many there are.
    pub count: Option<u64>,
    /// How many there are for each value or reference; the empty text stands for those without one.
    pub groups: Option<BTreeMap<String, u64>>,
    /// For each path the things on it, in order.
    pub paths: Option<Vec<Vec<String>>>,
    /// How complete it is; not compared, if not given.
    pub completeness: Option<Completeness>,
}

/// One row: its reference, and the values of its columns where the question asks for them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Row {
    /// The thing alone.
    Reference(String),
    /// With its columns.
    Columns {
        /// The thing.
        reference: String,
        /// The values of each column.
        columns: Vec<Vec<Value>>,
    },
}

impl Row {
    /// The thing.
    pub fn reference(&self) -> &str {
        match self {
            Row::Reference(reference) | Row::Columns { reference, .. } => reference,
        }
    }

    /// The values of its columns.
    pub fn columns(&self) -> &[Vec<Value>] {
        match self {
            Row::Reference(_) => &[],
            Row::Columns { columns, .. } => columns,
        }
    }
}

/// How complete an answer is, with the kinds of the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Exactly this.
    Exact,
    /// This, and perhaps more.
    AtLeast(BTreeSet<String>),
    /// Perhaps less, perhaps more.
    Unknown(BTreeSet<String>),
}

/// The forms that are objects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    evidence: Option<Vec<Place>>,
    choices: Option<Vec<String>>,
    rows: Option<Vec<Row>>,
    count: Option<u64>,
    groups: Option<BTreeMap<String, u64>>,
    paths: Option<Vec<Vec<String>>>,
    completeness: Option<Completeness>,
}

impl Expect {
    /// Reads one of the forms; the error says what is wrong with it.
    pub(crate) fn read(value: Value) -> Result<Expect, String> {
        let said = |error: serde_json::Error| format!("expect: {error}");
        match value {
            Value::String(word) if word == "abstain" || word == "none" => Ok(Expect::Abstain),
            Value::String(word) => Err(format!(
                "expect: `{word}` is nothing that can be expected: there are `abstain`, a list of places, or a set"
            )),
            Value::Array(_) => evidence(serde_json::from_value(value).map_err(said)?),
            value => {
                let written: Written = serde_json::from_value(value).map_err(said)?;
                written.expect()
            }
        }
    }

    /// The kind of what is expected, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Expect::Evidence(_) => "evidence",
            Expect::Set(_) => "set",
            Expect::Choices(_) => "choices",
            Expect::Abstain => "abstain",
        }
    }
}

fn evidence(places: Vec<Place>) -> Result<Expect, String> {
    if places.is_empty() {
        return Err("expect: no place is given".into());
    }
    for place in &places {
        let blank = |words: &str| words.trim().is_empty();
        if place.contains.as_deref().is_some_and(blank) {
            return Err(format!("expect: `contains` of {} is empty", place.path));
        }
        if place
            .lines
            .is_some_and(|(first, last)| first == 0 || last < first)
        {
            return Err(format!("expect: `lines` of {} run backwards", place.path));
        }
    }
    Ok(Expect::Evidence(places))
}

impl Written {
    fn expect(self) -> Result<Expect, String> {
        let is_set = self.rows.is_some()
            || self.count.is_some()
            || self.groups.is_some()
            || self.paths.is_some();
        match (self.evidence, self.choices, is_set) {
            (Some(places), None, false) => evidence(places),
            (None, Some(choices), false) if choices.len() >= 2 => Ok(Expect::Choices(choices)),
            (None, Some(_), false) => Err("expect: a choice is between two things at least".into()),
            (None, None, true) => {
                let answers = [self.rows.is_some(), self.paths.is_some()];
                let given = answers.iter().filter(|given| **given).count()
                    + usize::from(self.count.is_some() || self.groups.is_some());
                if given != 1 {
                    return Err("expect: one of `rows`, `count`, `groups` and `paths`".into());
                }
                Ok(Expect::Set(Box::new(ExpectedSet {
                    rows: self.rows,
                    count: self.count,
                    groups: self.groups,
                    paths: self.paths,
                    completeness: self.completeness,
                })))
            }
            _ => Err(
                "expect: one of `evidence`, `choices`, `rows`, `count`, `groups` and `paths`"
                    .into(),
            ),
        }
    }
}
