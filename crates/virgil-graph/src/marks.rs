//! A small number for each entity, zero unless set: sparse for the many walks that see little, dense for those
//! that see much.

use std::collections::HashMap;

use crate::entity::EntityId;

/// From how many entities on a vector is cheaper than a map.
const DENSE: usize = 1_000;

/// A number for each entity.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    sparse: HashMap<EntityId, u16>,
    dense: Vec<u16>,
}

impl Marks {
    pub(crate) fn get(&self, id: EntityId) -> u16 {
        let dense = self.dense.get(id.0 as usize).copied();
        dense.unwrap_or_else(|| self.sparse.get(&id).copied().unwrap_or_default())
    }

    pub(crate) fn set(&mut self, id: EntityId, mark: u16) {
        if self.dense.is_empty() && self.sparse.len() < DENSE {
            self.sparse.insert(id, mark);
            return;
        }
        for (id, mark) in self.sparse.drain() {
            put(&mut self.dense, id, mark);
        }
        put(&mut self.dense, id, mark);
    }
}

fn put(dense: &mut Vec<u16>, id: EntityId, mark: u16) {
    let at = id.0 as usize;
    if at >= dense.len() {
        dense.resize(at + 1, 0);
    }
    dense[at] = mark;
}
