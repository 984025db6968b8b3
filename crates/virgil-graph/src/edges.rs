//! The relations of an entity, derived from the visible statements about its keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use virgil_model::{Attributes, Predicate};

use crate::entity::EntityId;
use crate::keys::KeyId;
use crate::predicates::{Bearing, Selected, signature};
use crate::query::HopDirection;
use crate::stated::Place;
use crate::statements::{Fact, Object, Row, RowId};
use crate::view::View;

/// How a relation comes to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A statement names both ends.
    Stated,
    /// A column's key contains its table's.
    Containment,
    /// A statement names a pointer that resolves to an end.
    Pointer,
    /// A statement's selector picks an end.
    Selector,
}

/// Where a relation stands among those of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EdgeAt {
    pub(crate) bearing: Bearing,
    pub(crate) index: usize,
}

/// A relation as seen from one of its ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adjacent {
    pub(crate) predicate: Predicate,
    /// Forward, if this end is the subject.
    pub(crate) direction: HopDirection,
    pub(crate) other: EntityId,
    pub(crate) via: Via,
    pub(crate) rows: Vec<RowId>,
}

/// A typed, directed edge between two entities, with the statements it was derived from.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// Where it starts.
    pub subject: EntityId,
    /// What kind of edge it is.
    pub predicate: Predicate,
    /// Where it ends.
    pub object: EntityId,
    /// How it comes to hold.
    pub via: Via,
    /// Extra values, of all statements together.
    pub attributes: Attributes,
    /// Who says so.
    pub evidence: Vec<Place>,
}

type Found = BTreeMap<(Predicate, HopDirection, EntityId), (Via, Vec<RowId>)>;

