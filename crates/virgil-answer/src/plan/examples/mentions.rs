//! What of a question names something: things, values of attributes, numbers.

use std::collections::BTreeMap;

use virgil_graph::EntityRef;
use virgil_model::{Kind, Value};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::link::{PART_OF_A_NAME, UNRESOLVED, number, prior};
use crate::plan::names::{Link, Names};
use crate::plan::tokens::Token;
use crate::plan::traits::{Trait, below};

use super::hard::hard;
use super::joined::with_tables;
use super::words::{is_function_word, meaning};

/// The most tokens of a value of an attribute.
const MOST_VALUE_TOKENS: usize = 5;

/// A run of tokens that names something.
#[derive(Debug, Clone, Default)]
pub(super) struct Mention {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it can hardly be an ordinary word.
    pub(super) strong: bool,
    /// What it may name, by kind, the likeliest first.
    pub(super) things: Vec<Filler>,
    /// What it may be the value of.
    pub(super) values: Vec<Trait>,
    pub(super) number: Option<Value>,
    /// Its words, for where they are not meant as a name.
    pub(super) stems: Vec<String>,
    /// The number of the mention that names the same thing more exactly.
    pub(super) repeats: Option<usize>,
}

/// The things of one kind under one name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filler {
    pub(super) kind: Kind,
    pub(super) things: Vec<EntityRef>,
    /// How unlikely it is that this kind is meant, where several share the name.
    pub(super) cost: f32,
}

/// Everything in a question that names something: what can hardly be meant otherwise, and what may be an ordinary word.
pub(super) fn mentions(tokens: &[Token], names: &Names, lexicon: &Lexicon) -> Vec<Mention> {
    let mut spans: BTreeMap<(usize, usize), Mention> = BTreeMap::new();
    let mut meant = vec![false; tokens.len()];
    for start in 0..tokens.len() {
        for (length, _) in lexicon.at(tokens, start) {
            meant[start..start + length].fill(true);
        }
    }
    let strong = |start: usize, end: usize| {
        tokens[start..end].iter().any(Token::is_identifier)
            || (end - start > 1 && !meant[start..end].iter().all(|meant| *meant))
    };
    let empty = |start: usize, end: usize| Mention {
        start,
        end,
        strong: strong(start, end),
        stems: tokens[start..end]
            .iter()
            .flat_map(|token| token.parts.iter().map(|part| meaning(part)))
            .collect(),
        ..Mention::default()
    };
    for link in names.links(tokens) {
        let mention = spans
            .entry((link.start, link.end))
            .or_insert_with(|| empty(link.start, link.end));
        mention.things = fillers(link);
    }
    for start in 0..tokens.len() {
        if let Some(value) = number(&tokens[start].text) {
            let mention = spans
                .entry((start, start + 1))
                .or_insert_with(|| empty(start, start + 1));
            mention.number = Some(value);
            mention.strong = tokens[start].text.parse::<f64>().is_ok();
        }
        if let Some(place) = below(&tokens[start]) {
            spans
                .entry((start, start + 1))
                .or_insert_with(|| empty(start, start + 1))
                .values
                .push(place);
        }
        let mut joined = String::new();
        for end in start + 1..=tokens.len().min(start + MOST_VALUE_TOKENS) {
            for part in &tokens[end - 1].parts {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                joined.push_str(part);
            }
            let values = names.traits().valued(&joined);
            let is_whole = !tokens[start].parts.is_empty() && !tokens[end - 1].parts.is_empty();
            if !values.is_empty() && is_whole {
                spans
                    .entry((start, end))
                    .or_insert_with(|| empty(start, end))
                    .values
                    .extend(values.iter().cloned());
            }
        }
    }
    // `the fraud-detector model` is the model, even where a component goes by that whole name.
    let told: Vec<(usize, usize)> = spans
        .keys()
        .copied()
        .filter(|(start, end)| {
            let inner = [(*start, end - 1, end - 1), (start + 1, *end, *start)];
            inner.into_iter().any(|(from, to, noun)| {
                let kinds = kinds_at(tokens, noun, lexicon);
                spans.get(&(from, to)).is_some_and(|shorter| {
                    let told = |filler: &Filler| kinds.is_some_and(|k| k.contains(filler.kind));
                    shorter.strong && shorter.things.iter().any(told)
                })
            })
        })
        .collect();
    for span in told {
        spans.remove(&span);
    }
    let mut all: Vec<Mention> = spans.into_values().collect();
    // Ordinary words of questions name nothing: a service called `all`.
    all.retain(|mention| {
        let token = &tokens[mention.start];
        let is_ordinary = is_function_word(&token.text)
            || hard(&token.text).is_some()
            || kinds_at(tokens, mention.start, lexicon).is_some();
        mention.strong
            || mention.number.is_some()
            || !mention.values.is_empty()
            || mention.end > mention.start + 1
            || !is_ordinary
    });
    let length = |mention: &Mention| -> usize {
        tokens[mention.start..mention.end]
            .iter()
            .map(|token| token.raw.len())
            .sum()
    };
    all.sort_by_key(|mention| (!mention.strong, std::cmp::Reverse(length(mention))));
    let mut kept: Vec<Mention> = Vec::new();
    for mention in all {
        let overlaps = |other: &Mention| other.start < mention.end && mention.start < other.end;
        if !kept.iter().any(overlaps) {
            kept.push(mention);
        }
    }
    kept.sort_by_key(|mention| mention.start);
    with_tables(kept, tokens, lexicon)
}

/// What a run of words may name, kind by kind: what goes by the whole name before what only ends in it, what is declared
/// before what is not.
fn fillers(link: Link) -> Vec<Filler> {
    let mut by_kind: BTreeMap<Kind, Vec<(bool, bool, EntityRef)>> = BTreeMap::new();
    for candidate in link.candidates {
        let known = by_kind.entry(candidate.entity.kind).or_default();
        known.push((candidate.unresolved, !candidate.whole, candidate.entity));
    }
    let mut fillers: Vec<Filler> = by_kind
        .into_iter()
        .map(|(kind, mut candidates)| {
            candidates.sort();
            let (unresolved, part) = (candidates[0].0, candidates[0].1);
            candidates.retain(|other| (other.0, other.1) == (unresolved, part));
            Filler {
                kind,
                cost: prior(kind)
                    + if part { PART_OF_A_NAME } else { 0.0 }
                    + if unresolved { UNRESOLVED } else { 0.0 },
                things: candidates.into_iter().map(|other| other.2).collect(),
            }
        })
        .collect();
    fillers.sort_by(|left, right| left.cost.total_cmp(&right.cost));
    fillers
}

/// The kinds that a single word is a noun for.
pub(super) fn kinds_at(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<Kinds> {
    lexicon
        .at(&tokens[..=at], at)
        .into_iter()
        .find_map(|(_, meaning)| match meaning {
            Meaning::Kind { kinds, .. } => Some(*kinds),
            _ => None,
        })
}
