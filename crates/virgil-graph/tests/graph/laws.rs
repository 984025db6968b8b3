//! Invariants that have a name, on small random worlds.

use std::collections::BTreeMap;

use proptest::prelude::*;
use virgil_graph::{
    Along, Answer, Direction, Graph, Hop, HopDirection, Hops, Known, Op, Quantifier, Query, Set,
    Stated, Systems, Test, View, lineage,
};
use virgil_model::{AssetId, Kind, LabelId, Predicate, Says, Selector};

use crate::world::*;

const KEYS: [&str; 15] = [
    "table:warehouse/a",
    "table:warehouse/b",
    "table:postgres/a",
    "table:postgres://db1/a",
    "table:postgres://db2/a",
    "uri:s3://lake/a",
    "uri:s3://lake/b",
    "model:m/x",
    "model_version:m/x-1",
    "run:airflow/1",
    "column:warehouse/a#c",
    "model_version:x@champion",
    "run:airflow/2",
    "pipeline:airflow/p",
    "image:x@latest",
];

const KINDS: [Kind; 6] = [
    Kind::Dataset,
    Kind::Artifact,
    Kind::Model,
    Kind::ModelVersion,
    Kind::Run,
    Kind::Resource,
];

const PREDICATES: [Predicate; 6] = [
    Predicate::Reads,
    Predicate::DerivedFrom,
    Predicate::Writes,
    Predicate::VersionOf,
    Predicate::PartOf,
    Predicate::OwnedBy,
];

/// What each asset says: labels and statements.
type World = BTreeMap<i64, Vec<(LabelId, Says)>>;

fn a_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&KEYS[..])
}

fn says() -> impl Strategy<Value = Says> {
    let kind = prop::sample::select(&KINDS[..]);
    let name = prop::sample::select(&["x", "y", "z"][..]);
    let keys = prop::collection::vec(a_key(), 1..4);
    let predicate = || prop::sample::select(&PREDICATES[..]);
    let glob = || prop::sample::select(&["**", "file-1*", "nothing"][..]);
    prop_oneof![
        4 => (kind, name, keys).prop_map(|(kind, name, keys)| mention(kind, name, &keys)),
        4 => (a_key(), predicate(), a_key()).prop_map(|(from, by, to)| relation(from, by, to)),
        1 => (a_key(), a_key()).prop_map(|(left, right)| same(left, right)),
        1 => (a_key(), "[ab]").prop_map(|(of, value)| attribute(of, "tier", text(&value))),
        1 => (a_key(), predicate(), glob()).prop_map(|(from, by, glob)| {
            selects(from, by, Selector::PathGlob(glob.into()))
        }),
        1 => (a_key(), glob(), 1_i64..4, any::<bool>()).prop_map(|(from, glob, order, unowned)| {
            rule(from, glob, order, unowned)
        }),
        1 => (a_key(), predicate()).prop_map(|(from, by)| {
            selects(from, by, Selector::UriPrefix("s3://lake/".into()))
        }),
        1 => ("run:airflow/[12]", prop::sample::select(&["state", "ended_at"][..]), "[ab]")
            .prop_map(|(run, name, value)| attribute(&run, name, text(&value))),
        1 => "run:airflow/[12]".prop_map(|run| {
            relation(&run, Predicate::PartOf, "pipeline:airflow/p")
        }),
    ]
}

fn asset() -> impl Strategy<Value = Vec<(LabelId, Says)>> {
    prop::collection::vec((prop::sample::select(&[PUBLIC, SECRET][..]), says()), 0..8)
}

fn world() -> impl Strategy<Value = World> {
    prop::collection::btree_map(0_i64..12, asset(), 0..6)
}

fn all_of(asset: i64, says: &[(LabelId, Says)]) -> Vec<Stated> {
    let texts = says.iter().map(|(_, says)| says.clone()).collect();
    let mut stated = stated(asset, PUBLIC, texts);
    for (stated, (label, _)) in stated.iter_mut().zip(says) {
        stated.label = *label;
    }
    stated
}

