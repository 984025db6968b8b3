//! What a frame amounts to: each thing with everything that hangs on it, from the leaves up.

use crate::plan::arcs::{arcs, at_all};
use crate::plan::assemble::frame::{Frame, Parent, Use};
use crate::plan::kinds::Kinds;
use crate::plan::nouns::{RUNS_IN_SERVICES, is_served};
use crate::plan::phrases::Cat;
use crate::plan::sem::{Head, Mod, Np, Quant, apply, clause};
use crate::plan::sketch::{Mark, Node, Sort, Tie};
use virgil_graph::Set;

/// How many phrases are kept of what one thing may be.
const BEAM: usize = 5;

impl Frame<'_> {
    /// What the whole asks.
    pub(super) fn build(&self) -> Vec<(Cat, f32)> {
        let mut made = Vec::new();
        for (np, cost) in self.phrases(0, 0) {
            for (cat, dear) in self.asked(&np) {
                made.push((cat, cost + dear));
            }
        }
        made
    }

    /// What a node may be, with everything that hangs on it.
    fn phrases(&self, index: usize, depth: usize) -> Vec<(Np, f32)> {
        if depth > self.nodes.len() {
            return Vec::new();
        }
        let node = &self.nodes[index];
        // Of all of them, not of some: that is more than a link says.
        if index > 0 && node.sort == Sort::Noun && node.quant == Quant::All {
            return Vec::new();
        }
        let mut phrases: Vec<(Np, f32)> = node
            .senses
            .iter()
            .map(|(np, cost)| {
                let mut np = np.clone();
                // All of what a question asks for is what it asks for anyhow.
                if index > 0 {
                    np.quant = node.quant;
                }
                (np, *cost)
            })
            .collect();
        for (child, parent) in self.parents.iter().enumerate().skip(1) {
            let hangs = match parent {
                Parent::Root => index == 0,
                Parent::Child(parent) => *parent == index,
                Parent::Shown => false,
            };
            if hangs {
                phrases = self.with_child(node, phrases, child, depth);
            }
        }
        for (tie, tied) in self.ties.iter().zip(&self.uses) {
            if *tied == Use::AtAll(index) {
                phrases = widened(&phrases, |np| {
                    // What is served in a cluster is served: the cluster says it.
                    let is_placed = is_served(np)
                        && !tie.is_negative
                        && self.marks.iter().zip(&self.marked).any(|(mark, marked)| {
                            *marked == index
                                && mark
                                    .senses
                                    .iter()
                                    .any(|(_, name)| name.as_deref() == Some("cluster"))
                        });
                    if is_placed {
                        return vec![(np.clone(), 0.05)];
                    }
                    at_all((node, np), tie)
                        .into_iter()
                        .filter_map(|(said, cost)| Some((said_about(np, &said)?, cost)))
                        .collect()
                });
            }
        }
        for (mark, marked) in self.marks.iter().zip(&self.marked) {
            if *marked == index {
                phrases = widened(&phrases, |np| self.marked(np, mark));
            }
        }
        phrases
    }

    fn with_child(
        &self,
        node: &Node,
        phrases: Vec<(Np, f32)>,
        child: usize,
        depth: usize,
    ) -> Vec<(Np, f32)> {
        let ties: Vec<&Tie> = self
            .ties
            .iter()
            .zip(&self.uses)
            .filter(|(_, tied)| **tied == Use::Arc(child))
            .map(|(tie, _)| *tie)
            .collect();
        let children = self.phrases(child, depth + 1);
        widened(&phrases, |np| {
            let mut made = Vec::new();
            for (object, dear) in &children {
                // A thing without a relation is only hung on what has a kind.
                if ties.is_empty() && (np.kinds.is_any() || object.kinds.is_any()) {
                    continue;
                }
                let child = (&self.nodes[child], object);
                for (said, cost) in arcs((node, np), child, &ties, self.reach, self.lexicon) {
                    if ties.iter().any(|tie| tie.is_only) {
                        continue;
                    }
                    if let Some(np) = said_about(np, &said) {
                        made.push((np, cost + dear));
                    }
                }
            }
            made
        })
    }

    fn marked(&self, np: &Np, mark: &Mark) -> Vec<(Np, f32)> {
        let mut made = Vec::new();
        for (said, name) in &mark.senses {
            let turned = |said: Mod| {
                if mark.is_negative {
                    said.negated()
                } else {
                    Some(said)
                }
            };
            let fits = !np.kinds.and(said.domain).is_empty();
            // `models in prod-eu`: those that something there serves.
            if name.as_deref() == Some("cluster") && is_served(np) && !fits {
                let services = Np::all(
                    Kinds::of(&[virgil_model::Kind::InferenceService]),
                    Head::Kind,
                );
                let served = apply(&services, said);
                for vague in &self.lexicon.vague {
                    let relation = vague.relation.clone();
                    if relation.object.covers(services.kinds)
                        && !relation.subject.and(np.kinds).is_empty()
                        && let Some(served) = &served
                        && let Some(np) = clause(&relation, served)
                            .and_then(turned)
                            .and_then(|said| said_about(np, &said))
                    {
                        let cost = if np.head == Head::Named {
                            RUNS_IN_SERVICES
                        } else {
                            0.1
                        };
                        made.push((np, cost));
                    }
                }
                continue;
            }
            if fits
                && let Some(marked) = turned(said.clone()).and_then(|said| said_about(np, &said))
            {
                made.push((marked, described(np)));
            }
        }
        made
    }
}

/// What it costs to describe a thing: what has one name needs no description.
fn described(np: &Np) -> f32 {
    match &np.set {
        Set::Refs(names) if names.len() == 1 => 0.35,
        _ => 0.0,
    }
}

/// A noun phrase of which something is said; a name only needs it where it names several things.
fn said_about(np: &Np, said: &Mod) -> Option<Np> {
    if np.quant == Quant::No && np.head == Head::Named {
        return None;
    }
    apply(np, said)
}

/// Every phrase with everything that may be said of it, the cheapest kept.
fn widened(phrases: &[(Np, f32)], mut say: impl FnMut(&Np) -> Vec<(Np, f32)>) -> Vec<(Np, f32)> {
    let mut wider: Vec<(Np, f32)> = Vec::new();
    for (np, cost) in phrases {
        for (np, dear) in say(np) {
            wider.push((np, cost + dear));
        }
    }
    wider.sort_by(|left, right| left.1.total_cmp(&right.1));
    wider.truncate(BEAM);
    wider
}

#[cfg(test)]
mod tests {
    use crate::plan::assemble::shown::assembled;

    #[test]
    fn everything_that_hangs_on_a_thing_is_said_of_it() {
        for (question, expect) in [
            (
                "Which models in prod are trained on fct_orders?",
                "models that are trained on dataset fct_orders, that dataset fct_orders is a version of, that dataset fct_orders trains or that read dataset fct_orders that are upstream of inference services with cluster prod…",
            ),
            ("Which tables have no owner?", "tables without an owner"),
            (
                "Which models are monitored?",
                "models that are upstream of dashboards and alerts",
            ),
            (
                "Which pipelines read orders and write fct_orders?",
                "pipelines directly downstream of dataset orders that write dataset fct_orders or that dataset fct_orders is part of",
            ),
        ] {
            assert_eq!(assembled(question), expect, "{question}");
        }
    }
}
