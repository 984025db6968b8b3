//! From tokens to leaves of the chart: what names and words may mean, and what it costs to take them so.

mod attributes;
mod composed;
mod leaves;
mod sets;
mod settle;

use std::collections::BTreeMap;

use virgil_graph::Set;
use virgil_model::Kind;

pub(crate) use attributes::number;
pub(crate) use sets::{named_in, visit};
pub(crate) use settle::{Group, differing, settle};

use crate::plan::ExplainedLink;
use crate::plan::chart::{Item, Leaf};
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::link::attributes::attributes;
use crate::plan::link::composed::composed;
use crate::plan::link::leaves::leaves;
use crate::plan::names::{Candidate, Names};
use crate::plan::phrases::Cat;
use crate::plan::sem::{Head, Np};
use crate::plan::tokens::Token;

/// What a phrase of the lexicon costs, so that long phrases win over many short ones.
const PHRASE: f32 = 0.02;
/// An ordinary word as a name, unless something cues it.
pub(crate) const ORDINARY: f32 = 0.44;
/// The same, where the word has another meaning as well.
const HOMONYM: f32 = 0.4;
/// Only the end of a longer name.
pub(crate) const PART_OF_A_NAME: f32 = 0.2;
/// A part beside its whole: `email of orders`.
const COMPOSED: f32 = 0.3;
/// A name that nothing declares.
pub(crate) const UNRESOLVED: f32 = 0.3;

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
            for (mut cat, cost) in leaves(meaning) {
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
    let mut found = names.links(tokens);
    let composed = composed(tokens, names, &found);
    let simple = found.len();
    found.extend(composed);
    let named: Vec<(usize, usize)> = found
        .iter()
        .filter(|link| link.candidates.iter().any(|candidate| candidate.whole))
        .map(|link| (link.start, link.end))
        .collect();
    attributes(
        tokens,
        names.traits(),
        &meant,
        &named,
        &mut covered,
        &mut linked.leaves,
    );
    for (number, found) in found.into_iter().enumerate() {
        let (start, end) = (found.start, found.end);
        let is_composed = number >= simple;
        let text: Vec<&str> = tokens[start..end].iter().map(|token| &*token.raw).collect();
        let text = text.join(" ");
        covered[start..end].fill(true);
        let mut cost = PHRASE;
        if is_composed {
            cost -= COMPOSED;
        } else if end == start + 1 && !tokens[start].is_identifier() {
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
            let things: Vec<virgil_graph::EntityRef> =
                candidates.iter().map(|c| c.entity.clone()).collect();
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
