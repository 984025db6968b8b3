//! The form of a question: its words with what they name taken out.

use virgil_graph::Test;
use virgil_model::Kind;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::tokens::{BOUNDARY, Token};

use super::words::{is_function_word, meaning};

/// A piece of a form.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unit {
    /// An ordinary word.
    Word { text: String, stem: String },
    /// What the slot or mention of that number stands for; `only` if a noun beside it tells its kind.
    Slot { number: usize, only: Kinds },
    /// A noun for a kind of things.
    Kind {
        kinds: Kinds,
        test: Option<Test>,
        singular: bool,
    },
    /// In a wording, the noun for what is asked for.
    Asked,
    /// The end of a sentence.
    Boundary,
}

/// A token, or what has been found in its place.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Token(Token),
    Slot(usize),
}

/// The form of a question of which some mentions are taken for names.
pub(super) fn units(pieces: &[Piece], lexicon: &Lexicon) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut index = 0;
    while index < pieces.len() {
        let token = match &pieces[index] {
            Piece::Slot(number) => {
                units.push(Unit::Slot {
                    number: *number,
                    only: Kinds::ANY,
                });
                index += 1;
                continue;
            }
            Piece::Token(token) => token,
        };
        if token.text == BOUNDARY && !token.quoted {
            units.push(Unit::Boundary);
            index += 1;
            continue;
        }
        let run: Vec<Token> = pieces[index..]
            .iter()
            .map_while(|piece| match piece {
                Piece::Token(token) if token.text != BOUNDARY => Some(token.clone()),
                _ => None,
            })
            .collect();
        let noun = lexicon
            .at(&run, 0)
            .into_iter()
            .filter_map(|(length, meaning)| match meaning {
                Meaning::Kind { kinds, test } => Some((length, *kinds, test.clone())),
                _ => None,
            })
            .max_by_key(|(length, kinds, _)| (*length, kinds.list().count()));
        match noun {
            Some((length, kinds, test)) if token.text != "data" => {
                let last = &run[length - 1].text;
                units.push(Unit::Kind {
                    kinds,
                    test,
                    singular: !last.ends_with('s') || last.ends_with("ss"),
                });
                index += length;
            }
            _ => {
                if token.text == "w/o" {
                    units.push(word("without"));
                } else if is_wish(&pieces[..index], token) {
                    // `I need`, `could you get`: who asks, not what is asked.
                } else if token.parts.len() > 1 && !token.quoted {
                    for part in &token.parts {
                        units.push(word(part));
                    }
                } else if token.text == "," {
                    // Only rhythm.
                } else {
                    units.push(word(&token.text));
                }
                index += 1;
            }
        }
    }
    units
}

/// Whether a verb only says that someone wants an answer.
fn is_wish(before: &[Piece], token: &Token) -> bool {
    let wishes = [
        "need", "want", "like", "get", "know", "see", "have", "needed", "wanted",
    ];
    let asks = |piece: &Piece| match piece {
        Piece::Token(token) => matches!(
            &*token.text,
            "i" | "we" | "you" | "me" | "let" | "i'd" | "please"
        ),
        Piece::Slot(_) => false,
    };
    wishes.contains(&&*token.text) && before.iter().rev().take(2).any(asks)
}

fn word(text: &str) -> Unit {
    Unit::Word {
        text: text.to_owned(),
        stem: meaning(text),
    }
}

