//! What a question is about: the one thing that it names, and whether it asks for more than that thing itself.
//!
//! `what is fraud-detector?`, `tell me about the pipeline load_orders` and `where is orders defined` ask for nothing but what is
//! known of a thing. A question that names one thing clearly and that no reading covers is about it all the same.

use std::collections::BTreeSet;

use virgil_graph::EntityRef;
use virgil_model::Kind;

use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::link::prior;
use crate::plan::names::{Candidate, Link, Names};
use crate::plan::tokens::{BOUNDARY, Token, tokens};
use crate::plan::ways::asks_for_a_way;

/// Words that ask for nothing but the thing that stands beside them.
const ASKS: &[&str] = &[
    "what",
    "whats",
    "who",
    "whos",
    "where",
    "wheres",
    "is",
    "are",
    "was",
    "'s",
    "a",
    "an",
    "the",
    "this",
    "that",
    "our",
    "tell",
    "give",
    "show",
    "describe",
    "explain",
    "define",
    "me",
    "us",
    "about",
    "anything",
    "everything",
    "something",
    "info",
    "information",
    "details",
    "summary",
    "overview",
    "do",
    "does",
    "we",
    "you",
    "i",
    "know",
    "can",
    "could",
    "have",
    "find",
    "see",
    "look",
    "up",
    "defined",
    "declared",
    "stated",
    "described",
    "registered",
    "located",
    "configured",
    "documented",
    "live",
    "lives",
    "found",
    "mean",
    "means",
    "exactly",
    "please",
    "for",
    "there",
    "called",
    "named",
    "thing",
    ",",
];

/// Objects of clusters that stand beside the one that works, under its name.
const BESIDE: &[&str] = &[
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
    "PodMonitor",
    "Endpoints",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ConfigMap",
    "Secret",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "AuthorizationPolicy",
    "DestinationRule",
    "VirtualService",
    "APIService",
    "HorizontalPodAutoscaler",
];

/// What a question is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct About {
    /// The name as it was typed.
    pub(crate) name: String,
    /// What it means, the likeliest first: several only of one kind, and equally likely.
    pub(crate) things: Vec<EntityRef>,
    /// Other declared things that go by the name, of the kinds that are asked for.
    pub(crate) others: Vec<EntityRef>,
    /// Whether nothing but the thing is asked for.
    pub(crate) only: bool,
}

impl About {
    /// Whether it can only mean one thing.
    pub(crate) fn is_one(&self) -> bool {
        self.things.len() == 1
    }
}

/// What `question` is about; nothing, if it names no thing or several, or asks how something is done.
pub(crate) fn about(question: &str, names: &Names, lexicon: &Lexicon) -> Option<About> {
    let tokens: Vec<Token> = tokens(question)
        .into_iter()
        .filter(|token| token.quoted || token.text != BOUNDARY)
        .collect();
    if asks_for_a_way(&tokens) {
        return None;
    }
    let kinds: Vec<Option<(usize, BTreeSet<Kind>)>> = (0..tokens.len())
        .map(|at| noun(&tokens, at, lexicon))
        .collect();
    let is_kind_word = |at: usize| {
        (0..=at).any(|start| {
            kinds[start]
                .as_ref()
                .is_some_and(|(length, _)| start + length > at)
        })
    };
    let mut links = names.links(&tokens);
    links.retain(|link| {
        // What is only a word of the language here names nothing.
        !(link.start..link.end).all(|at| {
            !tokens[at].is_identifier() && (is_kind_word(at) || ASKS.contains(&&*tokens[at].text))
        })
    });
    let link = only_one(&links)?;
    let before = (0..link.start).find_map(|start| {
        let (length, kinds) = kinds[start].as_ref()?;
        (start + length == link.start).then_some((start, kinds))
    });
    let behind = kinds.get(link.end).and_then(Option::as_ref);
    let cue: BTreeSet<Kind> = before
        .map(|(_, kinds)| kinds)
        .into_iter()
        .chain(behind.map(|(_, kinds)| kinds))
        .flatten()
        .copied()
        .collect();
    let start = before.map_or(link.start, |(start, _)| start);
    // `the mysql deployment`: what the system of a thing calls its kind.
    let is_typed = behind.is_none()
        && tokens.get(link.end).is_some_and(|token| {
            let mut references = link.candidates.iter().map(|known| &known.entity.reference);
            !token.quoted
                && references.any(|reference| places_of(reference).any(|place| place == token.text))
        });
    let end = link.end + behind.map_or(usize::from(is_typed), |(length, _)| *length);
    let is_any = tokens[..start]
        .last()
        .is_some_and(|token| matches!(&*token.text, "a" | "an"));
    if is_any {
        // `what is a registry` asks for an idea, whatever is called so here.
        return None;
    }
    let only = tokens[..start]
        .iter()
        .chain(&tokens[end..])
        .all(|token| !token.quoted && ASKS.contains(&&*token.text));
    let said: Vec<&str> = tokens[..link.start]
        .iter()
        .chain(&tokens[link.end..])
        .map(|token| &*token.text)
        .collect();
    let is_clear = is_typed
        || !cue.is_empty()
        || link.end > link.start + 1
        || tokens[link.start].is_identifier();
    if !only && !is_clear {
        return None;
    }
    let name: Vec<&str> = tokens[link.start..link.end]
        .iter()
        .map(|token| &*token.raw)
        .collect();
    let name = name.join(" ");
    let is_of_kind = |candidate: &Candidate| cue.contains(&candidate.entity.kind);
    if !cue.is_empty() && !link.candidates.iter().any(is_of_kind) {
        return None;
    }
    let (things, others) = likeliest(&link.candidates, &name, &said, &cue);
    Some(About {
        name,
        things,
        others,
        only,
    })
}

