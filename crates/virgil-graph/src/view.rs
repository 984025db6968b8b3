//! What a set of labels shows of the graph.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use virgil_model::{Key, Kind, LabelId, Value};

use crate::edges::Adjacent;
use crate::entity::{Conflict, Entity, EntityId};
use crate::graph::Graph;
use crate::keys::KeyId;
use crate::kinds;
use crate::selectors::Selections;
use crate::stated::Place;
use crate::statements::{Fact, Row, RowId, Statements};

/// The entities and relations that the statements under some labels amount to.
///
/// Derived where it is looked at, and remembered until the next change; meant for one request.
#[derive(Debug)]
pub struct View<'g> {
    pub(crate) graph: &'g Graph,
    labels: BTreeSet<LabelId>,
    /// The same labels, fast to search.
    sorted: Vec<LabelId>,
    /// Platforms with exactly one known system.
    pub(crate) sole: BTreeMap<Arc<str>, Arc<str>>,
    selections: OnceLock<Arc<Selections>>,
    pub(crate) memo: RefCell<Memo>,
}

/// What a view has derived so far.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// For each identity key one more than the number of its entity; zero if not yet known.
    pub(crate) of_key: Vec<u32>,
    pub(crate) of_pointer: HashMap<KeyId, Arc<[EntityId]>>,
    pub(crate) entities: Vec<Arc<Entity>>,
    /// The relations of each entity by where they lead.
    pub(crate) edges: Vec<[Option<Arc<[Adjacent]>>; 3]>,
    /// The run that counts, by job.
    pub(crate) latest_runs: HashMap<EntityId, Option<EntityId>>,
}

impl<'g> View<'g> {
    pub(crate) fn new(graph: &'g Graph, labels: &BTreeSet<LabelId>) -> View<'g> {
        let sole = sole_systems(graph, labels);
        View {
            graph,
            labels: labels.clone(),
            sorted: labels.iter().copied().collect(),
            sole,
            selections: OnceLock::new(),
            memo: RefCell::new(graph.take_memo(labels).unwrap_or_else(|| Memo {
                of_key: vec![0; graph.statements.keys.bound()],
                ..Memo::default()
            })),
        }
    }

    /// The entity with that number.
    pub fn entity(&self, id: EntityId) -> Arc<Entity> {
        Arc::clone(&self.memo.borrow().entities[id.0 as usize])
    }

    /// The entities that a visible key names: one, or the candidates of an ambiguous pointer, or none.
    pub fn by_key(&self, key: &Key) -> Vec<EntityId> {
        let (key, _) = self.graph.systems.place(key.clone());
        match self.statements().keys.find(&key) {
            Some(id) if self.key_visible(id) => self.targets(id).as_slice().to_vec(),
            _ => Vec::new(),
        }
    }

    /// The entities that a name for people means, whatever its case; by reference.
    pub fn by_name(&self, name: &str) -> Vec<EntityId> {
        let name = name.to_lowercase();
        let mut found = BTreeSet::new();
        let rows = self.statements().named(&name).iter();
        for row in rows.filter_map(|row| self.visible_row(*row)) {
            if let Fact::Mention { keys, .. } = &row.fact {
                for key in keys {
                    found.extend(self.targets(*key).as_slice());
                }
            }
        }
        for &key in self.statements().keys.named(&name) {
            if self.key_visible(key) {
                found.extend(self.targets(key).as_slice());
            }
        }
        self.in_order(found)
    }

    /// All entities of these kinds (of every kind, if none is given), by reference.
    pub fn all(&self, kinds: &BTreeSet<Kind>) -> Vec<EntityId> {
        let mut found = BTreeSet::new();
        let wanted = |kind: Kind| kinds.is_empty() || kinds.contains(&kind);
        for &kind in Kind::ALL.iter().filter(|kind| wanted(**kind)) {
            for row in self.statements().mentions(kind) {
                if let Some(Row {
                    fact: Fact::Mention { keys, .. },
                    ..
                }) = self.visible_row(row)
                {
                    for key in keys {
                        found.extend(self.targets(*key).as_slice());
                    }
                }
            }
        }
        for keys in self.statements().keys.schemes().values() {
            let suggested = keys.first().map(|key| kinds::suggested(self.key(*key)));
            if suggested.is_some_and(wanted) {
                for &key in keys.iter().filter(|key| self.key_visible(**key)) {
                    found.extend(self.targets(key).as_slice());
                }
            }
        }
        found.retain(|id| wanted(self.entity(*id).kind));
        self.in_order(found)
    }

    /// All visible keys of an entity, in order of precedence, pointers last.
    pub fn keys(&self, id: EntityId) -> Vec<Key> {
        let entity = self.entity(id);
        let keys = entity.keys.iter().chain(&entity.pointers);
        keys.map(|key| self.key(*key).clone()).collect()
    }

    /// All names that the visible statements give, with what they mean; for linking names in questions.
    pub fn names(&self) -> BTreeMap<String, Vec<EntityId>> {
        let mentioned = self.statements().names().map(|(name, _)| name);
        let carried = self.statements().keys.names().map(|(name, _)| name);
        let names: BTreeSet<&str> = mentioned.chain(carried).collect();
        names
            .into_iter()
            .map(|name| (name.to_owned(), self.by_name(name)))
            .filter(|(_, entities)| !entities.is_empty())
            .collect()
    }

    /// The values of an attribute, each with the statements that say so.
    pub fn attribute(&self, id: EntityId, name: &str) -> Vec<(Value, Vec<Place>)> {
        let mut values = self.attributes(id);
        values.remove(name).unwrap_or_default()
    }

    /// All attributes of an entity: for each name the values, and for each value the statements that say so.
    pub fn attributes(&self, id: EntityId) -> BTreeMap<String, Vec<(Value, Vec<Place>)>> {
        let entity = self.entity(id);
        let mut found: BTreeMap<String, BTreeMap<String, (Value, Vec<Place>)>> = BTreeMap::new();
        for key in entity.keys.iter().chain(&entity.pointers) {
            for &row in &self.statements().keys.entry(*key).attributes {
                let Some(row) = self.visible_row(row) else {
                    continue;
                };
                if let Fact::Attribute { name, value, .. } = &row.fact {
                    let text = serde_json::to_string(value).unwrap_or_default();
                    let values = found.entry(name.to_string()).or_default();
                    let (_, places) = values.entry(text).or_insert((value.clone(), Vec::new()));
                    places.push(row.place());
                }
            }
        }
        found
            .into_iter()
            .map(|(name, values)| {
                let mut values: Vec<_> = values.into_values().collect();
                for (_, places) in &mut values {
                    places.sort();
                    places.dedup();
                }
                (name, values)
            })
            .collect()
    }

    /// Where the entity is declared.
    pub fn mentions(&self, id: EntityId) -> Vec<Place> {
        let entity = self.entity(id);
        entity
            .mentions
            .iter()
            .map(|row| self.statements().row(*row).place())
            .collect()
    }

    /// All that the visible statements disagree on, in order.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = BTreeSet::new();
        for id in self.all(&BTreeSet::new()) {
            conflicts.extend(self.entity(id).conflicts.iter().cloned());
        }
        for (key, entry) in self.statements().keys.iter() {
            if entry.is_pointer() && self.key_visible(key) {
                let targets = self.targets(key);
                if targets.as_slice().len() > 1 {
                    let candidates = targets.as_slice().iter();
                    conflicts.insert(Conflict::Pointer {
                        key: entry.key.to_string(),
                        candidates: candidates
                            .map(|id| self.entity(*id).reference.clone())
                            .collect(),
                    });
                }
            }
        }
        conflicts.into_iter().collect()
    }

