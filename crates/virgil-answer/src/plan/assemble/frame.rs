//! One way to hang everything together, made choice by choice: where each thing hangs, what each tie links, what each mark is
//! said of. A choice that costs more than what is known to be likely is not followed.

use std::cell::Cell;

use crate::plan::arcs::{Reach, least_link};
use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Word};
use crate::plan::phrases::Cat;
use crate::plan::pieces::Place;
use crate::plan::sem::Quant;
use crate::plan::sketch::{Bound, Mark, Node, Sketch, Sort, Tie};

/// How many ways to hang the things of one question together are tried.
const MOST_TRIES: usize = 300;
/// A thing between two phrases that belong together.
const PARTED: f32 = 0.1;
/// Something said of another thing than the noun right before it.
const BEHIND_OTHER: f32 = 0.15;
/// Something said in another sentence.
const ELSEWHERE: f32 = 0.7;
/// What runs in services.
const SERVED: [virgil_model::Kind; 2] =
    [virgil_model::Kind::Model, virgil_model::Kind::ModelVersion];

/// One way to hang everything together. Node 0 is what is asked for, the others its children.
pub(super) struct Frame<'s> {
    pub(super) sketch: &'s Sketch,
    pub(super) lexicon: &'s Lexicon,
    pub(super) nodes: Vec<Node>,
    pub(super) parents: Vec<Parent>,
    pub(super) ties: Vec<&'s Tie>,
    pub(super) uses: Vec<Use>,
    pub(super) marks: Vec<&'s Mark>,
    pub(super) marked: Vec<usize>,
    most: &'s Cell<f32>,
    /// What the links that are chosen cost at least.
    ahead: f32,
    pub(super) reach: Reach,
}

/// Where a child hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    Root,
    Child(usize),
    /// It is shown beside what is asked for.
    Shown,
}

/// What a tie is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// To link this child with its parent.
    Arc(usize),
    /// To say that this node is linked at all.
    AtAll(usize),
    /// To say that something has the value behind it.
    Value,
}

impl<'s> Frame<'s> {
    /// A frame for what is asked for, on which nothing hangs yet; `left_out` is its number in the sketch.
    pub(super) fn new(
        root: Node,
        left_out: Option<usize>,
        sketch: &'s Sketch,
        lexicon: &'s Lexicon,
        most: &'s Cell<f32>,
    ) -> Frame<'s> {
        let mut nodes = vec![Node {
            is_asked: true,
            ..root
        }];
        let others = sketch.nodes.iter().enumerate();
        let others =
            others.filter(|(index, node)| Some(*index) != left_out && node.bound == Bound::Free);
        nodes.extend(others.map(|(_, node)| node.clone()));
        let ties = sketch.ties.iter();
        Frame {
            sketch,
            lexicon,
            parents: vec![Parent::Root; nodes.len()],
            nodes,
            ties: ties.filter(|tie| tie.bound == Bound::Free).collect(),
            uses: Vec::new(),
            marks: sketch.marks.iter().collect(),
            marked: Vec::new(),
            most,
            ahead: 0.0,
            reach: if sketch.is_direct && !sketch.is_transitive {
                Reach::Direct
            } else if sketch.is_transitive {
                Reach::Transitive
            } else {
                Reach::Usual
            },
        }
    }
}

