//! Where a walk may go from where it stands.

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
