//! Taking apart what cannot be one thing.
//!
//! A component that holds two keys of one scheme and system, or incompatible kinds, is a conflict. Its links
//! are laid again from the strongest to the weakest, and one that would bring the conflicting together is
//! cut. A mention is stronger than a `Same`, which is stronger than the sole system of a platform; then the
//! number of assets that say so decides, then the text of the keys.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{AssetId, Key, KeyClass, Kind};

use crate::entity::Conflict;
use crate::identity::Component;
use crate::key_parts::system_of;
use crate::keys::KeyId;
use crate::kinds;
use crate::sight::Sight;
use crate::stated::Place;
use crate::statements::{Fact, RowId};

/// A link that was cut, and why.
pub(crate) type Cut = (KeyId, KeyId, Conflict);

/// How a link came about, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    SoleSystem,
    Same,
    Mention,
}

impl Sight<'_> {
    /// Whether nothing in a component conflicts.
    pub(crate) fn is_sound(self, component: &Component) -> bool {
        if component.keys.len() == 1 {
            return true;
        }
        let keys: Vec<&Key> = component.keys.iter().map(|key| self.key(*key)).collect();
        let mut slots: Vec<(&str, &str)> = keys.iter().filter_map(|key| slot(key)).collect();
        slots.sort_unstable();
        if slots.windows(2).any(|pair| pair[0] == pair[1]) {
            return false;
        }
        let mut kinds = BTreeSet::new();
        for &row in &component.rows {
            if let Fact::Mention { kind, .. } = &self.statements().row(row).fact {
                kinds.insert(*kind);
            }
        }
        kinds::all_compatible(&kinds)
    }

    /// Lays the links from the strongest to the weakest; those that would join what conflicts are cut.
    pub(crate) fn cut(self, component: &Component) -> (Vec<Vec<KeyId>>, Vec<Cut>) {
        let mut links: BTreeMap<(KeyId, KeyId), (Bond, BTreeSet<RowId>)> = BTreeMap::new();
        let mut link = |left: KeyId, right: KeyId, bond: Bond, row: Option<RowId>| {
            if left != right && self.is_identity(left) && self.is_identity(right) {
                let pair = (left.min(right), left.max(right));
                let (strongest, rows) = links.entry(pair).or_insert((bond, BTreeSet::new()));
                *strongest = bond.max(*strongest);
                rows.extend(row);
            }
        };
        for &row in &component.rows {
            match &self.statements().row(row).fact {
                Fact::Mention { keys, .. } => {
                    let first = keys.iter().copied().find(|key| self.is_identity(*key));
                    for &key in keys {
                        link(first.unwrap_or(key), key, Bond::Mention, Some(row));
                    }
                }
                Fact::Same(left, right) => link(*left, *right, Bond::Same, Some(row)),
                Fact::Attribute { .. } | Fact::Relation { .. } => {}
            }
        }
        for &(left, right) in &component.sole_joins {
            link(left, right, Bond::SoleSystem, None);
        }
        let mut ordered: Vec<_> = links.into_iter().collect();
        ordered.sort_by_cached_key(|((left, right), (bond, rows))| {
            let assets: BTreeSet<AssetId> = rows.iter().map(|row| self.asset(*row)).collect();
            let mut ends = [self.key(*left).to_string(), self.key(*right).to_string()];
            ends.sort();
            (Reverse(*bond), Reverse(assets.len()), ends)
        });

        let mut groups: BTreeMap<KeyId, Group> = BTreeMap::new();
        let mut group_of: BTreeMap<KeyId, KeyId> = BTreeMap::new();
        for &key in &component.keys {
            groups.insert(key, self.lone(key));
            group_of.insert(key, key);
        }
        let mut cuts = Vec::new();
        for ((left, right), (_, rows)) in ordered {
            let (to, from) = (group_of[&left], group_of[&right]);
            if to == from {
                continue;
            }
            if let Some(why) = groups[&to].conflict(&groups[&from]) {
                let places = self.places(rows.iter().copied());
                let mut ends = [self.key(left).to_string(), self.key(right).to_string()];
                ends.sort();
                let [first, second] = ends;
                cuts.push((left, right, why.into_conflict((first, second), places)));
                continue;
            }
            let Some(taken) = groups.remove(&from) else {
                continue;
            };
            taken.keys.iter().for_each(|key| {
                group_of.insert(*key, to);
            });
            if let Some(group) = groups.get_mut(&to) {
                group.absorb(taken);
            }
        }
        (groups.into_values().map(|group| group.keys).collect(), cuts)
    }

    fn lone(self, key: KeyId) -> Group {
        let mentions = self.mentions_among(&self.statements().keys.entry(key).identity);
        let text = self.key(key);
        let slots = slot(text)
            .map(|(scheme, system)| ((scheme.to_owned(), system.to_owned()), text.to_string()));
        Group {
            keys: vec![key],
            kind: kinds::decide(&self.kinds_of(&mentions)),
            slots: slots.into_iter().collect(),
        }
    }
}

/// Keys that have been found to be one thing so far.
#[derive(Debug)]
struct Group {
    keys: Vec<KeyId>,
    kind: Option<Kind>,
    /// The key in each scheme and system.
    slots: BTreeMap<(String, String), String>,
}

/// Why two groups cannot be one.
enum Clash {
    Kinds(Kind, Kind),
    Keys(String, String),
}

impl Clash {
    fn into_conflict(self, link: (String, String), places: Vec<Place>) -> Conflict {
        match self {
            Clash::Kinds(left, right) => Conflict::LinkedKinds {
                link,
                kinds: (left.min(right), left.max(right)),
                places,
            },
            Clash::Keys(left, right) => Conflict::Keys {
                link,
                keys: if left <= right {
                    (left, right)
                } else {
                    (right, left)
                },
                places,
            },
        }
    }
}

impl Group {
    fn conflict(&self, other: &Group) -> Option<Clash> {
        for (slot, key) in &self.slots {
            if let Some(clashing) = other.slots.get(slot) {
                return Some(Clash::Keys(key.clone(), clashing.clone()));
            }
        }
        match (self.kind, other.kind) {
            (Some(left), Some(right)) if !kinds::compatible(left, right) => {
                Some(Clash::Kinds(left, right))
            }
            _ => None,
        }
    }

    fn absorb(&mut self, other: Group) {
        self.keys.extend(other.keys);
        self.slots.extend(other.slots);
        let both = self.kind.into_iter().chain(other.kind);
        self.kind = kinds::decide(&both.map(|kind| (kind, 1)).collect());
    }
}

/// The scheme and system in which a thing has one key only.
fn slot(key: &Key) -> Option<(&str, &str)> {
    (key.class == KeyClass::Scoped).then(|| (key.scheme.as_str(), system_of(key)))
}
