//! What the statements under one set of labels amount to: a snapshot that does not change.
//!
//! Entities have small numbers; their relations, and what walks ask of each of them, are found by these. The next
//! snapshot shares with this one all that the statements in between did not touch (`update`).

use std::sync::Arc;

use virgil_model::{Kind, Predicate};

use crate::adjacency::{Adjacencies, Edge, Links, Section};
use crate::entity::{Entity, EntityId};
use crate::ids::Ids;
use crate::keys::KeyId;
use crate::query::HopDirection;
use crate::selectors::Selections;
use crate::shared::{SharedMap, SharedVec};
use crate::sight::Sole;

/// Entities and relations, derived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Derived {
    /// For each identity key one more than the number of its entity; zero if it is not visible.
    pub(crate) of_key: SharedVec<u32>,
    /// For each visible pointer its candidates, in order.
    pub(crate) of_pointer: SharedMap<KeyId, Arc<[EntityId]>>,
    pub(crate) nodes: SharedVec<Node>,
    pub(crate) adjacencies: Adjacencies,
    /// Things that nothing visible declares.
    pub(crate) unresolved: Ids,
    /// Runs that do not count any more.
    pub(crate) history: Ids,
    /// Tables of which some column is known to come from somewhere.
    pub(crate) traced: Ids,
    /// What makes several things, all of them traced.
    pub(crate) told_apart: Ids,
    /// All entities, in order of their references.
    pub(crate) order: Arc<Vec<EntityId>>,
    /// Numbers of no entity.
    pub(crate) free: Vec<EntityId>,
    pub(crate) selections: Selections,
    /// Platforms with exactly one known system.
    pub(crate) sole: Sole,
}

/// An entity in its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Nothing, if the number is free.
    pub(crate) entity: Option<Arc<Entity>>,
    /// Its place in the order of references, with gaps for those that come.
    pub(crate) rank: u64,
    pub(crate) kind: Kind,
}

impl Default for Node {
    fn default() -> Node {
        Node {
            entity: None,
            rank: 0,
            kind: Kind::Resource,
        }
    }
}

impl Derived {
    pub(crate) fn node(&self, id: EntityId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn links(&self, id: EntityId) -> Links<'_> {
        self.adjacencies.of(id)
    }

    pub(crate) fn entity(&self, id: EntityId) -> &Arc<Entity> {
        let entity = self.node(id).entity.as_ref();
        entity.expect("a number in use has an entity")
    }

    /// What a key names: one entity, the candidates of a pointer, or none if it is not visible.
    pub(crate) fn targets(&self, key: KeyId) -> Targets<'_> {
        match self.of_key.get(key as usize) {
            Some(&number) if number > 0 => Targets::One(EntityId(number - 1)),
            _ => Targets::Several(self.of_pointer.get(&key).map_or(&[], |ids| ids)),
        }
    }

    /// How many entities there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// What orders edges.
    pub(crate) fn edge_order(&self, edge: Edge) -> (Section, Predicate, HopDirection, u64) {
        let rank = self.node(edge.other).rank;
        let tag = edge.tag;
        (tag.section(), tag.predicate, tag.direction, rank)
    }
}

/// What a key names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Targets<'d> {
    One(EntityId),
    Several(&'d [EntityId]),
}

impl Targets<'_> {
    pub(crate) fn as_slice(&self) -> &[EntityId] {
        match self {
            Targets::One(id) => std::slice::from_ref(id),
            Targets::Several(ids) => ids,
        }
    }
}
