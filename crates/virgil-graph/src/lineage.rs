//! What flows into a thing, or out of it, as a picture.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::answer::{EntityRef, WitnessEdge};
use crate::completeness::{Completeness, Known, Quality};
use crate::entity::EntityId;
use crate::evaluate::Evaluator;
use crate::query::{Along, Hops, QueryError};
use crate::view::View;
use crate::walk::{Keep, Member, Members};

/// Which way lineage is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To where data comes from.
    Upstream,
    /// To where data goes.
    Downstream,
}

/// The lineage of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lineage {
    /// The reference of the thing.
    pub root: String,
    /// Which way it was followed.
    pub direction: Direction,
    /// What is there, the root first; by depth, then by reference.
    pub nodes: Vec<LineageNode>,
    /// How it hangs together.
    pub edges: Vec<LineageEdge>,
    /// Whether that is all.
    pub completeness: Completeness,
}

/// A thing in a lineage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LineageNode {
    /// The thing.
    #[serde(flatten)]
    pub entity: EntityRef,
    /// How many hops from the root.
    pub depth: u32,
    /// Whether nothing visible declares it.
    pub unresolved: bool,
    /// Whether only its table, not the root's column, is known to reach it.
    pub possibly: bool,
}

/// A relation in a lineage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LineageEdge {
    /// The reference of the thing that data flows from.
    pub from: String,
    /// The reference of the thing that data flows to.
    pub to: String,
    /// The relation.
    pub relation: WitnessEdge,
}

/// The lineage of an entity, up to `depth` hops away.
pub fn lineage(
    view: &View<'_>,
    entity: EntityId,
    direction: Direction,
    depth: u32,
    known: &Known,
) -> Result<Lineage, QueryError> {
    let along = match direction {
        Direction::Upstream => Along::Upstream,
        Direction::Downstream => Along::Downstream,
    };
    let evaluator = Evaluator::new(view, known);
    let start = Members::from([(entity, Member::given())]);
    let hops = Hops {
        min: 0,
        max: Some(depth),
    };
    let walked = evaluator.walk(&start, &along, hops, Keep::Edges)?;
    let mut quality = Quality::at_least(walked.causes);
    quality.merge(evaluator.partial());

    // What was only passed on the way belongs into the picture; what led nowhere does not.
    let mut kept: BTreeSet<EntityId> = walked.members.keys().copied().collect();
    for member in walked.members.values() {
        let mut trail = member.trail.as_ref();
        while let Some(step) = trail {
            kept.insert(step.from);
            trail = step.before.as_ref();
        }
    }
    let mut depths: BTreeMap<EntityId, u32> = BTreeMap::new();
    let mut edges: BTreeMap<(String, String, &str), LineageEdge> = BTreeMap::new();
    for (from, index, hop) in walked.edges {
        let other = view.edge(from, index).other;
        if !kept.contains(&from) || !kept.contains(&other) {
            continue;
        }
        let known = depths.entry(other).or_insert(hop);
        *known = hop.min(*known);
        let relation = view.witness_edge(from, index);
        let near = view.entity(from).reference.clone();
        let far = view.entity(other).reference.clone();
        let (from, to) = match direction {
            Direction::Upstream => (far, near),
            Direction::Downstream => (near, far),
        };
        let key = (from.clone(), to.clone(), relation.predicate.name());
        edges.insert(key, LineageEdge { from, to, relation });
    }
    depths.insert(entity, 0);
    let mut nodes: Vec<LineageNode> = kept
        .into_iter()
        .map(|id| LineageNode {
            entity: view.shown(id),
            depth: depths.get(&id).copied().unwrap_or_default(),
            unresolved: view.entity(id).unresolved,
            possibly: walked
                .members
                .get(&id)
                .is_some_and(|member| member.possibly),
        })
        .collect();
    let root = view.entity(entity).reference.clone();
    nodes.sort_by(|left, right| {
        let key = |node: &LineageNode| (node.entity.reference != root, node.depth);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.entity.reference.cmp(&right.entity.reference))
    });
    Ok(Lineage {
        root,
        direction,
        nodes,
        edges: edges.into_values().collect(),
        completeness: quality.completeness(view),
    })
}
