//! The bank: queries with slots, and the wordings that ask for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;
use virgil_graph::{Query, Set};
use virgil_model::Kind;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::Lexicon;
use crate::plan::tokens::tokens;

use super::features::content;
use super::form::{Piece, Unit, absorb, main_part, units};
use super::hard::{Hard, hards};
use super::slots::{Slot, SlotKind, fill};
use super::turns::{Turn, turns};

const BUILT_IN: &str = include_str!("bank.yaml");

/// The examples of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenExample {
    /// A name, unique in the file.
    pub(super) id: String,
    /// A query with slots.
    pub(super) query: Json,
    /// What `{kinds}` may be; anything, if nothing is said.
    #[serde(default)]
    pub(super) kinds: Vec<Kind>,
    /// Ways to ask for it.
    pub(super) wordings: Vec<String>,
}

/// The built-in examples.
pub(super) fn built_in() -> Result<Vec<WrittenExample>, ExampleError> {
    serde_saphyr::from_str(BUILT_IN).map_err(|error| ExampleError {
        id: "bank.yaml".to_owned(),
        why: error.to_string(),
    })
}

/// Why examples cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the example `{id}` is not valid: {why}")]
pub struct ExampleError {
    id: String,
    why: String,
}

/// A query with slots.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) id: String,
    pub(super) query: Json,
    pub(super) kinds: Kinds,
    pub(super) wordings: Vec<Wording>,
    /// The hard words that at least half of the wordings have.
    pub(super) usual: BTreeSet<Hard>,
    /// The stems that at least half of the wordings have: what the example is about.
    pub(super) marks: BTreeSet<String>,
}

/// A way to ask for an example.
#[derive(Debug, Clone)]
pub(super) struct Wording {
    pub(super) text: String,
    pub(super) slots: Vec<Slot>,
    pub(super) units: Vec<Unit>,
    pub(super) hard: BTreeSet<(Hard, usize)>,
    pub(super) turns: BTreeSet<Turn>,
}

impl Wording {
    /// Whether a word stands in it.
    pub(super) fn says(&self, word: &str) -> bool {
        self.units
            .iter()
            .any(|unit| matches!(unit, Unit::Word { stem, .. } if stem == word))
    }
}

/// All examples.
#[derive(Debug)]
pub(super) struct Bank {
    pub(super) examples: Vec<Example>,
}

impl Bank {
    /// Compiles examples.
    pub(super) fn of(written: &[WrittenExample], lexicon: &Lexicon) -> Result<Bank, ExampleError> {
        let examples: Result<Vec<Example>, ExampleError> = written
            .iter()
            .map(|written| example(written, lexicon))
            .collect();
        Ok(Bank {
            examples: examples?,
        })
    }
}

fn example(written: &WrittenExample, lexicon: &Lexicon) -> Result<Example, ExampleError> {
    let invalid = |why: String| ExampleError {
        id: written.id.clone(),
        why,
    };
    let mut markers = BTreeSet::new();
    find_markers(&written.query, &mut markers);
    let mut wordings = Vec::new();
    for text in &written.wordings {
        let wording = wording(text, lexicon)
            .map_err(|marker| invalid(format!("`{marker}` in `{text}` is no slot")))?;
        let said: BTreeSet<String> = wording
            .slots
            .iter()
            .map(|slot| slot.marker.clone())
            .collect();
        if said.len() < wording.slots.len() {
            return Err(invalid(format!("`{text}` has a slot twice")));
        }
        if said != markers {
            return Err(invalid(format!(
                "the slots of `{text}` are not those of the query"
            )));
        }
        wordings.push(wording);
    }
    let filled = fill(&written.query, &|marker| sample(marker));
    serde_json::from_value::<Query>(filled).map_err(|error| invalid(error.to_string()))?;
    Ok(Example {
        id: written.id.clone(),
        query: written.query.clone(),
        kinds: Kinds::of(&written.kinds),
        usual: usual(&wordings),
        marks: marks(&wordings),
        wordings,
    })
}

fn marks(wordings: &[Wording]) -> BTreeSet<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for wording in wordings {
        for stem in content(&wording.units) {
            *times.entry(stem).or_default() += 1;
        }
    }
    let is_mark = |(_, times): &(String, usize)| times * 2 >= wordings.len();
    times
        .into_iter()
        .filter(is_mark)
        .map(|(stem, _)| stem)
        .collect()
}

fn usual(wordings: &[Wording]) -> BTreeSet<Hard> {
    let all = wordings.iter().flat_map(|wording| &wording.hard);
    let classes: BTreeSet<Hard> = all.map(|(class, _)| *class).collect();
    let is_usual = |class: &Hard| {
        let has = |wording: &&Wording| wording.hard.iter().any(|(other, _)| other == class);
        wordings.iter().filter(has).count() * 2 >= wordings.len()
    };
    classes.into_iter().filter(is_usual).collect()
}

/// Something that may stand for a slot, for checking the shape of a query.
fn sample(marker: &str) -> Option<Json> {
    let slot = Slot::parse(marker.strip_prefix('{')?.strip_suffix('}')?)?;
    Some(match slot.what {
        SlotKind::Thing(_) => serde_json::json!("x"),
        SlotKind::Value(name) => serde_json::json!({"attribute": {"name": name, "op": "exists"}}),
        SlotKind::Number => serde_json::json!(1),
        SlotKind::Kinds => serde_json::json!(Set::All(BTreeSet::new())),
    })
}

pub(super) fn wording(text: &str, lexicon: &Lexicon) -> Result<Wording, String> {
    let mut pieces = Vec::new();
    let mut slots: Vec<Slot> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}').ok_or_else(|| after.to_owned())?;
        pieces.extend(tokens(before).into_iter().map(Piece::Token));
        let slot = Slot::parse(inner).ok_or_else(|| inner.to_owned())?;
        pieces.push(Piece::Slot(slots.len()));
        slots.push(slot);
        rest = after;
    }
    pieces.extend(tokens(rest).into_iter().map(Piece::Token));
    let mut units = units(&pieces, lexicon);
    for unit in &mut units {
        if let Unit::Slot { number, .. } = unit
            && slots[*number].what == SlotKind::Kinds
        {
            *unit = Unit::Asked;
        }
    }
    let units = absorb(units, |number, kinds| match &slots[number].what {
        SlotKind::Thing(allowed) => !allowed.and(kinds).is_empty(),
        _ => false,
    });
    let (units, before) = main_part(&units);
    let hard = hards(text, &units);
    // A name may stand in a sentence before the question.
    let mut whole: Vec<Unit> = before
        .into_iter()
        .filter(|unit| matches!(unit, Unit::Slot { .. }))
        .collect();
    whole.extend(units);
    Ok(Wording {
        text: text.to_owned(),
        slots,
        turns: turns(&whole),
        units: whole,
        hard,
    })
}

pub(super) fn find_markers(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) if text.starts_with('{') && text.ends_with('}') => {
            found.insert(text.clone());
        }
        Json::Array(items) => items.iter().for_each(|item| find_markers(item, found)),
        Json::Object(fields) => fields.values().for_each(|field| find_markers(field, found)),
        _ => {}
    }
}