    pub(crate) fn statements(&self) -> &'g Statements {
        &self.graph.statements
    }

    pub(crate) fn key(&self, id: KeyId) -> &'g Key {
        &self.statements().keys.entry(id).key
    }

    /// The statement, if these labels show it.
    pub(crate) fn visible_row(&self, id: RowId) -> Option<&'g Row> {
        let row = self.statements().row(id);
        self.sorted.binary_search(&row.label).is_ok().then_some(row)
    }

    /// Whether a visible statement uses the key, or a column of it.
    pub(crate) fn key_visible(&self, id: KeyId) -> bool {
        let entry = self.statements().keys.entry(id);
        let used = |row: &RowId| self.visible_row(*row).is_some();
        entry.uses().iter().any(|rows| rows.iter().any(used))
            || entry.columns.iter().any(|column| self.key_visible(*column))
    }

    /// Entities in the order of their references.
    pub(crate) fn in_order(&self, ids: impl IntoIterator<Item = EntityId>) -> Vec<EntityId> {
        let mut ids: Vec<EntityId> = ids.into_iter().collect();
        let memo = self.memo.borrow();
        let reference = |id: &EntityId| &memo.entities[id.0 as usize].reference;
        ids.sort_by(|left, right| reference(left).cmp(reference(right)));
        ids
    }

    pub(crate) fn selections(&self) -> &Selections {
        self.selections.get_or_init(|| {
            self.graph
                .selections(&self.labels, || Selections::resolve(self))
        })
    }
}

impl Drop for View<'_> {
    /// Leaves what it has derived to the next view of the same labels.
    fn drop(&mut self) {
        self.graph.keep_memo(&self.labels, self.memo.take());
    }
}

/// The platforms of which exactly one system is known: configured, or named by a visible statement.
fn sole_systems(graph: &Graph, labels: &BTreeSet<LabelId>) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut sole = BTreeMap::new();
    for (platform, named) in graph.statements.systems() {
        let seen = named
            .iter()
            .filter(|(_, counts)| counts.keys().any(|label| labels.contains(label)))
            .map(|(system, _)| &**system);
        let known: BTreeSet<&str> = seen.chain(graph.systems.of_platform(platform)).collect();
        if let (1, Some(system)) = (known.len(), known.first()) {
            sole.insert(Arc::clone(platform), Arc::from(*system));
        }
    }
    sole
}