fn build<'w>(world: impl IntoIterator<Item = (&'w i64, &'w Vec<(LabelId, Says)>)>) -> Graph {
    let mut graph = Graph::new(Systems::default());
    for (asset, says) in world {
        graph.replace(AssetId(*asset), all_of(*asset, says));
    }
    graph
}

fn both(graph: &Graph) -> View<'_> {
    graph.view(&labels(&[PUBLIC, SECRET]))
}

fn a_hop() -> impl Strategy<Value = Along> {
    let direction = prop::sample::select(&[HopDirection::Forward, HopDirection::Backward][..]);
    (prop::sample::select(&PREDICATES[..]), direction).prop_map(|(predicate, direction)| {
        Along::Relations(vec![Hop {
            predicate,
            direction,
        }])
    })
}

fn along() -> impl Strategy<Value = Along> {
    prop_oneof![
        Just(Along::Upstream),
        Just(Along::Downstream),
        Just(Along::Owner),
        a_hop()
    ]
}

fn hops() -> impl Strategy<Value = Hops> {
    (0_u32..3, prop::option::of(0_u32..3)).prop_map(|(min, more)| Hops {
        min,
        max: more.map(|more| min + more),
    })
}

fn set() -> impl Strategy<Value = Set> {
    let kinds = prop::collection::vec(prop::sample::select(&KINDS[..]), 0..3);
    let leaf = kinds.prop_map(|kinds| all(&kinds));
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), along(), hops())
                .prop_map(|(from, along, hops)| walk(from, along, hops)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Set::And(vec![a, b])),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Set::Or(vec![a, b])),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| minus(a, b)),
            (inner.clone(), a_test(inner)).prop_map(|(set, test)| filter(set, test)),
        ]
    })
}

fn a_test(to: impl Strategy<Value = Set>) -> impl Strategy<Value = Test> {
    let quantifier = [Quantifier::Some, Quantifier::None, Quantifier::All];
    let linked = (
        along(),
        hops(),
        to,
        prop::sample::select(quantifier.to_vec()),
    )
        .prop_map(|(along, hops, to, quantifier)| Test::Linked {
            along,
            hops,
            to: Box::new(to),
            quantifier,
        });
    let attribute =
        prop::sample::select(&[Op::Eq, Op::Ne, Op::Exists][..]).prop_map(|op| Test::Attribute {
            name: "tier".into(),
            op,
            value: Some(text("a")),
        });
    prop_oneof![linked, attribute]
}

fn minus(set: Set, without: Set) -> Set {
    Set::Minus {
        set: Box::new(set),
        without: Box::new(without),
    }
}

fn filter(set: Set, test: Test) -> Set {
    Set::Where {
        set: Box::new(set),
        test: Box::new(test),
    }
}

fn answer(view: &View<'_>, set: &Set) -> Answer {
    view.query(&Query::rows(set.clone()), &Known::default())
        .expect("a test's input is valid")
}

