//! The second reading of a question that the chart does not parse: its pieces hang together by type, in any order.
//!
//! The chart knows how sentences are built; people also write fragments, keywords, asides and word orders that no grammar
//! lists. Here a question is cut into pieces (`pieces`), bound to a sketch of things and what is said of them (`sketch`), and every
//! way to hang these together that the kinds allow is priced (`assemble`, `arcs`). Every word that carries meaning is used all the same.

use virgil_graph::Query;

use crate::plan::assemble::{WINDOW, assemble};
use crate::plan::clauses::{Parted, is_echo, is_spoken, parted};
use crate::plan::decide::{FLOATED, is_a_mere_kind};
use crate::plan::distance::{distance, said_shortly};
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::link::{Linked, link};
use crate::plan::names::Names;
use crate::plan::pieces::tilings;
use crate::plan::sketch::{Sketch, Sort};
use crate::plan::tokens::{BOUNDARY, Token};

/// How many readings are handed on.
const MOST_READINGS: usize = 24;
/// What no reading costs more than.
const MOST_COST: f32 = 1.0;
/// Asking for anything at all, where a sentence before speaks of some kind of thing.
const OF_NO_KIND: f32 = 0.6;

/// What is done with what people say around a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Every word of it is used.
    Read,
    /// It is left aside, as far as it names nothing.
    LeftAside,
}

/// What the pieces of a question may ask.
pub(super) struct Floated {
    pub(super) linked: Linked,
    pub(super) readings: Vec<(Query, f32)>,
    pub(super) is_yes_no: bool,
}

impl Lexicon {
    /// Reads a question by its pieces; `unused` of what is linked names the words that mean nothing, if that is why nothing is read.
    ///
    /// Where a question cannot be read whole, what people say around it is left aside.
    pub(super) fn float(&self, tokens: &[Token], names: &Names) -> Floated {
        let (words, needed, sentences) = self.needed(tokens, names, Around::Read);
        let whole = self.read(words, needed, &sentences, names);
        let is_read = |floated: &Floated| {
            let best = floated.readings.first();
            best.is_some_and(|(_, cost)| *cost <= FLOATED.cost)
        };
        if is_read(&whole) {
            return whole;
        }
        let (words, needed, sentences) = self.needed(tokens, names, Around::LeftAside);
        let core = self.read(words, needed, &sentences, names);
        if is_read(&core) { core } else { whole }
    }

    /// Reads words of which some must be used.
    fn read(
        &self,
        mut words: Vec<Token>,
        mut needed: Vec<bool>,
        sentences: &[usize],
        names: &Names,
    ) -> Floated {
        let is_yes_no =
            first_needed(&words, &needed).is_some_and(|first| super::is_yes_no(&first.text));
        let mut linked = link(&words, names, self);
        let mut is_missing = linked.missing(&needed);
        if !is_missing.is_empty() && split(&mut words, &mut needed, &is_missing) {
            linked = link(&words, names, self);
            is_missing = linked.missing(&needed);
        }
        linked.unused = is_missing
            .into_iter()
            .map(|index| words[index].raw.clone())
            .collect();
        let mut readings: Vec<(Query, f32)> = Vec::new();
        if linked.unused.is_empty() {
            let is_said_before = words
                .iter()
                .zip(&needed)
                .any(|(word, needed)| !needed && word.is_identifier());
            let has_noun_before = self.has_noun(&words, &needed);
            let mut most = MOST_COST;
            let mut tries = 0;
            for (pieces, cost) in tilings(&words, &linked.leaves, &needed) {
                if cost > most {
                    break;
                }
                let Some(mut sketch) = Sketch::of(&pieces, &words) else {
                    continue;
                };
                sketch.sentences = sentences.to_vec();
                let is_of_kind = sketch.nodes.iter().any(|node| node.sort == Sort::Noun);
                // `when does X run` asks for no more than the schedule of X.
                let cost =
                    cost + if sketch.asks.is_some() && !sketch.ties.is_empty() {
                        0.2
                    } else {
                        0.0
                    } + if has_noun_before && !is_of_kind {
                        OF_NO_KIND
                    } else {
                        0.0
                    };
                for (query, dear) in assemble(&sketch, self, is_yes_no, most - cost, &mut tries) {
                    // A sentence before says what is meant; a question that leaves it aside is not understood.
                    if is_said_before && is_a_mere_kind(&query.set) {
                        continue;
                    }
                    most = most.min(cost + dear + WINDOW);
                    match readings.iter_mut().find(|(known, _)| *known == query) {
                        Some((_, known)) => *known = known.min(cost + dear),
                        None => readings.push((query, cost + dear)),
                    }
                }
            }
        }
        readings.sort_by(|left, right| left.1.total_cmp(&right.1));
        readings.truncate(MOST_READINGS);
        Floated {
            linked,
            readings,
            is_yes_no,
        }
    }

