//! Which keys name one thing.
//!
//! Identity keys that one mention holds, or that a `Same` joins, are linked; an entity is a connected
//! component of them. Pointers never link: they resolve to what the statements that hold them name.
//!
//! What conflicts in a component is cut apart (`cut`), and pointers resolve to what is left (`pointers`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_model::{AssetId, Kind};

use crate::cut::Cut;
use crate::entity::{Conflict, Entity, EntityId};
use crate::keys::KeyId;
use crate::kinds;
use crate::statements::{Fact, RowId};
use crate::systems::local_name;
use crate::view::View;

/// What a key names.
#[derive(Debug, Clone)]
pub(crate) enum Targets {
    One(EntityId),
    /// The candidates of a pointer, by reference.
    Several(Arc<[EntityId]>),
}

impl Targets {
    pub(crate) fn as_slice(&self) -> &[EntityId] {
        match self {
            Targets::One(id) => std::slice::from_ref(id),
            Targets::Several(ids) => ids,
        }
    }
}

/// All that reaches from one key to the next.
#[derive(Debug, Default)]
pub(crate) struct Component {
    pub(crate) keys: BTreeSet<KeyId>,
    /// Mentions and `Same`s.
    pub(crate) rows: BTreeSet<RowId>,
    pub(crate) sole_joins: BTreeSet<(KeyId, KeyId)>,
}

