//! Which way round a question relates what it names: `which tables feed X` is not `which tables does X feed`.
//!
//! Who acts is read off the order of the words, the voice of the verb and the preposition in front of the name. It need not be
//! right about every sentence: a question is compared with wordings that are read in the same way.

use std::collections::BTreeSet;

use super::form::Unit;
use super::words::stem;

/// What a directed word says of the first name of a form and what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// What is asked for lies upstream of the name.
    Upstream,
    /// It lies downstream of the name.
    Downstream,
    /// The name does something with what is asked for.
    NameActs(&'static str),
    /// What is asked for does something with the name.
    AskedActs(&'static str),
}

impl Turn {
    /// The other way round.
    pub(super) fn opposite(&self) -> Turn {
        match self {
            Turn::Upstream => Turn::Downstream,
            Turn::Downstream => Turn::Upstream,
            Turn::NameActs(family) => Turn::AskedActs(family),
            Turn::AskedActs(family) => Turn::NameActs(family),
        }
    }
}

/// What the directed words of a form say.
pub(super) fn turns(units: &[Unit]) -> BTreeSet<Turn> {
    let mut found = BTreeSet::new();
    let Some(name) = units
        .iter()
        .position(|unit| matches!(unit, Unit::Slot { .. }))
    else {
        return found;
    };
    let noun = units
        .iter()
        .position(|unit| matches!(unit, Unit::Kind { .. } | Unit::Asked));
    // `X looks wrong, which tables is it computed from`.
    let is_pronoun = |unit: &Unit| matches!(unit, Unit::Word { text, .. } if matches!(&**text, "it" | "they" | "them"));
    let one = units
        .iter()
        .filter(|unit| matches!(unit, Unit::Slot { .. }))
        .count()
        == 1;
    let pronoun = units
        .iter()
        .rposition(is_pronoun)
        .filter(|pronoun| one && *pronoun > name);
    let name = pronoun.unwrap_or(name);
    for (index, unit) in units.iter().enumerate() {
        let Unit::Word { text, .. } = unit else {
            continue;
        };
        let stem = &stem(text);
        if let Some(upstream) = noun_of_place(stem) {
            // `that have X upstream`.
            let turned = name + 1 == index
                && before(units, name, ARTICLES)
                    .is_some_and(|word| matches!(word, "has" | "have" | "having" | "with"));
            found.insert(if upstream != turned {
                Turn::Upstream
            } else {
                Turn::Downstream
            });
            continue;
        }
        let Some((family, flow)) = verb(stem) else {
            continue;
        };
        let name_acts = name_acts(units, index, text, stem, name, noun);
        found.insert(match (flow, name_acts) {
            (Flow::Takes, true) | (Flow::Gives, false) => Turn::Upstream,
            (Flow::Takes, false) | (Flow::Gives, true) => Turn::Downstream,
            (Flow::Other, true) => Turn::NameActs(family),
            (Flow::Other, false) => Turn::AskedActs(family),
        });
    }
    found
}

/// Which end of a way each name of a form is, as far as a preposition in front of it tells.
pub(super) fn ends(units: &[Unit]) -> Vec<Option<End>> {
    let names = (0..units.len()).filter(|index| matches!(units[*index], Unit::Slot { .. }));
    names
        .map(|name| match before(units, name, ARTICLES) {
            Some("from" | "out") => Some(End::From),
            Some("to" | "into" | "in" | "onto" | "reach" | "until") => Some(End::To),
            _ => None,
        })
        .collect()
}

/// An end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

/// Whether the name is who acts, and not who is acted upon.
fn name_acts(
    units: &[Unit],
    verb: usize,
    text: &str,
    stem: &str,
    name: usize,
    noun: Option<usize>,
) -> bool {
    let behind = after(units, verb);
    let in_front = before(units, name, ARTICLES);
    if in_front == Some("by") {
        return true;
    }
    let noun_role = noun.and_then(|noun| role(units, noun));
    let is_past = text.ends_with("ed") || PAST.contains(&text);
    // `is computed from` says the same as `comes from`.
    let is_passive =
        is_past && !MADE.contains(&stem) && !matches!(behind, Some("from" | "on" | "upon" | "off"));
    if is_passive && has_auxiliary(units, verb) {
        // `by which teams is X owned`, `which teams is X owned by`.
        return !(name < verb || noun_role == Some("by") || behind == Some("by"));
    }
    if is_passive && name > verb && matches!(in_front, Some("in" | "for" | "with" | "to")) {
        return true;
    }
    let is_object = in_front.is_some_and(|word| MARKS_OBJECT.contains(&word));
    // `on which tables depends X`.
    (name < verb || noun_role.is_some_and(|word| MARKS_OBJECT.contains(&word))) && !is_object
}

/// The preposition of what is asked for: in front of its noun, or of the pronoun that stands for it.
fn role(units: &[Unit], noun: usize) -> Option<&str> {
    let relative = units
        .iter()
        .enumerate()
        .skip(noun + 1)
        .find_map(|(index, unit)| match unit {
            Unit::Word { text, .. } if matches!(&**text, "which" | "whom" | "what") => {
                before(units, index, &[])
                    .filter(|word| *word == "by" || MARKS_OBJECT.contains(word))
            }
            _ => None,
        });
    relative.or_else(|| before(units, noun, QUESTION_WORDS))
}

/// Whether a form of `to be` stands somewhere before a participle, or nothing but a noun does.
fn has_auxiliary(units: &[Unit], verb: usize) -> bool {
    units[..verb]
        .iter()
        .any(|unit| matches!(unit, Unit::Word { text, .. } if matches!(&*stem(text), "be" | "get")))
}

/// The word in front of a unit, over some others.
fn before<'u>(units: &'u [Unit], of: usize, over: &[&str]) -> Option<&'u str> {
    units[..of]
        .iter()
        .rev()
        .take(4)
        .find_map(|unit| match unit {
            Unit::Word { text, .. } if over.contains(&&**text) => None,
            Unit::Word { text, .. } => Some(Some(text.as_str())),
            _ => Some(None),
        })?
}

