//! The words of structure: negations, quantifiers, comparisons and what else waits for the phrase behind it.

use virgil_graph::Op;

use crate::plan::lexicon::Word;
use crate::plan::pieces::Piece;
use crate::plan::sketch::bind::{Binder, is_behind_be};
use crate::plan::sketch::{Bound, Sort, Tie};

impl Binder<'_> {
    /// Binds a word of structure.
    pub(super) fn word(&mut self, word: Word, piece: &Piece) -> Option<()> {
        match word {
            // `columns on which the tag is set` asks for nothing.
            Word::Which => {
                let is_relative = !self.glue.is_empty()
                    && self.sketch.nodes.last().is_some_and(|last| {
                        last.sort == Sort::Noun && last.end + self.glue.len() == piece.start
                    });
                self.pending.is_asked = !is_relative;
            }
            Word::Not | Word::No | Word::Without => {
                // A double negation is too much to be sure of.
                if self.pending.negative.replace(word).is_some() {
                    return None;
                }
                if word == Word::Without {
                    self.glue.push(Word::With);
                }
            }
            Word::HowMany => {
                self.sketch.is_count = true;
                self.pending.is_asked = true;
            }
            Word::All => self.pending.is_all = true,
            Word::Only => {
                // `tables only` says what to list.
                let is_behind_noun = self.sketch.nodes.last().is_some_and(|node| {
                    node.sort == Sort::Noun && node.end == piece.start && self.glue.is_empty()
                });
                if !is_behind_noun {
                    self.pending.is_only = true;
                }
            }
            Word::Per => self.pending.is_per = true,
            Word::Most => self.pending.is_most = true,
            Word::If => self.sketch.is_if = true,
            Word::Their => self.pending.is_their = true,
            Word::Direct => self.sketch.is_direct = true,
            Word::Transitive => self.sketch.is_transitive = true,
            Word::AtLeast => self.pending.compare = Some(Op::Ge),
            Word::AtMost => self.pending.compare = Some(Op::Le),
            Word::MoreThan => self.pending.compare = Some(Op::Gt),
            Word::LessThan => self.pending.compare = Some(Op::Lt),
            Word::PathOpen
                if self.tokens[piece.start].text == "how" && piece.end == piece.start + 1 =>
            {
                self.is_how = true;
            }
            Word::PathOpen => self.sketch.is_path = true,
            Word::Impact | Word::ImpactAct | Word::ImpactEnd => {
                if self.pending.is_all
                    || self.pending.is_only
                    || self.pending.is_per
                    || self.pending.compare.is_some()
                {
                    return None;
                }
                self.sketch.ties.push(Tie {
                    start: piece.start,
                    end: piece.end,
                    senses: Vec::new(),
                    is_impact: true,
                    is_passive: is_behind_be(self.tokens, piece.start),
                    is_phrasal: false,
                    is_light: false,
                    is_negative: self.pending.negative.take().is_some(),
                    is_only: false,
                    before: std::mem::take(&mut self.glue),
                    behind: vec![word],
                    bound: Bound::Free,
                });
            }
            // What is only said by the code of the chart.
            Word::What | Word::Who | Word::Nothing | Word::Nobody | Word::Them => return None,
            soft => {
                if let Some(tie) = self.sketch.ties.last_mut()
                    && !tie.is_impact
                    && self.glue.is_empty()
                    && tie.end == piece.start
                {
                    tie.behind.push(soft);
                }
                self.glue.push(soft);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn words_of_structure_wait_for_the_phrase_behind_them() {
        for (question, expect) in [
            (
                "Which tables does nightly not read?",
                "tables? nightly not ~read",
            ),
            (
                "How many models are there per team?",
                "models? per team (count)",
            ),
            ("Which models have no owner?", "models? not ~owner"),
            (
                "Which tables are only read by nightly?",
                "tables? only ~read by nightly",
            ),
            (
                "Which models break if orders is dropped?",
                "models? !break orders !is dropped (if)",
            ),
            (
                "Which tables does nightly directly read?",
                "tables? nightly ~read (direct)",
            ),
            (
                "Which team owns the most models?",
                "team? ~owns most models",
            ),
            (
                "How does orders get to fraud-detector?",
                "orders fraud-detector (path)",
            ),
            ("Which models are there per?", "-"),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
