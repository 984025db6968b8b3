//! Which keys name one thing.
//!
//! Identity keys that one mention holds, or that a `Same` joins, are linked; an entity is a connected
//! component of them. Pointers never link: they resolve to what the statements that hold them name.
//!
//! What conflicts in a component is cut apart (`cut`), and pointers resolve to what is left (`pointers`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{AssetId, Key, KeyClass, Kind};

use crate::cut::Cut;
use crate::entity::{Conflict, Entity, EntityId};
use crate::key_parts::short_name;
use crate::keys::KeyId;
use crate::kinds;
use crate::sight::{Sight, Sole};
use crate::statements::{Fact, RowId};

/// All that reaches from one key to the next.
#[derive(Debug, Default)]
pub(crate) struct Component {
    pub(crate) keys: BTreeSet<KeyId>,
    /// Mentions and `Same`s.
    pub(crate) rows: BTreeSet<RowId>,
    pub(crate) sole_joins: BTreeSet<(KeyId, KeyId)>,
}

impl Sight<'_> {
    pub(crate) fn mentions_among(self, rows: &[RowId]) -> Vec<RowId> {
        let rows = self.rows(rows);
        rows.filter(|(_, row)| matches!(row.fact, Fact::Mention { .. }))
            .map(|(id, _)| id)
            .collect()
    }

    /// All keys that are linked with a visible one.
    pub(crate) fn component(self, start: KeyId, sole: &Sole) -> Component {
        let mut component = Component::default();
        let mut open = vec![start];
        component.keys.insert(start);
        while let Some(key) = open.pop() {
            let mut reach = |keys: &mut BTreeSet<KeyId>, other: KeyId| {
                if self.is_identity(other) && keys.insert(other) {
                    open.push(other);
                }
            };
            for (id, row) in self.rows(&self.statements().keys.entry(key).identity) {
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
            if let Some(twin) = self.sole_system_twin(key, sole) {
                component.sole_joins.insert((key.min(twin), key.max(twin)));
                reach(&mut component.keys, twin);
            }
        }
        component
    }

    /// The same name in the sole system of its platform, or from there under the bare platform.
    fn sole_system_twin(self, key: KeyId, sole: &Sole) -> Option<KeyId> {
        let keys = &self.statements().keys;
        let standing = keys.entry(key).standing.as_ref()?;
        let sole = sole.get(&standing.platform)?;
        if !standing.bare && standing.system != *sole {
            return None;
        }
        let is_twin = |twin: &&KeyId| {
            keys.entry(**twin).standing.as_ref().is_some_and(|other| {
                other.bare != standing.bare && (other.bare || other.system == *sole)
            })
        };
        let twin = keys.twins(standing).iter().find(is_twin)?;
        self.sees(*twin).then_some(*twin)
    }

    /// The entities that the keys of a component amount to.
    pub(crate) fn entities(self, component: &Component) -> Vec<Entity> {
        let (groups, cuts) = if self.is_sound(component) {
            (vec![component.keys.iter().copied().collect()], Vec::new())
        } else {
            self.cut(component)
        };
        let groups = groups.iter();
        groups
            .map(|group| self.entity_of_group(group, component, &cuts))
            .collect()
    }

    /// A pointer that nothing resolves, as an entity of its own.
    pub(crate) fn entity_of_pointer(self, pointer: KeyId) -> Entity {
        let mentions = self.mentions_among(&self.statements().keys.entry(pointer).identity);
        self.entity_of(&[], &[pointer], &mentions, Vec::new(), Vec::new())
    }

    /// The kinds that mentions give, with the number of assets that do.
    pub(crate) fn kinds_of(self, mentions: &[RowId]) -> BTreeMap<Kind, usize> {
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

    fn entity_of_group(self, group: &[KeyId], component: &Component, cuts: &[Cut]) -> Entity {
        let mut beside = BTreeSet::new();
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
            for (_, row) in self.rows(of_key) {
                row.fact.for_each_key(|other| {
                    if !self.is_identity(other) {
                        beside.insert((other, key));
                    }
                });
            }
        }
        for (pointer, key) in beside {
            if self.pointed_at(pointer).contains(&key) {
                pointers.insert(pointer);
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
        let conflicts = conflicts.into_iter().collect();
        self.entity_of(group, &pointers, &rows, conflicts, joins)
    }

    /// The entity of these keys; it gets its number where it is stored.
    fn entity_of(
        self,
        keys: &[KeyId],
        pointers: &[KeyId],
        mentions: &[RowId],
        conflicts: Vec<Conflict>,
        joins: Vec<(KeyId, KeyId)>,
    ) -> Entity {
        let in_order = |keys: &[KeyId]| {
            let mut keys = keys.to_vec();
            if keys.len() > 1 {
                keys.sort_by_key(|key| precedence(self.key(*key)));
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
        Entity {
            id: EntityId(0),
            reference: first.to_string(),
            class: first.class,
            kind: kind.unwrap_or_else(|| kinds::suggested(first)),
            name: self
                .name_of(&mentions)
                .unwrap_or_else(|| short_name(first).to_owned()),
            unresolved: mentions.is_empty(),
            conflicts,
            sole_system_joins,
            keys,
            pointers,
            mentions,
        }
    }

    /// The name that most assets give, the first of them in order.
    fn name_of(self, mentions: &[RowId]) -> Option<String> {
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

/// What orders the keys of one thing: the class, then tables and columns before the identifiers that tools have for
/// them, then scheme and value.
fn precedence(key: &Key) -> (KeyClass, bool, &Key) {
    let is_table = matches!(key.scheme.as_str(), "table" | "column");
    (key.class, !is_table, key)
}
