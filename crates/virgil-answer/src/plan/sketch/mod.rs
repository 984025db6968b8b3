//! A question as things and what is said of them, before it is known how they hang together.
//!
//! Words that carry a decision - negations, quantifiers, comparisons, conjunctions - are bound to what stands behind them
//! here (`bind`, `words`, `things`); one that finds nothing to bind to leaves no sketch, so that none is ever dropped. Then what
//! is counted and compared finds its bearer (`measures`), and what is said again the thing that it stands for (`references`, `cues`).

mod bind;
mod cues;
mod measures;
mod references;
#[cfg(test)]
pub(super) mod shown;
mod things;
mod words;

use virgil_graph::{Op, Test};
use virgil_model::Value;

use crate::plan::lexicon::{Relation, Word};
use crate::plan::pieces::{Place, Voice};
use crate::plan::sem::{Mod, Np, Quant};

/// A thing, or several, that a question speaks of.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where a pronoun stands for it.
    pub(super) again: Option<usize>,
    /// What it may be, and what each costs more than the cheapest.
    pub(super) senses: Vec<(Np, f32)>,
    pub(super) sort: Sort,
    /// Whether the question asks for it: `which tables`.
    pub(super) is_asked: bool,
    pub(super) quant: Quant,
    /// The words of structure before it.
    pub(super) before: Vec<Word>,
    /// Whether it is said with `their`, or behind `per`.
    pub(super) bound: Bound,
    /// Which way data flows from it, as the preposition before it tells.
    pub(super) lead: Lead,
}

/// Which end of a flow a preposition marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Unsaid,
    /// `from X`.
    Start,
    /// `into X`.
    End,
    /// `on X`: there is one, and it does not tell.
    Other,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Noun,
    Any,
}

/// What binds a phrase to what the question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Free,
    /// `their owners`.
    Shown,
    /// `per team`.
    Per,
}

/// Something that links two things.
#[derive(Debug, Clone)]
pub(super) struct Tie {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) senses: Vec<(Relation, Voice)>,
    pub(super) is_impact: bool,
    /// Whether an auxiliary verb or `by` tells that a participle is passive.
    pub(super) is_passive: bool,
    /// Whether it ends in a preposition, so that it is only passive with `by`: `is computed from`.
    pub(super) is_phrasal: bool,
    /// Whether it is a verb that says little without its preposition, which is not there: `come`.
    pub(super) is_light: bool,
    pub(super) is_negative: bool,
    pub(super) is_only: bool,
    pub(super) before: Vec<Word>,
    pub(super) behind: Vec<Word>,
    pub(super) bound: Bound,
}

/// Something that is said of one thing.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) senses: Vec<(Mod, Option<String>)>,
    pub(super) place: Place,
    pub(super) is_negative: bool,
}

/// An attribute that is named.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) names: Vec<String>,
    pub(super) compared: Option<(Op, Value)>,
    pub(super) is_negative: bool,
    pub(super) is_asked: bool,
    pub(super) before: Vec<Word>,
    pub(super) bound: Bound,
}

/// The things of a question and what is said of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketch {
    pub(super) nodes: Vec<Node>,
    pub(super) ties: Vec<Tie>,
    pub(super) marks: Vec<Mark>,
    pub(super) attributes: Vec<Named>,
    pub(super) is_count: bool,
    pub(super) is_path: bool,
    /// Whether something is supposed: `if X is dropped`.
    pub(super) is_if: bool,
    /// `directly`: one step, and no more.
    pub(super) is_direct: bool,
    /// `transitively`: as far as it goes.
    pub(super) is_transitive: bool,
    /// Where its sentences begin.
    pub(super) sentences: Vec<usize>,
    /// What its words cost by how they stand together.
    pub(super) cost: f32,
    /// What `when` asks for.
    pub(super) asks: Option<String>,
}

/// A test that an attribute is there.
pub(super) fn is_stated(name: &str) -> Test {
    Test::Attribute {
        name: name.to_owned(),
        op: Op::Exists,
        value: None,
    }
}
