//! Where a walk may go from where it stands.

use virgil_model::{Kind, Predicate};

use crate::edges::Adjacent;
use crate::entity::EntityId;
use crate::marks::Marks;
use crate::predicates::{Bearing, FreeHop, signature};
use crate::query::{Along, HopDirection};
use crate::view::View;

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

/// The states that a walk has been in: for each entity one bit for each combination of the rest.
#[derive(Default)]
pub(crate) struct Seen(Marks);

impl Seen {
    fn bit(state: State) -> u16 {
        let flags = [
            state.came_up,
            state.of_column,
            state.widened,
            state.possibly,
        ];
        1 << flags
            .iter()
            .fold(0, |bits, flag| bits << 1 | u16::from(*flag))
    }

    /// Whether the state is new.
    pub(crate) fn insert(&mut self, state: State) -> bool {
        let bits = self.0.get(state.id);
        let is_new = bits & Seen::bit(state) == 0;
        if is_new {
            self.0.set(state.id, bits | Seen::bit(state));
        }
        is_new
    }

    pub(crate) fn contains(&self, state: State) -> bool {
        self.0.get(state.id) & Seen::bit(state) != 0
    }
}

/// What a walk follows.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'w, 'g> {
    view: &'w View<'g>,
    along: &'w Along,
    has_runs: bool,
}

impl<'w, 'g> Rules<'w, 'g> {
    pub(crate) fn new(view: &'w View<'g>, along: &'w Along) -> Rules<'w, 'g> {
        Rules {
            view,
            along,
            has_runs: view.statements().mentions(Kind::Run).next().is_some(),
        }
    }

    /// What an edge does for this walk, if anything.
    pub(crate) fn usage(
        &self,
        state: State,
        edge: &Adjacent,
        adjacent: &[Adjacent],
    ) -> Option<Use> {
        match self.along {
            Along::Relations(hops) => hops
                .iter()
                .any(|hop| hop.predicate == edge.predicate && hop.direction == edge.direction)
                .then_some(Use::Hop),
            Along::Upstream => self.flow_usage(state, edge, Bearing::Upstream),
            Along::Downstream => self.flow_usage(state, edge, Bearing::Downstream),
            Along::Owner => {
                let owner = |edge: &Adjacent| {
                    edge.predicate == Predicate::OwnedBy && edge.direction == HopDirection::Forward
                };
                if owner(edge) {
                    return Some(Use::Hop);
                }
                // What has an owner of its own does not inherit one.
                let up = self.free_usage(state, edge) == Some(Use::Up);
                (up && !adjacent.iter().any(owner)).then_some(Use::Up)
            }
        }
    }

    fn flow_usage(&self, state: State, edge: &Adjacent, with: Bearing) -> Option<Use> {
        let used = if Bearing::of(edge.predicate, edge.direction) == with {
            Use::Hop
        } else {
            self.free_usage(state, edge)?
        };
        (!self.has_runs || !self.view.is_history(edge.other)).then_some(used)
    }

    fn free_usage(&self, state: State, edge: &Adjacent) -> Option<Use> {
        let part = match edge.direction {
            HopDirection::Forward => state.id,
            HopDirection::Backward => edge.other,
        };
        let passed = match signature(edge.predicate).free {
            FreeHop::Always => false,
            FreeHop::OfRunsAndColumns => {
                if !matches!(self.view.kind(part), Kind::Run | Kind::Column) {
                    return None;
                }
                true
            }
            FreeHop::Never => return None,
        };
        match edge.direction {
            HopDirection::Forward => Some(Use::Up),
            HopDirection::Backward if state.came_up => None,
            HopDirection::Backward if passed => Some(Use::Through),
            HopDirection::Backward => Some(Use::Down),
        }
    }
}

/// Where a walk stands after an edge.
pub(crate) fn after(state: State, edge: &Adjacent, used: Use) -> State {
    let up = used == Use::Up;
    State {
        id: edge.other,
        came_up: up,
        of_column: state.of_column,
        widened: up && state.of_column && (state.widened || edge.predicate == Predicate::PartOf),
        possibly: state.possibly || (used == Use::Hop && state.widened),
    }
}
