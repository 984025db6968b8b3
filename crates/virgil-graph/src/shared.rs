//! Vectors and maps whose copies share what neither of them has changed since.
//!
//! A graph is copied before it changes, so that those who are asking keep what they have; a copy costs one
//! counter for each chunk, and a change the chunks it touches.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// How many elements of a vector are copied together.
const CHUNK: usize = 64;

/// Into how many parts a map is divided, as a power of two.
const PARTS_LOG2: u32 = 10;

/// A vector by number. What was never set is the default.
#[derive(Debug, Clone)]
pub(crate) struct SharedVec<T> {
    chunks: Vec<Arc<[T]>>,
    length: usize,
}

impl<T> Default for SharedVec<T> {
    fn default() -> SharedVec<T> {
        SharedVec {
            chunks: Vec::new(),
            length: 0,
        }
    }
}

impl<T: Clone + Default> SharedVec<T> {
    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Adds defaults at the end, until there are so many elements.
    pub(crate) fn grow(&mut self, length: usize) {
        self.length = self.length.max(length);
        while self.chunks.len() * CHUNK < self.length {
            let chunk = std::iter::repeat_with(T::default).take(CHUNK);
            self.chunks.push(chunk.collect());
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        self.grow(self.length + 1);
        let last = self.length - 1;
        *self.get_mut(last) = item;
    }

    /// The element, if it is inside.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// The element, to be changed; it must be inside.
    pub(crate) fn get_mut(&mut self, index: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.chunks[index / CHUNK])[index % CHUNK]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks
            .iter()
            .flat_map(|chunk| chunk.iter())
            .take(self.length)
    }
}

impl<T> std::ops::Index<usize> for SharedVec<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

/// A map in parts.
#[derive(Debug, Clone)]
pub(crate) struct SharedMap<K, V> {
    hasher: RandomState,
    parts: Vec<Arc<HashMap<K, V>>>,
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap {
            hasher: RandomState::new(),
            parts: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> SharedMap<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash >> (u64::BITS - PARTS_LOG2)).unwrap_or_default()
    }

    /// The part of a key, to be changed.
    fn part_mut<Q: Hash + ?Sized>(&mut self, key: &Q) -> &mut HashMap<K, V> {
        if self.parts.is_empty() {
            self.parts = vec![Arc::default(); 1 << PARTS_LOG2];
        }
        let part = self.part(key);
        Arc::make_mut(&mut self.parts[part])
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.parts.get(self.part(key))?.get(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.part_mut(&key).insert(key, value);
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // What is not there needs no part of its own.
        self.get(key)?;
        self.part_mut(key).remove(key)
    }

    /// The value of a key, to be changed; the default, if there was none.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.part_mut(&key).entry(key).or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }
}

/// Lists of numbers by key; a key without numbers is forgotten.
impl<K: Clone + Eq + Hash> SharedMap<K, Vec<u32>> {
    pub(crate) fn list<Q>(&self, key: &Q) -> &[u32]
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.get(key).map_or(&[], Vec::as_slice)
    }

    /// Keeps the numbers of a key that pass.
    pub(crate) fn retain<Q>(&mut self, key: &Q, keep: impl FnMut(&u32) -> bool)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let part = self.part_mut(key);
        if let Some(list) = part.get_mut(key) {
            list.retain(keep);
            if list.is_empty() {
                part.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_it_had() {
        let mut numbers = SharedVec::default();
        for number in 0..200_u32 {
            numbers.push(number);
        }
        let before = numbers.clone();
        *numbers.get_mut(70) = 7;
        assert_eq!((before[70], numbers[70]), (70, 7));
        assert_eq!(before.iter().count(), 200);
        assert!(Arc::ptr_eq(&before.chunks[0], &numbers.chunks[0]));
        assert!(!Arc::ptr_eq(&before.chunks[1], &numbers.chunks[1]));
    }

    #[test]
    fn a_copied_map_keeps_what_it_had() {
        let mut lists: SharedMap<String, Vec<u32>> = SharedMap::default();
        lists.entry("a".to_owned()).push(1);
        lists.entry("a".to_owned()).push(2);
        let before = lists.clone();
        lists.retain("a", |number| *number > 2);
        assert_eq!(before.list("a"), [1, 2]);
        assert_eq!((lists.list("a"), lists.len()), (&[][..], 0));
        assert_eq!(lists.remove("b"), None);
    }
}
