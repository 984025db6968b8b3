//! Sets of entities as bits.

use crate::entity::EntityId;

/// Entities, each once; costs one bit for each number up to the greatest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    words: Vec<u64>,
}

impl Ids {
    /// Whether the entity is new.
    pub(crate) fn insert(&mut self, id: EntityId) -> bool {
        let (word, bit) = place(id);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Puts the entity in or out.
    pub(crate) fn set(&mut self, id: EntityId, is_in: bool) {
        if is_in {
            self.insert(id);
        } else if self.contains(id) {
            let (word, bit) = place(id);
            self.words[word] &= !bit;
        }
    }

    pub(crate) fn contains(&self, id: EntityId) -> bool {
        let (word, bit) = place(id);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// By number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = EntityId> {
        let words = (0..).step_by(64).zip(&self.words);
        words.flat_map(|(start, &bits)| {
            let mut rest = bits;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(EntityId(start + bit))
            })
        })
    }
}

impl Extend<EntityId> for Ids {
    fn extend<I: IntoIterator<Item = EntityId>>(&mut self, ids: I) {
        for id in ids {
            self.insert(id);
        }
    }
}

impl FromIterator<EntityId> for Ids {
    fn from_iter<I: IntoIterator<Item = EntityId>>(ids: I) -> Ids {
        let mut set = Ids::default();
        set.extend(ids);
        set
    }
}

fn place(id: EntityId) -> (usize, u64) {
    (id.0 as usize / 64, 1 << (id.0 % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_each_once_in_order() {
        let numbers = [130, 3, 64, 3, 63];
        let mut set: Ids = numbers.into_iter().map(EntityId).collect();
        assert_eq!(
            set.iter().map(|id| id.0).collect::<Vec<_>>(),
            [3, 63, 64, 130]
        );
        assert!(!set.insert(EntityId(63)) && set.insert(EntityId(0)));
        assert!(set.contains(EntityId(0)) && !set.contains(EntityId(1_000)));
        set.set(EntityId(0), false);
        set.set(EntityId(1_000), false);
        set.set(EntityId(2), true);
        assert!(!set.contains(EntityId(0)) && set.contains(EntityId(2)));
    }
}
