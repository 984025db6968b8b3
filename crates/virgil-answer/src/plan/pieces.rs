//! The pieces of a question: its words cut into what each run of them means, whatever stands between them.

use std::collections::HashSet;

use virgil_graph::{Op, Test};
use virgil_model::Value;

use crate::plan::chart::Leaf;
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Relation, Word};
use crate::plan::phrases::Cat;
use crate::plan::sem::{Clause, Head, Mod, Np};
use crate::plan::tokens::Token;

/// How many ways to cut a question are looked at.
const MOST_TILINGS: usize = 16;
/// What one piece costs, so that long phrases win over many short ones.
const PIECE: f32 = 0.02;
/// Passing over a word that may mean something.
const PASSED_OVER: f32 = 0.12;
/// What a leaf may cost whose words are not to be passed over lightly.
const MEANT: f32 = 0.15;
/// A value beside the word for what it is a value of.
const SAID_TO_BE: f32 = 0.3;
/// What could be something likelier.
const LESS_LIKELY: f32 = 0.2;
/// Passing over a name in a sentence that only says what is going on.
const IGNORED_NAME: f32 = 0.6;
/// The same, where the question names something itself.
const IGNORED_BESIDE: f32 = 0.25;

/// A run of tokens and what it means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
    pub(crate) cost: f32,
}

/// What a run of tokens means; where there are several senses, they compete by how they fit the others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// Nothing.
    Free,
    Word(Word),
    /// A name, and what each of its senses costs more than the cheapest.
    Names(Vec<(Np, f32)>),
    Nouns(Vec<Np>),
    /// `what`, `who`, `nothing`, and nouns that stand for a whole set.
    Any(Vec<(Np, f32)>),
    Pronoun,
    Relations(Vec<(Relation, Voice)>),
    /// Tests, and whether they stand before what they are said of.
    Filters(Vec<(Mod, Place)>),
    /// Values of attributes: the test, the attribute, what has it.
    Values(Vec<(Test, String, Kinds)>),
    Attributes(Vec<String>),
    Number(Op, Value),
    Asks(String),
    AskVerb,
}

/// How a relation is worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// `reads`.
    Active,
    /// `read`, which may be said of either side.
    Participle,
    /// `owner`.
    Role,
}

/// Where a filter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Before,
    Behind,
}

/// The ways to cut a question into pieces, the likeliest first. A word that is not `needed` may be passed over.
pub(crate) fn tilings(
    tokens: &[Token],
    leaves: &[Leaf],
    needed: &[bool],
) -> Vec<(Vec<Piece>, f32)> {
    let pieces = pieces(tokens, leaves, needed);
    // The cheapest ways to reach each token: the cost, and the pieces.
    let mut reached: Vec<Vec<(f32, Vec<usize>)>> = vec![Vec::new(); tokens.len() + 1];
    reached[0].push((0.0, Vec::new()));
    for at in 0..tokens.len() {
        let mut here = std::mem::take(&mut reached[at]);
        here.sort_by(|left, right| left.0.total_cmp(&right.0));
        // Ways that only pass over different words come to the same.
        let mut seen: HashSet<Vec<usize>> = HashSet::new();
        here.retain(|(_, way)| seen.len() < MOST_TILINGS && seen.insert(way.clone()));
        for (number, piece) in pieces.iter().enumerate() {
            if piece.start != at {
                continue;
            }
            for (cost, way) in &here {
                let mut way = way.clone();
                if piece.what != What::Free {
                    way.push(number);
                }
                reached[piece.end].push((cost + piece.cost, way));
            }
        }
    }
    let mut whole = reached.pop().unwrap_or_default();
    whole.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut seen: HashSet<Vec<usize>> = HashSet::new();
    whole.retain(|(_, way)| seen.len() < MOST_TILINGS && seen.insert(way.clone()));
    let taken = |way: &[usize]| way.iter().map(|number| pieces[*number].clone()).collect();
    whole
        .into_iter()
        .map(|(cost, way)| (taken(&way), cost))
        .collect()
}

