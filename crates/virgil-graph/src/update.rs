//! From one snapshot to the next: what a change of statements touches is derived again, the rest is shared.
//!
//! 1. Selectors are resolved where they or what they look at changed.
//! 2. Entities that a change of identity touches are taken apart, and so is whatever the loose keys reach; from
//!    all of these the components are found anew. An entity of the same reference keeps its number.
//! 3. Pointers are resolved, and new entities get their places in the order of references.
//! 4. The relations of what is new or touched are found. A relation reads the same from both ends, so that what
//!    differs from before is put right in the lists of those at the other ends, and these stay as they are (`relate`).
//! 5. Which run of a job counts, and which tables have columns of known origin, is decided where relations changed.
//!
//! The first snapshot is the same, from an empty one with everything touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use virgil_model::{KeyClass, LabelId};

use crate::derived::{Derived, Node};
use crate::entity::{Entity, EntityId};
use crate::graph::Graph;
use crate::ids::Ids;
use crate::keys::KeyId;
use crate::sight::{Sight, Sole};
use crate::touched::{Touch, Touched};

impl Derived {
    /// What all statements under these labels, which are in order, amount to.
    pub(crate) fn fresh(graph: &Graph, labels: &[LabelId]) -> Derived {
        let mut touched = Touched {
            selectors: true,
            ..Touched::default()
        };
        for (key, _) in graph.statements.keys.iter() {
            touched.key(key, Touch::Identity);
        }
        let sight = Sight::new(&graph.statements, labels);
        let selectors = graph.statements.selectors().iter();
        for row in selectors.filter_map(|row| sight.row(*row)) {
            touched.globs.insert(row.origin.source);
        }
        Derived::default().after(graph, labels, touched)
    }

    /// What the statements amount to after a change that touched this much of what is visible.
    pub(crate) fn after(self, graph: &Graph, labels: &[LabelId], mut touched: Touched) -> Derived {
        let sight = Sight::new(&graph.statements, labels);
        let mut update = Update {
            sight,
            derived: self,
            open: Vec::new(),
            pointers: BTreeSet::new(),
            apart: HashMap::new(),
            stored: Ids::default(),
            fresh: Vec::new(),
        };
        update.systems(graph, labels, &mut touched);
        update.derived.selections.update(sight, &mut touched);
        update.identities(&touched);
        update.pointers();
        update.relations(&touched);
        let numbers = update.apart.into_values();
        update.derived.free.extend(numbers);
        update.derived
    }
}

/// A snapshot on its way to the next.
pub(crate) struct Update<'g> {
    pub(crate) sight: Sight<'g>,
    pub(crate) derived: Derived,
    /// Keys whose component is to be found.
    open: Vec<KeyId>,
    /// Pointers to resolve.
    pointers: BTreeSet<KeyId>,
    /// What has been taken apart and not come back, by what orders it.
    pub(crate) apart: HashMap<(String, KeyClass), EntityId>,
    /// What has been stored, under new numbers or old ones.
    pub(crate) stored: Ids,
    /// Those that have no place in the order yet.
    fresh: Vec<EntityId>,
}

