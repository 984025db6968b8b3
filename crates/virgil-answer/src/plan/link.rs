//! From tokens to leaves of the chart: what names and words may mean, and what it costs to take them so.

use std::collections::BTreeMap;

use virgil_graph::{EntityRef, Known, Op, Query, Set, View};
use virgil_model::{Kind, Value};

use crate::plan::chart::{Item, Leaf};
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Meaning, Word};
use crate::plan::names::{Candidate, Names};
use crate::plan::phrases::Cat;
use crate::plan::sem::{Clause, Head, Mod, Np, Quant, exists};
use crate::plan::tokens::Token;
use crate::plan::traits::{Traits, below};
use crate::plan::{Choices, ExplainedLink};

/// What a phrase of the lexicon costs, so that long phrases win over many short ones.
const PHRASE: f32 = 0.02;
/// An ordinary word as a name, unless something cues it.
pub(crate) const ORDINARY: f32 = 0.44;
/// The same, where the word has another meaning as well.
const HOMONYM: f32 = 0.4;
/// Only the end of a longer name.
pub(crate) const PART_OF_A_NAME: f32 = 0.2;
/// A name that nothing declares.
pub(crate) const UNRESOLVED: f32 = 0.3;

/// The value of an attribute that is a name too.
const NAMED: f32 = 0.3;
/// The value of an attribute, where nothing names the attribute.
const VALUE: f32 = 0.22;
/// The most tokens of an attribute's name or value.
const MOST_TRAIT_TOKENS: usize = 5;
/// How many attributes one word may mean.
const MOST_SENSES: usize = 4;

/// Several things of one kind under one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) references: Vec<String>,
    pub(crate) things: Vec<EntityRef>,
}

/// What the tokens of a question may mean.
pub(crate) struct Linked {
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) groups: Vec<Group>,
    pub(crate) links: Vec<ExplainedLink>,
    pub(crate) unused: Vec<String>,
}

impl Linked {
    /// The tokens of those that are needed that mean nothing.
    pub(super) fn missing(&self, needed: &[bool]) -> Vec<usize> {
        let is_covered = |index: usize| {
            let mut leaves = self.leaves.iter();
            leaves.any(|leaf| leaf.start <= index && index < leaf.end)
        };
        (0..needed.len())
            .filter(|index| needed[*index] && !is_covered(*index))
            .collect()
    }
}

