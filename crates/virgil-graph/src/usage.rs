//! Where a walk may go from where it stands.

use std::collections::BTreeSet;

use virgil_model::Predicate;

use crate::derived::{Derived, Edge};
use crate::entity::EntityId;
use crate::marks::Certainty;
use crate::predicates::{Bearing, FreeHop, free_hop};
use crate::query::{Along, Hop, HopDirection};

/// Where a walk stands, as far as it matters for where it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) id: EntityId,
    /// It came up to a whole by a free hop.
    pub(crate) came_up: bool,
    /// It began at a column.
    pub(crate) of_column: bool,
    /// It came up from a column to its table, and has not moved since.
    pub(crate) widened: bool,
    pub(crate) possibly: bool,
}

/// What an edge does for a walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Hop,
    /// Free, to the whole.
    Up,
    /// Free, to a part that counts as reached.
    Down,
    /// Free, to a part that is only passed.
    Through,
}

impl State {
    /// One bit for each combination of what there is beside the entity.
    pub(crate) fn bit(self) -> u16 {
        let flags = [self.came_up, self.of_column, self.widened, self.possibly];
        1 << flags
            .iter()
            .fold(0, |bits, flag| bits << 1 | u16::from(*flag))
    }
}

impl State {
    pub(crate) fn certainty(self) -> Certainty {
        Certainty::of(self.possibly)
    }

    /// Where the walk stands after a hop, wherever that leads.
    pub(crate) fn after_hop(self) -> State {
        State {
            came_up: false,
            widened: false,
            possibly: self.possibly || self.widened,
            ..self
        }
    }
}

/// What a walk follows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules {
    Flow,
    Owner,
    /// One bit for each predicate and direction.
    Relations(u64),
}

impl Rules {
    pub(crate) fn new(along: &Along) -> Rules {
        match along {
            Along::Upstream | Along::Downstream => Rules::Flow,
            Along::Owner => Rules::Owner,
            Along::Relations(hops) => {
                let bit = |hop: &Hop| relation_bit(hop.predicate, hop.direction);
                Rules::Relations(hops.iter().map(bit).fold(0, |bits, bit| bits | bit))
            }
        }
    }

    /// Whether the walk follows the flow of data.
    pub(crate) fn follows_flow(self) -> bool {
        matches!(self, Rules::Flow)
    }

    /// Whether an edge that leads where the walk goes counts as a hop.
    pub(crate) fn is_hop(self, edge: &Edge) -> bool {
        match self {
            Rules::Flow => true,
            Rules::Owner => is_owner(edge),
            Rules::Relations(bits) => bits & relation_bit(edge.predicate, edge.direction) != 0,
        }
    }

    /// Whether the walk makes free hops from where it stands.
    pub(crate) fn goes_free(self, derived: &Derived, from: EntityId) -> bool {
        match self {
            Rules::Flow => true,
            Rules::Relations(_) => false,
            Rules::Owner => {
                // What has an owner of its own does not inherit one.
                let (_, aside) = derived.node(from).adjacency.leading(Bearing::Aside);
                !aside.iter().any(is_owner)
            }
        }
    }

    /// What an edge across the flow does for free, if anything.
    pub(crate) fn free(self, state: State, edge: &Edge) -> Option<Use> {
        if !edge.is_free {
            return None;
        }
        match (self, edge.direction) {
            (_, HopDirection::Forward) => Some(Use::Up),
            (Rules::Owner, HopDirection::Backward) => None,
            (_, HopDirection::Backward) if state.came_up => None,
            (_, HopDirection::Backward) => match free_hop(edge.predicate) {
                FreeHop::Always => Some(Use::Down),
                FreeHop::OfRunsAndColumns | FreeHop::Never => Some(Use::Through),
            },
        }
    }

    /// Whether the walk goes there at all: not with the flow through a run that does not count any more.
    pub(crate) fn admits(self, derived: &Derived, id: EntityId) -> bool {
        !matches!(self, Rules::Flow) || !derived.node(id).is_history
    }
}

/// What the columns of a table lead to, where a walk came up to the table from one of them. Their own edges decide
/// there: the table's edges to the same things say nothing more about the column.
pub(crate) struct ByColumns {
    bearing: Bearing,
    reached: BTreeSet<EntityId>,
}

