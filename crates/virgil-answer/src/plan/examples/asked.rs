//! A question in the form of a wording: some of its mentions taken for names.

use std::collections::{BTreeSet, HashMap};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::Lexicon;
use crate::plan::tokens::Token;

use super::features::{Features, content, weighed};
use super::form::{Piece, Unit, absorb, main_part, units};
use super::hard::{Hard, hards};
use super::mentions::Mention;
use super::turns::{Turn, turns};

/// A question with some mentions taken for names.
pub(super) struct Asked {
    /// The mentions, in order; the slots of `units` count them.
    pub(super) chosen: Vec<usize>,
    /// What is asked, behind the names of the sentences before.
    pub(super) units: Vec<Unit>,
    pub(super) hard: BTreeSet<(Hard, usize)>,
    pub(super) features: Features,
    /// The stems that carry meaning.
    pub(super) content: BTreeSet<String>,
    pub(super) turns: BTreeSet<Turn>,
}

/// A question as it was typed.
#[derive(Clone, Copy)]
pub(super) struct Typed<'q> {
    pub(super) text: &'q str,
    pub(super) tokens: &'q [Token],
    pub(super) mentions: &'q [Mention],
}

impl Asked {
    pub(super) fn new(
        typed: Typed<'_>,
        chosen: Vec<usize>,
        lexicon: &Lexicon,
        rarity: &HashMap<String, f32>,
        unseen: f32,
    ) -> Asked {
        let Typed {
            text,
            tokens,
            mentions,
        } = typed;
        // What names a chosen thing once more is no word.
        let is_repeated = |at: usize| {
            mentions.iter().any(|mention| {
                mention.start <= at
                    && at < mention.end
                    && mention.repeats.is_some_and(|of| chosen.contains(&of))
            })
        };
        let mut pieces = Vec::new();
        let mut index = 0;
        while index < tokens.len() {
            let slot = chosen
                .iter()
                .position(|number| mentions[*number].start == index);
            match slot {
                Some(slot) => {
                    pieces.push(Piece::Slot(slot));
                    index = mentions[chosen[slot]].end;
                }
                None => {
                    if !is_repeated(index) {
                        pieces.push(Piece::Token(tokens[index].clone()));
                    }
                    index += 1;
                }
            }
        }
        let units = absorb(units(&pieces, lexicon), |slot, kinds| {
            let things = &mentions[chosen[slot]].things;
            things.iter().any(|filler| kinds.contains(filler.kind))
        });
        let (main, before) = main_part(&units);
        let hard = hards(text, &main);
        let content = content(&main);
        let mut units: Vec<Unit> = before
            .into_iter()
            .filter(|unit| matches!(unit, Unit::Slot { .. }))
            .collect();
        units.extend(main);
        Asked {
            chosen,
            hard,
            features: weighed(&units, rarity, unseen),
            content,
            turns: turns(&units),
            units,
        }
    }

    /// Whether it has a noun for a kind of things.
    pub(super) fn has_noun(&self) -> bool {
        self.units
            .iter()
            .any(|unit| matches!(unit, Unit::Kind { .. }))
    }

    /// Whether it asks for something, in a word that does not only ask to see it.
    pub(super) fn asks(&self) -> bool {
        let asks = |unit: &Unit| match unit {
            Unit::Word { text, .. } => {
                matches!(
                    &**text,
                    "who" | "whom" | "whose" | "where" | "when" | "how" | "own"
                )
            }
            _ => false,
        };
        self.units.iter().any(asks)
    }

    /// The kinds that a noun beside a name tells, by the number of its slot.
    pub(super) fn told(&self, slot: usize) -> Kinds {
        let told = self.units.iter().find_map(|unit| match unit {
            Unit::Slot { number, only } if *number == slot => Some(*only),
            _ => None,
        });
        told.unwrap_or(Kinds::ANY)
    }
}
