//! How queries of the graph travel, for clients that are generated from the API's document; see `wire_graph`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireQuery {
    /// The things asked for.
    set: WireSet,
    /// What to show of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<WireColumn>,
    /// Count the things by the values of this column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<WireColumn>,
    /// How to order the rows; by reference, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<WireOrder>,
    /// How many rows or paths to show, up to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// What to answer with.
    #[serde(default)]
    output: WireOutput,
}

/// What to answer with.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WireOutput {
    /// One row for each thing.
    #[default]
    Rows,
    /// How many there are.
    Count,
    /// How they are connected with the things of another set: one shortest path for each of those.
    Paths {
        /// Where the paths lead.
        to: WireSet,
    },
}

/// A set of things.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(no_recursion)]
enum WireSet {
    /// Things by key (`table:warehouse/shop.public.orders`), by name, or by `kind:name`.
    Refs(Vec<String>),
    /// Everything of these kinds; of every kind, if none is given.
    All(Vec<String>),
    /// What a walk reaches.
    Step {
        /// Where it starts.
        from: Box<WireSet>,
        /// What it follows.
        along: WireAlong,
        /// How far it goes.
        #[serde(default)]
        hops: WireHops,
    },
    /// The things that pass a test.
    Where {
        /// The things.
        set: Box<WireSet>,
        /// The test.
        test: Box<WireTest>,
    },
    /// What is in all of them; nothing, if there are none.
    And(Vec<WireSet>),
    /// What is in any of them.
    Or(Vec<WireSet>),
    /// What is in the first and not in the second.
    Minus {
        /// The first.
        set: Box<WireSet>,
        /// The second.
        without: Box<WireSet>,
    },
}

/// What a walk follows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireAlong {
    /// Against the flow of data.
    Upstream,
    /// With the flow of data.
    Downstream,
    /// To the owner, or to that of the model, table or job it belongs to.
    Owner,
    /// Along any of these relations.
    Relations(Vec<WireHop>),
}

/// One kind of relation to follow.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WireHop {
    /// The kind of relation, such as `reads`.
    predicate: String,
    /// Which way: from subject to object, or back.
    #[serde(default)]
    direction: WireHopDirection,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireHopDirection {
    #[default]
    Forward,
    Backward,
}

/// How far a walk goes; one hop, if not given.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WireHops {
    /// At least so many hops; with 0 the start is reached too.
    #[serde(default = "one")]
    min: u32,
    /// At most so many; as far as it goes, if null.
    #[serde(default = "some_one")]
    max: Option<u32>,
}

impl Default for WireHops {
    fn default() -> WireHops {
        WireHops {
            min: one(),
            max: some_one(),
        }
    }
}

fn one() -> u32 {
    1
}

fn some_one() -> Option<u32> {
    Some(1)
}

/// Something that holds of a thing or not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(no_recursion)]
enum WireTest {
    /// A value of the attribute compares so. `kind`, `name`, `reference` and `unresolved` are attributes too.
    Attribute {
        /// The attribute.
        name: String,
        /// How to compare.
        op: WireOp,
        /// With what; not for `exists`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<serde_json::Value>,
    },
    /// What a walk from the thing reaches is in a set.
    Linked {
        /// What the walk follows.
        along: WireAlong,
        /// How far it goes.
        #[serde(default)]
        hops: WireHops,
        /// The set.
        to: Box<WireSet>,
        /// How much of what it reaches.
        #[serde(default)]
        quantifier: WireQuantifier,
    },
    /// All tests pass.
    AllOf(Vec<WireTest>),
    /// Any test passes.
    AnyOf(Vec<WireTest>),
    /// The test does not pass.
    Not(Box<WireTest>),
}

/// How a value compares. Texts compare without regard to case.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireOp {
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
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireQuantifier {
    /// At least one.
    #[default]
    Some,
    /// None.
    None,
    /// All; also if it reaches nothing.
    All,
}

/// What to show of a thing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WireColumn {
    /// The values of an attribute.
    Attribute(String),
    /// What a walk reaches.
    Linked {
        /// What the walk follows.
        along: WireAlong,
        /// How far it goes.
        #[serde(default)]
        hops: WireHops,
    },
}

/// How rows are ordered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WireOrder {
    /// By what; rows without a value come last.
    by: WireColumn,
    /// Which way.
    #[serde(default)]
    direction: WireOrderDirection,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireOrderDirection {
    /// The smallest first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}
