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
    pub(crate) adjacency: Adjacency,
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
            adjacency: Adjacency::default(),
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
    pub(crate) predicate: Predicate,
    /// Forward, if this end is the subject.
    pub(crate) direction: HopDirection,
    pub(crate) via: Via,
    /// Whether following flow may use it without counting a hop.
    pub(crate) is_free: bool,
}

/// The relations of one entity: by where they lead, predicate, direction and the other's reference.
///
/// Walks read nothing but the edges; their statements lie apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adjacency {
    edges: Arc<[Edge]>,
    rows: Option<Arc<Rows>>,
    /// Where those end that lead upstream, and those that lead downstream.
    ends: [u32; 2],
}

/// The statements of edges.
#[derive(Debug)]
struct Rows {
    /// Those of the first edge, then those of the second, and so on.
    all: Box<[RowId]>,
    /// Where those of each edge end; empty, if each has one.
    ends: Box<[u32]>,
}

impl Adjacency {
    /// A list of edges that are in order, each with its statements.
    pub(crate) fn new<'r>(links: impl IntoIterator<Item = (Edge, &'r [RowId])>) -> Adjacency {
        let mut edges = Vec::new();
        let mut all = Vec::new();
        let mut rows_end = Vec::new();
        let mut ends = [0, 0];
        for (edge, rows) in links {
            all.extend_from_slice(rows);
            edges.push(edge);
            rows_end.push(number(all.len()));
            match edge.bearing() {
                Bearing::Upstream => ends = [number(edges.len()); 2],
                Bearing::Downstream => ends[1] = number(edges.len()),
                Bearing::Aside => {}
            }
        }
        if all.len() == edges.len() {
            rows_end.clear();
        }
        let rows = Rows {
            all: all.into(),
            ends: rows_end.into(),
        };
        Adjacency {
            rows: (!edges.is_empty()).then(|| Arc::new(rows)),
            edges: edges.into(),
            ends,
        }
    }

    pub(crate) fn edge(&self, at: u32) -> &Edge {
        &self.edges[at as usize]
    }

    /// The statements of an edge.
    pub(crate) fn rows(&self, at: u32) -> &[RowId] {
        let Some(rows) = &self.rows else {
            return &[];
        };
        let at = at as usize;
        if rows.ends.is_empty() {
            return &rows.all[at..=at];
        }
        let start = at.checked_sub(1).map_or(0, |before| rows.ends[before]);
        &rows.all[start as usize..rows.ends[at] as usize]
    }

    /// The edges that lead there, with the number of the first.
    pub(crate) fn leading(&self, bearing: Bearing) -> (u32, &[Edge]) {
        let [upstream, downstream] = self.ends;
        let (start, end) = match bearing {
            Bearing::Upstream => (0, upstream as usize),
            Bearing::Downstream => (upstream, downstream as usize),
            Bearing::Aside => (downstream, self.edges.len()),
        };
        (start, &self.edges[start as usize..end])
    }

    /// All edges, each with its statements.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Edge, &[RowId])> {
        (0..)
            .zip(&*self.edges)
            .map(|(at, edge)| (*edge, self.rows(at)))
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 relations")
}

impl Edge {
    pub(crate) fn bearing(self) -> Bearing {
        Bearing::of(self.predicate, self.direction)
    }

    /// The same relation as seen from its other end.
    pub(crate) fn mirrored(self, from: EntityId) -> Edge {
        Edge {
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
    pub(crate) fn edge_order(&self, edge: Edge) -> (Bearing, Predicate, HopDirection, u64) {
        let rank = self.node(edge.other).rank;
        (edge.bearing(), edge.predicate, edge.direction, rank)
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
