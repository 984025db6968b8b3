//! The relations of an entity, derived from the visible statements about its keys.

use serde::Serialize;
use virgil_model::{Attributes, Kind, Predicate};

use crate::adjacency::{Edge, List, Tag};
use crate::derived::{Derived, Targets};
use crate::entity::EntityId;
use crate::keys::KeyId;
use crate::predicates::{FreeHop, Selected, free_hop, signature};
use crate::query::HopDirection;
use crate::sight::Sight;
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

impl View<'_> {
    /// The relations of an entity, from and to it; by predicate, direction and the other's reference.
    pub fn relations(&self, id: EntityId) -> Vec<Relation> {
        let derived = self.derived();
        let mut links: Vec<(Edge, &[RowId])> = derived.links(id).links().collect();
        links.sort_by_key(|(Edge { other, tag }, _)| {
            (tag.predicate, tag.direction, derived.node(*other).rank)
        });
        let relation = |(Edge { other, tag }, rows): (Edge, &[RowId])| {
            let (subject, object) = match tag.direction {
                HopDirection::Forward => (id, other),
                HopDirection::Backward => (other, id),
            };
            Relation {
                subject,
                predicate: tag.predicate,
                object,
                via: tag.via,
                attributes: self.relation_attributes(rows),
                evidence: self.sight().places(rows.iter().copied()),
            }
        };
        links.into_iter().map(relation).collect()
    }

    fn relation_attributes(&self, rows: &[RowId]) -> Attributes {
        let statements = self.sight().statements();
        let mut rows: Vec<&Row> = rows.iter().map(|row| statements.row(*row)).collect();
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
}

/// An edge while it is being found, by one of its statements.
#[derive(Clone, Copy)]
struct Found {
    edge: Edge,
    row: RowId,
}

/// The relations of an entity as they are derived.
pub(crate) struct Finder<'a> {
    sight: Sight<'a>,
    derived: &'a Derived,
    id: EntityId,
    found: Vec<Found>,
}

impl<'a> Finder<'a> {
    /// All relations of an entity.
    pub(crate) fn list(sight: Sight<'a>, derived: &'a Derived, id: EntityId) -> List {
        let mut finder = Finder {
            sight,
            derived,
            id,
            found: Vec::new(),
        };
        let entity = derived.entity(id);
        for &key in &entity.keys {
            finder.of_key(key, Via::Stated);
            finder.containment(key);
        }
        for &pointer in &entity.pointers {
            let via = if entity.keys.is_empty() {
                Via::Stated
            } else {
                Via::Pointer
            };
            finder.of_key(pointer, via);
        }
        finder.in_order()
    }

    /// The edges in order, each with the least indirect way in which it holds.
    fn in_order(mut self) -> List {
        let order = |found: &Found| (self.derived.edge_order(found.edge), found.row);
        self.found.sort_by_cached_key(order);
        let edges = self
            .found
            .chunk_by(|left, right| left.edge.identity() == right.edge.identity());
        let mut list = List::default();
        let mut rows = Vec::new();
        for edge in edges {
            let mut first = edge[0].edge;
            rows.clear();
            for found in edge {
                first.tag.via = first.tag.via.min(found.edge.tag.via);
                rows.push(found.row);
            }
            rows.dedup();
            list.push(first, &rows);
        }
        list
    }

    fn add(
        &mut self,
        (predicate, direction, other): (Predicate, HopDirection, EntityId),
        via: Via,
        row: RowId,
    ) {
        let part = match direction {
            HopDirection::Forward => self.id,
            HopDirection::Backward => other,
        };
        let tag = Tag {
            predicate,
            direction,
            via,
            is_free: self.is_free(predicate, part),
        };
        let edge = Edge { other, tag };
        self.found.push(Found { edge, row });
    }

    fn of_key(&mut self, key: KeyId, via: Via) {
        let entry = self.sight.statements().keys.entry(key);
        for (id, row) in self.sight.rows(&entry.outgoing) {
            let Fact::Relation {
                predicate, object, ..
            } = &row.fact
            else {
                continue;
            };
            match object {
                Object::Key(object) => {
                    self.add_key(*predicate, HopDirection::Forward, *object, via, id);
                }
                Object::Selector(_) => self.add_picked(*predicate, id),
            }
        }
        for (id, row) in self.sight.rows(&entry.incoming) {
            if let Fact::Relation {
                subject, predicate, ..
            } = &row.fact
            {
                self.add_key(*predicate, HopDirection::Backward, *subject, via, id);
            }
        }
        for &id in self.derived.selections.picking(key) {
            let Fact::Relation {
                subject, predicate, ..
            } = &self.sight.statements().row(id).fact
            else {
                continue;
            };
            let (direction, side) = match signature(*predicate).selected {
                Selected::Objects => (HopDirection::Backward, Side::Object),
                Selected::Subjects => (HopDirection::Forward, Side::Subject),
            };
            if self.admits(*predicate, side, self.id) {
                self.add_key(*predicate, direction, *subject, Via::Selector, id);
            }
        }
    }

