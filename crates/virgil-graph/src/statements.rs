//! The stored statements, with keys as numbers, and the indexes over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_model::{
    AssetId, Attributes, Key, Kind, LabelId, LineSpan, Predicate, Says, Selector, SourceId, Target,
    Value,
};

use crate::key_parts::in_source;
use crate::keys::{KeyId, Keys};
use crate::shared::{SharedMap, SharedVec};
use crate::stated::{Place, Stated};
use crate::systems::Systems;
use crate::touched::Change;

/// The number of a statement while it is stored.
pub(crate) type RowId = u32;

/// The asset of a statement; shared by its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) asset: AssetId,
    pub(crate) source: SourceId,
    pub(crate) path: Arc<str>,
}

/// One stored statement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) origin: Arc<Origin>,
    pub(crate) label: LabelId,
    pub(crate) lines: LineSpan,
    pub(crate) fact: Fact,
}

impl Row {
    pub(crate) fn place(&self) -> Place {
        Place {
            source: self.origin.source,
            path: Arc::clone(&self.origin.path),
            lines: self.lines,
            asset: self.origin.asset,
        }
    }
}

/// What a statement says, with keys as numbers.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    Mention {
        kind: Kind,
        keys: Box<[KeyId]>,
        name: Box<str>,
    },
    Attribute {
        of: KeyId,
        name: Box<str>,
        value: Value,
    },
    Relation {
        subject: KeyId,
        predicate: Predicate,
        object: Object,
        attributes: Option<Box<Attributes>>,
    },
    Same(KeyId, KeyId),
}

/// What a relation points at.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Key(KeyId),
    Selector(Box<Selector>),
}

/// How often each system of a platform is named, by label.
type SystemCounts = BTreeMap<Arc<str>, BTreeMap<Arc<str>, BTreeMap<LabelId, usize>>>;

/// All statements.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements {
    pub(crate) keys: Keys,
    rows: SharedVec<Option<Row>>,
    free: Vec<RowId>,
    assets: SharedMap<AssetId, Vec<RowId>>,
    /// Mentions by lower-case name.
    names: SharedMap<Arc<str>, Vec<RowId>>,
    /// Relations whose object is a selector.
    selectors: Arc<BTreeSet<RowId>>,
    /// The systems that keys name, where they name more than a platform.
    systems: SystemCounts,
}

impl Statements {
    pub(crate) fn row(&self, id: RowId) -> &Row {
        self.rows[id as usize]
            .as_ref()
            .expect("an indexed row is stored")
    }

    /// The statement of a number that may be stored no more.
    pub(crate) fn get(&self, id: RowId) -> Option<&Row> {
        self.rows.get(id as usize)?.as_ref()
    }

    /// Replaces all that an asset said, and notes what that touches.
    pub(crate) fn replace(
        &mut self,
        asset: AssetId,
        statements: Vec<Stated>,
        systems: &Systems,
        change: &mut Change,
    ) {
        let before = self.assets.remove(&asset).unwrap_or_default();
        // The new first: a key that both use keeps its number.
        self.add(asset, statements, systems, change);
        self.remove(before, change);
    }

    /// Forgets statements of one asset.
    fn remove(&mut self, ids: Vec<RowId>, change: &mut Change) {
        let mut held = Vec::new();
        let mut names = BTreeSet::new();
        for &id in &ids {
            change.note(self, id);
            let row = self.rows.get_mut(id as usize).take();
            let row = row.expect("an asset's rows are stored");
            self.count_systems(&row, Count::Down);
            match &row.fact {
                Fact::Mention { name, .. } => {
                    names.insert(lower(name));
                }
                Fact::Relation {
                    object: Object::Selector(_),
                    ..
                } => {
                    Arc::make_mut(&mut self.selectors).remove(&id);
                }
                Fact::Relation { .. } | Fact::Attribute { .. } | Fact::Same(..) => {}
            }
            row.fact.for_each_key(|key| held.push(key));
        }
        let rows = &self.rows;
        let stored = |id: &RowId| rows[*id as usize].is_some();
        for name in names {
            self.names.retain(&name, stored);
        }
        held.sort_unstable();
        for (index, key) in held.iter().enumerate() {
            if index == 0 || held[index - 1] != *key {
                for uses in self.keys.entry_mut(*key).uses_mut() {
                    uses.retain(stored);
                }
            }
        }
        for key in held {
            self.keys.release(key, &mut change.forgotten);
        }
        self.free.extend(ids);
    }

    /// Stores what an asset says.
    fn add(
        &mut self,
        asset: AssetId,
        statements: Vec<Stated>,
        systems: &Systems,
        change: &mut Change,
    ) {
        let mut ids = Vec::with_capacity(statements.len());
        let mut shared: Option<Arc<Origin>> = None;
        for stated in statements {
            let origin = Origin {
                asset,
                source: stated.source,
                path: stated.path,
            };
            let origin = match &shared {
                Some(known) if **known == origin => Arc::clone(known),
                _ => Arc::new(origin),
            };
            shared = Some(Arc::clone(&origin));
            let Some(fact) = self.intern(stated.statement.says, stated.source, systems) else {
                continue;
            };
            let row = Row {
                origin,
                label: stated.label,
                lines: stated.statement.lines,
                fact,
            };
            let id = self.store(row);
            change.note(self, id);
            ids.push(id);
        }
        if !ids.is_empty() {
            self.assets.insert(asset, ids);
        }
    }

