//! Which run of a job counts.
//!
//! A job's current edges are what is declared and what its latest completed run did; older runs are history
//! and not followed. A run says `part_of` its job; its attribute `state` is `completed` (or absent), and
//! `ended_at` a timestamp that sorts as text.

use virgil_model::{Kind, Predicate, Value};

use crate::entity::EntityId;
use crate::predicates::Bearing;
use crate::query::HopDirection;
use crate::view::View;

impl View<'_> {
    /// Whether a thing is a run that a later one has superseded, or that did not complete.
    pub(crate) fn is_history(&self, id: EntityId) -> bool {
        if self.kind(id) != Kind::Run {
            return false;
        }
        let mut jobs = self.parts(id, HopDirection::Forward).peekable();
        jobs.peek().is_some() && !jobs.any(|job| self.latest_run(job) == Some(id))
    }

    fn parts(&self, id: EntityId, direction: HopDirection) -> impl Iterator<Item = EntityId> {
        let adjacent = self.adjacent(id, Bearing::Aside);
        let others: Vec<EntityId> = adjacent
            .iter()
            .filter(|edge| edge.predicate == Predicate::PartOf && edge.direction == direction)
            .map(|edge| edge.other)
            .collect();
        others.into_iter()
    }

    fn latest_run(&self, job: EntityId) -> Option<EntityId> {
        if let Some(known) = self.memo.borrow().latest_runs.get(&job) {
            return *known;
        }
        let runs = self.parts(job, HopDirection::Backward);
        let latest = runs
            .filter(|run| self.kind(*run) == Kind::Run)
            .filter(|run| {
                self.text(*run, "state")
                    .is_none_or(|state| state == "completed")
            })
            .max_by_key(|run| {
                (
                    self.text(*run, "ended_at"),
                    self.entity(*run).reference.clone(),
                )
            });
        self.memo.borrow_mut().latest_runs.insert(job, latest);
        latest
    }

    pub(crate) fn kind(&self, id: EntityId) -> Kind {
        self.memo.borrow().entities[id.0 as usize].kind
    }

    pub(crate) fn is_unresolved(&self, id: EntityId) -> bool {
        self.memo.borrow().entities[id.0 as usize].unresolved
    }

    fn text(&self, id: EntityId, name: &str) -> Option<String> {
        let mut values = self.attribute(id, name);
        match values.pop() {
            Some((Value::Text(text), _)) => Some(text.to_lowercase()),
            _ => None,
        }
    }
}
