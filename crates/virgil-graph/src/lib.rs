//! Statements in; entities, relations and queries out.
//!
//! Pure and in memory: no I/O, no async, no clock. Invariants worth knowing:
//!
//! * Only statements are kept. [`Graph::replace`] swaps the statements of one asset and nothing else, so
//!   withdrawing an asset undoes exactly what it said.
//! * Everything else is derived from the statements that a set of labels shows: a [`View`] of them is a snapshot, which
//!   shares nothing with those of other labels and cannot know what it does not see.
//! * A change derives again what it touches, and the result is what a fresh graph would hold.
//! * Nothing depends on the order in which assets arrived; ties are broken by the text of keys and places.
//! * No answer is silently cut: every one carries its [`Completeness`].
//!
//! What readers should know, because only statements say it: a table is `table:{system}/{database.schema.name}`
//! and its column `column:{system}/{database.schema.name}#{column}`; a column of a dataset with a URI is the global
//! key `column:{uri}#{column}`; the system `.` is the source of the asset; a Kubernetes object is
//! `…:{cluster}/{group}/{kind}/{namespace}/{name}`; the attribute `labels` is a list of `name=value`; a run says
//! `part_of` its job, and its `state` (`completed`) and `ended_at` decide whether it counts; a selector under
//! `owned_by` stands for what is owned, and the subject for the owner; of path globs with an `order` the last one counts.
//!
//! Start reading at [`Graph`], then `update` (from one snapshot to the next), `identity` (what is one thing), `edges`,
//! `walk` and `evaluate`.

mod adjacency;
mod answer;
mod completeness;
mod cut;
mod derived;
mod edges;
mod entity;
mod evaluate;
mod find;
mod graph;
mod home;
mod identity;
mod ids;
mod key_parts;
mod keys;
mod kinds;
mod lineage;
mod mapping;
mod mapping_yaml;
mod marks;
mod members;
mod neighbours;
mod owners;
mod pointers;
mod predicates;
mod query;
mod relate;
mod render;
mod rules;
mod runs;
mod selectors;
mod shared;
mod sight;
mod stated;
mod statements;
mod systems;
mod touched;
mod trails;
mod update;
mod usage;
mod values;
mod view;
mod walk;

pub use answer::{Answer, Cell, EntityRef, Group, Path, Row, Shown, WitnessEdge};
pub use completeness::{Completeness, Known, PartialSource, Why};
pub use edges::{Relation, Via};
pub use entity::{Conflict, Entity, EntityId};
pub use graph::{Graph, Sizes};
pub use home::Home;
pub use lineage::{Direction, Lineage, LineageEdge, LineageNode, lineage};
pub use mapping::{Mapping, Proposal, SeenStanding, SeenSystem, SoleSystem};
pub use neighbours::Neighbours;
pub use predicates::{Flow, FreeHop, Signature, signature};
pub use query::{
    Along, Column, Hop, HopDirection, Hops, Op, Order, OrderDirection, Output, Quantifier, Query,
    QueryError, Set, Test,
};
pub use stated::{Place, Stated};
pub use systems::{Case, System, Systems, SystemsError};
pub use view::View;
pub use walk::{DEPTH_LIMIT, FAN_OUT_LIMIT};