/// Finds everything that tokens may mean.
pub(crate) fn link(tokens: &[Token], names: &Names, lexicon: &Lexicon) -> Linked {
    let mut linked = Linked {
        leaves: Vec::new(),
        groups: Vec::new(),
        links: Vec::new(),
        unused: Vec::new(),
    };
    let mut meant = vec![false; tokens.len()];
    let mut covered = vec![false; tokens.len()];
    for start in 0..tokens.len() {
        for (length, meaning) in lexicon.at(tokens, start) {
            let end = start + length;
            covered[start..end].fill(true);
            if !matches!(meaning, Meaning::Skip) {
                meant[start..end].fill(true);
            }
            for (mut cat, cost) in words(meaning) {
                if let Cat::Np(np) = &mut cat {
                    np.is_plural = is_plural(&tokens[end - 1].text);
                }
                let item = Item { cat, cost };
                linked.leaves.push(Leaf { start, end, item });
            }
        }
        if matches!(tokens[start].text.as_str(), "," | "'s") {
            // `what's`, and commas that only give rhythm.
            covered[start] = true;
            let item = Item {
                cat: Cat::Skip,
                cost: 0.0,
            };
            linked.leaves.push(Leaf {
                start,
                end: start + 1,
                item,
            });
        }
    }
    let found = names.links(tokens);
    let named: Vec<(usize, usize)> = found
        .iter()
        .filter(|link| link.candidates.iter().any(|candidate| candidate.whole))
        .map(|link| (link.start, link.end))
        .collect();
    traits(
        tokens,
        names.traits(),
        &meant,
        &named,
        &mut covered,
        &mut linked.leaves,
    );
    for found in found {
        let (start, end) = (found.start, found.end);
        let text: Vec<&str> = tokens[start..end].iter().map(|token| &*token.raw).collect();
        let text = text.join(" ");
        covered[start..end].fill(true);
        let mut cost = PHRASE;
        if end == start + 1 && !tokens[start].is_identifier() {
            cost += ORDINARY;
            if meant[start] {
                cost += HOMONYM;
            }
        } else if tokens[start..end]
            .iter()
            .all(|token| !token.is_identifier())
            && meant[start..end].iter().all(|meant| *meant)
        {
            cost += HOMONYM;
        }
        let mut shown = Vec::new();
        let by_kind = by_kind(&found.candidates);
        // Kinds only compete with each other.
        let likeliest = by_kind
            .keys()
            .map(|kind| prior(*kind))
            .fold(f32::MAX, f32::min);
        for (kind, candidates) in by_kind {
            let cost = cost + prior(kind) - likeliest
                + if candidates[0].whole {
                    0.0
                } else {
                    PART_OF_A_NAME
                }
                + if candidates[0].unresolved {
                    UNRESOLVED
                } else {
                    0.0
                };
            let things: Vec<EntityRef> = candidates.iter().map(|c| c.entity.clone()).collect();
            let references: Vec<String> = things.iter().map(|t| t.reference.clone()).collect();
            let mut np = Np::new(
                Set::Refs(references.clone()),
                Kinds::of(&[kind]),
                Head::Named,
            );
            np.is_after_auxiliary = tokens[..start].last().is_some_and(is_auxiliary);
            np.is_before_auxiliary = tokens.get(end).is_some_and(is_auxiliary);
            let item = Item {
                cat: Cat::Np(np),
                cost,
            };
            linked.leaves.push(Leaf { start, end, item });
            shown.extend(things.iter().cloned());
            if things.len() > 1 {
                linked.groups.push(Group {
                    name: text.clone(),
                    references,
                    things,
                });
            }
        }
        linked.links.push(ExplainedLink {
            text,
            candidates: shown,
        });
    }
    for (token, covered) in tokens.iter().zip(covered) {
        if !covered {
            linked.unused.push(token.raw.clone());
        }
    }
    linked
}

/// Adds what attributes and their values may mean, and numbers.
fn traits(
    tokens: &[Token],
    traits: &Traits,
    meant: &[bool],
    named: &[(usize, usize)],
    covered: &mut [bool],
    leaves: &mut Vec<Leaf>,
) {
    let mut add = |start: usize, end: usize, cat: Cat, cost: f32| {
        covered[start..end].fill(true);
        let item = Item { cat, cost };
        leaves.push(Leaf { start, end, item });
    };
    for start in 0..tokens.len() {
        if let Some(value) = number(&tokens[start].text) {
            add(start, start + 1, Cat::Range(Op::Eq, value), PHRASE);
        }
        if let Some(place) = below(&tokens[start]) {
            let cat = Cat::Trait(place.test, place.name, place.kinds);
            add(start, start + 1, cat, VALUE);
        }
        let mut joined = String::new();
        for end in start + 1..=tokens.len().min(start + MOST_TRAIT_TOKENS) {
            // An operator is no part of a value.
            if tokens[end - 1].parts.is_empty() {
                break;
            }
            for part in &tokens[end - 1].parts {
                if !joined.is_empty() {
                    joined.push(' ');
                }
                joined.push_str(part);
            }
            // A word that means something else too is less likely to be meant so; a run of three hardly has another meaning.
            let homonym = if end < start + 3
                && meant[start..end].iter().any(|meant| *meant)
                && !tokens[start..end].iter().any(Token::is_identifier)
            {
                HOMONYM
            } else {
                0.0
            };
            let mut attributes = traits.named(&joined);
            if attributes.is_empty()
                && let Some(singular) = crate::plan::inflect::singular(&joined)
            {
                attributes = traits.named(&singular);
            }
            if !attributes.is_empty() && attributes.len() <= MOST_SENSES {
                for name in attributes {
                    add(
                        start,
                        end,
                        Cat::Attribute(vec![name]),
                        PHRASE + 0.05 + homonym,
                    );
                }
            }
            let is_named = named.contains(&(start, end));
            for value in traits.valued(&joined).iter().take(MOST_SENSES) {
                let cat = Cat::Trait(value.test.clone(), value.name.clone(), value.kinds);
                let cost = VALUE + homonym + if is_named { NAMED } else { 0.0 };
                add(start, end, cat, cost);
            }
            for flag in traits.flagged(&joined).iter().take(MOST_SENSES) {
                let cat = Cat::Adjective(flag.test.clone(), flag.kinds);
                add(start, end, cat, PHRASE + 0.05 + homonym);
                let said = Mod::one(Clause::Test(flag.test.clone()), flag.kinds);
                add(start, end, Cat::Mod(said), PHRASE + 0.05 + homonym);
            }
        }
    }
}