    fn store(&mut self, row: Row) -> RowId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            row_number(self.rows.len() - 1)
        });
        self.count_systems(&row, Count::Up);
        match &row.fact {
            Fact::Mention { keys, name, .. } => {
                self.names.entry(lower(name)).push(id);
                for &key in keys {
                    self.keys.entry_mut(key).identity.push(id);
                }
            }
            Fact::Attribute { of, .. } => self.keys.entry_mut(*of).attributes.push(id),
            Fact::Relation {
                subject, object, ..
            } => {
                self.keys.entry_mut(*subject).outgoing.push(id);
                match object {
                    Object::Key(key) => self.keys.entry_mut(*key).incoming.push(id),
                    Object::Selector(_) => {
                        Arc::make_mut(&mut self.selectors).insert(id);
                    }
                }
            }
            Fact::Same(left, right) => {
                self.keys.entry_mut(*left).identity.push(id);
                if left != right {
                    self.keys.entry_mut(*right).identity.push(id);
                }
            }
        }
        *self.rows.get_mut(id as usize) = Some(row);
        id
    }

    /// What a statement says with keys as numbers; a mention without keys says nothing.
    fn intern(&mut self, says: Says, source: SourceId, systems: &Systems) -> Option<Fact> {
        let mut hold = |key: Key| {
            let (key, standing) = systems.place(in_source(key, source));
            self.keys.hold(key, standing)
        };
        Some(match says {
            Says::Mention { kind, keys, name } => {
                if keys.is_empty() {
                    return None;
                }
                let mut numbers: Vec<KeyId> = Vec::with_capacity(keys.len());
                let mut repeated = Vec::new();
                for key in keys {
                    let key = hold(key);
                    if numbers.contains(&key) {
                        repeated.push(key);
                    } else {
                        numbers.push(key);
                    }
                }
                for key in repeated {
                    self.keys.release_one_of_several(key);
                }
                Fact::Mention {
                    kind,
                    keys: numbers.into(),
                    name: name.into(),
                }
            }
            Says::Attribute { of, name, value } => Fact::Attribute {
                of: hold(of),
                name: name.into(),
                value,
            },
            Says::Relation {
                subject,
                predicate,
                object,
                attributes,
            } => Fact::Relation {
                subject: hold(subject),
                predicate,
                object: match object {
                    Target::Key(key) => Object::Key(hold(key)),
                    Target::Selector(selector) => {
                        Object::Selector(Box::new(systems.place_selector(selector)))
                    }
                },
                attributes: (!attributes.is_empty()).then(|| Box::new(attributes)),
            },
            Says::Same(left, right) => Fact::Same(hold(left), hold(right)),
        })
    }

    fn count_systems(&mut self, row: &Row, count: Count) {
        let keys = &self.keys;
        let systems = &mut self.systems;
        row.fact.for_each_key(|key| {
            let Some(standing) = &keys.entry(key).standing else {
                return;
            };
            if standing.bare {
                return;
            }
            let named = systems.entry(Arc::clone(&standing.platform)).or_default();
            let labels = named.entry(Arc::clone(&standing.system)).or_default();
            let times = labels.entry(row.label).or_default();
            match count {
                Count::Up => *times += 1,
                Count::Down => *times -= 1,
            }
            if *times > 0 {
                return;
            }
            labels.remove(&row.label);
            if labels.is_empty() {
                named.remove(&standing.system);
            }
            if named.is_empty() {
                systems.remove(&standing.platform);
            }
        });
    }

    /// How many assets say something.
    pub(crate) fn assets(&self) -> usize {
        self.assets.len()
    }

    /// All statements, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RowId, &Row)> {
        self.rows
            .iter()
            .enumerate()
            .filter_map(|(id, row)| Some((row_number(id), row.as_ref()?)))
    }

    /// The mentions under a name, which is lower-case.
    pub(crate) fn named(&self, name: &str) -> &[RowId] {
        self.names.list(name)
    }

    /// The names that mentions give, lower-case, in no particular order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| &**name)
    }

    pub(crate) fn selectors(&self) -> &BTreeSet<RowId> {
        &self.selectors
    }

    pub(crate) fn systems(&self) -> &SystemCounts {
        &self.systems
    }

    /// How many statements are stored.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// How many entries the indexes hold.
    pub(crate) fn indexed(&self) -> usize {
        let uses = self
            .keys
            .iter()
            .flat_map(|(_, entry)| entry.uses().map(Vec::len));
        let counted = self
            .systems
            .values()
            .flat_map(BTreeMap::values)
            .map(BTreeMap::len);
        uses.sum::<usize>()
            + self.names.iter().map(|(_, rows)| rows.len()).sum::<usize>()
            + self.selectors.len()
            + counted.sum::<usize>()
            + self.keys.indexed()
    }
}

impl Fact {
    /// Calls `f` for every use of a key.
    pub(crate) fn for_each_key(&self, mut f: impl FnMut(KeyId)) {
        match self {
            Fact::Mention { keys, .. } => keys.iter().copied().for_each(f),
            Fact::Attribute { of, .. } => f(*of),
            Fact::Relation {
                subject, object, ..
            } => {
                f(*subject);
                if let Object::Key(key) = object {
                    f(*key);
                }
            }
            Fact::Same(left, right) => {
                f(*left);
                f(*right);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Count {
    Up,
    Down,
}

fn lower(name: &str) -> Arc<str> {
    name.to_lowercase().into()
}

fn row_number(index: usize) -> RowId {
    RowId::try_from(index).expect("fewer than 2^32 statements")
}