impl View<'_> {
    /// What a visible key names.
    pub(crate) fn targets(&self, key: KeyId) -> Targets {
        if self.statements().keys.entry(key).is_pointer() {
            return self.pointer_targets(key);
        }
        let known = self.memo.borrow().of_key[key as usize];
        if known > 0 {
            return Targets::One(EntityId(known - 1));
        }
        self.derive(key);
        Targets::One(EntityId(self.memo.borrow().of_key[key as usize] - 1))
    }

    pub(crate) fn is_identity(&self, key: KeyId) -> bool {
        !self.statements().keys.entry(key).is_pointer()
    }

    pub(crate) fn mentions_among<'r>(
        &self,
        rows: impl IntoIterator<Item = &'r RowId>,
    ) -> Vec<RowId> {
        let is_mention = |row: &RowId| {
            let row = self.visible_row(*row);
            matches!(row.map(|row| &row.fact), Some(Fact::Mention { .. }))
        };
        rows.into_iter().copied().filter(is_mention).collect()
    }

    /// Derives the entities of all keys that are linked with `key`.
    fn derive(&self, key: KeyId) {
        let component = self.component(key);
        let (groups, cuts) = if self.is_sound(&component) {
            (vec![component.keys.iter().copied().collect()], Vec::new())
        } else {
            self.cut(&component)
        };
        for group in groups {
            self.derive_group(&group, &component, &cuts);
        }
    }

    fn component(&self, start: KeyId) -> Component {
        let mut component = Component::default();
        let mut open = vec![start];
        component.keys.insert(start);
        while let Some(key) = open.pop() {
            let mut reach = |keys: &mut BTreeSet<KeyId>, other: KeyId| {
                if self.is_identity(other) && keys.insert(other) {
                    open.push(other);
                }
            };
            for &id in &self.statements().keys.entry(key).identity {
                let Some(row) = self.visible_row(id) else {
                    continue;
                };
                component.rows.insert(id);
                match &row.fact {
                    Fact::Mention { keys, .. } => {
                        keys.iter()
                            .for_each(|other| reach(&mut component.keys, *other));
                    }
                    Fact::Same(left, right) => {
                        reach(&mut component.keys, *left);
                        reach(&mut component.keys, *right);
                    }
                    Fact::Attribute { .. } | Fact::Relation { .. } => {}
                }
            }
            if let Some(twin) = self.sole_system_twin(key) {
                component.sole_joins.insert((key.min(twin), key.max(twin)));
                reach(&mut component.keys, twin);
            }
        }
        component
    }

    /// The same name in the sole system of its platform, or from there under the bare platform.
    fn sole_system_twin(&self, key: KeyId) -> Option<KeyId> {
        let keys = &self.statements().keys;
        let standing = keys.entry(key).standing.as_ref()?;
        let sole = self.sole.get(&standing.platform)?;
        if !standing.bare && standing.system != *sole {
            return None;
        }
        let is_twin = |twin: &&KeyId| {
            keys.entry(**twin).standing.as_ref().is_some_and(|other| {
                other.bare != standing.bare && (other.bare || other.system == *sole)
            })
        };
        let twin = keys.twins(standing).iter().find(is_twin)?;
        self.key_visible(*twin).then_some(*twin)
    }

    pub(crate) fn asset(&self, row: RowId) -> AssetId {
        self.statements().row(row).origin.asset
    }

    /// The kinds that mentions give, with the number of assets that do.
    pub(crate) fn kinds_of(&self, mentions: &[RowId]) -> BTreeMap<Kind, usize> {
        if let [only] = mentions
            && let Fact::Mention { kind, .. } = &self.statements().row(*only).fact
        {
            return BTreeMap::from([(*kind, 1)]);
        }
        let mut assets: BTreeMap<Kind, BTreeSet<AssetId>> = BTreeMap::new();
        for &row in mentions {
            if let Fact::Mention { kind, .. } = &self.statements().row(row).fact {
                assets.entry(*kind).or_default().insert(self.asset(row));
            }
        }
        assets
            .into_iter()
            .map(|(kind, assets)| (kind, assets.len()))
            .collect()
    }

    fn derive_group(&self, group: &[KeyId], component: &Component, cuts: &[Cut]) {
        let mut rows = BTreeSet::new();
        let mut pointers = BTreeSet::new();
        let mut conflicts = BTreeSet::new();
        for &key in group {
            let of_key = &self.statements().keys.entry(key).identity;
            let mentions = self.mentions_among(of_key);
            let kinds = self.kinds_of(&mentions);
            if kinds.len() > 1 && !kinds::all_compatible(&kinds.keys().copied().collect()) {
                conflicts.insert(Conflict::Kinds {
                    key: self.key(key).to_string(),
                    kinds: kinds.into_keys().collect(),
                    places: self.places(mentions.iter().copied()),
                });
            }
            rows.extend(mentions);
            for row in of_key.iter().filter_map(|row| self.visible_row(*row)) {
                row.fact.for_each_key(|other| {
                    if !self.is_identity(other) && self.pointed_at(other).contains(&key) {
                        pointers.insert(other);
                    }
                });
            }
        }
        for (left, right, conflict) in cuts {
            if group.contains(left) || group.contains(right) {
                conflicts.insert(conflict.clone());
            }
        }
        let pointers: Vec<KeyId> = self.pointers_around(pointers).into_iter().collect();
        let rows: Vec<RowId> = rows.into_iter().collect();
        let joined = |pair: &&(KeyId, KeyId)| group.contains(&pair.0) && group.contains(&pair.1);
        let joins = component
            .sole_joins
            .iter()
            .filter(joined)
            .copied()
            .collect();
        let id = self.store(
            group,
            &pointers,
            &rows,
            conflicts.into_iter().collect(),
            joins,
        );
        let mut memo = self.memo.borrow_mut();
        for &key in group {
            memo.of_key[key as usize] = id.0 + 1;
        }
    }

    /// Stores an entity of these keys.
    pub(crate) fn store(
        &self,
        keys: &[KeyId],
        pointers: &[KeyId],
        mentions: &[RowId],
        conflicts: Vec<Conflict>,
        joins: Vec<(KeyId, KeyId)>,
    ) -> EntityId {
        let in_order = |keys: &[KeyId]| {
            let mut keys = keys.to_vec();
            if keys.len() > 1 {
                // A key orders by class, then scheme, then value.
                keys.sort_by_key(|key| self.key(*key));
            }
            keys
        };
        let (keys, pointers) = (in_order(keys), in_order(pointers));
        let first = self.key(
            *keys
                .first()
                .or(pointers.first())
                .expect("an entity has a key"),
        );
        let mut mentions = mentions.to_vec();
        if mentions.len() > 1 {
            mentions.sort_by_cached_key(|row| self.statements().row(*row).place());
        }
        let kind = kinds::decide(&self.kinds_of(&mentions));
        let texts = |(left, right): (KeyId, KeyId)| {
            let mut ends = [self.key(left).to_string(), self.key(right).to_string()];
            ends.sort();
            let [first, second] = ends;
            (first, second)
        };
        let mut sole_system_joins: Vec<_> = joins.into_iter().map(texts).collect();
        sole_system_joins.sort();
        let mut memo = self.memo.borrow_mut();
        let id = EntityId(u32::try_from(memo.entities.len()).expect("fewer than 2^32 entities"));
        memo.entities.push(Arc::new(Entity {
            id,
            reference: first.to_string(),
            kind: kind.unwrap_or_else(|| kinds::suggested(first)),
            name: self
                .name_of(&mentions)
                .unwrap_or_else(|| local_name(first).to_owned()),
            unresolved: mentions.is_empty(),
            conflicts,
            sole_system_joins,
            keys,
            pointers,
            mentions,
        }));
        id
    }

    /// The name that most assets give, the first of them in order.
    fn name_of(&self, mentions: &[RowId]) -> Option<String> {
        if let [only] = mentions
            && let Fact::Mention { name, .. } = &self.statements().row(*only).fact
        {
            return Some(name.to_string());
        }
        let mut names: BTreeMap<&str, BTreeSet<AssetId>> = BTreeMap::new();
        for &row in mentions {
            if let Fact::Mention { name, .. } = &self.statements().row(row).fact {
                names.entry(name).or_default().insert(self.asset(row));
            }
        }
        let best = names
            .iter()
            .max_by_key(|(name, assets)| (assets.len(), Reverse(**name)))?;
        Some((*best.0).to_owned())
    }
}
