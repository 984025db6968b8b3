//! What a walk has found out about each entity, in memory that the next walk uses again without clearing it.

use crate::entity::EntityId;
use crate::ids::Ids;

/// How sure it is that a walk reaches a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Not at all, so far.
    Not,
    /// Perhaps: only its table is known to be touched.
    Possibly,
    /// For certain.
    Certainly,
}

impl Certainty {
    pub(crate) fn of(possibly: bool) -> Certainty {
        if possibly {
            Certainty::Possibly
        } else {
            Certainty::Certainly
        }
    }
}

/// The states in which a walk passed a thing, how sure it is a member, and its place among the members.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark(u64);

const STATES: u64 = 0xffff;
const CERTAINTY: u32 = 16;
const PLACE: u32 = 18;
const PLACE_BITS: u32 = 28;
const EPOCH: u32 = PLACE + PLACE_BITS;
const LAST_EPOCH: u64 = u64::MAX >> EPOCH;

impl Mark {
    /// Whether it was passed in the state of that bit.
    pub(crate) fn has(self, state: u16) -> bool {
        self.0 & u64::from(state) != 0
    }

    pub(crate) fn with(self, state: u16) -> Mark {
        Mark(self.0 | u64::from(state))
    }

    pub(crate) fn certainty(self) -> Certainty {
        match self.0 >> CERTAINTY & 3 {
            0 => Certainty::Not,
            1 => Certainty::Possibly,
            _ => Certainty::Certainly,
        }
    }

    /// The place of what is a member.
    pub(crate) fn place(self) -> usize {
        (self.0 >> PLACE) as usize & ((1 << PLACE_BITS) - 1)
    }

    pub(crate) fn member(self, certainty: Certainty, place: usize) -> Mark {
        Mark(self.0 & STATES | (certainty as u64) << CERTAINTY | (place as u64) << PLACE)
    }
}

/// A mark for each entity, empty at first in each epoch.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    marks: Vec<u64>,
    epoch: u64,
    /// Those that the usual state leads to nothing new at; small enough to stay near.
    settled: Ids,
}

impl Marks {
    /// Forgets all marks; there is room for numbers below `bound`.
    pub(crate) fn clear(&mut self, bound: usize) {
        if self.marks.len() < bound || self.epoch == LAST_EPOCH {
            // These are zero pages of the system until they are used.
            self.marks = vec![0; bound];
            self.epoch = 0;
        }
        self.epoch += 1;
        self.settled.clear();
    }

    pub(crate) fn get(&self, id: EntityId) -> Mark {
        let mark = self.marks[id.0 as usize];
        if mark >> EPOCH == self.epoch {
            Mark(mark & !(u64::MAX << EPOCH))
        } else {
            Mark::default()
        }
    }

    pub(crate) fn set(&mut self, id: EntityId, mark: Mark) {
        self.marks[id.0 as usize] = mark.0 | self.epoch << EPOCH;
    }

    pub(crate) fn settle(&mut self, id: EntityId) {
        self.settled.insert(id);
    }

    pub(crate) fn is_settled(&self, id: EntityId) -> bool {
        self.settled.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_knows_nothing_of_the_last() {
        let mut marks = Marks::default();
        let id = EntityId(2);
        for epoch in 0..=LAST_EPOCH + 1 {
            marks.clear(3);
            assert!(!marks.get(id).has(1), "epoch {epoch}");
            let mark = marks.get(id).with(1).member(Certainty::Possibly, 77);
            marks.set(id, mark.with(4));
        }
        let mark = marks.get(id);
        assert_eq!((mark.certainty(), mark.place()), (Certainty::Possibly, 77));
        assert!(mark.has(1) && mark.has(4) && !mark.has(2));
        let surer = mark.member(Certainty::Certainly, mark.place());
        assert_eq!(
            (surer.certainty(), surer.place()),
            (Certainty::Certainly, 77)
        );
    }
}
