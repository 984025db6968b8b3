//! Things and what is said of them: a phrase with the words of structure that stand before it.

use crate::plan::lexicon::Word;
use crate::plan::pieces::{Piece, Place};
use crate::plan::sem::{Mod, Np, Quant, either};
use crate::plan::sketch::bind::Binder;
use crate::plan::sketch::{Bound, Lead, Mark, Node, Sketch, Sort};
use crate::plan::tokens::Token;

impl Binder<'_> {
    /// Binds a thing, or joins it with the one before: `A or B`.
    pub(super) fn node(&mut self, senses: &[(Np, f32)], sort: Sort, piece: &Piece) -> Option<()> {
        // A number that is compared stands before its attribute, or is some.
        // A tag is a value or an attribute.
        if self.pending.compare.is_some() || self.glue.contains(&Word::Tagged) {
            return None;
        }
        let mut quant = senses[0].0.quant;
        match self.pending.negative.take() {
            None => {}
            // `what breaks without X`: if it were not there.
            Some(Word::Without)
                if sort == Sort::Name && self.sketch.ties.iter().any(|tie| tie.is_impact) => {}
            Some(Word::Not)
                if sort != Sort::Name
                    && !(sort == Sort::Noun
                        && self
                            .glue
                            .iter()
                            .any(|word| matches!(word, Word::Have | Word::With))) =>
            {
                return None;
            }
            Some(_) if quant == Quant::No => return None,
            Some(_) => quant = Quant::No,
        }
        if std::mem::take(&mut self.pending.is_only) {
            if sort != Sort::Noun {
                return None;
            }
            // `which tables …, only the tables`
            let is_known = |node: &Node| {
                node.sort == Sort::Noun
                    && node.bound == Bound::Free
                    && senses.iter().all(|(np, _)| {
                        let mut known = node.senses.iter();
                        known.any(|(other, _)| other.set == np.set)
                    })
            };
            let is_first = self
                .sketch
                .nodes
                .iter()
                .find(|node| node.sort == Sort::Noun);
            if quant == Quant::Plain && is_first.is_some_and(is_known) {
                self.glue.clear();
                return Some(());
            }
        }
        if std::mem::take(&mut self.pending.is_most) {
            quant = Quant::Most;
        }
        if std::mem::take(&mut self.pending.is_all) && quant == Quant::Plain {
            quant = Quant::All;
        }
        let bound = self.pending.bound();
        // `all of their versions` says more than that versions are shown.
        if bound == Bound::Shown && quant == Quant::All {
            return None;
        }
        let before = std::mem::take(&mut self.glue);
        let is_asked = std::mem::take(&mut self.pending.is_asked)
            || sort == Sort::Any && is_wh(&self.tokens[piece.start].text);
        let is_joined = before.contains(&Word::Or)
            || matches!(before.last(), Some(Word::And | Word::Comma)) && sort == Sort::Name;
        if is_joined
            && let Some(last) = self.sketch.nodes.last_mut()
            && last.sort == sort
            && (last.quant == quant || is_nor(last.quant, quant, &before))
            && bound == Bound::Free
            && piece.start == last.end + before.len()
        {
            let is_or = before.contains(&Word::Or);
            let mut joined = Vec::new();
            for (left, dear) in &last.senses {
                for (right, also) in senses {
                    if left.kinds == right.kinds || sort == Sort::Noun {
                        let mut both = either(left, right);
                        if !is_or && sort == Sort::Name {
                            let parts = |np: &Np| match np.each.is_empty() {
                                true => vec![np.set.clone()],
                                false => np.each.clone(),
                            };
                            both.each = [parts(left), parts(right)].concat();
                        }
                        both.quant = last.quant;
                        joined.push((both, dear + also));
                    }
                }
            }
            if joined.is_empty() {
                return None;
            }
            last.senses = joined;
            last.end = piece.end;
            return Some(());
        }
        // `tables and columns` may mean either, or each with the other.
        let is_two_nouns = sort == Sort::Noun
            && bound == Bound::Free
            && before == [Word::And]
            && self
                .sketch
                .nodes
                .last()
                .is_some_and(|last| last.sort == Sort::Noun && last.end + 1 == piece.start);
        if before.contains(&Word::Or) || is_two_nouns {
            return None;
        }
        let lead = self.sketch.lead(self.tokens, piece.start);
        self.sketch.nodes.push(Node {
            start: piece.start,
            end: piece.end,
            again: None,
            senses: senses.to_vec(),
            sort,
            is_asked,
            quant,
            before,
            bound,
            lead,
        });
        Some(())
    }

    /// Binds what is said of one thing, or joins it with the one before.
    pub(super) fn mark(
        &mut self,
        senses: Vec<(Mod, Option<String>)>,
        place: Place,
        piece: &Piece,
    ) -> Option<()> {
        if self.pending.compare.is_some() || self.pending.is_most || self.pending.is_per {
            return None;
        }
        let before = std::mem::take(&mut self.glue);
        let is_negative = self.pending.negative.take().is_some();
        if std::mem::take(&mut self.pending.is_all) && is_negative {
            return None;
        }
        if before.contains(&Word::Or) {
            let last = self.sketch.marks.last_mut()?;
            if last.is_negative != is_negative || last.end + before.len() != piece.start {
                return None;
            }
            let mut joined = Vec::new();
            for (left, name) in &last.senses {
                for (right, other) in &senses {
                    if name == other
                        && let Some(both) = left.clone().or(right.clone())
                    {
                        joined.push((both, name.clone()));
                    }
                }
            }
            if joined.is_empty() {
                return None;
            }
            last.senses = joined;
            last.end = piece.end;
            return Some(());
        }
        self.sketch.marks.push(Mark {
            start: piece.start,
            end: piece.end,
            senses,
            place,
            is_negative,
        });
        Some(())
    }
}

