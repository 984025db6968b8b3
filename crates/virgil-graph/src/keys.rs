//! Keys as small numbers, and for each the statements that use it.

use std::sync::Arc;

use virgil_model::{Key, KeyClass};

use crate::key_parts::{local_name, table_of};
use crate::shared::{SharedMap, SharedVec};
use crate::statements::RowId;
use crate::systems::Standing;

/// The number of a key while anything uses it.
pub(crate) type KeyId = u32;

/// A key and what uses it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Arc<Key>,
    pub(crate) standing: Option<Box<Standing>>,
    /// How many uses hold it; at zero it is forgotten.
    holds: u32,
    /// Mentions and `Same`s.
    pub(crate) identity: Vec<RowId>,
    /// Attributes of it.
    pub(crate) attributes: Vec<RowId>,
    /// Relations from it.
    pub(crate) outgoing: Vec<RowId>,
    /// Relations to it.
    pub(crate) incoming: Vec<RowId>,
    /// For a column, its table.
    pub(crate) table: Option<KeyId>,
    /// For a table, its columns.
    pub(crate) columns: Vec<KeyId>,
}

impl Entry {
    /// The lists of statements that use it.
    pub(crate) fn uses(&self) -> [&Vec<RowId>; 4] {
        [
            &self.identity,
            &self.attributes,
            &self.outgoing,
            &self.incoming,
        ]
    }

    pub(crate) fn uses_mut(&mut self) -> [&mut Vec<RowId>; 4] {
        [
            &mut self.identity,
            &mut self.attributes,
            &mut self.outgoing,
            &mut self.incoming,
        ]
    }

    pub(crate) fn is_pointer(&self) -> bool {
        self.key.class == KeyClass::Pointer
    }
}

/// All keys in use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    entries: SharedVec<Option<Entry>>,
    free: Vec<KeyId>,
    numbers: SharedMap<Arc<Key>, KeyId>,
    /// Keys of one name on one platform, in whatever system.
    twins: SharedMap<Arc<str>, Vec<KeyId>>,
    /// Lower-case names that keys themselves carry.
    names: SharedMap<Arc<str>, Vec<KeyId>>,
}

impl Keys {
    /// The number of a key, which is held once more.
    pub(crate) fn hold(&mut self, key: Key, standing: Option<Standing>) -> KeyId {
        if let Some(&id) = self.numbers.get(&key) {
            self.entry_mut(id).holds += 1;
            return id;
        }
        let table = table_of(&key).map(|table| {
            let standing = standing.clone().map(|mut standing| {
                let name = standing.twins.split_once('#').map_or("", |(name, _)| name);
                standing.twins = name.replacen("column:", "table:", 1).into();
                standing
            });
            self.hold(table, standing)
        });
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            number(self.entries.len() - 1)
        });
        if let Some(table) = table {
            self.entry_mut(table).columns.push(id);
        }
        let key = Arc::new(key);
        self.numbers.insert(Arc::clone(&key), id);
        if let Some(standing) = &standing {
            self.twins.entry(Arc::clone(&standing.twins)).push(id);
        }
        self.names.entry(name_of(&key)).push(id);
        *self.entries.get_mut(id as usize) = Some(Entry {
            key,
            standing: standing.map(Box::new),
            holds: 1,
            identity: Vec::new(),
            attributes: Vec::new(),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            table,
            columns: Vec::new(),
        });
        id
    }

    /// Gives up one hold; a key that nothing holds is forgotten, and its number noted.
    pub(crate) fn release(&mut self, id: KeyId, forgotten: &mut Vec<KeyId>) {
        let entry = self.entry_mut(id);
        entry.holds -= 1;
        if entry.holds > 0 {
            return;
        }
        let Some(entry) = self.entries.get_mut(id as usize).take() else {
            return;
        };
        self.numbers.remove(&entry.key);
        let others = |key: &KeyId| *key != id;
        if let Some(standing) = &entry.standing {
            self.twins.retain(&standing.twins, others);
        }
        self.names.retain(&name_of(&entry.key), others);
        self.free.push(id);
        forgotten.push(id);
        if let Some(table) = entry.table {
            self.entry_mut(table).columns.retain(|column| *column != id);
            self.release(table, forgotten);
        }
    }

    /// Gives up a hold that is not the last.
    pub(crate) fn release_one_of_several(&mut self, id: KeyId) {
        self.entry_mut(id).holds -= 1;
    }

    pub(crate) fn entry(&self, id: KeyId) -> &Entry {
        self.get(id).expect("a held key has an entry")
    }

    /// The entry of a number that may be held no more.
    pub(crate) fn get(&self, id: KeyId) -> Option<&Entry> {
        self.entries.get(id as usize)?.as_ref()
    }

    pub(crate) fn entry_mut(&mut self, id: KeyId) -> &mut Entry {
        self.entries
            .get_mut(id as usize)
            .as_mut()
            .expect("a held key has an entry")
    }

    pub(crate) fn find(&self, key: &Key) -> Option<KeyId> {
        self.numbers.get(key).copied()
    }

    /// The keys of that name on that platform.
    pub(crate) fn twins(&self, standing: &Standing) -> &[KeyId] {
        self.twins.list(&standing.twins)
    }

    /// The keys that carry a name, which is lower-case.
    pub(crate) fn named(&self, name: &str) -> &[KeyId] {
        self.names.list(name)
    }

    /// All names that keys carry, in no particular order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| &**name)
    }

    /// All keys, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (KeyId, &Entry)> {
        self.entries
            .iter()
            .enumerate()
            .filter_map(|(id, entry)| Some((number(id), entry.as_ref()?)))
    }

    /// One more than the greatest number in use.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }

    /// How many keys are in use.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// How many entries the indexes beside the keys hold.
    pub(crate) fn indexed(&self) -> usize {
        let lists = self.twins.iter().chain(self.names.iter());
        lists.map(|(_, keys)| keys.len()).sum()
    }
}

fn number(index: usize) -> KeyId {
    KeyId::try_from(index).expect("fewer than 2^32 keys")
}

fn name_of(key: &Key) -> Arc<str> {
    local_name(key).to_lowercase().into()
}