/// Whether a noun has the ending of a plural.
pub(super) fn is_plural(word: &str) -> bool {
    word.ends_with('s') && !word.ends_with("ss")
}

/// Whether a word is a verb that parts what stands before it from what stands behind it.
fn is_auxiliary(token: &Token) -> bool {
    !token.quoted
        && matches!(
            &*token.text,
            "do" | "does"
                | "did"
                | "is"
                | "are"
                | "was"
                | "were"
                | "has"
                | "have"
                | "will"
                | "would"
                | "can"
        )
}

pub(crate) fn number(text: &str) -> Option<Value> {
    let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    if let Some(value) = small.iter().position(|word| *word == text) {
        return i64::try_from(value).ok().map(Value::Integer);
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(Value::Integer(value));
    }
    let value = text.parse::<f64>().ok()?;
    value.is_finite().then_some(Value::Number(value))
}

/// The candidates of each kind: those that go by the whole name before others, those that are declared before others.
fn by_kind(candidates: &[Candidate]) -> BTreeMap<Kind, Vec<Candidate>> {
    let mut by_kind: BTreeMap<Kind, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        let known = by_kind.entry(candidate.entity.kind).or_default();
        known.push(candidate.clone());
    }
    for known in by_kind.values_mut() {
        let rank = |candidate: &Candidate| (candidate.unresolved, !candidate.whole);
        let best = known.iter().map(rank).min().unwrap_or_default();
        known.retain(|candidate| rank(candidate) == best);
        known.sort_by(|left, right| left.entity.cmp(&right.entity));
    }
    by_kind
}

/// How unlikely a name is to mean a thing of a kind, where several kinds share it.
pub(crate) fn prior(kind: Kind) -> f32 {
    match kind {
        Kind::Model | Kind::Dataset | Kind::Team | Kind::User | Kind::Column => 0.0,
        Kind::FeatureView | Kind::Pipeline | Kind::ModelVersion | Kind::Notebook => 0.18,
        Kind::InferenceService | Kind::TrainingJob => 0.2,
        Kind::Component | Kind::Api | Kind::Alert | Kind::System => 0.36,
        // What is built is named after what it is built from.
        Kind::Image => 0.52,
        Kind::Dashboard | Kind::Repository | Kind::Template | Kind::Document => 0.4,
        Kind::Experiment | Kind::Task | Kind::Artifact => 0.55,
        Kind::Run | Kind::Resource => 0.7,
    }
}

