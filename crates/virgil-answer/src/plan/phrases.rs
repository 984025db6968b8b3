//! The phrases of a question, and what they are made of.

use virgil_graph::{Column, Op, Set, Test};
use virgil_model::Value;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Relation, Word};
use crate::plan::sem::{Mod, Np};

/// What a phrase is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cat {
    /// Nothing that counts.
    Skip,
    Word(Word),
    Np(Np),
    /// `of X`.
    Of(Np),
    /// `by X`.
    By(Np),
    /// `neither by X`.
    NotBy(Np),
    OrBy(Np),
    /// `from X`, behind a participle.
    Via(Np),
    /// `X's`.
    Possessor(Np),
    Verb(Relation),
    Participle(Relation),
    /// `X is read`, which waits for a `by`.
    Passive(Relation, Np),
    Role(Relation),
    /// `all read`, said of every one of them.
    AllMod(Mod),
    /// `no owner`.
    NoRole(Relation),
    /// `whose owner`.
    WhoseRole(Relation),
    Adjective(Test, Kinds),
    Mod(Mod),
    AndMod(Mod),
    OrMod(Mod),
    AndNp(Np),
    OrNp(Np),
    /// `with X`, and whether it is `without`.
    Having(Np, Polarity),
    /// `does X have`.
    HavingGap(Np),
    /// Names of attributes.
    Attribute(Vec<String>),
    NoAttribute(Vec<String>),
    /// A test of an attribute, the attribute's name, and what has it.
    Trait(Test, String, Kinds),
    /// The same behind a preposition: `in prod-eu`.
    Placed(Test, String, Kinds),
    /// A number, and how to compare with it.
    Range(Op, Value),
    /// `A and B` of attributes.
    AndAttribute(Vec<String>),
    Asks(String),
    AsksOf(String, Np),
    AskVerb(String),
    /// `per team`.
    PerKind(Kinds),
    PerColumn(Column),
    /// `their owners`.
    Projection(Vec<Column>, Kinds),
    TheirKind(Kinds),
    AndProjection(Vec<Column>, Kinds),
    AndTheirKind(Kinds),
    /// `if X is dropped`.
    Broken(Np),
    /// `which models break`, behind `if X is dropped`.
    Victims(Np),
    /// `how many members`.
    CountRole(Relation),
    /// `members of each team`.
    RolePer(Relation),
    /// `how does X`.
    Route(Np),
    /// `get to Y`.
    To(Np),
    /// A whole question.
    Ask(Ask),
}

/// Whether something is there or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polarity {
    There,
    Missing,
}

/// A question that is more than a noun phrase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) np: Np,
    pub(crate) columns: Vec<Column>,
    pub(crate) by: Option<Column>,
    pub(crate) to: Option<Set>,
}

impl Ask {
    pub(super) fn columns(np: Np, columns: Vec<Column>) -> Cat {
        Cat::Ask(Ask {
            np,
            columns,
            by: None,
            to: None,
        })
    }

    pub(super) fn groups(np: Np, by: Column) -> Cat {
        Cat::Ask(Ask {
            np,
            columns: Vec::new(),
            by: Some(by),
            to: None,
        })
    }
}

/// A phrase and what it costs: the less, the likelier.
pub(crate) type Priced = (Cat, f32);

/// Two phrases side by side where nothing says how they belong together.
pub(super) const JUXTAPOSED: f32 = 0.35;
/// A relation that only the kinds suggest.
pub(super) const VAGUE: f32 = 0.1;

pub(super) fn one(made: Option<Cat>, cost: f32) -> Vec<Priced> {
    made.map(|cat| (cat, cost)).into_iter().collect()
}