/// The things in a set, without how they were found.
fn things(view: &View<'_>, set: Set) -> Vec<String> {
    let rows = answer(view, &set).rows.into_iter();
    rows.map(|row| row.entity.reference).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_then_removing_is_nothing(world in world(), more in asset()) {
        let mut graph = build(&world);
        let (before, sizes) = (dump(&both(&graph)), graph.sizes());
        graph.replace(AssetId(99), all_of(99, &more));
        let _ = dump(&both(&graph));
        graph.replace(AssetId(99), Vec::new());
        prop_assert_eq!(dump(&both(&graph)), before);
        prop_assert_eq!(graph.sizes(), sizes);
    }

    #[test]
    fn replacing_is_as_if_it_had_been_so_from_the_start(world in world(), old in asset()) {
        let mut graph = Graph::new(Systems::default());
        for asset in world.keys() {
            graph.replace(AssetId(*asset), all_of(*asset, &old));
        }
        for (asset, says) in world.iter().rev() {
            graph.replace(AssetId(*asset), all_of(*asset, says));
        }
        let fresh = build(&world);
        prop_assert_eq!(dump(&both(&graph)), dump(&both(&fresh)));
        prop_assert_eq!(graph.sizes(), fresh.sizes());
    }

    #[test]
    fn what_follows_changes_is_what_a_fresh_graph_holds(
        world in world(),
        changes in prop::collection::vec((0_i64..12, asset(), 0_usize..8), 1..8),
        set in set(),
    ) {
        let mut now = world;
        let mut graph = build(&now);
        let scopes = [labels(&[PUBLIC]), labels(&[SECRET]), labels(&[PUBLIC, SECRET])];
        for (asset, says, asked) in changes {
            // Who asks in between differs, so that what is derived lags behind by one change or several.
            let before = graph.clone();
            let asking = scopes.iter().enumerate().filter(|(bit, _)| asked & 1 << bit != 0);
            let said: Vec<_> = asking.map(|(_, scope)| (scope, dump(&before.view(scope)))).collect();
            graph.replace(AssetId(asset), all_of(asset, &says));
            now.insert(asset, says);
            for (scope, said) in said {
                let fresh = build(&now);
                prop_assert_eq!(dump(&graph.view(scope)), dump(&fresh.view(scope)));
                prop_assert_eq!(answer(&graph.view(scope), &set), answer(&fresh.view(scope), &set));
                prop_assert_eq!(dump(&before.view(scope)), said, "a copy keeps what it had");
            }
        }
        let fresh = build(&now);
        graph.refresh();
        for scope in &scopes {
            prop_assert_eq!(dump(&graph.view(scope)), dump(&fresh.view(scope)));
            prop_assert_eq!(answer(&graph.view(scope), &set), answer(&fresh.view(scope), &set));
        }
    }

    #[test]
    fn the_order_of_assets_is_irrelevant(world in world(), set in set()) {
        let (there, back) = (build(&world), build(world.iter().rev()));
        prop_assert_eq!(dump(&both(&there)), dump(&both(&back)));
        prop_assert_eq!(answer(&both(&there), &set), answer(&both(&back), &set));
    }

    #[test]
    fn a_scope_sees_what_a_graph_of_its_statements_holds(world in world(), set in set()) {
        let graph = build(&world);
        // The same statements at the same lines, without the hidden ones.
        let mut bare = Graph::new(Systems::default());
        for (asset, says) in &world {
            let mut stated = all_of(*asset, says);
            stated.retain(|stated| stated.label == PUBLIC);
            bare.replace(AssetId(*asset), stated);
        }
        let (scoped, alone) = (public(&graph), both(&bare));
        prop_assert_eq!(dump(&scoped), dump(&alone));
        prop_assert_eq!(answer(&scoped, &set), answer(&alone, &set));
        prop_assert_eq!(scoped.names().len(), alone.names().len());
        for id in scoped.all(&Default::default()) {
            let known = Known::default();
            let other = alone.by_key(&scoped.keys(id)[0]);
            for direction in [Direction::Upstream, Direction::Downstream] {
                prop_assert_eq!(
                    lineage(&scoped, id, direction, 5, &known),
                    lineage(&alone, other[0], direction, 5, &known)
                );
            }
        }
    }

    #[test]
    fn every_visible_key_resolves(world in world()) {
        let graph = build(&world);
        let view = public(&graph);
        for says in world.values().flatten().filter(|(label, _)| *label == PUBLIC) {
            let keys = match &says.1 {
                Says::Mention { keys, .. } => keys.clone(),
                Says::Attribute { of, .. } => vec![of.clone()],
                Says::Relation { subject, .. } => vec![subject.clone()],
                Says::Same(left, right) => vec![left.clone(), right.clone()],
            };
            for key in keys {
                prop_assert!(!view.by_key(&key).is_empty(), "{key}");
            }
        }
    }

    #[test]
    fn sets_obey_the_laws_of_sets(world in world(), a in set(), b in set(), c in set()) {
        let graph = build(&world);
        let view = both(&graph);
        let rows = |set: Set| answer(&view, &set).rows;
        let and = |sets: &[&Set]| Set::And(sets.iter().map(|set| (*set).clone()).collect());
        let or = |sets: &[&Set]| Set::Or(sets.iter().map(|set| (*set).clone()).collect());
        prop_assert_eq!(answer(&view, &and(&[&a, &b])), answer(&view, &and(&[&b, &a])));
        prop_assert_eq!(answer(&view, &or(&[&a, &b])), answer(&view, &or(&[&b, &a])));
        prop_assert_eq!(rows(and(&[&a, &a])), rows(a.clone()));
        prop_assert_eq!(rows(or(&[&a, &a])), rows(a.clone()));
        prop_assert_eq!(things(&view, minus(a.clone(), a.clone())), Vec::<String>::new());
        prop_assert_eq!(
            things(&view, minus(a.clone(), or(&[&b, &c]))),
            things(&view, minus(minus(a.clone(), b.clone()), c.clone()))
        );
        prop_assert_eq!(
            things(&view, and(&[&a, &or(&[&b, &c])])),
            things(&view, or(&[&and(&[&a, &b]), &and(&[&a, &c])]))
        );
        prop_assert_eq!(
            things(&view, minus(a.clone(), minus(a.clone(), b.clone()))),
            things(&view, and(&[&a, &b]))
        );
    }

    #[test]
    fn a_limit_takes_the_first_rows(world in world(), set in set(), limit in 0_usize..12) {
        let graph = build(&world);
        let view = both(&graph);
        let all = answer(&view, &set);
        let limited = Query { limit: Some(limit), ..Query::rows(set) };
        let limited = view.query(&limited, &Known::default()).expect("a test's input is valid");
        prop_assert_eq!(limited.total, all.rows.len());
        prop_assert_eq!(limited.rows, all.rows.into_iter().take(limit).collect::<Vec<_>>());
    }

    #[test]
    fn tests_obey_the_laws_of_logic(world in world(), s in a_test(set()), t in a_test(set())) {
        let graph = build(&world);
        let view = both(&graph);
        let pass = |test: Test| things(&view, filter(all(&[]), test));
        let not = |test: &Test| Test::Not(Box::new(test.clone()));
        prop_assert_eq!(pass(not(&not(&s))), pass(s.clone()));
        prop_assert_eq!(
            pass(not(&Test::AllOf(vec![s.clone(), t.clone()]))),
            pass(Test::AnyOf(vec![not(&s), not(&t)]))
        );
        prop_assert_eq!(
            pass(not(&Test::AnyOf(vec![s.clone(), t.clone()]))),
            pass(Test::AllOf(vec![not(&s), not(&t)]))
        );
        prop_assert_eq!(
            pass(not(&s)),
            things(&view, minus(all(&[]), filter(all(&[]), s.clone())))
        );
    }

    #[test]
    fn hops_compose(world in world(), from in set(), along in a_hop(), a in 0_u32..4, b in 0_u32..4) {
        let graph = build(&world);
        let view = both(&graph);
        let two = walk(walk(from.clone(), along.clone(), Hops::exactly(a)), along.clone(), Hops::exactly(b));
        let one = walk(from.clone(), along.clone(), Hops::exactly(a + b));
        prop_assert_eq!(things(&view, two), things(&view, one));
        let range = Hops { min: a, max: Some(a + b) };
        let each = (a..=a + b).map(|n| walk(from.clone(), along.clone(), Hops::exactly(n)));
        prop_assert_eq!(
            things(&view, walk(from.clone(), along.clone(), range)),
            things(&view, Set::Or(each.collect()))
        );
    }
}
