//! How a question fills the slots of a wording.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use virgil_graph::{EntityRef, Op, Query, Set, Test};

use crate::plan::kinds::Kinds;
use crate::plan::sem::filtered;

use super::asked::Asked;
use super::bank::{Example, Wording};
use super::form::Unit;
use super::mentions::{Filler, Mention};
use super::slots::{Slot, SlotKind, fill};

/// How many mentions that may be ordinary words are tried as names.
const MOST_WEAK: usize = 8;
/// How many slots such mentions may fill.
const MOST_WEAK_SLOTS: usize = 2;
/// How much less likely a kind may be for a name to be meant as well.
const NEAR_KINDS: f32 = 0.15;

/// A query that a question makes of a example.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filled {
    pub(super) query: Query,
    /// The things under each name.
    pub(super) names: Vec<(usize, Vec<EntityRef>)>,
    /// How much less likely the kinds of its names are than others.
    pub(super) cost: f32,
    /// How many nouns the question has that no wording asks with.
    pub(super) nouns: usize,
}

/// A noun: the kinds it stands for, and what else must hold.
type Noun = (Kinds, Option<Test>);

/// Which mentions fill the slots of a wording: all that can hardly be ordinary words, and others where slots are left.
pub(super) fn choose(wording: &Wording, mentions: &[Mention]) -> Option<Vec<usize>> {
    let is_filled = |slot: &&Slot| slot.what != SlotKind::Kinds;
    let wanted = wording.slots.iter().filter(is_filled).count();
    // What the wording itself says in words need not be a name.
    let is_strong = |number: &usize| {
        let mention = &mentions[*number];
        mention.strong && !mention.stems.iter().all(|stem| wording.says(stem))
    };
    let mut strong: Vec<usize> = (0..mentions.len()).filter(is_strong).collect();
    if strong.len() > wanted {
        // What is named twice fills one slot.
        strong.retain(|number| mentions[*number].repeats.is_none());
    }
    let missing = wanted.checked_sub(strong.len())?;
    let weak: Vec<usize> = (0..mentions.len())
        .filter(|number| !is_strong(number) && !strong.contains(number))
        .take(MOST_WEAK)
        .collect();
    if missing > weak.len() || missing > MOST_WEAK_SLOTS {
        return None;
    }
    combinations(&weak, missing).into_iter().find_map(|added| {
        let mut chosen: Vec<usize> = strong.iter().chain(&added).copied().collect();
        chosen.sort_unstable();
        assign(wording, mentions, &chosen).map(|_| chosen)
    })
}

pub(super) fn combinations(of: &[usize], count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, one) in of.iter().enumerate() {
        for mut rest in combinations(&of[index + 1..], count - 1) {
            rest.insert(0, *one);
            all.push(rest);
        }
    }
    all
}

/// For each slot of the wording but the asked kind, which of the chosen mentions fills it: in their order, where several would
/// do.
pub(super) fn assign(
    wording: &Wording,
    mentions: &[Mention],
    chosen: &[usize],
) -> Option<Vec<(usize, usize)>> {
    // Values and numbers are choosier than things.
    let rank = |slot: &Slot| match slot.what {
        SlotKind::Value(_) => 0,
        SlotKind::Number => 1,
        SlotKind::Thing(_) => 2,
        SlotKind::Kinds => 3,
    };
    let mut order: Vec<usize> = (0..wording.slots.len())
        .filter(|slot| wording.slots[*slot].what != SlotKind::Kinds)
        .collect();
    order.sort_by_key(|slot| rank(&wording.slots[*slot]));
    let mut taken = vec![false; chosen.len()];
    let mut pairs = Vec::new();
    for slot in order {
        let what = &wording.slots[slot].what;
        let found = (0..chosen.len())
            .find(|index| !taken[*index] && fits(what, &mentions[chosen[*index]]))?;
        taken[found] = true;
        pairs.push((slot, found));
    }
    taken.iter().all(|taken| *taken).then_some(pairs)
}

fn fits(what: &SlotKind, mention: &Mention) -> bool {
    match what {
        SlotKind::Value(name) => mention.values.iter().any(|value| value.name == *name),
        SlotKind::Number => mention.number.is_some(),
        SlotKind::Thing(kinds) => mention
            .things
            .iter()
            .any(|filler| kinds.contains(filler.kind)),
        SlotKind::Kinds => false,
    }
}