fn after(units: &[Unit], of: usize) -> Option<&str> {
    match units.get(of + 1) {
        Some(Unit::Word { text, .. }) => Some(text.as_str()),
        _ => None,
    }
}

const ARTICLES: &[&str] = &["the", "a", "an", "our", "this", "that", "of"];

const QUESTION_WORDS: &[&str] = &[
    "the", "which", "what", "all", "any", "every", "each", "other", "our",
];

/// Stems of verbs for how something comes about.
const MADE: &[&str] = &[
    "deriv", "comput", "build", "mak", "bas", "select", "join", "com", "originat", "train",
    "calculat", "assembl", "compos",
];

const MARKS_OBJECT: &[&str] = &[
    "from", "on", "upon", "in", "into", "off", "with", "through", "out",
];

const PAST: &[&str] = &[
    "fed", "built", "made", "written", "taken", "drawn", "driven", "read", "run", "held", "kept",
];

/// What a verb does with data.
enum Flow {
    /// Who acts gets it.
    Takes,
    /// Who acts passes it on.
    Gives,
    Other,
}

/// Whether a noun stands for what lies upstream.
fn noun_of_place(stem: &str) -> Option<bool> {
    Some(match stem {
        "upstream" | "back" | "sourc" | "parent" | "ancestor" | "input" | "origin" | "behind"
        | "abov" | "lineag" | "ingredient" => true,
        "downstream" | "dependent" | "dependant" | "descendant" | "child" | "children"
        | "consumer" | "user" | "blast" | "radiu" | "radius" => false,
        _ => return None,
    })
}

/// The family of a verb and which way data flows.
fn verb(stem: &str) -> Option<(&'static str, Flow)> {
    Some(match stem {
        "depend" | "rely" | "us" | "consum" | "read" | "deriv" | "need" | "requir" | "train"
        | "learn" | "pull" | "draw" | "com" | "build" | "mak" | "comput" | "select" | "join"
        | "bas" | "query" | "ingest" | "originat" | "get" | "receiv" | "calculat" | "assembl"
        | "compos" => ("take", Flow::Takes),
        "feed" | "supply" | "suppli" | "flow" | "go" | "end" | "land" | "provid" | "affect"
        | "break" | "impact" | "writ" | "produc" | "fill" | "populat" | "creat" | "generat"
        | "load" | "reach" | "send" => ("give", Flow::Gives),
        "own" | "responsibl" | "belong" | "maintain" | "owner" => ("own", Flow::Other),
        "serv" | "host" | "deploy" => ("serve", Flow::Other),
        "monitor" | "watch" | "cover" => ("monitor", Flow::Other),
        "trigger" | "start" | "kick" | "launch" => ("trigger", Flow::Other),
        "block" | "precede" => ("block", Flow::Other),
        "wait" | "follow" | "after" => ("wait", Flow::Other),
        "befor" => ("before", Flow::Other),
        _ => return None,
    })
}
