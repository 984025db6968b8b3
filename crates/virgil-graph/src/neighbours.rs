//! What is next to a thing: its own relations, both ways, for showing it.

use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{Kind, Predicate};

use crate::answer::EntityRef;
use crate::edges::Relation;
use crate::entity::EntityId;
use crate::query::HopDirection;
use crate::stated::Place;
use crate::view::View;

/// The things that a thing is related to in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// What kind of relation.
    pub predicate: Predicate,
    /// Forward, if the thing is its subject.
    pub direction: HopDirection,
    /// How many there are.
    pub total: usize,
    /// The first of them by reference, each with who says so.
    pub things: Vec<(EntityRef, Vec<Place>)>,
}

impl View<'_> {
    /// What is related to a thing; of each way of being related the first `most`. What the current run of a job reads and writes
    /// counts as the job's own, seen from either end; runs themselves, and what older ones did, are left out.
    pub fn neighbours(&self, id: EntityId, most: usize) -> Vec<Neighbours> {
        type Places = BTreeSet<Place>;
        let mut found: BTreeMap<(Predicate, HopDirection), BTreeMap<EntityId, Places>> =
            BTreeMap::new();
        let own = self.current(id);
        let of_runs = own
            .iter()
            .filter(|relation| self.is_run_of(relation, id))
            .flat_map(|relation| {
                let run = relation.subject;
                self.current(run)
                    .into_iter()
                    .map(move |of_run| (run, of_run))
            });
        for (end, relation) in own
            .iter()
            .cloned()
            .map(|relation| (id, relation))
            .chain(of_runs)
        {
            let (direction, other) = if relation.subject == end {
                (HopDirection::Forward, relation.object)
            } else {
                (HopDirection::Backward, relation.subject)
            };
            let others = if self.kind(other) == Kind::Run {
                self.jobs(other)
            } else {
                vec![other]
            };
            for other in others.into_iter().filter(|other| *other != id) {
                let known = found.entry((relation.predicate, direction)).or_default();
                let places = known.entry(other).or_default();
                places.extend(relation.evidence.iter().cloned());
            }
        }
        found
            .into_iter()
            .map(|((predicate, direction), mut things)| {
                let order = self.in_order(things.keys().copied());
                let first = order.iter().take(most).map(|other| {
                    let places = things.remove(other).unwrap_or_default();
                    (self.shown(*other), places.into_iter().collect())
                });
                Neighbours {
                    predicate,
                    direction,
                    total: order.len(),
                    things: first.collect(),
                }
            })
            .collect()
    }

    /// The relations of a thing but those to older runs.
    fn current(&self, id: EntityId) -> Vec<Relation> {
        let history = &self.derived().history;
        let mut relations = self.relations(id);
        relations.retain(|relation| {
            let other = if relation.subject == id {
                relation.object
            } else {
                relation.subject
            };
            !history.contains(other)
        });
        relations
    }

    /// Whether a relation says that something is a run of a job.
    fn is_run_of(&self, relation: &Relation, job: EntityId) -> bool {
        relation.predicate == Predicate::PartOf
            && relation.object == job
            && self.kind(relation.subject) == Kind::Run
    }

    /// What a run is a run of; the run itself, if nothing says so.
    fn jobs(&self, run: EntityId) -> Vec<EntityId> {
        let jobs: Vec<EntityId> = self
            .relations(run)
            .into_iter()
            .filter(|relation| self.is_run_of(relation, relation.object) && relation.subject == run)
            .map(|relation| relation.object)
            .collect();
        if jobs.is_empty() { vec![run] } else { jobs }
    }
}