/// The queries that a question makes of a template, the likeliest first; `None` where something does not fit.
///
/// There are several where the last name may mean things of several kinds.
pub(super) fn filled(
    example: &Example,
    wording: &Wording,
    mentions: &[Mention],
    asked: &Asked,
) -> Option<Vec<Filled>> {
    let mut values: BTreeMap<String, Json> = BTreeMap::new();
    let mut names: Vec<(usize, Vec<EntityRef>)> = Vec::new();
    let mut other_kinds: Option<(String, usize, Vec<Filler>)> = None;
    for (slot, found) in assign(wording, mentions, &asked.chosen)? {
        let slot = &wording.slots[slot];
        let number = asked.chosen[found];
        let mention = &mentions[number];
        let json = match &slot.what {
            SlotKind::Thing(kinds) => {
                let only = asked.told(found);
                let mut likely = mention
                    .things
                    .iter()
                    .filter(|filler| kinds.contains(filler.kind) && only.contains(filler.kind));
                let likeliest = likely.next()?;
                let others = likely.filter(|filler| filler.cost - likeliest.cost < NEAR_KINDS);
                other_kinds = Some((slot.marker.clone(), number, others.cloned().collect()));
                names.push((number, likeliest.things.clone()));
                references(&likeliest.things)
            }
            SlotKind::Value(name) => {
                let value = mention.values.iter().find(|value| value.name == *name)?;
                serde_json::to_value(&value.test).ok()?
            }
            SlotKind::Number => serde_json::to_value(mention.number.as_ref()?).ok()?,
            SlotKind::Kinds => return None,
        };
        values.insert(slot.marker.clone(), json);
    }
    let (asked_for, nouns) = asked_kinds(example, wording, asked)?;
    if let Some(set) = asked_for {
        values.insert("{kinds}".to_owned(), serde_json::to_value(&set).ok()?);
    }
    let query = |values: &BTreeMap<String, Json>| -> Option<Query> {
        let json = fill(&example.query, &|marker| values.get(marker).cloned());
        serde_json::from_value(json).ok()
    };
    let mut all = vec![Filled {
        query: query(&values)?,
        names: names.clone(),
        cost: 0.0,
        nouns,
    }];
    if let Some((marker, number, fillers)) = other_kinds {
        for filler in fillers {
            let mut values = values.clone();
            values.insert(marker.clone(), references(&filler.things));
            let mut names = names.clone();
            names.retain(|(other, _)| *other != number);
            names.push((number, filler.things));
            all.push(Filled {
                query: query(&values)?,
                names,
                cost: filler.cost,
                nouns,
            });
        }
    }
    Some(all)
}

fn references(things: &[EntityRef]) -> Json {
    json!(
        things
            .iter()
            .map(|thing| &thing.reference)
            .collect::<Vec<_>>()
    )
}

/// The set of what is asked for, if the wording has a slot for it, and how many nouns of the question no wording asks with; nothing
/// at all where the wording has a noun that the question lacks.
fn asked_kinds(
    example: &Example,
    wording: &Wording,
    asked: &Asked,
) -> Option<(Option<Set>, usize)> {
    let said = nouns(&asked.units);
    // The nouns of the wording must be in the question; what is over is asked for, or said twice.
    let mut left = said.clone();
    for noun in nouns(&wording.units) {
        let found = left.iter().position(|other| same(other, &noun))?;
        left.remove(found);
    }
    let mut asked_for = None;
    if wording.units.contains(&Unit::Asked) {
        let fits = |(kinds, _): &Noun| !kinds.and(example.kinds).is_empty();
        // What stands behind `which` is asked for rather than what only comes up.
        let pointed = pointed_at(&asked.units);
        let found = left
            .iter()
            .position(|noun| fits(noun) && pointed.contains(noun))
            .or_else(|| left.iter().position(fits))?;
        let (kinds, test) = left.remove(found);
        let set = Set::All(kinds.and(example.kinds).to_set());
        asked_for = Some(match test {
            Some(test) => filtered(set, test),
            None => set,
        });
    }
    // What is asked for stands first.
    let known = |wording: &Wording| -> Vec<Noun> {
        let noun = |unit: &Unit| match unit {
            Unit::Kind { kinds, test, .. } => Some((*kinds, test.clone())),
            Unit::Asked => Some((example.kinds, None)),
            _ => None,
        };
        wording.units.iter().filter_map(noun).collect()
    };
    let all: Vec<Vec<Noun>> = example.wordings.iter().map(known).collect();
    let is_first = |first: &Noun| {
        let firsts = all.iter().filter_map(|known| known.first());
        firsts.into_iter().any(|other| same(other, first))
    };
    let mut over = 0;
    if said.first().is_some_and(|first| !is_first(first)) {
        over += 1;
    }
    if !left.is_empty() && !all.iter().any(|known| covers(known.clone(), &said)) {
        over += left.len();
    }
    Some((asked_for, over))
}

/// Whether every noun is one of `known`, different ones different ones.
fn covers(mut known: Vec<Noun>, nouns: &[Noun]) -> bool {
    let mut told: Vec<&Noun> = Vec::new();
    nouns.iter().all(|noun| {
        if told.iter().any(|other| same(other, noun)) {
            return true;
        }
        told.push(noun);
        match known.iter().position(|other| same(other, noun)) {
            Some(found) => {
                known.remove(found);
                true
            }
            None => false,
        }
    })
}

/// The nouns of a form.
fn nouns(units: &[Unit]) -> Vec<Noun> {
    units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Kind { kinds, test, .. } => Some((*kinds, test.clone())),
            _ => None,
        })
        .collect()
}

/// The nouns in front of which a word points at what is asked for: `which tables`, `all its tables`.
fn pointed_at(units: &[Unit]) -> Vec<Noun> {
    const MOST_BETWEEN: usize = 2;
    let points = |unit: &Unit| matches!(unit, Unit::Word { text, .. } if matches!(&**text, "which" | "what" | "all" | "every" | "list" | "any" | "many"));
    let noun = |(at, unit): (usize, &Unit)| match unit {
        Unit::Kind { kinds, test, .. } => units[at.saturating_sub(MOST_BETWEEN + 1)..at]
            .iter()
            .any(points)
            .then(|| (*kinds, test.clone())),
        _ => None,
    };
    units.iter().enumerate().filter_map(noun).collect()
}

fn same(one: &Noun, other: &Noun) -> bool {
    !one.0.and(other.0).is_empty() && agree(one.1.as_ref(), other.1.as_ref())
}

/// Whether two nouns for overlapping kinds may mean the same: a file is no table.
fn agree(left: Option<&Test>, right: Option<&Test>) -> bool {
    let is_file = |test: Option<&Test>| match test {
        Some(Test::Attribute {
            op: Op::StartsWith, ..
        }) => Some(true),
        Some(Test::Not(_)) => Some(false),
        _ => None,
    };
    match (is_file(left), is_file(right)) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}