impl Frame<'_> {
    /// Tries every place for the child `index` and those behind it.
    pub(super) fn hang(
        &mut self,
        index: usize,
        cost: f32,
        tries: &mut usize,
        keep: &mut dyn FnMut(&Cat, f32),
    ) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        if index == self.nodes.len() {
            if !self.hangs_together() {
                return;
            }
            return self.tie(cost, tries, keep);
        }
        let node = &self.nodes[index];
        let is_bare_noun = node.sort == Sort::Noun && node.quant == Quant::Plain;
        let is_listed = node
            .before
            .iter()
            .all(|word| matches!(word, Word::And | Word::Comma | Word::With));
        let is_had = node.before.contains(&Word::With);
        let mut places = vec![(Parent::Root, 0.0)];
        if is_bare_noun && is_listed && node.start > self.nodes[0].start {
            places.push((
                Parent::Shown,
                if is_had {
                    0.3
                } else if node.before.is_empty() {
                    0.25
                } else {
                    0.05
                },
            ));
        }
        // What hangs on a thing beside it; only one of two neighbours may hang on the other.
        let is_before = index > 1
            && !matches!(self.parents[index - 1], Parent::Shown)
            && self.parents[index - 1] != Parent::Child(index);
        if is_before {
            places.push((Parent::Child(index - 1), 0.05));
        }
        if index + 1 < self.nodes.len() {
            places.push((Parent::Child(index + 1), 0.08));
        }
        for (place, dear) in places {
            self.parents[index] = place;
            self.hang(index + 1, cost + dear, tries, keep);
        }
    }

    /// Whether everything hangs on what is asked for, and nothing on what is only shown.
    fn hangs_together(&self) -> bool {
        (1..self.nodes.len()).all(|index| {
            let mut at = index;
            for _ in 0..self.nodes.len() {
                match self.parents[at] {
                    Parent::Root => return true,
                    Parent::Shown => return at == index,
                    Parent::Child(parent) => at = parent,
                }
            }
            false
        })
    }

    /// Tries every use of the next tie.
    fn tie(&mut self, cost: f32, tries: &mut usize, keep: &mut dyn FnMut(&Cat, f32)) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        let Some(tie) = self.ties.get(self.uses.len()).copied() else {
            return self.mark(cost, tries, keep);
        };
        let mut uses = Vec::new();
        for index in 1..self.nodes.len() {
            let parent = match self.parents[index] {
                Parent::Root => 0,
                Parent::Child(parent) => parent,
                Parent::Shown => continue,
            };
            let (above, below) = (&self.nodes[parent], &self.nodes[index]);
            let Some(least) = least_link(tie, (above, kinds(above)), (below, kinds(below))) else {
                continue;
            };
            let between = [above, below]
                .iter()
                .map(|end| self.between(tie.start, end.start))
                .fold(f32::MAX, f32::min);
            uses.push((Use::Arc(index), PARTED * between, least));
        }
        if !tie.is_impact {
            for index in 0..self.nodes.len() {
                let node = &self.nodes[index];
                let is_linked = self.parents[index] != Parent::Shown
                    && node.sort != Sort::Any
                    && tie.senses.iter().any(|(relation, _)| {
                        let kinds = kinds(node);
                        !relation.subject.and(kinds).is_empty()
                            || !relation.object.and(kinds).is_empty()
                    });
                if is_linked {
                    let between = self.between(tie.start, node.start);
                    uses.push((Use::AtAll(index), PARTED * between, 0.05));
                }
            }
            // `use the runtime x`: have it.
            let has_value = self.marks.iter().any(|mark| {
                mark.start >= tie.end
                    && mark.start <= tie.end + 2
                    && mark.senses.iter().any(|(_, name)| name.is_some())
            });
            if has_value && !tie.is_negative && !tie.is_only {
                uses.push((Use::Value, 0.15, 0.0));
            }
        }
        // What happens and what is affected is one event.
        if tie.is_impact {
            let known = self
                .ties
                .iter()
                .zip(&self.uses)
                .find(|(other, _)| other.is_impact);
            if let Some((_, known)) = known {
                uses.retain(|(tied, _, _)| tied == known);
            }
        }
        for (tied, dear, least) in uses {
            self.uses.push(tied);
            self.ahead += least;
            self.tie(cost + dear, tries, keep);
            self.ahead -= least;
            self.uses.pop();
        }
    }

    /// Tries every bearer of the next mark.
    fn mark(&mut self, cost: f32, tries: &mut usize, keep: &mut dyn FnMut(&Cat, f32)) {
        if *tries > MOST_TRIES || cost + self.ahead > self.most.get() {
            return;
        }
        let Some(mark) = self.marks.get(self.marked.len()).copied() else {
            *tries += 1;
            for (cat, made) in self.build() {
                keep(&cat, cost + made);
            }
            return;
        };
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let of = kinds(node);
            let is_fit = mark.senses.iter().any(|(said, name)| {
                !said.domain.and(of).is_empty()
                    || name.as_deref() == Some("cluster") && !of.and(Kinds::of(&SERVED)).is_empty()
            });
            if self.parents[index] == Parent::Shown || !is_fit {
                continue;
            }
            let between = self.between(mark.start, node.start);
            let is_usual = match mark.place {
                Place::Before => mark.start < node.start,
                Place::Behind => mark.start > node.start,
            };
            let is_elsewhere =
                self.sketch.sentences.iter().any(|&start| {
                    (mark.start < start) != (node.again.unwrap_or(node.start) < start)
                });
            let is_behind_other = mark.place == Place::Behind
                && self.nodes.iter().any(|other| {
                    other.sort == Sort::Noun
                        && other.end == mark.start
                        && other.start != node.start
                        && node.start < mark.start
                        && !said_of(mark, other).is_empty()
                });
            let dear = PARTED * between
                + if is_behind_other { BEHIND_OTHER } else { 0.0 }
                + if is_usual { 0.0 } else { 0.08 }
                + if is_elsewhere { ELSEWHERE } else { 0.0 };
            self.marked.push(index);
            self.mark(cost + dear, tries, keep);
            self.marked.pop();
        }
    }

    /// How many things stand between two places.
    fn between(&self, left: usize, right: usize) -> f32 {
        let (low, high) = (left.min(right), left.max(right));
        let count = self.nodes[..]
            .iter()
            .filter(|node| node.start > low && node.start < high)
            .count();
        f32::from(u8::try_from(count).unwrap_or(u8::MAX))
    }
}

/// What of a node a mark can be said of.
fn said_of(mark: &Mark, node: &Node) -> Kinds {
    let senses = mark.senses.iter();
    let domain = senses.fold(Kinds::NONE, |domain, (said, _)| domain.or(said.domain));
    domain.and(kinds(node))
}

/// What a node may be.
fn kinds(node: &Node) -> Kinds {
    let senses = node.senses.iter();
    senses.fold(Kinds::NONE, |kinds, (np, _)| kinds.or(np.kinds))
}

#[cfg(test)]
mod tests {
    use super::MOST_TRIES;
    use crate::plan::assemble::shown::assembled;
    use crate::plan::assemble::shown::tries;

    #[test]
    fn marks_are_said_of_what_stands_nearest() {
        for (question, expect) in [
            (
                "services in prod that serve fraud-detector",
                "inference services downstream of model fraud-detector with cluster prod… or with lifecycle production or with stage production",
            ),
            (
                "alerts with severity page of fraud-detector",
                "alerts downstream of model fraud-detector with severity page",
            ),
            (
                "tables with pii columns read by nightly",
                "tables upstream of pipeline nightly that columns with sensitivity pii are part of, with what is part of each",
            ),
        ] {
            assert_eq!(assembled(question), expect, "{question}");
        }
    }

    #[test]
    fn however_many_things_are_named_the_tries_end() {
        let names = "orders fct_orders signups nightly fraud-detector churn-predictor ml-risk data-platform";
        let question =
            format!("tables models pipelines columns teams {names} read write own train");
        assert!(tries(&question) <= MOST_TRIES + 1);
    }
}