impl Update<'_> {
    /// Finds the platforms with exactly one system; where that changed, the keys that it joins are touched.
    fn systems(&mut self, graph: &Graph, labels: &[LabelId], touched: &mut Touched) {
        let now = sole_systems(graph, labels);
        let before = std::mem::replace(&mut self.derived.sole, Arc::clone(&now));
        let platforms = before.keys().chain(now.keys());
        let changed: BTreeSet<&Arc<str>> = platforms
            .filter(|platform| before.get(*platform) != now.get(*platform))
            .collect();
        if changed.is_empty() {
            return;
        }
        let keys = &self.sight.statements().keys;
        for (key, entry) in keys.iter() {
            let Some(standing) = &entry.standing else {
                continue;
            };
            if standing.bare && changed.contains(&standing.platform) {
                touched.key(key, Touch::Identity);
                for twin in keys.twins(standing) {
                    touched.key(*twin, Touch::Identity);
                }
            }
        }
    }

    /// Takes apart and finds anew the entities whose identity is touched.
    fn identities(&mut self, touched: &Touched) {
        let bound = self.sight.statements().keys.bound();
        self.derived.of_key.grow(bound);
        let mut loose = Vec::new();
        for (&key, &touch) in &touched.keys {
            let was_seen = !self.derived.targets(key).as_slice().is_empty();
            if touch == Touch::Identity || was_seen != self.sight.sees(key) {
                loose.push(key);
            }
        }
        loose.sort_unstable();
        for &key in &loose {
            self.take_apart_what_is_named(key);
            if !self.sight.sees(key) {
                continue;
            }
            if self.sight.is_identity(key) {
                self.open.push(key);
            } else {
                self.pointers.insert(key);
            }
        }
        // What a pointer resolves to knows of it.
        let sight = self.sight;
        let loose = self.pointers.iter().copied();
        let loose: Vec<KeyId> = loose
            .filter(|pointer| self.is_visible_pointer(*pointer))
            .collect();
        for pointer in sight.pointers_around(loose) {
            self.take_apart_what_is_named(pointer);
            self.pointers.insert(pointer);
            for key in sight.pointed_at(pointer) {
                self.take_apart_what_is_named(key);
            }
        }
        while let Some(key) = self.open.pop() {
            let is_done = self.derived.of_key[key as usize] > 0;
            if is_done || !sight.sees(key) || !sight.is_identity(key) {
                continue;
            }
            let component = sight.component(key, &self.derived.sole);
            for &key in &component.keys {
                self.take_apart_what_is_named(key);
            }
            for entity in sight.entities(&component) {
                let keys = entity.keys.clone();
                let id = self.store(entity);
                for key in keys {
                    *self.derived.of_key.get_mut(key as usize) = id.0 + 1;
                }
            }
        }
    }

    fn take_apart_what_is_named(&mut self, key: KeyId) {
        let named = self.derived.targets(key).as_slice().to_vec();
        for id in named {
            self.take_apart(id);
        }
        self.loosen(key);
    }

    fn take_apart(&mut self, id: EntityId) {
        let node = self.derived.nodes.get_mut(id.0 as usize);
        let Some(entity) = node.entity.take() else {
            return;
        };
        for &key in &entity.keys {
            *self.derived.of_key.get_mut(key as usize) = 0;
            self.open.push(key);
        }
        for &pointer in &entity.pointers {
            self.loosen(pointer);
        }
        self.apart
            .insert((entity.reference.clone(), entity.class), id);
    }

    fn is_visible_pointer(&self, key: KeyId) -> bool {
        self.sight.sees(key) && !self.sight.is_identity(key)
    }

    /// Forgets what a pointer resolved to.
    fn loosen(&mut self, pointer: KeyId) {
        if self.derived.of_pointer.remove(&pointer).is_some() {
            self.pointers.insert(pointer);
        }
    }

    fn store(&mut self, mut entity: Entity) -> EntityId {
        let order = (entity.reference.clone(), entity.class);
        let id = self.apart.remove(&order).unwrap_or_else(|| {
            let id = self.derived.free.pop().unwrap_or_else(|| {
                self.derived.nodes.push(Node::default());
                let last = self.derived.nodes.len() - 1;
                EntityId(u32::try_from(last).expect("fewer than 2^32 entities"))
            });
            self.derived.nodes.get_mut(id.0 as usize).rank = 0;
            self.fresh.push(id);
            id
        });
        entity.id = id;
        self.derived.unresolved.set(id, entity.unresolved);
        self.derived.history.set(id, false);
        let node = self.derived.nodes.get_mut(id.0 as usize);
        node.kind = entity.kind;
        node.entity = Some(Arc::new(entity));
        self.stored.insert(id);
        id
    }

    /// Resolves the pointers that are loose, and gives new entities their places.
    fn pointers(&mut self) {
        let sight = self.sight;
        let mut resolved = Vec::new();
        for pointer in std::mem::take(&mut self.pointers) {
            if !self.is_visible_pointer(pointer) {
                continue;
            }
            let mut found = BTreeSet::new();
            for pointer in sight.pointers_around([pointer]) {
                for key in sight.pointed_at(pointer) {
                    found.extend(self.derived.targets(key).as_slice());
                }
            }
            if found.is_empty() {
                found.insert(self.store(sight.entity_of_pointer(pointer)));
            }
            resolved.push((pointer, found));
        }
        self.order();
        for (pointer, found) in resolved {
            let mut candidates: Vec<EntityId> = found.into_iter().collect();
            candidates.sort_by_key(|id| self.derived.node(*id).rank);
            self.derived.of_pointer.insert(pointer, candidates.into());
        }
    }

    /// Takes what is gone out of the order of references, and what is new in.
    fn order(&mut self) {
        if self.fresh.is_empty() && self.apart.is_empty() {
            return;
        }
        let derived = &mut self.derived;
        let before = without(&derived.order, self.apart.values(), |id| {
            derived.node(id).rank
        });
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_by(|left, right| {
            let order = |id: &EntityId| derived.entity(*id).order();
            order(left).cmp(&order(right))
        });
        let mut order = Vec::with_capacity(before.len() + fresh.len());
        let mut has_room = true;
        let (mut rest, mut fresh) = (&before[..], &fresh[..]);
        while let Some(first) = fresh.first() {
            let place = |id: &EntityId| derived.entity(*id).order();
            let at = rest.partition_point(|known| place(known) < place(first));
            order.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let next = rest.first().copied();
            let together = fresh
                .iter()
                .take_while(|id| next.is_none_or(|next| place(id) < place(&next)))
                .count();
            let (here, later) = fresh.split_at(together);
            let last = order.last().copied();
            has_room &= derived.place(last, here, next);
            order.extend_from_slice(here);
            fresh = later;
        }
        order.extend_from_slice(rest);
        if !has_room {
            derived.place(None, &order, None);
        }
        derived.order = Arc::new(order);
    }
}

