//! The questions about the sample platform: that they are whole.

use std::collections::BTreeSet;

use crate::support::questions::{
    ABOUT, Completeness, Instead, Question, Row, questions, unanswerable,
};

#[test]
fn the_questions_are_whole() {
    let questions = questions();
    assert!(questions.len() >= 60, "{} questions", questions.len());
    let mut ids = BTreeSet::new();
    for question in &questions {
        let id = &question.id;
        assert!(ids.insert(id), "`{id}` is there twice");
        assert!(
            ABOUT.contains(&question.about.as_str()),
            "`{id}` is about `{}`",
            question.about
        );
        assert!(
            question.groups.iter().all(|group| !group.is_empty()),
            "`{id}`"
        );
        serde_json::to_string(&question.query).expect("a query is JSON");
        the_answer_is_whole(question);
        let phrasings = &question.phrasings;
        let counts = (phrasings.tune.len(), phrasings.held_out.len());
        assert_eq!(counts, (3, 2), "`{id}`");
        let all: BTreeSet<&String> = phrasings.tune.iter().chain(&phrasings.held_out).collect();
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

fn the_answer_is_whole(question: &Question) {
    let (id, expect) = (&question.id, &question.expect);
    let answers = [
        expect.rows.is_some(),
        expect.count.is_some(),
        expect.paths.is_some(),
    ];
    let given = answers.iter().filter(|given| **given).count();
    assert_eq!(given, 1, "`{id}` needs one answer");
    let rows = expect.rows.as_deref().unwrap_or_default();
    let references: BTreeSet<&str> = rows.iter().map(Row::reference).collect();
    assert_eq!(references.len(), rows.len(), "`{id}` has a row twice");
    for row in rows {
        if let Row::Columns { columns, .. } = row {
            assert_eq!(columns.len(), question.query.columns.len(), "`{id}`");
        }
    }
    if let Some(groups) = &expect.groups {
        let total: usize = groups.values().sum();
        assert_eq!(Some(total), expect.count, "`{id}`");
    }
    for path in expect.paths.iter().flatten() {
        assert!(path.len() >= 2, "`{id}` has a path that leads nowhere");
    }
    match &expect.completeness {
        Completeness::Exact => {}
        Completeness::AtLeast(why) | Completeness::Unknown(why) => {
            assert!(!why.is_empty(), "`{id}` does not say why");
        }
    }
}

#[test]
fn the_unanswerable_questions_are_whole() {
    let questions = unanswerable();
    assert!(questions.len() >= 30, "{} questions", questions.len());
    let mut ids = BTreeSet::new();
    for question in &questions {
        let id = &question.id;
        assert!(ids.insert(id), "`{id}` is there twice");
        assert!(!question.because.is_empty(), "`{id}`");
        assert!(!question.question.is_empty(), "`{id}`");
        if let Instead::Choices(choices) = &question.expect {
            assert!(choices.len() >= 2, "`{id}` has nothing to choose from");
        }
    }
}