    /// Adds edges to whatever a selector picks.
    fn add_picked(&mut self, predicate: Predicate, row: RowId) {
        let (direction, side) = match signature(predicate).selected {
            Selected::Objects => (HopDirection::Forward, Side::Object),
            Selected::Subjects => (HopDirection::Backward, Side::Subject),
        };
        let derived = self.derived;
        for &picked in derived.selections.picked_by(row) {
            for &other in derived.targets(picked).as_slice() {
                if self.admits(predicate, side, other) {
                    self.add((predicate, direction, other), Via::Selector, row);
                }
            }
        }
    }

    /// Adds edges to whatever `key` names.
    fn add_key(
        &mut self,
        predicate: Predicate,
        direction: HopDirection,
        key: KeyId,
        via: Via,
        row: RowId,
    ) {
        let derived = self.derived;
        match derived.targets(key) {
            Targets::One(other) => self.add((predicate, direction, other), via, row),
            Targets::Several(candidates) => {
                for &other in candidates {
                    let itself = derived.entity(other).keys.is_empty();
                    let via = if itself { via } else { via.max(Via::Pointer) };
                    self.add((predicate, direction, other), via, row);
                }
            }
        }
    }

    fn is_free(&self, predicate: Predicate, part: EntityId) -> bool {
        match free_hop(predicate) {
            FreeHop::Always => true,
            FreeHop::OfRunsAndColumns => {
                matches!(self.derived.node(part).kind, Kind::Run | Kind::Column)
            }
            FreeHop::Never => false,
        }
    }

    fn admits(&self, predicate: Predicate, side: Side, id: EntityId) -> bool {
        let kind = self.derived.node(id).kind;
        if predicate == Predicate::OwnedBy && (is_elsewhere(kind) || self.has_stated_owner(id)) {
            return false;
        }
        match side {
            Side::Subject => signature(predicate).takes_subject(kind),
            Side::Object => signature(predicate).takes_object(kind),
        }
    }

    /// Whether a statement names an owner of the thing itself, so that a rule for the files that mention it says nothing.
    fn has_stated_owner(&self, id: EntityId) -> bool {
        let statements = self.sight.statements();
        let keys = self.derived.entity(id).keys.iter();
        let mut rows = keys.flat_map(|key| self.sight.rows(&statements.keys.entry(*key).outgoing));
        rows.any(|(_, row)| {
            matches!(
                row.fact,
                Fact::Relation {
                    predicate: Predicate::OwnedBy,
                    object: Object::Key(_),
                    ..
                }
            )
        })
    }

    /// The table of a column key, and the columns of a table key.
    fn containment(&mut self, key: KeyId) {
        let entry = self.sight.statements().keys.entry(key);
        if let Some(table) = entry.table {
            self.contained(key, HopDirection::Forward, table);
        }
        for &column in &entry.columns {
            self.contained(column, HopDirection::Backward, column);
        }
    }

    /// Adds the edge between a column's entity and its table's, to what `key` names.
    fn contained(&mut self, column: KeyId, direction: HopDirection, key: KeyId) {
        let uses = self.sight.statements().keys.entry(column).uses();
        let rows = uses.into_iter().flat_map(|rows| self.sight.rows(rows));
        // One statement shows that the column exists; the first is as good as all.
        let Some((row, _)) = rows.min_by_key(|(_, row)| row.place()) else {
            return;
        };
        let derived = self.derived;
        for &other in derived.targets(key).as_slice() {
            if other != self.id {
                self.add((Predicate::PartOf, direction, other), Via::Containment, row);
            }
        }
    }
}

/// Whether things of that kind live in a warehouse, a registry or a store, and files only tell of them: whoever owns
/// an export of the registry does not own its models.
fn is_elsewhere(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Dataset
            | Kind::Column
            | Kind::Artifact
            | Kind::Model
            | Kind::ModelVersion
            | Kind::Run
            | Kind::Experiment
            | Kind::Image
    )
}

#[derive(Clone, Copy)]
enum Side {
    Subject,
    Object,
}
