//! Whether nothing is an answer.
//!
//! Who asks which tables nobody reads may hear that there are none. Who asks which version runs in production knows that one
//! does: nothing found then means that the platform does not state it in the way that the question was understood, and
//! the passages are asked instead.

use virgil_graph::{Op, Output, Quantifier, Query, Set, Test};

/// Whether a result without rows answers the query: it counts, or it looks for what lacks something.
pub(super) fn may_be_empty(query: &Query) -> bool {
    match &query.output {
        Output::Count => true,
        Output::Rows => query.by.is_some() || set_denies(&query.set),
        Output::Paths { .. } => false,
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
        Test::Not(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use virgil_graph::Along;
    use virgil_model::Kind;

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
