//! The pieces of a question, bound one after the other to a sketch.

use virgil_graph::{Op, Test};
use virgil_model::Value;

use crate::plan::lexicon::{Relation, Word};
use crate::plan::pieces::{Piece, Place, Voice, What};
use crate::plan::sem::{Clause, Mod, Np};
use crate::plan::sketch::{Bound, Named, Sketch, Sort, Tie};
use crate::plan::tokens::Token;

/// A value that is said to be a tag.
const TAGGED: f32 = 0.35;

/// A sketch that is being made, and what its words wait for.
pub(super) struct Binder<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) sketch: Sketch,
    pub(super) pending: Pending,
    /// The words of structure since the last phrase.
    pub(super) glue: Vec<Word>,
    /// Where numbers stand, and how to compare with them.
    numbers: Vec<(usize, Op, Value)>,
    /// Where pronouns stand.
    pronouns: Vec<usize>,
    is_ask_verb: bool,
    /// `how`, which asks for a way unless something is counted.
    pub(super) is_how: bool,
}

/// What waits for the phrase behind it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) negative: Option<Word>,
    pub(super) is_asked: bool,
    pub(super) is_all: bool,
    pub(super) is_only: bool,
    pub(super) is_per: bool,
    pub(super) is_most: bool,
    pub(super) is_their: bool,
    pub(super) compare: Option<Op>,
}

impl Pending {
    pub(super) fn bound(&mut self) -> Bound {
        if std::mem::take(&mut self.is_per) {
            Bound::Per
        } else if std::mem::take(&mut self.is_their) {
            Bound::Shown
        } else {
            Bound::Free
        }
    }
}

impl Sketch {
    /// What a cut question speaks of; nothing if a word that carries a decision is bound to nothing.
    pub(in crate::plan) fn of(pieces: &[Piece], tokens: &[Token]) -> Option<Sketch> {
        let mut binder = Binder {
            tokens,
            sketch: Sketch::default(),
            pending: Pending::default(),
            glue: Vec::new(),
            numbers: Vec::new(),
            pronouns: Vec::new(),
            is_ask_verb: false,
            is_how: false,
        };
        for (index, piece) in pieces.iter().enumerate() {
            binder.piece(piece, pieces.get(index + 1))?;
        }
        binder.end()
    }

    /// Whether what is left of `only` stands behind the last noun: `tables only`.
    fn is_only_of_noun(&self, tokens: &[Token]) -> bool {
        self.nodes
            .last()
            .is_some_and(|node| node.sort == Sort::Noun && node.end + 1 >= tokens.len())
    }
}

