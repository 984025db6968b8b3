//! The questions about the sample platform: that they are whole. `phrasings.rs` asks them.

use std::collections::BTreeSet;

use virgil_eval::{Completeness, Expect, ExpectedSet, Question, Row, Split};

use crate::support::questions::questions;

/// What questions can be about.
const ABOUT: &[&str] = &[
    "lineage",
    "impact",
    "ownership",
    "sensitivity",
    "images",
    "schedules",
    "serving",
    "monitoring",
    "counts",
    "not",
    "all",
    "none",
    "paths",
    "columns",
];

#[test]
fn the_questions_are_whole() {
    let questions = questions("sample.yaml");
    assert!(questions.len() >= 60, "{} questions", questions.len());
    for question in &questions {
        let id = &question.id;
        let about = question.about.as_str();
        assert!(ABOUT.contains(&about), "`{id}` is about `{about}`");
        assert!(
            question.groups.iter().all(|group| !group.is_empty()),
            "`{id}`"
        );
        let Expect::Set(set) = &question.expect else {
            panic!("`{id}` expects no exact answer");
        };
        the_answer_is_whole(question, set);
        let of = |split| {
            let wordings = question.wordings.iter();
            wordings
                .filter(|wording| wording.split == Some(split))
                .count()
        };
        assert_eq!((of(Split::Tune), of(Split::HeldOut)), (3, 2), "`{id}`");
        let all: BTreeSet<&str> = question.wordings.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(
            all.len(),
            5,
            "`{id}` says one thing twice in the same words"
        );
    }
    for about in ABOUT {
        let questions = questions.iter();
        let count = questions
            .filter(|question| question.about == *about)
            .count();
        assert!(count >= 3, "{count} questions about {about}");
    }
}

fn the_answer_is_whole(question: &Question, set: &ExpectedSet) {
    let id = &question.id;
    let columns = question.query.as_ref().map(|query| &query["columns"]);
    let columns = columns.and_then(|columns| columns.as_array());
    let columns = columns.map_or(0, Vec::len);
    let rows = set.rows.as_deref().unwrap_or_default();
    let references: BTreeSet<&str> = rows.iter().map(Row::reference).collect();
    assert_eq!(references.len(), rows.len(), "`{id}` has a row twice");
    for row in rows {
        if matches!(row, Row::Columns { .. }) {
            assert_eq!(row.columns().len(), columns, "`{id}`");
        }
    }
    if let Some(groups) = &set.groups {
        let total: u64 = groups.values().sum();
        assert_eq!(Some(total), set.count, "`{id}`");
    }
    for path in set.paths.iter().flatten() {
        assert!(path.len() >= 2, "`{id}` has a path that leads nowhere");
    }
    match &set.completeness {
        Some(Completeness::Exact) => {}
        Some(Completeness::AtLeast(why) | Completeness::Unknown(why)) => {
            assert!(!why.is_empty(), "`{id}` does not say why");
        }
        None => panic!("`{id}` does not say how complete its answer is"),
    }
}

#[test]
fn the_unanswerable_questions_are_whole() {
    let questions = questions("unanswerable.yaml");
    assert!(questions.len() >= 30, "{} questions", questions.len());
    for question in &questions {
        let id = &question.id;
        assert!(
            matches!(question.expect, Expect::Abstain | Expect::Choices(_)),
            "`{id}`"
        );
    }
}

/// Their evidence lies in another repository; that it is there is seen by whoever asks them (`virgil eval`).
#[test]
fn the_public_questions_are_whole() {
    let questions = questions("public.yaml");
    let mut answerable = 0;
    let mut unanswerable = 0;
    let mut ids = BTreeSet::new();
    let mut before = None;
    for question in &questions {
        let id = &question.id;
        assert!(ids.insert(id), "`{id}` is there twice");
        let [wording] = question.wordings.as_slice() else {
            panic!("`{id}` has {} wordings", question.wordings.len());
        };
        let is_answerable = match &question.expect {
            Expect::Evidence(places) => {
                answerable += 1;
                assert!(!places.is_empty(), "`{id}`");
                true
            }
            Expect::Abstain => {
                unanswerable += 1;
                false
            }
            other => panic!("`{id}` expects {other:?}"),
        };
        assert!(wording.split.is_some(), "`{id}` is in no half");
        if let Some((split, was_answerable)) = before
            && was_answerable == is_answerable
        {
            assert_ne!(
                split, wording.split,
                "`{id}` is in the half of the one before"
            );
        }
        before = Some((wording.split, is_answerable));
    }
    assert!(answerable >= 60, "{answerable} answerable");
    assert!(unanswerable >= 20, "{unanswerable} unanswerable");
}
