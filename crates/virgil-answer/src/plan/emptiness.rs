//! Whether nothing is an answer.
//!
//! Who asks which tables nobody reads may hear that there are none. Who asks which version runs in production knows that one
//! does: nothing found then means that the platform does not state it in the way that the question was understood, and
//! the passages are asked instead.

use virgil_graph::{Along, Op, Output, Quantifier, Query, Set, Test, View};
use virgil_model::Kind;

/// Whether a result without rows answers the query: it counts, or it looks for what lacks something.
pub(super) fn may_be_empty(query: &Query) -> bool {
    match &query.output {
        Output::Count => true,
        Output::Rows => query.by.is_some() || set_denies(&query.set),
        Output::Paths { .. } => false,
    }
}

/// Whether a query asks for what depends on one thing, of which there may be none.
pub(super) fn asks_for_dependents(query: &Query, view: &View<'_>) -> bool {
    let mut set = &query.set;
    while let Set::Where { set: inner, test } = set {
        if !is_of_kind(test) {
            return false;
        }
        set = inner;
    }
    matches!(
        set,
        Set::Step { from, along: Along::Downstream, .. }
            if matches!(&**from, Set::Refs(names) if names.len() == 1 && may_be_used(&names[0], view))
    ) && query.columns.is_empty()
}

/// Whether a name is one of something that data flows from.
fn may_be_used(name: &str, view: &View<'_>) -> bool {
    view.resolve(name).is_ok_and(|id| {
        matches!(
            view.entity(id).kind,
            Kind::Dataset
                | Kind::Column
                | Kind::FeatureView
                | Kind::Model
                | Kind::ModelVersion
                | Kind::Component
                | Kind::Api
                | Kind::Pipeline
        )
    })
}

fn is_of_kind(test: &Test) -> bool {
    match test {
        Test::Attribute { name, .. } => name == "kind" || name == "reference",
        Test::AnyOf(tests) => tests.iter().all(is_of_kind),
        Test::Not(test) => is_of_kind(test),
        _ => false,
    }
}

fn set_denies(set: &Set) -> bool {
    match set {
        Set::Refs(_) | Set::All(_) => false,
        Set::Step { from, .. } => set_denies(from),
        Set::Where { set, test } => set_denies(set) || test_denies(test),
        Set::And(sets) | Set::Or(sets) => sets.iter().any(set_denies),
        Set::Minus { .. } => true,
    }
}

fn test_denies(test: &Test) -> bool {
    match test {
        Test::Attribute { op, .. } => *op == Op::Ne,
        Test::Linked { quantifier, to, .. } => *quantifier != Quantifier::Some || set_denies(to),
        Test::AllOf(tests) | Test::AnyOf(tests) => tests.iter().any(test_denies),
        // A table is no file: that says what is looked for, not what it lacks.
        Test::Not(inner) => {
            !matches!(&**inner, Test::Attribute { name, .. } if name == "reference")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_what_looks_for_a_lack_may_find_nothing() {
        let models = Set::All(BTreeSet::from([Kind::Model]));
        let owned = |quantifier| Set::Where {
            set: Box::new(models.clone()),
            test: Box::new(Test::Linked {
                along: Along::Owner,
                hops: virgil_graph::Hops::default(),
                to: Box::new(Set::All(BTreeSet::new())),
                quantifier,
            }),
        };
        assert!(!may_be_empty(&Query::rows(models.clone())));
        assert!(!may_be_empty(&Query::rows(owned(Quantifier::Some))));
        assert!(may_be_empty(&Query::rows(owned(Quantifier::None))));
        let count = Query {
            output: Output::Count,
            ..Query::rows(models)
        };
        assert!(may_be_empty(&count));
    }
}
