//! What a walk has found out about each entity, in memory that the next walk uses again.

use crate::entity::EntityId;

/// In how many states a walk can stand at one entity.
pub(crate) const STATES: usize = 16;

/// Entities as bits, emptied in the time of what was in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    words: Vec<u64>,
    /// The words that are not zero.
    used: Vec<u32>,
}

impl Set {
    pub(crate) fn insert(&mut self, id: EntityId) {
        let (index, bit) = (id.0 / u64::BITS, 1 << (id.0 % u64::BITS));
        if index as usize >= self.words.len() {
            self.words.resize(index as usize + 1, 0);
        }
        let word = &mut self.words[index as usize];
        if *word == 0 {
            self.used.push(index);
        }
        *word |= bit;
    }

    pub(crate) fn contains(&self, id: EntityId) -> bool {
        let word = self.words.get((id.0 / u64::BITS) as usize);
        word.is_some_and(|word| word & 1 << (id.0 % u64::BITS) != 0)
    }

    fn clear(&mut self) {
        for index in self.used.drain(..) {
            self.words[index as usize] = 0;
        }
    }
}

/// Sets that stay near the processor, however many entities there are: a bit for each.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// For each state the entities that were passed in it.
    pub(crate) passed: [Set; STATES],
    /// For each state the entities at which it leads to nothing new.
    pub(crate) settled: [Set; STATES],
    /// The members that the walk reaches for certain.
    pub(crate) certain: Set,
    /// The members that it reaches perhaps: only their table is known to be touched. They may be certain as well.
    pub(crate) possible: Set,
}

impl Marks {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.passed.iter_mut().for_each(Set::clear);
        self.settled.iter_mut().for_each(Set::clear);
        self.certain.clear();
        self.possible.clear();
    }

    /// Whether a thing is a member, and no less certain than that.
    pub(crate) fn is_member(&self, id: EntityId, possibly: bool) -> bool {
        self.certain.contains(id) || (possibly && self.possible.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cleared_is_empty() {
        let mut marks = Marks::default();
        for round in 0..3 {
            for id in [3, 64, 70_000].map(EntityId) {
                assert!(!marks.passed[5].contains(id), "round {round}");
                marks.passed[5].insert(id);
                assert!(marks.passed[5].contains(id) && !marks.passed[4].contains(id));
            }
            assert!(!marks.is_member(EntityId(3), true));
            marks.possible.insert(EntityId(3));
            assert!(marks.is_member(EntityId(3), true) && !marks.is_member(EntityId(3), false));
            marks.certain.insert(EntityId(3));
            assert!(marks.is_member(EntityId(3), false));
            marks.clear();
        }
    }
}