/// Drops nouns that only tell the kind of the name beside them: `the model fraud-detector`, `the fct_orders table`.
pub(super) fn absorb(units: Vec<Unit>, fits: impl Fn(usize, Kinds) -> bool) -> Vec<Unit> {
    // `X runbook` is a document about X.
    let tells = |kinds: Kinds| !kinds.contains(Kind::Document);
    let mut out: Vec<Unit> = Vec::new();
    for unit in units {
        match (out.last().cloned(), &unit) {
            (
                Some(Unit::Kind {
                    kinds,
                    singular: true,
                    ..
                }),
                Unit::Slot { number, .. },
            ) if tells(kinds) && fits(*number, kinds) => {
                out.pop();
                out.push(Unit::Slot {
                    number: *number,
                    only: kinds,
                });
            }
            (
                Some(Unit::Slot { number, only }),
                Unit::Kind {
                    kinds,
                    singular: true,
                    ..
                },
            ) if only.is_any() && tells(*kinds) && fits(number, *kinds) => {
                out.pop();
                out.push(Unit::Slot {
                    number,
                    only: *kinds,
                });
            }
            // `whose component is X`.
            (Some(Unit::Word { stem, .. }), Unit::Slot { number, .. }) if stem == "be" => {
                match out.len().checked_sub(2).map(|before| &out[before]) {
                    Some(Unit::Kind {
                        kinds,
                        singular: true,
                        ..
                    }) if tells(*kinds) && fits(*number, *kinds) => {
                        let only = *kinds;
                        out.truncate(out.len() - 2);
                        out.push(Unit::Slot {
                            number: *number,
                            only,
                        });
                    }
                    _ => out.push(unit),
                }
            }
            _ => out.push(unit),
        }
    }
    out
}

/// What of a form is asked: without the sentences that stand before the question and only tell why.
pub(super) fn main_part(units: &[Unit]) -> (Vec<Unit>, Vec<Unit>) {
    let is =
        |unit: &Unit, of: &[&str]| matches!(unit, Unit::Word { text, .. } if of.contains(&&**text));
    // `Finance wants to know how` is no question yet.
    let begins = |sentence: &&[Unit]| {
        let polite = |unit: &&Unit| matches!(unit, Unit::Word { text, .. } if is_function_word(text) && !ASKING.contains(&&**text));
        let opening = sentence.iter().take_while(polite).count();
        sentence.get(opening).is_some_and(|unit| is(unit, ASKING)) || is(&sentence[0], YES_NO)
    };
    let asks = |sentence: &&[Unit]| sentence.iter().any(|unit| is(unit, ASKING));
    let sentences: Vec<&[Unit]> = units
        .split(|unit| *unit == Unit::Boundary)
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let first = sentences.iter().position(begins);
    let mut first = first
        .or_else(|| sentences.iter().position(asks))
        .unwrap_or(0);
    // `models: count`.
    let is_topic = |sentence: &[Unit]| {
        let names =
            |unit: &Unit| matches!(unit, Unit::Kind { .. } | Unit::Asked | Unit::Slot { .. });
        let words = sentence
            .iter()
            .filter(|unit| matches!(unit, Unit::Word { .. }));
        words.count() <= 1 && sentence.iter().any(names)
    };
    while first > 0 && is_topic(sentences[first - 1]) {
        first -= 1;
    }
    // Who speaks of tables in general asks about them: `tables without owner: who reads them`.
    let is_noun = |unit: &Unit| matches!(unit, Unit::Kind { .. } | Unit::Asked);
    let of_things = |sentence: &&[Unit]| sentence.iter().any(is_noun);
    let leans = |unit: &Unit| {
        is(
            unit,
            &["them", "those", "these", "they", "ones", "one", "each"],
        )
    };
    let rest = sentences[first..].concat();
    let stands_alone = rest.iter().any(is_noun) && !rest.iter().any(leans);
    if !stands_alone && let Some(earlier) = sentences[..first].iter().position(of_things) {
        first = earlier;
    }
    (sentences[first..].concat(), sentences[..first].concat())
}

const ASKING: &[&str] = &[
    "which",
    "what",
    "who",
    "whom",
    "whose",
    "how",
    "where",
    "when",
    "list",
    "show",
    "give",
    "tell",
    "find",
    "name",
    "count",
    "trace",
    "get",
    "display",
    "print",
    "enumerate",
    "return",
    "fetch",
];

const YES_NO: &[&str] = &[
    "is", "are", "does", "do", "did", "has", "have", "was", "were", "can",
];
