//! How walks came to things: shared tails of edges, written out only for what is shown.

use std::num::NonZeroU32;

use crate::derived::Derived;
use crate::entity::EntityId;

/// A list of edges, the last one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trail(NonZeroU32);

/// The last edge of a trail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) before: Option<Trail>,
    pub(crate) from: EntityId,
    /// Which of the relations of `from`.
    pub(crate) edge: u32,
    length: u32,
}

/// The trails of one query.
#[derive(Debug, Default)]
pub(crate) struct Trails {
    steps: Vec<Step>,
}

impl Trails {
    /// The trail that goes on from another, or begins, with an edge.
    pub(crate) fn add(&mut self, before: Option<Trail>, from: EntityId, edge: u32) -> Trail {
        self.steps.push(Step {
            before,
            from,
            edge,
            length: self.length(before) + 1,
        });
        let number = u32::try_from(self.steps.len())
            .ok()
            .and_then(NonZeroU32::new);
        Trail(number.expect("the budget of a query is less than 2^32 steps"))
    }

    pub(crate) fn length(&self, trail: Option<Trail>) -> u32 {
        trail.map_or(0, |trail| self.step(trail).length)
    }

    /// The edges, the last one first.
    pub(crate) fn steps(&self, trail: Option<Trail>) -> impl Iterator<Item = Step> {
        let last = trail.map(|trail| self.step(trail));
        std::iter::successors(last, |step| Some(self.step(step.before?)))
    }

    /// Orders trails: the shorter first, of equally long ones by what they pass, from their ends.
    pub(crate) fn compare(
        &self,
        derived: &Derived,
        left: Option<Trail>,
        right: Option<Trail>,
    ) -> std::cmp::Ordering {
        let passed = |step: Step| {
            let tag = derived.links(step.from).edge(step.edge).tag;
            (derived.node(step.from).rank, tag.predicate, tag.direction)
        };
        let steps = |trail| self.steps(trail).map(passed);
        let lengths = self.length(left).cmp(&self.length(right));
        lengths.then_with(|| steps(left).cmp(steps(right)))
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Forgets the trails that were added since there were so many steps; nobody may hold them any more.
    pub(crate) fn forget(&mut self, length: usize) {
        self.steps.truncate(length);
    }

    fn step(&self, trail: Trail) -> Step {
        self.steps[trail.0.get() as usize - 1]
    }
}