impl ByColumns {
    /// Nothing, unless the walk came up from a column.
    pub(crate) fn of(derived: &Derived, state: State, bearing: Bearing) -> Option<ByColumns> {
        if !state.widened {
            return None;
        }
        let mut reached = BTreeSet::new();
        let leading = |id: EntityId, bearing| derived.node(id).adjacency.leading(bearing).1;
        let aside = leading(state.id, Bearing::Aside).iter();
        for part in aside.filter(|edge| is_part(edge, HopDirection::Backward)) {
            for edge in leading(part.other, bearing) {
                reached.insert(edge.other);
                let aside = leading(edge.other, Bearing::Aside).iter();
                let wholes = aside.filter(|edge| is_part(edge, HopDirection::Forward));
                reached.extend(wholes.map(|whole| whole.other));
            }
        }
        Some(ByColumns { bearing, reached })
    }

    /// How far an edge of the table leads: nowhere, if the columns lead there themselves, and no further than to a run or
    /// job that moves data only between the table and such things.
    pub(crate) fn lead(&self, derived: &Derived, edge: &Edge) -> Lead {
        if self.reached.contains(&edge.other) {
            return Lead::Nowhere;
        }
        let (joins, moves) = match self.bearing {
            Bearing::Downstream => (Predicate::Reads, Predicate::Writes),
            Bearing::Upstream => (Predicate::Writes, Predicate::Reads),
            Bearing::Aside => return Lead::On,
        };
        let (_, onward) = derived.node(edge.other).adjacency.leading(self.bearing);
        let mut moved = onward
            .iter()
            .filter(|edge| edge.predicate == moves)
            .peekable();
        let is_covered = edge.predicate == joins
            && moved.peek().is_some()
            && moved.all(|edge| self.reached.contains(&edge.other));
        if is_covered { Lead::There } else { Lead::On }
    }
}

/// How far an edge leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// On, as edges do.
    On,
    /// To its end, and no further.
    There,
    Nowhere,
}

/// More outputs than this are not told apart.
const MOST_OUTPUTS: usize = 64;

/// Whether columns tell what an edge to a run, job or script mixes up: one that makes several things says only that each
/// may come from anything it reads. Where columns of all of them are known to come from somewhere, the walk goes along
/// these.
pub(crate) fn is_told_apart(derived: &Derived, edge: &Edge, bearing: Bearing) -> bool {
    let is_move = matches!(
        (bearing, edge.predicate),
        (Bearing::Upstream, Predicate::Writes) | (Bearing::Downstream, Predicate::Reads)
    );
    if !is_move {
        return false;
    }
    let leading = |id: EntityId, bearing| derived.node(id).adjacency.leading(bearing).1;
    let has_known_origin = |id: EntityId| {
        let aside = leading(id, Bearing::Aside).iter();
        let mut columns = aside.filter(|edge| is_part(edge, HopDirection::Backward));
        columns.any(|column| {
            let mut origins = leading(column.other, Bearing::Upstream).iter();
            origins.any(|edge| edge.predicate == Predicate::DerivedFrom)
        })
    };
    let onward = leading(edge.other, Bearing::Downstream).iter();
    let outputs = onward.filter(|edge| edge.predicate == Predicate::Writes);
    let outputs: Vec<EntityId> = outputs
        .map(|edge| edge.other)
        .take(MOST_OUTPUTS + 1)
        .collect();
    (2..=MOST_OUTPUTS).contains(&outputs.len()) && outputs.into_iter().all(has_known_origin)
}

fn is_part(edge: &Edge, direction: HopDirection) -> bool {
    edge.predicate == Predicate::PartOf && edge.direction == direction
}

fn relation_bit(predicate: Predicate, direction: HopDirection) -> u64 {
    1 << (predicate as u32 * 2 + direction as u32)
}

fn is_owner(edge: &Edge) -> bool {
    edge.predicate == Predicate::OwnedBy && edge.direction == HopDirection::Forward
}

/// Where a walk stands after an edge.
pub(crate) fn after(state: State, edge: &Edge, used: Use) -> State {
    let up = used == Use::Up;
    State {
        id: edge.other,
        came_up: up,
        of_column: state.of_column,
        widened: up && state.of_column && (state.widened || edge.predicate == Predicate::PartOf),
        possibly: state.possibly || (used == Use::Hop && state.widened),
    }
}