    /// The words of a question without what parts its sentences, and which of them must be used: those of the sentences
    /// that ask. A sentence before them may say what goes on, as far as it names what they ask about.
    fn needed(
        &self,
        tokens: &[Token],
        names: &Names,
        around: Around,
    ) -> (Vec<Token>, Vec<bool>, Vec<usize>) {
        let mut sentences: Vec<(Vec<Token>, String)> = vec![(Vec::new(), String::new())];
        for token in tokens {
            if token.text == BOUNDARY && !token.quoted {
                if let Some(last) = sentences.last_mut()
                    && !last.0.is_empty()
                {
                    last.1.clone_from(&token.raw);
                    sentences.push((Vec::new(), String::new()));
                } else if let Some((_, end)) = sentences.iter_mut().rev().nth(1)
                    && token.raw == "?"
                {
                    end.clone_from(&token.raw);
                }
            } else if let Some(last) = sentences.last_mut() {
                last.0.push(token.clone());
            }
        }
        sentences.retain(|(words, _)| !words.is_empty());
        for (index, (words, _)) in sentences.iter_mut().enumerate() {
            *words = match distance(words) {
                Some(word) if index > 0 => vec![Token::word(word)],
                _ => said_shortly(words),
            };
        }
        if sentences.iter().any(|(words, _)| !is_echo(words)) {
            sentences.retain(|(words, _)| !is_echo(words));
        }
        let asks: Vec<bool> = sentences
            .iter()
            .map(|(words, end)| end == "?" || is_asking(words))
            .collect();
        let first = asks.iter().position(|asks| *asks);
        let mut words = Vec::new();
        let mut needed = Vec::new();
        let mut starts = Vec::new();
        for (index, (sentence, end)) in sentences.iter().enumerate() {
            let is_around = around == Around::LeftAside
                && first.is_some_and(|first| index < first || index > first && is_spoken(sentence))
                && !self.is_narrowing(sentence);
            // What stands before a colon belongs to what stands behind it.
            let is_context = match first {
                Some(first) => {
                    index < first && (end == "." || end == "!")
                        || self.is_aside(sentence, names)
                            && !(index > first && self.is_restriction(sentence))
                }
                None => sentences.len() > 1 && self.is_aside(sentence, names),
            } || is_around;
            if end != ":" {
                starts.push(words.len() + sentence.len());
            }
            let mut is_needed = vec![!is_context; sentence.len()];
            if around == Around::LeftAside && !is_context {
                let Parted { asides, echoes } = parted(sentence);
                for range in asides.into_iter().chain(echoes) {
                    is_needed[range].fill(false);
                }
            }
            needed.append(&mut is_needed);
            words.extend(sentence.iter().cloned());
        }
        (words, needed, starts)
    }

    /// Whether a sentence that only says what goes on speaks of some kind of thing.
    fn has_noun(&self, words: &[Token], needed: &[bool]) -> bool {
        (0..words.len()).any(|start| {
            !needed[start]
                && self
                    .at(words, start)
                    .iter()
                    .any(|(_, meaning)| matches!(meaning, Meaning::Kind { .. }))
        })
    }
}

/// Splits words that mean nothing as they stand at their hyphens and slashes: `contact-tagged`, `min/max`.
fn split(words: &mut Vec<Token>, needed: &mut Vec<bool>, missing: &[usize]) -> bool {
    let mut is_split = false;
    for &index in missing.iter().rev() {
        let parted = words[index].raw.replace('/', " / ").replace('-', " ");
        let pieces: Vec<Token> = parted
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(Token::word)
            .collect();
        let is_made = pieces.last().is_some_and(|last| is_suffix(&last.text))
            || words[index].raw.contains('/');
        let is_plain = pieces.iter().all(|piece| {
            piece
                .raw
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '_' | '/'))
        });
        if pieces.len() > 1 && is_made && is_plain && !words[index].quoted {
            needed.splice(index..=index, std::iter::repeat_n(true, pieces.len()));
            words.splice(index..=index, pieces);
            is_split = true;
        }
    }
    is_split
}

/// Whether a word makes an adjective of the one before it: `contact-tagged`.
fn is_suffix(word: &str) -> bool {
    word.ends_with("ed")
        || matches!(
            word,
            "owning"
                | "level"
                | "wise"
                | "severity"
                | "lifecycle"
                | "built"
                | "fed"
                | "run"
                | "only"
        )
}

fn first_needed<'t>(words: &'t [Token], needed: &[bool]) -> Option<&'t Token> {
    let found = words.iter().zip(needed).find(|(_, needed)| **needed);
    found.map(|(word, _)| word)
}

/// Whether a sentence asks or orders.
fn is_asking(words: &[Token]) -> bool {
    words.iter().take(4).any(|token| {
        !token.quoted
            && matches!(
                &*token.text,
                "which"
                    | "what"
                    | "who"
                    | "whom"
                    | "whose"
                    | "where"
                    | "when"
                    | "how"
                    | "list"
                    | "show"
                    | "give"
                    | "tell"
                    | "name"
                    | "find"
                    | "count"
                    | "get"
                    | "please"
                    | "fetch"
                    | "display"
                    | "enumerate"
                    | "trace"
            )
    })
}