impl View<'_> {
    /// The relations of an entity, from and to it; by predicate, direction and the other's reference.
    pub fn relations(&self, id: EntityId) -> Vec<Relation> {
        let lists = Bearing::ALL.map(|bearing| self.adjacent(id, bearing));
        let mut adjacent: Vec<&Adjacent> = lists.iter().flat_map(|list| list.iter()).collect();
        // Each list is in order of references already.
        adjacent.sort_by_key(|edge| (edge.predicate, edge.direction));
        let relation = |edge: &Adjacent| {
            let (subject, object) = match edge.direction {
                HopDirection::Forward => (id, edge.other),
                HopDirection::Backward => (edge.other, id),
            };
            Relation {
                subject,
                predicate: edge.predicate,
                object,
                via: edge.via,
                attributes: self.relation_attributes(&edge.rows),
                evidence: self.places(edge.rows.iter().copied()),
            }
        };
        adjacent.into_iter().map(relation).collect()
    }

    /// The places of statements, in order.
    pub(crate) fn places(&self, rows: impl IntoIterator<Item = RowId>) -> Vec<Place> {
        let place = |row: RowId| self.statements().row(row).place();
        let places: BTreeSet<Place> = rows.into_iter().map(place).collect();
        places.into_iter().collect()
    }

    fn relation_attributes(&self, rows: &[RowId]) -> Attributes {
        let mut rows: Vec<&Row> = rows.iter().map(|row| self.statements().row(*row)).collect();
        rows.sort_by_cached_key(|row| row.place());
        let mut all = Attributes::new();
        for row in rows {
            if let Fact::Relation {
                attributes: Some(attributes),
                ..
            } = &row.fact
            {
                for (name, value) in attributes.iter() {
                    all.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        all
    }

    /// The relation that stands there among those of `id`.
    pub(crate) fn edge(&self, id: EntityId, at: EdgeAt) -> Adjacent {
        self.adjacent(id, at.bearing)[at.index].clone()
    }

    /// The relations of an entity that lead there, as seen from it, in a fixed order.
    pub(crate) fn adjacent(&self, id: EntityId, bearing: Bearing) -> Arc<[Adjacent]> {
        let place = (id.0 as usize, bearing as usize);
        if let Some(known) = self.memo.borrow().edges.get(place.0)
            && let Some(known) = &known[place.1]
        {
            return Arc::clone(known);
        }
        let entity = self.entity(id);
        let mut found = Found::new();
        for &key in &entity.keys {
            self.edges_of_key(id, key, bearing, Via::Stated, &mut found);
            if bearing == Bearing::Aside {
                self.containment(id, key, &mut found);
            }
        }
        for &pointer in &entity.pointers {
            let via = if entity.keys.is_empty() {
                Via::Stated
            } else {
                Via::Pointer
            };
            self.edges_of_key(id, pointer, bearing, via, &mut found);
        }
        let mut edges: Vec<Adjacent> = found
            .into_iter()
            .map(|((predicate, direction, other), (via, rows))| Adjacent {
                predicate,
                direction,
                other,
                via,
                rows,
            })
            .collect();
        let mut memo = self.memo.borrow_mut();
        edges.sort_by(|left, right| {
            let reference = |edge: &Adjacent| &memo.entities[edge.other.0 as usize].reference;
            let kind = |edge: &Adjacent| (edge.predicate, edge.direction);
            kind(left)
                .cmp(&kind(right))
                .then_with(|| reference(left).cmp(reference(right)))
        });
        let edges: Arc<[Adjacent]> = edges.into();
        let bound = memo.entities.len();
        memo.edges.resize_with(bound, Default::default);
        memo.edges[place.0][place.1] = Some(Arc::clone(&edges));
        edges
    }

    fn edges_of_key(
        &self,
        id: EntityId,
        key: KeyId,
        bearing: Bearing,
        via: Via,
        found: &mut Found,
    ) {
        let leads = |predicate: Predicate, direction: HopDirection| {
            Bearing::of(predicate, direction) == bearing
        };
        let entry = self.statements().keys.entry(key);
        for &row in &entry.outgoing {
            let Some(Row {
                fact: Fact::Relation {
                    predicate, object, ..
                },
                ..
            }) = self.visible_row(row)
            else {
                continue;
            };
            match object {
                Object::Key(object) => {
                    if !leads(*predicate, HopDirection::Forward) {
                        continue;
                    }
                    self.note(found, *predicate, HopDirection::Forward, *object, via, row);
                }
                Object::Selector(_) => {
                    let (direction, side) = match signature(*predicate).selected {
                        Selected::Objects => (HopDirection::Forward, Side::Object),
                        Selected::Subjects => (HopDirection::Backward, Side::Subject),
                    };
                    if !leads(*predicate, direction) {
                        continue;
                    }
                    for &picked in self.selections().picked_by(row) {
                        for &other in self.targets(picked).as_slice() {
                            if self.admits(*predicate, side, other) {
                                insert(found, (*predicate, direction, other), Via::Selector, row);
                            }
                        }
                    }
                }
            }
        }
        for &row in &entry.incoming {
            if let Some(Row {
                fact: Fact::Relation {
                    subject, predicate, ..
                },
                ..
            }) = self.visible_row(row)
                && leads(*predicate, HopDirection::Backward)
            {
                self.note(
                    found,
                    *predicate,
                    HopDirection::Backward,
                    *subject,
                    via,
                    row,
                );
            }
        }
        for &row in self.selections().picking(key) {
            let Fact::Relation {
                subject, predicate, ..
            } = &self.statements().row(row).fact
            else {
                continue;
            };
            let (direction, side) = match signature(*predicate).selected {
                Selected::Objects => (HopDirection::Backward, Side::Object),
                Selected::Subjects => (HopDirection::Forward, Side::Subject),
            };
            if leads(*predicate, direction) && self.admits(*predicate, side, id) {
                self.note(found, *predicate, direction, *subject, Via::Selector, row);
            }
        }
    }

    /// Notes an edge to whatever `key` names.
    fn note(
        &self,
        found: &mut Found,
        predicate: Predicate,
        direction: HopDirection,
        key: KeyId,
        via: Via,
        row: RowId,
    ) {
        let pointer = self.statements().keys.entry(key).is_pointer();
        for &other in self.targets(key).as_slice() {
            let itself = pointer && self.entity(other).keys.is_empty();
            let via = if pointer && !itself {
                via.max(Via::Pointer)
            } else {
                via
            };
            insert(found, (predicate, direction, other), via, row);
        }
    }

    fn admits(&self, predicate: Predicate, side: Side, id: EntityId) -> bool {
        let kind = self.entity(id).kind;
        match side {
            Side::Subject => signature(predicate).takes_subject(kind),
            Side::Object => signature(predicate).takes_object(kind),
        }
    }

    /// The table of a column key, and the columns of a table key.
    fn containment(&self, id: EntityId, key: KeyId, found: &mut Found) {
        let entry = self.statements().keys.entry(key);
        let mut contained = |column: KeyId, direction: HopDirection, other: EntityId| {
            let uses = self.statements().keys.entry(column).uses();
            let rows = uses.into_iter().flatten().copied();
            let visible = rows.filter(|row| self.visible_row(*row).is_some());
            // One statement shows that the column exists; the first is as good as all.
            if let Some(row) = visible.min_by_key(|row| self.statements().row(*row).place())
                && id != other
            {
                insert(
                    found,
                    (Predicate::PartOf, direction, other),
                    Via::Containment,
                    row,
                );
            }
        };
        if let Some(table) = entry.table {
            for &other in self.targets(table).as_slice() {
                contained(key, HopDirection::Forward, other);
            }
        }
        for &column in entry
            .columns
            .iter()
            .filter(|column| self.key_visible(**column))
        {
            for &other in self.targets(column).as_slice() {
                contained(column, HopDirection::Backward, other);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Subject,
    Object,
}

fn insert(found: &mut Found, edge: (Predicate, HopDirection, EntityId), via: Via, row: RowId) {
    let (known, rows) = found.entry(edge).or_insert((via, Vec::new()));
    *known = via.min(*known);
    if !rows.contains(&row) {
        rows.push(row);
    }
}
