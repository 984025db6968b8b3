//! The statements that some labels show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use virgil_model::{AssetId, Key, LabelId, Value};

use crate::entity::Entity;
use crate::keys::KeyId;
use crate::stated::Place;
use crate::statements::{Fact, Row, RowId, Statements};

/// The values of an attribute, in the order of their text, with who says so.
pub(crate) type Values = Vec<(Value, Vec<Place>)>;

/// The statements as some labels show them; nothing else of them can be reached from here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'g> {
    statements: &'g Statements,
    /// In order.
    labels: &'g [LabelId],
}

impl<'g> Sight<'g> {
    pub(crate) fn new(statements: &'g Statements, labels: &'g [LabelId]) -> Sight<'g> {
        Sight { statements, labels }
    }

    pub(crate) fn statements(self) -> &'g Statements {
        self.statements
    }

    pub(crate) fn shows(self, label: LabelId) -> bool {
        self.labels.binary_search(&label).is_ok()
    }

    pub(crate) fn key(self, id: KeyId) -> &'g Key {
        &self.statements.keys.entry(id).key
    }

    /// The statement, if it is visible.
    pub(crate) fn row(self, id: RowId) -> Option<&'g Row> {
        let row = self.statements.row(id);
        self.shows(row.label).then_some(row)
    }

    /// The visible ones of these statements.
    pub(crate) fn rows(self, ids: &'g [RowId]) -> impl Iterator<Item = (RowId, &'g Row)> {
        ids.iter().filter_map(move |id| Some((*id, self.row(*id)?)))
    }

    /// Whether a visible statement uses the key, or a column of it.
    pub(crate) fn sees(self, id: KeyId) -> bool {
        let Some(entry) = self.statements.keys.get(id) else {
            return false;
        };
        let used = |row: &RowId| self.row(*row).is_some();
        entry.uses().iter().any(|rows| rows.iter().any(used))
            || entry.columns.iter().any(|column| self.sees(*column))
    }

    pub(crate) fn is_identity(self, key: KeyId) -> bool {
        !self.statements.keys.entry(key).is_pointer()
    }

    pub(crate) fn asset(self, row: RowId) -> AssetId {
        self.statements.row(row).origin.asset
    }

    /// The places of statements, in order, each once.
    pub(crate) fn places(self, rows: impl IntoIterator<Item = RowId>) -> Vec<Place> {
        let place = |row: RowId| self.statements.row(row).place();
        let mut places: Vec<Place> = rows.into_iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The visible attributes of an entity: for each name that is wanted the values.
    pub(crate) fn attributes(
        self,
        entity: &Entity,
        wanted: impl Fn(&str) -> bool,
    ) -> BTreeMap<&'g str, Values> {
        let mut found: BTreeMap<&str, BTreeMap<String, (&Value, BTreeSet<Place>)>> =
            BTreeMap::new();
        for key in entity.keys.iter().chain(&entity.pointers) {
            for (_, row) in self.rows(&self.statements.keys.entry(*key).attributes) {
                if let Fact::Attribute { name, value, .. } = &row.fact
                    && wanted(name)
                {
                    let text = serde_json::to_string(value).unwrap_or_default();
                    let values = found.entry(name).or_default();
                    let (_, places) = values.entry(text).or_insert((value, BTreeSet::new()));
                    places.insert(row.place());
                }
            }
        }
        let values = |values: BTreeMap<String, (&Value, BTreeSet<Place>)>| {
            let values = values.into_values();
            values
                .map(|(value, places)| (value.clone(), places.into_iter().collect()))
                .collect()
        };
        found
            .into_iter()
            .map(|(name, of_name)| (name, values(of_name)))
            .collect()
    }

    /// The values of one attribute.
    pub(crate) fn attribute(self, entity: &Entity, name: &str) -> Values {
        let mut found = self.attributes(entity, |known| known == name);
        found.remove(name).unwrap_or_default()
    }
}

/// The system of each platform of which exactly one is known.
pub(crate) type Sole = Arc<BTreeMap<Arc<str>, Arc<str>>>;