/// The kinds that a run of words from there on stands for, and how many words it has.
pub(super) fn noun(
    tokens: &[Token],
    at: usize,
    lexicon: &Lexicon,
) -> Option<(usize, BTreeSet<Kind>)> {
    let nouns = lexicon
        .at(tokens, at)
        .into_iter()
        .filter_map(|(length, meaning)| match meaning {
            Meaning::Kind { kinds, .. } if !kinds.is_any() => {
                Some((length, kinds.list().collect()))
            }
            _ => None,
        });
    nouns.max_by_key(|(length, _)| *length)
}

/// The link that covers all others; none, if names stand apart.
fn only_one(links: &[Link]) -> Option<&Link> {
    let longest = links.iter().max_by_key(|link| link.end - link.start)?;
    let is_inside = |link: &Link| longest.start <= link.start && link.end <= longest.end;
    links.iter().all(is_inside).then_some(longest)
}

/// The parts of a reference, in lower case.
fn places_of(reference: &str) -> impl Iterator<Item = String> {
    reference.split(['/', ':', '#']).map(str::to_lowercase)
}

/// What a name means most likely, and what else it may mean.
fn likeliest(
    candidates: &[Candidate],
    name: &str,
    said: &[&str],
    cue: &BTreeSet<Kind>,
) -> (Vec<EntityRef>, Vec<EntityRef>) {
    let rank = |candidate: &Candidate| {
        let entity = &candidate.entity;
        let is_spelled_so = entity.name.eq_ignore_ascii_case(name) || entity.reference == name;
        // `the mysql deployment`, `fraud-detector in prod-eu`: where a thing is, or what it is to its own system.
        let is_said = places_of(&entity.reference).any(|place| said.contains(&place.as_str()));
        let is_beside = entity
            .reference
            .split('/')
            .any(|part| BESIDE.contains(&part));
        let is_a_part = entity.reference.contains('#') && entity.kind != Kind::Column;
        (
            !cue.is_empty() && !cue.contains(&entity.kind),
            !candidate.whole,
            candidate.unresolved,
            !is_spelled_so,
            !is_said,
            (prior(entity.kind) * 100.0) as u32,
            is_beside,
            is_a_part,
        )
    };
    let best = candidates.iter().map(rank).min();
    let (mut things, mut others) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let (is_other_kind, is_end, ..) = rank(candidate);
        if Some(rank(candidate)) == best {
            things.push(candidate.entity.clone());
        } else if !is_other_kind && !is_end && !candidate.unresolved {
            others.push(candidate.entity.clone());
        }
    }
    things.sort();
    others.sort();
    (things, others)
}