impl Binder<'_> {
    /// Binds one piece; `behind` is the one behind it.
    fn piece(&mut self, piece: &Piece, behind: Option<&Piece>) -> Option<()> {
        let is_next = |wanted: fn(&What) -> bool| {
            behind.is_some_and(|next| next.start == piece.end && wanted(&next.what))
        };
        match &piece.what {
            What::Free => {}
            What::Word(word) => self.word(*word, piece)?,
            What::Names(senses) => self.node(senses, Sort::Name, piece)?,
            What::Nouns(nouns) => {
                let senses: Vec<(Np, f32)> = nouns.iter().map(|np| (np.clone(), 0.0)).collect();
                self.node(&senses, Sort::Noun, piece)?;
            }
            // `what tables` asks for tables.
            What::Any(_)
                if self.tokens[piece.start].text == "what"
                    && is_next(|what| {
                        matches!(what, What::Nouns(_) | What::Attributes(_) | What::Values(_))
                    }) =>
            {
                self.pending.is_asked = true;
            }
            What::Any(senses) => self.node(senses, Sort::Any, piece)?,
            // `each table` is more than a table.
            What::Pronoun
                if self.tokens[piece.start].text == "each"
                    && is_next(|what| matches!(what, What::Nouns(_))) =>
            {
                return None;
            }
            // `those tables` are tables.
            What::Pronoun if is_next(|what| matches!(what, What::Nouns(_) | What::Filters(_))) => {}
            What::Pronoun => self.pronouns.push(piece.start),
            What::Relations(senses) => {
                let is_by = behind.is_some_and(|next| matches!(next.what, What::Word(Word::By)));
                self.relation(senses, piece, is_by)?;
            }
            What::Filters(filters) => {
                let senses = filters
                    .iter()
                    .map(|(said, _)| (said.clone(), tested(said)))
                    .collect();
                self.mark(senses, filters[0].1, piece)?;
            }
            What::Values(values) => {
                let senses = values
                    .iter()
                    .map(|(test, name, kinds)| {
                        let said = Mod::one(Clause::Test(test.clone()), *kinds);
                        (said, Some(name.clone()))
                    })
                    .collect();
                let place = if self.glue.is_empty() {
                    Place::Before
                } else {
                    Place::Behind
                };
                self.mark(senses, place, piece)?;
            }
            What::Attributes(names) => self.attribute(names, piece)?,
            What::Number(op, value) => {
                let op = self.pending.compare.take().unwrap_or(*op);
                if self.pending.negative.is_some() {
                    return None;
                }
                self.numbers.push((piece.start, op, value.clone()));
                self.glue.clear();
            }
            What::Asks(name) => {
                if self.sketch.asks.as_ref().is_some_and(|known| known != name) {
                    return None;
                }
                self.sketch.asks = Some(name.clone());
            }
            What::AskVerb => self.is_ask_verb = true,
        }
        Some(())
    }

    fn relation(&mut self, senses: &[(Relation, Voice)], piece: &Piece, is_by: bool) -> Option<()> {
        let pending = &mut self.pending;
        if pending.compare.is_some() || pending.is_per && !all_roles(senses) {
            return None;
        }
        if self.glue.contains(&Word::Tagged) {
            self.sketch.cost += TAGGED;
        }
        let is_negative = pending.negative.take().is_some();
        let is_only = std::mem::take(&mut pending.is_only);
        let bound = pending.bound();
        self.sketch.ties.push(Tie {
            start: piece.start,
            end: piece.end,
            senses: senses.to_vec(),
            is_impact: false,
            is_passive: is_by || is_behind_be(self.tokens, piece.start),
            is_phrasal: piece.end > piece.start + 1
                && is_particle(&self.tokens[piece.end - 1].text),
            is_light: piece.end == piece.start + 1 && is_light(&self.tokens[piece.start].text),
            is_negative,
            is_only,
            before: std::mem::take(&mut self.glue),
            behind: Vec::new(),
            bound,
        });
        // `all served` and `all their owners` say something of every one.
        let is_first = self.sketch.nodes.is_empty() && self.sketch.ties.len() == 1;
        if std::mem::take(&mut pending.is_all) && !(is_first && all_roles(senses)) {
            return None;
        }
        pending.is_asked = false;
        Some(())
    }

    fn attribute(&mut self, names: &[String], piece: &Piece) -> Option<()> {
        let pending = &mut self.pending;
        if pending.is_most || std::mem::take(&mut pending.is_all) && pending.negative.is_some() {
            return None;
        }
        let is_negative = pending.negative.take().is_some();
        let bound = pending.bound();
        self.sketch.attributes.push(Named {
            start: piece.start,
            end: piece.end,
            names: names.to_vec(),
            compared: None,
            is_negative,
            is_asked: std::mem::take(&mut pending.is_asked),
            before: std::mem::take(&mut self.glue),
            bound,
        });
        Some(())
    }

    /// The sketch, if nothing is left that waits for a phrase; with everything that is said again resolved.
    fn end(mut self) -> Option<Sketch> {
        let mut sketch = self.sketch;
        if let Some(tie) = sketch.ties.last_mut()
            && tie.behind.is_empty()
            && sketch.nodes.iter().all(|node| node.start < tie.start)
        {
            tie.behind.clone_from(&self.glue);
        }
        let pending = self.pending;
        let is_left = pending.negative.is_some()
            || pending.is_per
            || pending.is_most
            || pending.is_their
            || pending.compare.is_some()
            || pending.is_only && !sketch.is_only_of_noun(self.tokens)
            || self.is_ask_verb && sketch.asks.is_none()
            || self.glue.contains(&Word::Or);
        if is_left {
            return None;
        }
        if self.is_how && !sketch.is_count {
            sketch.is_path = true;
        }
        // What is supposed has an effect.
        if sketch.is_if && !sketch.ties.iter().any(|tie| tie.is_impact) {
            return None;
        }
        sketch.count_per_noun();
        sketch.count_numbers(std::mem::take(&mut self.numbers))?;
        sketch.attributes_as_marks();
        sketch.cue(self.tokens);
        sketch.resolve_possessive(self.tokens);
        sketch.take_data_for_thing(self.tokens);
        sketch.resolve(&self.pronouns, self.tokens)?;
        sketch.again(self.tokens);
        Some(sketch)
    }
}

/// The attribute that a test is about, if it is about one.
fn tested(said: &Mod) -> Option<String> {
    match said.clauses.as_slice() {
        [Clause::Test(Test::Attribute { name, .. })] => Some(name.clone()),
        _ => None,
    }
}

fn all_roles(senses: &[(Relation, Voice)]) -> bool {
    senses.iter().all(|(_, voice)| *voice == Voice::Role)
}

/// Prepositions with which a participle says what the verb says: `is computed from`.
fn is_particle(word: &str) -> bool {
    matches!(
        word,
        "from" | "of" | "on" | "upon" | "off" | "out" | "into" | "to" | "with"
    )
}

/// Verbs that need their preposition to tell what they mean.
fn is_light(word: &str) -> bool {
    let stem = word
        .trim_end_matches("ing")
        .trim_end_matches('s')
        .trim_end_matches('e');
    matches!(
        stem,
        "com"
            | "cam"
            | "go"
            | "lead"
            | "led"
            | "sit"
            | "sat"
            | "li"
            | "ly"
            | "lay"
            | "stand"
            | "stood"
            | "pas"
            | "pass"
            | "land"
            | "look"
            | "work"
            | "call"
            | "hit"
            | "belong"
            | "be"
            | "made"
            | "mad"
            | "mak"
            | "put"
            | "brought"
            | "bring"
            | "hold"
            | "held"
            | "tak"
            | "taken"
            | "start"
            | "end"
            | "travel"
            | "load"
    )
}

/// Whether a form of `be` stands right before a word, or before the word before it.
pub(super) fn is_behind_be(tokens: &[Token], at: usize) -> bool {
    tokens[..at].iter().rev().take(2).any(|token| {
        matches!(
            &*token.text,
            "is" | "are" | "was" | "were" | "be" | "been" | "being" | "gets" | "get" | "got"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn every_piece_is_bound_or_there_is_no_sketch() {
        for (question, expect) in [
            ("Which tables does nightly read?", "tables? nightly ~read"),
            (
                "what tables are read by nightly",
                "tables? ~read by nightly",
            ),
            ("those models of ml-risk", "models ml-risk"),
            ("When does nightly run?", "nightly run (asks schedule)"),
            ("alerts with severity page", "alerts [severity page]"),
            ("models served in prod", "models [served in prod]"),
            ("tables without", "-"),
            ("which models or", "-"),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
