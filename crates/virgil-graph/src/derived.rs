//! What the statements under one set of labels amount to: a snapshot that does not change.
//!
//! Entities have small numbers, and each knows its relations in one list. The next snapshot shares with this one
//! all that the statements in between did not touch (`update`).

use std::sync::Arc;

use virgil_model::{Kind, Predicate};

use crate::edges::Via;
use crate::entity::{Entity, EntityId};
use crate::keys::KeyId;
use crate::predicates::Bearing;
use crate::query::HopDirection;
use crate::selectors::Selections;
use crate::shared::{SharedMap, SharedVec};
use crate::sight::Sole;
use crate::statements::RowId;

/// Entities and relations, derived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Derived {
    /// For each identity key one more than the number of its entity; zero if it is not visible.
    pub(crate) of_key: SharedVec<u32>,
    /// For each visible pointer its candidates, in order.
    pub(crate) of_pointer: SharedMap<KeyId, Arc<[EntityId]>>,
    pub(crate) nodes: SharedVec<Node>,
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
    pub(crate) adjacency: Arc<Adjacency>,
    /// Its place in the order of references, with gaps for those that come.
    pub(crate) rank: u64,
    pub(crate) kind: Kind,
    pub(crate) unresolved: bool,
    /// Whether it is a run that does not count any more.
    pub(crate) is_history: bool,
}

impl Default for Node {
    fn default() -> Node {
        Node {
            entity: None,
            adjacency: Arc::default(),
            rank: 0,
            kind: Kind::Resource,
            unresolved: false,
            is_history: false,
        }
    }
}

/// A relation as seen from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) other: EntityId,
    /// Where its statements end among those of the list; they begin where those of the edge before end.
    rows_end: u32,
    pub(crate) predicate: Predicate,
    /// Forward, if this end is the subject.
    pub(crate) direction: HopDirection,
    pub(crate) via: Via,
}

/// The relations of one entity: by where they lead, predicate, direction and the other's reference.
#[derive(Debug, Default)]
pub(crate) struct Adjacency {
    edges: Box<[Edge]>,
    rows: Box<[RowId]>,
    /// Where those end that lead upstream, and those that lead downstream.
    ends: [u32; 2],
}

impl Adjacency {
    /// A list of edges that are in order, each with its statements.
    pub(crate) fn new<'r>(edges: impl IntoIterator<Item = (Link, &'r [RowId])>) -> Adjacency {
        let mut list = Vec::new();
        let mut all_rows = Vec::new();
        let mut ends = [0, 0];
        for (link, rows) in edges {
            all_rows.extend_from_slice(rows);
            list.push(Edge {
                other: link.other,
                rows_end: number(all_rows.len()),
                predicate: link.predicate,
                direction: link.direction,
                via: link.via,
            });
            match link.bearing() {
                Bearing::Upstream => ends = [number(list.len()); 2],
                Bearing::Downstream => ends[1] = number(list.len()),
                Bearing::Aside => {}
            }
        }
        Adjacency {
            edges: list.into(),
            rows: all_rows.into(),
            ends,
        }
    }

    pub(crate) fn edge(&self, at: u32) -> &Edge {
        &self.edges[at as usize]
    }

    /// The statements of an edge.
    pub(crate) fn rows(&self, at: u32) -> &[RowId] {
        let end = |at: u32| self.edges[at as usize].rows_end as usize;
        let start = at.checked_sub(1).map_or(0, end);
        &self.rows[start..end(at)]
    }

    /// The edges that lead there, with their numbers.
    pub(crate) fn leading(&self, bearing: Bearing) -> impl Iterator<Item = (u32, &Edge)> {
        let [upstream, downstream] = self.ends.map(|end| end as usize);
        let range = match bearing {
            Bearing::Upstream => 0..upstream,
            Bearing::Downstream => upstream..downstream,
            Bearing::Aside => downstream..self.edges.len(),
        };
        let start = number(range.start);
        (start..).zip(&self.edges[range])
    }

    /// All edges, each with its statements.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Link, &[RowId])> {
        (0..)
            .zip(&self.edges)
            .map(|(at, edge)| (Link::of(edge), self.rows(at)))
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 relations")
}

/// An edge without its statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) predicate: Predicate,
    pub(crate) direction: HopDirection,
    pub(crate) other: EntityId,
    pub(crate) via: Via,
}

impl Link {
    pub(crate) fn of(edge: &Edge) -> Link {
        Link {
            predicate: edge.predicate,
            direction: edge.direction,
            other: edge.other,
            via: edge.via,
        }
    }

    pub(crate) fn bearing(self) -> Bearing {
        Bearing::of(self.predicate, self.direction)
    }

    /// The same relation as seen from its other end.
    pub(crate) fn mirrored(self, from: EntityId) -> Link {
        Link {
            other: from,
            direction: self.direction.reversed(),
            ..self
        }
    }

    /// What makes it one edge among those of one entity.
    pub(crate) fn identity(self) -> (Predicate, HopDirection, EntityId) {
        (self.predicate, self.direction, self.other)
    }
}

impl Derived {
    pub(crate) fn node(&self, id: EntityId) -> &Node {
        &self.nodes[id.0 as usize]
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
    pub(crate) fn edge_order(
        &self,
        link: Link,
    ) -> (Bearing, Predicate, HopDirection, u64) {
        let rank = self.node(link.other).rank;
        (link.bearing(), link.predicate, link.direction, rank)
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