impl Derived {
    /// Gives entities places evenly between two others; says no if there is no room.
    fn place(&mut self, last: Option<EntityId>, ids: &[EntityId], next: Option<EntityId>) -> bool {
        let mut rank = last.map_or(0, |id| self.node(id).rank);
        let end = next.map_or(u64::MAX, |id| self.node(id).rank);
        let step = (end - rank) / (ids.len() as u64 + 1);
        for id in ids {
            rank += step;
            self.nodes.get_mut(id.0 as usize).rank = rank;
        }
        step > 0
    }
}

/// The order without those that are gone.
fn without<'i>(
    order: &[EntityId],
    gone: impl Iterator<Item = &'i EntityId>,
    rank: impl Fn(EntityId) -> u64,
) -> Vec<EntityId> {
    let position = |id: &EntityId| order.binary_search_by_key(&rank(*id), |known| rank(*known));
    let mut positions: Vec<usize> = gone.filter_map(|id| position(id).ok()).collect();
    positions.sort_unstable();
    let mut left = Vec::with_capacity(order.len());
    let mut start = 0;
    for position in positions {
        left.extend_from_slice(&order[start..position]);
        start = position + 1;
    }
    left.extend_from_slice(&order[start..]);
    left
}

/// The platforms of which exactly one system is known: configured, or named by a visible statement.
fn sole_systems(graph: &Graph, labels: &[LabelId]) -> Sole {
    let mut sole = BTreeMap::new();
    for (platform, named) in graph.statements.systems() {
        let is_visible = |label: &LabelId| labels.binary_search(label).is_ok();
        let seen = named
            .iter()
            .filter(|(_, counts)| counts.keys().any(is_visible))
            .map(|(system, _)| &**system);
        let known: BTreeSet<&str> = seen.chain(graph.systems.of_platform(platform)).collect();
        if let (1, Some(system)) = (known.len(), known.first()) {
            sole.insert(Arc::clone(platform), Arc::from(*system));
        }
    }
    Arc::new(sole)
}
