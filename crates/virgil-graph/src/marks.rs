//! What a walk has found out about each entity, in memory that the next walk uses again without clearing it.

use crate::entity::EntityId;

/// A small number and a place for each entity, both zero at first in each new epoch.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The epoch in the upper half, the number in the lower.
    numbers: Vec<u64>,
    places: Vec<u32>,
    epoch: u32,
}

impl Marks {
    /// Forgets all marks; there is room for numbers below `bound`.
    pub(crate) fn clear(&mut self, bound: usize) {
        if self.numbers.len() < bound || self.epoch == u32::MAX {
            // Both are zero pages of the system until they are used.
            self.numbers = vec![0; bound];
            self.places = vec![0; bound];
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    /// The number, zero if it was not set in this epoch.
    pub(crate) fn number(&self, id: EntityId) -> u32 {
        let number = self.numbers[id.0 as usize];
        if number >> 32 == u64::from(self.epoch) {
            (number & u64::from(u32::MAX)) as u32
        } else {
            0
        }
    }

    pub(crate) fn set_number(&mut self, id: EntityId, number: u32) {
        self.numbers[id.0 as usize] = u64::from(self.epoch) << 32 | u64::from(number);
    }

    /// The place; only means something if the number says that it was set in this epoch.
    pub(crate) fn place(&self, id: EntityId) -> u32 {
        self.places[id.0 as usize]
    }

    pub(crate) fn set_place(&mut self, id: EntityId, place: u32) {
        self.places[id.0 as usize] = place;
    }
}