impl Sketch {
    /// What the preposition before a phrase tells, unless it belongs to a verb.
    fn lead(&self, tokens: &[Token], start: usize) -> Lead {
        let passed = [
            "the", "a", "an", "which", "what", "all", "any", "every", "our", "these", "those",
            "this", "that",
        ];
        let before = (0..start)
            .rev()
            .find(|at| !passed.contains(&&*tokens[*at].text));
        let Some(at) = before else {
            return Lead::Unsaid;
        };
        if self.ties.iter().any(|tie| tie.start <= at && at < tie.end) {
            return Lead::Unsaid;
        }
        match &*tokens[at].text {
            "from" => Lead::Start,
            "on" | "of" | "in" | "upon" => Lead::Other,
            "into" | "to" | "->" | "→" => Lead::End,
            _ => Lead::Unsaid,
        }
    }
}

fn is_wh(word: &str) -> bool {
    matches!(
        word,
        "what"
            | "who"
            | "whom"
            | "where"
            | "which"
            | "whatever"
            | "whoever"
            | "everything"
            | "all"
            | "anything"
    )
}

/// `neither A nor B`.
fn is_nor(left: Quant, right: Quant, between: &[Word]) -> bool {
    left == Quant::No && right == Quant::Plain && between.contains(&Word::Or)
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn neighbours_are_joined_by_what_stands_between_them() {
        for (question, expect) in [
            (
                "Who reads orders or fct_orders?",
                "Who? ~reads orders or fct_orders",
            ),
            (
                "Which models are trained on orders and fct_orders?",
                "models? ~trained on orders and fct_orders",
            ),
            ("models in prod or staging", "models [in prod or staging]"),
            (
                "pipelines or models of ml-risk",
                "pipelines or models ml-risk",
            ),
            ("neither orders nor signups", "no orders nor signups"),
            (
                "Which models break without orders?",
                "models? !break orders",
            ),
            (
                "Which tables does nightly read, only the tables",
                "tables? nightly ~read",
            ),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