/// What a meaning is in the chart.
fn words(meaning: &Meaning) -> Vec<(Cat, f32)> {
    match meaning {
        Meaning::Skip => vec![(Cat::Skip, 0.0)],
        Meaning::Word(word) => word_leaves(*word),
        Meaning::Kind { kinds, test } => {
            vec![(Cat::Np(Np::noun(*kinds, test.clone())), PHRASE)]
        }
        // A set is only meant where the words are no filter.
        Meaning::Set { set, kinds } => vec![(
            Cat::Np(Np::new(set.clone(), *kinds, Head::Built)),
            PHRASE + 0.2,
        )],
        Meaning::Adjective { test, kinds } => vec![
            (Cat::Adjective(test.clone(), *kinds), PHRASE),
            (
                Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)),
                PHRASE,
            ),
        ],
        Meaning::Predicate { test, kinds } => vec![(
            Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)),
            PHRASE,
        )],
        Meaning::Verb(relation) => vec![(Cat::Verb(relation.clone()), PHRASE)],
        Meaning::Participle(relation) => {
            let mut leaves = vec![(Cat::Participle(relation.clone()), PHRASE)];
            // `is monitored`, by whatever.
            if let Some(said) = exists(&relation.reversed()) {
                leaves.push((Cat::Mod(said), PHRASE + 0.1));
            }
            leaves
        }
        Meaning::Role(relation) => vec![(Cat::Role(relation.clone()), PHRASE)],
        Meaning::Attribute(name) => vec![(Cat::Attribute(vec![name.clone()]), PHRASE)],
        Meaning::Asks(name) => vec![(Cat::Asks(name.clone()), PHRASE)],
        Meaning::AskVerb(name) => vec![(Cat::AskVerb(name.clone()), PHRASE)],
    }
}

fn word_leaves(word: Word) -> Vec<(Cat, f32)> {
    let people = Kinds::of(&[Kind::Team, Kind::User]);
    match word {
        Word::What => vec![(Cat::Np(Np::all(Kinds::ANY, Head::Any)), 0.0)],
        Word::Who => vec![
            (Cat::Np(Np::all(people, Head::Any)), 0.0),
            // `who reads orders`: whatever does.
            (Cat::Np(Np::all(Kinds::ANY, Head::Any)), 0.2),
        ],
        Word::Nothing => vec![(Cat::Np(Np::all(Kinds::ANY, Head::Any).with(Quant::No)), 0.0)],
        Word::Nobody => vec![
            (Cat::Np(Np::all(people, Head::Any).with(Quant::No)), 0.0),
            // `that nobody reads`: no thing does.
            (
                Cat::Np(Np::all(Kinds::ANY, Head::Any).with(Quant::No)),
                0.05,
            ),
        ],
        Word::Them => vec![(
            Cat::Np(Np::new(Set::Refs(Vec::new()), Kinds::ANY, Head::Pronoun)),
            0.0,
        )],
        // The walks of the chart go as far as they go.
        Word::Transitive => vec![(Cat::Word(word), 0.0), (Cat::Skip, 0.0)],
        word => vec![(Cat::Word(word), 0.0)],
    }
}

