//! What a set of labels shows of the graph.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_model::{Key, Kind, LabelId, Value};

use crate::derived::Derived;
use crate::entity::{Conflict, Entity, EntityId};
use crate::graph::Graph;
use crate::ids::Ids;
use crate::keys::KeyId;
use crate::marks::Marks;
use crate::sight::Sight;
use crate::stated::Place;
use crate::statements::Fact;

/// The entities and relations that the statements under some labels amount to.
///
/// A snapshot: what changes later is in later views. Meant for one request.
#[derive(Debug)]
pub struct View<'g> {
    pub(crate) graph: &'g Graph,
    /// In order.
    labels: Vec<LabelId>,
    derived: Arc<Derived>,
    /// What walks mark; used by one after the other.
    pub(crate) marks: RefCell<Marks>,
}

impl<'g> View<'g> {
    pub(crate) fn new(
        graph: &'g Graph,
        labels: &BTreeSet<LabelId>,
        derived: Arc<Derived>,
    ) -> View<'g> {
        View {
            graph,
            labels: labels.iter().copied().collect(),
            derived,
            marks: RefCell::default(),
        }
    }

    /// The entity with that number.
    pub fn entity(&self, id: EntityId) -> &Entity {
        self.derived.entity(id)
    }

    /// The entities that a visible key names: one, or the candidates of an ambiguous pointer, or none.
    pub fn by_key(&self, key: &Key) -> Vec<EntityId> {
        let (key, _) = self.graph.systems.place(key.clone());
        let known = self.graph.statements.keys.find(&key);
        known.map_or_else(Vec::new, |id| self.derived.targets(id).as_slice().to_vec())
    }

    /// The entities that a name for people means, whatever its case; by reference.
    pub fn by_name(&self, name: &str) -> Vec<EntityId> {
        let name = name.to_lowercase();
        let statements = &self.graph.statements;
        let mut found = Ids::default();
        let mut add =
            |key: &KeyId| found.extend(self.derived.targets(*key).as_slice().iter().copied());
        for (_, row) in self.sight().rows(statements.named(&name)) {
            if let Fact::Mention { keys, .. } = &row.fact {
                keys.iter().for_each(&mut add);
            }
        }
        statements.keys.named(&name).iter().for_each(&mut add);
        self.in_order(found.iter())
    }

    /// All entities of these kinds (of every kind, if none is given), by reference.
    pub fn all(&self, kinds: &BTreeSet<Kind>) -> Vec<EntityId> {
        let order = self.derived.order.iter().copied();
        if kinds.is_empty() {
            return order.collect();
        }
        order.filter(|id| kinds.contains(&self.kind(*id))).collect()
    }

    /// All visible keys of an entity, in order of precedence, pointers last.
    pub fn keys(&self, id: EntityId) -> Vec<Key> {
        let entity = self.entity(id);
        let keys = entity.keys.iter().chain(&entity.pointers);
        keys.map(|key| self.sight().key(*key).clone()).collect()
    }

    /// All names that the visible statements give, with what they mean; for linking names in questions.
    pub fn names(&self) -> BTreeMap<String, Vec<EntityId>> {
        self.spellings()
            .into_iter()
            .map(|name| (name.to_owned(), self.by_name(name)))
            .filter(|(_, entities)| !entities.is_empty())
            .collect()
    }

    /// The values of an attribute, each with the statements that say so.
    pub fn attribute(&self, id: EntityId, name: &str) -> Vec<(Value, Vec<Place>)> {
        self.sight().attribute(self.entity(id), name)
    }

    /// All attributes of an entity: for each name the values, and for each value the statements that say so.
    pub fn attributes(&self, id: EntityId) -> BTreeMap<String, Vec<(Value, Vec<Place>)>> {
        let found = self.sight().attributes(self.entity(id), |_| true);
        found
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values))
            .collect()
    }

    /// Where the entity is declared.
    pub fn mentions(&self, id: EntityId) -> Vec<Place> {
        let mentions = self.entity(id).mentions.iter();
        mentions
            .map(|row| self.graph.statements.row(*row).place())
            .collect()
    }

    /// All that the visible statements disagree on, in order.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = BTreeSet::new();
        for id in self.derived.order.iter() {
            conflicts.extend(self.entity(*id).conflicts.iter().cloned());
        }
        for (key, candidates) in self.derived.of_pointer.iter() {
            if candidates.len() > 1 {
                let references = candidates
                    .iter()
                    .map(|id| self.entity(*id).reference.clone());
                conflicts.insert(Conflict::Pointer {
                    key: self.sight().key(*key).to_string(),
                    candidates: references.collect(),
                });
            }
        }
        conflicts.into_iter().collect()
    }

    pub(crate) fn derived(&self) -> &Derived {
        &self.derived
    }

    pub(crate) fn sight(&self) -> Sight<'_> {
        Sight::new(&self.graph.statements, &self.labels)
    }

    pub(crate) fn kind(&self, id: EntityId) -> Kind {
        self.derived.node(id).kind
    }

    /// All names in the statements, visible or not, in lower case; none of them may be shown without asking
    /// [`View::by_name`].
    pub(crate) fn spellings(&self) -> BTreeSet<&str> {
        let statements = &self.graph.statements;
        statements.names().chain(statements.keys.names()).collect()
    }

    /// Entities in the order of their references.
    pub(crate) fn in_order(&self, ids: impl IntoIterator<Item = EntityId>) -> Vec<EntityId> {
        let mut ids: Vec<EntityId> = ids.into_iter().collect();
        ids.sort_by_cached_key(|id| self.derived.node(*id).rank);
        ids
    }
}
