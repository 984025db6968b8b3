//! The query algebra: what can be asked of a view, the same for every edge of the program.
//!
//! As JSON, with unknown fields refused:
//!
//! ```json
//! {"set": {"where": {"set": {"step": {"from": {"refs": ["fraud-detector"]}, "along": "upstream",
//!                                     "hops": {"min": 1, "max": null}}},
//!                    "test": {"attribute": {"name": "kind", "op": "eq", "value": "dataset"}}}},
//!  "columns": [{"linked": {"along": "owner"}}]}
//! ```

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use virgil_model::{Kind, Predicate, Value};

use crate::answer::EntityRef;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The things asked for.
    pub set: Set,
    /// What to show of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// Count the things by the values of this column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Column>,
    /// How to order the rows; by reference, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// How many rows or paths to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// What to answer with.
    #[serde(default)]
    pub output: Output,
}

impl Query {
    /// The rows of a set.
    pub fn rows(set: Set) -> Query {
        Query {
            set,
            columns: Vec::new(),
            by: None,
            order: None,
            limit: None,
            output: Output::Rows,
        }
    }
}

/// What to answer with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Output {
    /// One row for each thing.
    #[default]
    Rows,
    /// How many there are.
    Count,
    /// How they are connected with the things of another set: for each of those one shortest path, downstream
    /// if there is one, else upstream, else along any relations.
    Paths {
        /// Where the paths lead.
        to: Set,
    },
}

/// A set of things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Set {
    /// Things by key (`table:warehouse/shop.public.orders`), by name, or by `kind:name`.
    Refs(Vec<String>),
    /// Everything of these kinds; of every kind, if none is given.
    All(BTreeSet<Kind>),
    /// What a walk reaches.
    Step {
        /// Where it starts.
        from: Box<Set>,
        /// What it follows.
        along: Along,
        /// How far it goes.
        #[serde(default)]
        hops: Hops,
    },
    /// The things that pass a test.
    Where {
        /// The things.
        set: Box<Set>,
        /// The test.
        test: Box<Test>,
    },
    /// What is in all of them; nothing, if there are none.
    And(Vec<Set>),
    /// What is in any of them.
    Or(Vec<Set>),
    /// What is in the first and not in the second.
    Minus {
        /// The first.
        set: Box<Set>,
        /// The second.
        without: Box<Set>,
    },
}

/// What a walk follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    /// Against the flow of data.
    Upstream,
    /// With the flow of data.
    Downstream,
    /// To the owner, or to that of the model, table or job it belongs to.
    Owner,
    /// Along any of these relations.
    Relations(Vec<Hop>),
}

impl Along {
    /// Along one kind of relation, from subject to object.
    pub fn forward(predicate: Predicate) -> Along {
        Along::Relations(vec![Hop {
            predicate,
            direction: HopDirection::Forward,
        }])
    }

    /// Along one kind of relation, from object to subject.
    pub fn backward(predicate: Predicate) -> Along {
        Along::Relations(vec![Hop {
            predicate,
            direction: HopDirection::Backward,
        }])
    }
}

/// One kind of relation to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// The kind of relation.
    pub predicate: Predicate,
    /// Which way.
    #[serde(default)]
    pub direction: HopDirection,
}

/// Which way a relation is followed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum HopDirection {
    /// From subject to object.
    #[default]
    Forward,
    /// From object to subject.
    Backward,
}

impl HopDirection {
    pub(crate) fn reversed(self) -> HopDirection {
        match self {
            HopDirection::Forward => HopDirection::Backward,
            HopDirection::Backward => HopDirection::Forward,
        }
    }
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hops {
    /// At least so many hops; with 0 the start is reached too.
    #[serde(default = "one")]
    pub min: u32,
    /// At most so many; as far as it goes, if not given.
    #[serde(default = "some_one")]
    pub max: Option<u32>,
}

fn one() -> u32 {
    1
}

fn some_one() -> Option<u32> {
    Some(1)
}

impl Default for Hops {
    fn default() -> Hops {
        Hops::exactly(1)
    }
}

impl Hops {
    /// So many, no less and no more.
    pub fn exactly(hops: u32) -> Hops {
        Hops {
            min: hops,
            max: Some(hops),
        }
    }

    /// One hop or more, as far as it goes.
    pub fn any() -> Hops {
        Hops { min: 1, max: None }
    }
}

/// Something that holds of a thing or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// A value of the attribute compares so. `kind`, `name`, `reference` and `unresolved` are attributes too.
    Attribute {
        /// The attribute.
        name: String,
        /// How to compare.
        op: Op,
        /// With what; not for [`Op::Exists`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
    },
    /// What a walk from the thing reaches is in a set.
    Linked {
        /// What the walk follows.
        along: Along,
        /// How far it goes.
        #[serde(default)]
        hops: Hops,
        /// The set.
        to: Box<Set>,
        /// How much of what it reaches.
        #[serde(default)]
        quantifier: Quantifier,
    },
    /// All tests pass.
    AllOf(Vec<Test>),
    /// Any test passes.
    AnyOf(Vec<Test>),
    /// The test does not pass.
    Not(Box<Test>),
}

/// How a value compares. Texts compare without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal.
    Eq,
    /// There is a value, and none is equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// A text with that part, or a list with that element.
    Contains,
    /// A text that begins so.
    StartsWith,
    /// There is a value.
    Exists,
}

/// How much of what a walk reaches must be in a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantifier {
    /// At least one.
    #[default]
    Some,
    /// None.
    None,
    /// All; also if it reaches nothing.
    All,
}

/// What to show of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Column {
    /// The values of an attribute.
    Attribute(String),
    /// What a walk reaches.
    Linked {
        /// What the walk follows.
        along: Along,
        /// How far it goes.
        #[serde(default)]
        hops: Hops,
    },
}

/// How rows are ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// By what; rows without a value come last.
    pub by: Column,
    /// Which way.
    #[serde(default)]
    pub direction: OrderDirection,
}

/// Which way rows are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderDirection {
    /// The smallest first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}

/// A query that cannot be answered as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// Nothing visible has that name.
    #[error("nothing visible is called `{name}`: check the spelling")]
    NotFound {
        /// The name.
        name: String,
        /// Names that are near.
        nearest: Vec<String>,
    },
    /// Several visible things have that name.
    #[error("`{name}` names several things: ask for one of them by its reference")]
    Ambiguous {
        /// The name.
        name: String,
        /// The things.
        choices: Vec<EntityRef>,
    },
    /// The query contradicts itself.
    #[error("the query is not valid: {detail}")]
    Invalid {
        /// What is wrong, and what to do.
        detail: String,
    },
}
