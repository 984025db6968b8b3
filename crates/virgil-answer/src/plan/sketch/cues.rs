//! Names beside the noun for what they are: `the fraud-detector model`.

use crate::plan::kinds::Kinds;
use crate::plan::link::is_plural;
use crate::plan::sem::{Np, Quant};
use crate::plan::sketch::{Bound, Sketch, Sort};
use crate::plan::tokens::Token;

/// A name or a value beside the word for what it is.
const CUED: f32 = 0.3;

impl Sketch {
    /// Joins a name and the noun beside it that says its kind: `the fraud-detector model`.
    pub(super) fn cue(&mut self, tokens: &[Token]) {
        let mut index = 0;
        while index + 1 < self.nodes.len() {
            let (left, right) = (&self.nodes[index], &self.nodes[index + 1]);
            let is_between = |at: usize| at >= left.end && at < right.start;
            let is_parted = self.ties.iter().any(|tie| is_between(tie.start))
                || self.marks.iter().any(|mark| is_between(mark.start))
                || self.attributes.iter().any(|named| is_between(named.start))
                || !right.before.is_empty();
            let (name, noun) = match (left.sort, right.sort) {
                (Sort::Noun, Sort::Name)
                    if !left.is_asked
                        && left.quant == Quant::Plain
                        && (!is_plural(&tokens[left.end - 1].text)
                            || right.senses.iter().any(|(np, _)| np.each.len() > 1)) =>
                {
                    (right, left)
                }
                (Sort::Name, Sort::Noun)
                    if !right.is_asked
                        && right.quant == Quant::Plain
                        && !is_plural(&tokens[right.end - 1].text) =>
                {
                    (left, right)
                }
                _ => {
                    index += 1;
                    continue;
                }
            };
            let kinds = noun
                .senses
                .iter()
                .fold(Kinds::NONE, |kinds, (np, _)| kinds.or(np.kinds));
            let fitting: Vec<(Np, f32)> = name
                .senses
                .iter()
                .filter(|(np, _)| !np.kinds.and(kinds).is_empty())
                .cloned()
                .collect();
            if is_parted || fitting.is_empty() || noun.bound != Bound::Free {
                index += 1;
                continue;
            }
            let least = fitting
                .iter()
                .map(|(_, dear)| *dear)
                .fold(f32::MAX, f32::min);
            let mut joined = name.clone();
            joined.senses = fitting
                .into_iter()
                .map(|(np, dear)| (np, dear - least))
                .collect();
            joined.start = left.start;
            joined.end = right.end;
            joined.before.clone_from(&left.before);
            joined.lead = left.lead;
            self.cost -= CUED;
            self.nodes[index] = joined;
            self.nodes.remove(index + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn a_name_and_the_noun_for_it_are_one_thing() {
        for (question, expect) in [
            (
                "Who owns the model fraud-detector?",
                "Who? ~owns model fraud-detector",
            ),
            (
                "Who owns the fraud-detector model?",
                "Who? ~owns fraud-detector model",
            ),
            (
                "which tables does the nightly pipeline read",
                "tables? nightly pipeline ~read",
            ),
            ("orders tables", "orders tables"),
            ("which model is fraud-detector", "model? fraud-detector"),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