/// The query with every ambiguous name settled by the tests that stand around it; else the choices.
pub(crate) fn settle(
    query: &Query,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<Query, Choices> {
    let mut query = query.clone();
    settle_set(&mut query.set, groups, view, known)?;
    if let virgil_graph::Output::Paths { to } = &mut query.output {
        settle_set(to, groups, view, known)?;
    }
    Ok(query)
}

fn settle_set(
    set: &mut Set,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<(), Choices> {
    // A filter around an ambiguous name may leave one: `the fraud service in production`.
    if let Set::Where { set: inner, .. } = &*set
        && let Set::Refs(references) = &**inner
        && let Some(group) = group_of(references, groups)
    {
        let left = view
            .query(&Query::rows(set.clone()), known)
            .map(|answer| answer.rows)
            .unwrap_or_default();
        return match left.as_slice() {
            [only] => {
                *set = Set::Refs(vec![only.entity.reference.clone()]);
                Ok(())
            }
            [] => Err(choices(group)),
            several => Err(Choices {
                name: group.name.clone(),
                things: several.iter().map(|row| row.entity.clone()).collect(),
            }),
        };
    }
    match set {
        Set::Refs(references) => match group_of(references, groups) {
            Some(group) => Err(choices(group)),
            None => Ok(()),
        },
        Set::All(_) => Ok(()),
        Set::Step { from, .. } => settle_set(from, groups, view, known),
        Set::Where { set, test } => {
            settle_set(set, groups, view, known)?;
            settle_test(test, groups, view, known)
        }
        Set::And(sets) | Set::Or(sets) => sets
            .iter_mut()
            .try_for_each(|set| settle_set(set, groups, view, known)),
        Set::Minus { set, without } => {
            settle_set(set, groups, view, known)?;
            settle_set(without, groups, view, known)
        }
    }
}

fn settle_test(
    test: &mut virgil_graph::Test,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<(), Choices> {
    use virgil_graph::Test;
    match test {
        Test::Attribute { .. } => Ok(()),
        Test::Linked { to, .. } => settle_set(to, groups, view, known),
        Test::AllOf(tests) | Test::AnyOf(tests) => tests
            .iter_mut()
            .try_for_each(|test| settle_test(test, groups, view, known)),
        Test::Not(test) => settle_test(test, groups, view, known),
    }
}

fn group_of<'g>(references: &[String], groups: &'g [Group]) -> Option<&'g Group> {
    groups.iter().find(|group| group.references == references)
}

fn choices(group: &Group) -> Choices {
    Choices {
        name: group.name.clone(),
        things: group.things.clone(),
    }
}

/// The things that near readings take one name for, if that is all that tells them apart.
pub(crate) fn differing(
    queries: &[Query],
    links: &[ExplainedLink],
    view: &View<'_>,
) -> Option<Choices> {
    let named: Vec<Vec<String>> = queries.iter().map(|query| named_in(&query.set)).collect();
    let first = named.first()?;
    let mut things: Vec<EntityRef> = Vec::new();
    for references in &named {
        for reference in references {
            if (!first.contains(reference) || named.iter().any(|other| !other.contains(reference)))
                && let Ok(id) = view.resolve(reference)
            {
                let thing = view.shown(id);
                if !things.contains(&thing) {
                    things.push(thing);
                }
            }
        }
    }
    if things.len() < 2 {
        return None;
    }
    let link = links
        .iter()
        .find(|link| things.iter().all(|thing| link.candidates.contains(thing)))?;
    Some(Choices {
        name: link.text.clone(),
        things,
    })
}

/// The references that a set names.
pub(crate) fn named_in(set: &Set) -> Vec<String> {
    let mut named = Vec::new();
    visit(set, &mut |set| {
        if let Set::Refs(references) = set {
            named.extend(references.iter().cloned());
        }
    });
    named
}

/// Calls `see` for a set and all sets in it.
pub(crate) fn visit(set: &Set, see: &mut impl FnMut(&Set)) {
    see(set);
    match set {
        Set::Refs(_) | Set::All(_) => {}
        Set::Step { from, .. } => visit(from, see),
        Set::Where { set, test } => {
            visit(set, see);
            visit_test(test, see);
        }
        Set::And(sets) | Set::Or(sets) => sets.iter().for_each(|set| visit(set, see)),
        Set::Minus { set, without } => {
            visit(set, see);
            visit(without, see);
        }
    }
}

fn visit_test(test: &virgil_graph::Test, see: &mut impl FnMut(&Set)) {
    use virgil_graph::Test;
    match test {
        Test::Attribute { .. } => {}
        Test::Linked { to, .. } => visit(to, see),
        Test::AllOf(tests) | Test::AnyOf(tests) => {
            tests.iter().for_each(|test| visit_test(test, see));
        }
        Test::Not(test) => visit_test(test, see),
    }
}
