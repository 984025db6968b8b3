//! What is counted, compared and missing: numbers and attributes find what they are said of.

use virgil_graph::Op;
use virgil_model::Value;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::Word;
use crate::plan::pieces::Place;
use crate::plan::sem::{Clause, Mod, Quant};
use crate::plan::sketch::{Bound, Mark, Sketch, Sort, is_stated};
use crate::plan::traits::test;

impl Sketch {
    /// `how many members has every team` counts per team.
    pub(super) fn count_per_noun(&mut self) {
        let is_count = self.is_count;
        let many = self.nodes.len() + self.ties.len() > 1;
        for node in &mut self.nodes {
            if is_count && many && node.sort == Sort::Noun && node.quant == Quant::All {
                node.bound = Bound::Per;
                node.quant = Quant::Plain;
            }
        }
    }

    /// Gives every number to the attribute next to it.
    pub(super) fn count_numbers(&mut self, numbers: Vec<(usize, Op, Value)>) -> Option<()> {
        for (at, op, value) in numbers {
            // At least one is some.
            if op == Op::Ge && value == Value::Integer(1) && self.attributes.is_empty() {
                continue;
            }
            let nearest = self
                .attributes
                .iter_mut()
                .filter(|attribute| attribute.compared.is_none())
                .min_by_key(|attribute| attribute.start.abs_diff(at))?;
            if nearest.is_negative {
                return None;
            }
            nearest.compared = Some((op, value));
        }
        Some(())
    }

    /// Makes tests of attributes that are compared, missing or had; a value beside the name of its attribute takes it in.
    pub(super) fn attributes_as_marks(&mut self) {
        let mut kept = Vec::new();
        for named in std::mem::take(&mut self.attributes) {
            let is_free =
                named.bound == Bound::Free && !named.is_negative && named.compared.is_none();
            let value = self.marks.iter_mut().find(|mark| {
                let is_near =
                    mark.start.abs_diff(named.end) <= 2 || named.start.abs_diff(mark.end) <= 2;
                is_near
                    && mark.senses.iter().any(|(_, name)| {
                        name.as_ref().is_some_and(|name| named.names.contains(name))
                    })
            });
            if is_free && let Some(mark) = value {
                mark.senses.retain(|(_, name)| {
                    name.as_ref().is_some_and(|name| named.names.contains(name))
                });
                mark.start = mark.start.min(named.start);
                mark.end = mark.end.max(named.end);
                continue;
            }
            let is_had = [Word::With, Word::Have, Word::Tagged]
                .iter()
                .any(|word| named.before.contains(word));
            if named.compared.is_some() || named.is_negative || is_had && is_free && !named.is_asked
            {
                let test = |name: &String| match &named.compared {
                    Some((op, value)) => self::test(name, *op, value.clone()),
                    None => is_stated(name),
                };
                self.marks.push(Mark {
                    start: named.start,
                    end: named.end,
                    senses: named
                        .names
                        .iter()
                        .map(|name| {
                            let said = Mod::one(Clause::Test(test(name)), Kinds::ANY);
                            (said, None)
                        })
                        .collect(),
                    place: Place::Behind,
                    is_negative: named.is_negative,
                });
            }
            if is_free || named.bound != Bound::Free {
                kept.push(named);
            }
        }
        self.attributes = kept;
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::sketch::shown::sketched;

    #[test]
    fn what_is_compared_finds_its_bearer() {
        for (question, expect) in [
            ("alerts with severity page", "alerts [severity page]"),
            ("alerts without severity", "alerts not [severity]"),
            ("Which pipelines have a schedule?", "pipelines? ~schedule"),
            (
                "How many members has every team?",
                "~members per team (count)",
            ),
            ("the severity of FraudSlow", ".severity FraudSlow"),
        ] {
            assert_eq!(sketched(question), expect, "{question}");
        }
    }
}
