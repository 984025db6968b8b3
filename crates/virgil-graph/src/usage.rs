//! Where a walk may go from where it stands.

use virgil_model::Predicate;

use crate::adjacency::{Edge, Tag};
use crate::derived::Derived;
use crate::entity::EntityId;
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
    /// A number below [`STATES`](crate::marks::STATES) for each combination of what there is beside the entity.
    pub(crate) fn number(self) -> usize {
        let flags = [self.came_up, self.of_column, self.widened, self.possibly];
        flags
            .iter()
            .fold(0, |bits, flag| bits << 1 | usize::from(*flag))
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
    pub(crate) fn is_hop(self, tag: Tag) -> bool {
        match self {
            Rules::Flow => true,
            Rules::Owner => is_owner(tag),
            Rules::Relations(bits) => bits & relation_bit(tag.predicate, tag.direction) != 0,
        }
    }

    /// Whether the walk makes free hops from where it stands.
    pub(crate) fn goes_free(self, derived: &Derived, from: EntityId) -> bool {
        match self {
            Rules::Flow => true,
            Rules::Relations(_) => false,
            Rules::Owner => {
                // What has an owner of its own does not inherit one.
                let aside = derived.links(from).leading(Bearing::Aside);
                !aside.any(is_owner)
            }
        }
    }

    /// What a free edge does for a walk, if anything.
    pub(crate) fn free(self, state: State, tag: Tag) -> Option<Use> {
        match (self, tag.direction) {
            (_, HopDirection::Forward) => Some(Use::Up),
            (Rules::Owner, HopDirection::Backward) => None,
            (_, HopDirection::Backward) if state.came_up => None,
            (_, HopDirection::Backward) => match free_hop(tag.predicate) {
                FreeHop::Always => Some(Use::Down),
                FreeHop::OfRunsAndColumns | FreeHop::Never => Some(Use::Through),
            },
        }
    }

    /// Whether the walk goes there at all: not with the flow through a run that does not count any more.
    pub(crate) fn admits(self, derived: &Derived, id: EntityId) -> bool {
        !matches!(self, Rules::Flow) || !derived.history.contains(id)
    }
}

/// What the columns of a table lead to, where a walk came up to the table from one of them. Their own edges decide
/// there: the table's edges to the same things say nothing more about the column.
#[derive(Debug, Default)]
pub(crate) struct ByColumns {
    /// In order.
    reached: Vec<EntityId>,
}

impl ByColumns {
    /// Looks where the columns of a table lead.
    pub(crate) fn find(&mut self, derived: &Derived, table: EntityId, bearing: Bearing) {
        self.reached.clear();
        let aside = |id: EntityId| derived.links(id).leading(Bearing::Aside);
        for part in aside(table).to(|tag| tag.is_part(HopDirection::Backward)) {
            for edge in derived.links(part).leading(bearing).edges {
                self.reached.push(edge.other);
                let wholes = aside(edge.other).to(|tag| tag.is_part(HopDirection::Forward));
                self.reached.extend(wholes);
            }
        }
        self.reached.sort_unstable();
        self.reached.dedup();
    }

    /// How far an edge of the table leads: nowhere, if the columns lead there themselves, and no further than to a run or
    /// job that moves data only between the table and such things.
    pub(crate) fn lead(&self, derived: &Derived, edge: Edge, bearing: Bearing) -> Lead {
        if self.reaches(edge.other) {
            return Lead::Nowhere;
        }
        let (joins, moves) = match bearing {
            Bearing::Downstream => (Predicate::Reads, Predicate::Writes),
            Bearing::Upstream => (Predicate::Writes, Predicate::Reads),
            Bearing::Aside => return Lead::On,
        };
        if edge.tag.predicate != joins {
            return Lead::On;
        }
        let onward = derived.links(edge.other).leading(bearing);
        let mut moved = onward.to(|tag| tag.predicate == moves).peekable();
        let is_covered = moved.peek().is_some() && moved.all(|other| self.reaches(other));
        if is_covered { Lead::There } else { Lead::On }
    }

    fn reaches(&self, id: EntityId) -> bool {
        self.reached.binary_search(&id).is_ok()
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

/// Whether columns tell what an edge to a run, job or script mixes up: one that makes several things says only that each
/// may come from anything it reads. Where columns of all of them are known to come from somewhere, the walk goes along
/// these.
pub(crate) fn is_told_apart(derived: &Derived, edge: Edge) -> bool {
    let tag = edge.tag;
    tag.direction == HopDirection::Backward
        && matches!(tag.predicate, Predicate::Writes | Predicate::Reads)
        && derived.told_apart.contains(edge.other)
}

fn relation_bit(predicate: Predicate, direction: HopDirection) -> u64 {
    1 << (predicate as u32 * 2 + direction as u32)
}

fn is_owner(tag: Tag) -> bool {
    tag.predicate == Predicate::OwnedBy && tag.direction == HopDirection::Forward
}

/// Where a walk stands after an edge.
pub(crate) fn after(state: State, edge: Edge, used: Use) -> State {
    let up = used == Use::Up;
    let is_part = edge.tag.predicate == Predicate::PartOf;
    State {
        id: edge.other,
        came_up: up,
        of_column: state.of_column,
        widened: up && state.of_column && (state.widened || is_part),
        possibly: state.possibly || (used == Use::Hop && state.widened),
    }
}