/// Everything that runs of tokens mean, the senses of one run under one piece.
fn pieces(tokens: &[Token], leaves: &[Leaf], needed: &[bool]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // A preposition may mean many relations; here it only says where something stands.
    let is_preposition = |leaf: &Leaf| {
        leaves.iter().any(|other| {
            (other.start, other.end) == (leaf.start, leaf.end)
                && matches!(other.item.cat, Cat::Word(Word::Of | Word::Via))
                && tokens[leaf.start..leaf.end].iter().all(is_preposition_word)
        })
    };
    let named = |value: &Leaf, name: &str| {
        leaves.iter().any(|leaf| {
            let is_near = leaf.end <= value.start && is_joined(&tokens[leaf.end..value.start])
                || value.end <= leaf.start && leaf.start <= value.end + 1;
            is_near
                && match &leaf.item.cat {
                    Cat::Attribute(names) => names.iter().any(|other| other == name),
                    Cat::Word(word) => *word == Word::Tagged,
                    _ => false,
                }
        })
    };
    let mut is_meant = vec![false; tokens.len()];
    for leaf in leaves {
        let Some(what) = what(&leaf.item.cat) else {
            continue;
        };
        let is_noun_too = matches!(leaf.item.cat, Cat::Role(_))
            && leaves.iter().any(|other| {
                (other.start, other.end) == (leaf.start, leaf.end)
                    && matches!(&other.item.cat, Cat::Np(np) if np.head == Head::Kind)
            });
        if is_noun_too || matches!(what, What::Relations(_)) && is_preposition(leaf) {
            continue;
        }
        if is_content(&what) && leaf.item.cost < MEANT {
            is_meant[leaf.start..leaf.end].fill(true);
        }
        let mut leaf = leaf.clone();
        let is_tag = is_content(&what)
            && !matches!(what, What::Values(_) | What::Names(_))
            && leaves.iter().any(|other| {
                (other.start, other.end) == (leaf.start, leaf.end)
                    && matches!(&other.item.cat, Cat::Trait(_, name, _) if named(other, name))
            });
        if is_tag {
            leaf.item.cost += SAID_TO_BE;
        }
        // The word for what it is tells that a value is meant.
        if let Cat::Trait(_, name, _) = &leaf.item.cat
            && named(&leaf, name)
        {
            leaf.item.cost -= SAID_TO_BE;
        }
        add(&mut pieces, &leaf, what);
    }
    one_way(&mut pieces, tokens);
    let spans_of = |wanted: fn(&What) -> bool| -> Vec<(usize, usize)> {
        let found = pieces.iter().filter(|piece| wanted(&piece.what));
        found.map(|piece| (piece.start, piece.end)).collect()
    };
    let wh = spans_of(|what| matches!(what, What::Any(_)));
    let thats = spans_of(|what| matches!(what, What::Word(Word::That)));
    let filters = spans_of(|what| matches!(what, What::Filters(_)));
    for piece in &mut pieces {
        let span = (piece.start, piece.end);
        match &piece.what {
            What::Attributes(_) if filters.contains(&span) => piece.cost += LESS_LIKELY,
            What::Pronoun if thats.contains(&span) => piece.cost += LESS_LIKELY,
            What::Word(Word::That) if wh.contains(&span) => piece.cost += LESS_LIKELY,
            _ => {}
        }
        let is_passed_over = match &piece.what {
            What::Free => true,
            What::Word(word) => word.is_soft() && !names_of_soft(*word),
            _ => false,
        };
        if is_passed_over {
            let meant = is_meant[piece.start..piece.end].iter();
            let count = meant.filter(|meant| **meant).count();
            piece.cost += PASSED_OVER * f32::from(u16::try_from(count.min(2)).unwrap_or(2));
        }
    }
    // A question that names something itself, and points at nothing said before, needs no name of the context.
    let of_question = |start: usize| needed[start] && !tokens[start].quoted;
    let points_back = (0..tokens.len()).any(|start| {
        of_question(start)
            && matches!(
                &*tokens[start].text,
                "it" | "its" | "they" | "them" | "their" | "this" | "that" | "these" | "those"
            )
    });
    let names_itself = leaves.iter().any(|leaf| {
        needed[leaf.start]
            && tokens[leaf.start].is_identifier()
            && matches!(&leaf.item.cat, Cat::Np(np) if np.head == Head::Named)
            && leaf.item.cost < MEANT
    });
    let ignored = if names_itself && !points_back {
        IGNORED_BESIDE
    } else {
        IGNORED_NAME
    };
    for (start, needed) in needed.iter().enumerate() {
        if !needed {
            let is_name = leaves.iter().any(|leaf| {
                let is_named = match &leaf.item.cat {
                    Cat::Np(np) => {
                        np.head == Head::Named
                            && (leaf.item.cost < MEANT || tokens[start].is_identifier())
                    }
                    Cat::Trait(..) => tokens[start].is_identifier(),
                    _ => false,
                };
                leaf.start <= start && start < leaf.end && is_named
            });
            pieces.push(Piece {
                start,
                end: start + 1,
                what: What::Free,
                cost: if is_name { ignored } else { 0.0 },
            });
        }
    }
    pieces
}

/// Leaves one sense of each word of structure that comes to the same in a sketch: a preposition is one whatever it marks, and
/// `which` is no relative where nothing stands before it.
fn one_way(pieces: &mut Vec<Piece>, tokens: &[Token]) {
    let words: Vec<(usize, usize, Word)> = pieces
        .iter()
        .filter_map(|piece| match piece.what {
            What::Word(word) => Some((piece.start, piece.end, word)),
            _ => None,
        })
        .collect();
    let has = |piece: &Piece, of: &[Word]| {
        let span = (piece.start, piece.end);
        let mut words = words.iter();
        words.any(|(start, end, word)| (*start, *end) == span && of.contains(word))
    };
    pieces.retain(|piece| {
        let What::Word(word) = piece.what else {
            return true;
        };
        match word {
            Word::Via => !has(piece, &[Word::Of]),
            Word::PathTo => !has(
                piece,
                &[Word::And, Word::With, Word::Of, Word::Via, Word::By],
            ),
            Word::If => !has(piece, &[Word::Of, Word::Via, Word::By]),
            Word::That => {
                let opens = piece.start == 0
                    || matches!(
                        &*tokens[piece.start - 1].text,
                        "," | "so" | "and" | "from" | "know"
                    );
                !(opens && has(piece, &[Word::Which]))
            }
            _ => true,
        }
    });
}

