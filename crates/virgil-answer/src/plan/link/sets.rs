//! The names in a query.

use virgil_graph::{Set, Test};

/// The references that a set names.
pub(crate) fn named_in(set: &Set) -> Vec<String> {
    let mut named = Vec::new();
    visit(set, &mut |set| {
        if let Set::Refs(references) = set {
            named.extend(references.iter().cloned());
        }
    });
    named
}

/// Calls `see` for a set and all sets in it.
pub(crate) fn visit(set: &Set, see: &mut impl FnMut(&Set)) {
    see(set);
    match set {
        Set::Refs(_) | Set::All(_) => {}
        Set::Step { from, .. } => visit(from, see),
        Set::Where { set, test } => {
            visit(set, see);
            visit_test(test, see);
        }
        Set::And(sets) | Set::Or(sets) => sets.iter().for_each(|set| visit(set, see)),
        Set::Minus { set, without } => {
            visit(set, see);
            visit(without, see);
        }
    }
}

fn visit_test(test: &Test, see: &mut impl FnMut(&Set)) {
    match test {
        Test::Attribute { .. } => {}
        Test::Linked { to, .. } => visit(to, see),
        Test::AllOf(tests) | Test::AnyOf(tests) => {
            tests.iter().for_each(|test| visit_test(test, see));
        }
        Test::Not(test) => visit_test(test, see),
    }
}
