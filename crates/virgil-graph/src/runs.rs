//! Which run of a job counts.
//!
//! A job's current edges are what is declared and what its latest completed run did; older runs are history
//! and not followed. A run says `part_of` its job, which is whatever it is part of but an experiment; its attribute `state` is `completed` (or absent), and
//! `ended_at` a timestamp that sorts as text.

use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{Kind, Value};

use crate::derived::Derived;
use crate::entity::EntityId;
use crate::predicates::Bearing;
use crate::query::HopDirection;
use crate::sight::Sight;

/// The runs that may count or not since these entities and their relations changed, and whether each is history.
pub(crate) fn histories(
    sight: Sight<'_>,
    derived: &Derived,
    changed: impl IntoIterator<Item = EntityId>,
) -> Vec<(EntityId, bool)> {
    let mut runs = BTreeSet::new();
    let mut jobs = BTreeSet::new();
    for id in changed {
        if derived.node(id).kind == Kind::Run {
            runs.insert(id);
        }
        // Whatever it is now, it may have been a run of theirs.
        jobs.extend(jobs_of(derived, id));
        if derived.node(id).kind != Kind::Experiment && runs_of(derived, id).next().is_some() {
            jobs.insert(id);
        }
    }
    for job in &jobs {
        runs.extend(runs_of(derived, *job));
    }
    let mut latest: BTreeMap<EntityId, Option<EntityId>> = BTreeMap::new();
    let mut is_history = |run: EntityId| {
        let mut has_job = false;
        let mut counts = false;
        for job in jobs_of(derived, run) {
            has_job = true;
            let latest = latest
                .entry(job)
                .or_insert_with(|| latest_run(sight, derived, job));
            counts |= *latest == Some(run);
        }
        has_job && !counts
    };
    runs.iter().map(|run| (*run, is_history(*run))).collect()
}

fn parts(
    derived: &Derived,
    id: EntityId,
    direction: HopDirection,
) -> impl Iterator<Item = EntityId> {
    let aside = derived.links(id).leading(Bearing::Aside);
    aside.to(move |tag| tag.is_part(direction))
}

fn jobs_of(derived: &Derived, run: EntityId) -> impl Iterator<Item = EntityId> {
    // An experiment only holds runs together: each stands for the model that it made.
    let wholes = parts(derived, run, HopDirection::Forward);
    wholes.filter(|whole| derived.node(*whole).kind != Kind::Experiment)
}

fn runs_of(derived: &Derived, job: EntityId) -> impl Iterator<Item = EntityId> {
    let parts = parts(derived, job, HopDirection::Backward);
    parts.filter(|run| derived.node(*run).kind == Kind::Run)
}

fn latest_run(sight: Sight<'_>, derived: &Derived, job: EntityId) -> Option<EntityId> {
    runs_of(derived, job)
        .filter(|run| text(sight, derived, *run, "state").is_none_or(|state| state == "completed"))
        .max_by_key(|run| {
            let ended_at = text(sight, derived, *run, "ended_at");
            (ended_at, derived.node(*run).rank)
        })
}

fn text(sight: Sight<'_>, derived: &Derived, id: EntityId, name: &str) -> Option<String> {
    match sight.attribute(derived.entity(id), name).pop() {
        Some((Value::Text(text), _)) => Some(text.to_lowercase()),
        _ => None,
    }
}