/// Whether the words between an attribute and its value say no more than that: `severity is set to page`.
fn is_joined(between: &[Token]) -> bool {
    let joins = |token: &Token| {
        matches!(
            &*token.text,
            "is" | "are"
                | "be"
                | "set"
                | "to"
                | "of"
                | "at"
                | "equals"
                | "equal"
                | "="
                | "with"
                | "has"
                | "value"
                | "the"
        )
    };
    between.len() <= 1 || between.len() <= 4 && between.iter().all(joins)
}

/// Words that are soft and yet never passed over.
fn names_of_soft(word: Word) -> bool {
    matches!(word, Word::With | Word::If | Word::PathTo | Word::Tagged)
}

/// Whether a word only says where something stands.
fn is_preposition_word(token: &Token) -> bool {
    matches!(
        &*token.text,
        "of" | "for"
            | "in"
            | "on"
            | "from"
            | "at"
            | "about"
            | "within"
            | "inside"
            | "into"
            | "to"
            | "with"
            | "around"
            | "over"
            | "under"
            | "by"
            | "as"
            | "part"
    )
}

/// Whether a piece says something of the platform.
fn is_content(what: &What) -> bool {
    match what {
        What::Free | What::Pronoun | What::Any(_) | What::AskVerb => false,
        What::Word(word) => !word.is_soft(),
        _ => true,
    }
}

/// Adds a sense to the piece over the same tokens, or a new piece.
fn add(pieces: &mut Vec<Piece>, leaf: &Leaf, what: What) {
    let cost = leaf.item.cost
        + if matches!(what, What::Free) {
            0.0
        } else {
            PIECE
        };
    let known = pieces.iter_mut().find(|piece| {
        (piece.start, piece.end) == (leaf.start, leaf.end)
            && std::mem::discriminant(&piece.what) == std::mem::discriminant(&what)
            && !matches!(what, What::Word(_) | What::Asks(_))
    });
    let Some(known) = known else {
        pieces.push(Piece {
            start: leaf.start,
            end: leaf.end,
            what,
            cost,
        });
        return;
    };
    match (&mut known.what, what) {
        (What::Names(known_senses), What::Names(senses))
        | (What::Any(known_senses), What::Any(senses)) => {
            // Each sense bears what it costs more than the cheapest.
            for (np, _) in senses {
                let more = cost - known.cost;
                if more < 0.0 {
                    for (_, dear) in known_senses.iter_mut() {
                        *dear -= more;
                    }
                    known.cost = cost;
                }
                known_senses.push((np, more.max(0.0)));
            }
            return;
        }
        (What::Nouns(known), What::Nouns(senses)) => known.extend(senses),
        (What::Relations(known), What::Relations(senses)) => known.extend(senses),
        (What::Filters(known), What::Filters(senses)) => {
            for (said, place) in senses {
                // One filter may stand before and behind.
                match known.iter_mut().find(|(other, _)| *other == said) {
                    Some(_) => {}
                    None => known.push((said, place)),
                }
            }
        }
        (What::Values(known), What::Values(senses)) => known.extend(senses),
        (What::Attributes(known), What::Attributes(names)) => {
            for name in names {
                if !known.contains(&name) {
                    known.push(name);
                }
            }
        }
        _ => {}
    }
    known.cost = known.cost.min(cost);
}

fn what(cat: &Cat) -> Option<What> {
    Some(match cat {
        Cat::Skip => What::Free,
        Cat::Word(word) => What::Word(*word),
        Cat::Np(np) => match np.head {
            Head::Named => What::Names(vec![(np.clone(), 0.0)]),
            Head::Kind => What::Nouns(vec![np.clone()]),
            Head::Pronoun => What::Pronoun,
            Head::Any | Head::Built => What::Any(vec![(np.clone(), 0.0)]),
        },
        Cat::Verb(relation) => What::Relations(vec![(relation.clone(), Voice::Active)]),
        Cat::Participle(relation) => What::Relations(vec![(relation.clone(), Voice::Participle)]),
        Cat::Role(relation) => What::Relations(vec![(relation.clone(), Voice::Role)]),
        Cat::Adjective(test, kinds) => {
            let said = Mod::one(Clause::Test(test.clone()), *kinds);
            What::Filters(vec![(said, Place::Before)])
        }
        Cat::Mod(said) => What::Filters(vec![(said.clone(), Place::Behind)]),
        Cat::Trait(test, name, kinds) => What::Values(vec![(test.clone(), name.clone(), *kinds)]),
        Cat::Attribute(names) => What::Attributes(names.clone()),
        Cat::Range(op, value) => What::Number(*op, value.clone()),
        Cat::Asks(name) => What::Asks(name.clone()),
        Cat::AskVerb(_) => What::AskVerb,
        _ => return None,
    })
}
