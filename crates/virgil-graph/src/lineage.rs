//! What flows into a thing, or out of it, as a picture.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::answer::{EntityRef, WitnessEdge};
use crate::completeness::{Completeness, Known, Quality};
use crate::entity::EntityId;
use crate::evaluate::Evaluator;
use crate::ids::Ids;
use crate::members::Members;
use crate::query::{Along, Hops, QueryError};
use crate::view::View;
use crate::walk::Keep;

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
    let start = Members::given([entity]);
    let hops = Hops {
        min: 0,
        max: Some(depth),
    };
    let walked = evaluator.walk(&start, &along, hops, Keep::Edges)?;
    let mut quality = Quality::at_least(walked.causes);
    quality.merge(evaluator.partial());

    // What was only passed on the way belongs into the picture; what led nowhere does not.
    let derived = view.derived();
    let trails = evaluator.trails.borrow();
    let mut kept = walked.members.to_ids();
    for member in walked.members.iter() {
        kept.extend(trails.steps(member.trail).map(|step| step.from));
    }
    let mut depths: HashMap<EntityId, u32> = HashMap::new();
    let mut edges: BTreeMap<(u64, u64, &str), (EntityId, u32)> = BTreeMap::new();
    for passed in walked.edges {
        let edge = derived.links(passed.from).edge(passed.edge);
        if !kept.contains(passed.from) || !kept.contains(edge.other) {
            continue;
        }
        let depth = depths.entry(edge.other).or_insert(passed.hop);
        *depth = passed.hop.min(*depth);
        let near = derived.node(passed.from).rank;
        let far = derived.node(edge.other).rank;
        let (from, to) = match direction {
            Direction::Upstream => (far, near),
            Direction::Downstream => (near, far),
        };
        edges.insert(
            (from, to, edge.tag.predicate.name()),
            (passed.from, passed.edge),
        );
    }
    let edges = edges.into_values().map(|(near, at)| {
        let edge = derived.links(near).edge(at);
        let reference = |id: EntityId| view.entity(id).reference.clone();
        let relation = view.witness_edge(near, at);
        let (near, far) = (reference(near), reference(edge.other));
        let (from, to) = match direction {
            Direction::Upstream => (far, near),
            Direction::Downstream => (near, far),
        };
        LineageEdge { from, to, relation }
    });
    let edges: Vec<LineageEdge> = edges.collect();
    depths.insert(entity, 0);
    let possibly: Ids = walked
        .members
        .iter()
        .filter(|member| member.possibly)
        .map(|member| member.id)
        .collect();
    let mut nodes: Vec<LineageNode> = kept
        .iter()
        .map(|id| LineageNode {
            entity: view.shown(id),
            depth: depths.get(&id).copied().unwrap_or_default(),
            unresolved: view.entity(id).unresolved,
            possibly: possibly.contains(id),
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
        edges,
        completeness: quality.completeness(view, known),
    })
}
