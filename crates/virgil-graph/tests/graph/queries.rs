//! Tests, columns, counts and completeness.

use virgil_graph::{
    Along, Column, Completeness, DEPTH_LIMIT, FAN_OUT_LIMIT, Hops, Known, Op, Order,
    OrderDirection, Output, PartialSource, Quantifier, Query, QueryError, Set, Test, View, Why,
};
use virgil_model::{Kind, Predicate, Says, SourceId, Value};

use crate::world::*;

fn owned() -> Vec<Says> {
    vec![
        mention(Kind::Team, "Risk", &["team:risk"]),
        mention(Kind::Model, "fraud", &["model:m/fraud"]),
        mention(Kind::Model, "churn", &["model:m/churn"]),
        mention(Kind::Model, "price", &["model:m/price"]),
        relation("model:m/fraud", Predicate::OwnedBy, "team:risk"),
        relation("model:m/churn", Predicate::OwnedBy, "team:risk"),
        attribute("model:m/fraud", "auc", Value::Number(0.9)),
        attribute("model:m/churn", "auc", Value::Integer(1)),
        attribute(
            "model:m/fraud",
            "tags",
            Value::List(vec![text("Gold"), text("eu")]),
        ),
    ]
}

fn owner(quantifier: Quantifier) -> Test {
    Test::Linked {
        along: Along::Owner,
        hops: Hops::default(),
        to: Box::new(all(&[Kind::Team])),
        quantifier,
    }
}

fn models(test: Test) -> Set {
    Set::Where {
        set: Box::new(all(&[Kind::Model])),
        test: Box::new(test),
    }
}

fn compare(name: &str, op: Op, value: Value) -> Test {
    Test::Attribute {
        name: name.into(),
        op,
        value: Some(value),
    }
}

fn check(view: &View<'_>, test: Test, expect: &str) {
    assert_eq!(references(view, models(test.clone())), expect, "{test:?}");
}

#[test]
fn tests_compare_attributes_and_links() {
    let graph = graph(vec![owned()]);
    let view = public(&graph);
    check(
        &view,
        compare("auc", Op::Gt, Value::Number(0.5)),
        "model:m/churn model:m/fraud",
    );
    check(
        &view,
        compare("auc", Op::Ge, Value::Integer(1)),
        "model:m/churn",
    );
    check(
        &view,
        compare("auc", Op::Ne, Value::Integer(1)),
        "model:m/fraud",
    );
    check(
        &view,
        compare("tags", Op::Contains, text("gold")),
        "model:m/fraud",
    );
    check(
        &view,
        compare("name", Op::StartsWith, text("PR")),
        "model:m/price",
    );
    check(
        &view,
        owner(Quantifier::Some),
        "model:m/churn model:m/fraud",
    );
    check(&view, owner(Quantifier::None), "model:m/price");
    check(
        &view,
        owner(Quantifier::All),
        "model:m/churn model:m/fraud model:m/price",
    );
}

#[test]
fn rows_have_columns_an_order_and_a_limit() {
    let graph = graph(vec![owned()]);
    let view = public(&graph);
    let auc = Column::Attribute("auc".into());
    let by_owner = Column::Linked {
        along: Along::Owner,
        hops: Hops::default(),
    };
    let query = Query {
        set: all(&[Kind::Model]),
        columns: vec![auc.clone(), by_owner.clone()],
        by: Some(by_owner),
        order: Some(Order {
            by: auc,
            direction: OrderDirection::Descending,
        }),
        limit: Some(2),
        output: Output::Rows,
    };
    let answer = view.query(&query, &Known::default()).unwrap();
    assert_eq!(answer.total, 3);
    insta::assert_json_snapshot!(answer);
}

#[test]
fn a_negation_over_what_is_not_whole_is_unknown() {
    let graph = graph(vec![owned()]);
    let view = public(&graph);
    let known = Known {
        partial_sources: vec![PartialSource {
            source: SourceId(1),
            why: "the last sync failed".into(),
        }],
    };
    let ask = |test: Test, known: &Known| {
        view.query(&Query::rows(models(test)), known)
            .unwrap()
            .completeness
    };
    let whole = Known::default();
    assert_eq!(ask(owner(Quantifier::Some), &whole), Completeness::Exact);
    assert_eq!(ask(owner(Quantifier::None), &whole), Completeness::Exact);
    assert!(matches!(
        ask(owner(Quantifier::Some), &known),
        Completeness::AtLeast { .. }
    ));
    assert!(matches!(
        ask(owner(Quantifier::None), &known),
        Completeness::Unknown { .. }
    ));
    let not = Test::Not(Box::new(owner(Quantifier::Some)));
    assert!(matches!(ask(not, &known), Completeness::Unknown { .. }));
}

#[test]
fn a_walk_that_is_cut_says_so() {
    let table = |number: u32| format!("table:pg/t{number}");
    let chain = |length: u32| {
        let links = 0..length;
        let says = links.map(|n| relation(&table(n + 1), Predicate::DerivedFrom, &table(n)));
        let mentions = (0..=length).map(|n| mention(Kind::Dataset, &table(n), &[&table(n)]));
        graph(vec![says.chain(mentions).collect()])
    };
    let ask = |length: u32| {
        let graph = chain(length);
        let set = walk(refs(&[&table(0)]), Along::Downstream, Hops::any());
        ask(&public(&graph), set).unwrap()
    };
    assert_eq!(ask(DEPTH_LIMIT).completeness, Completeness::Exact);
    let cut = ask(DEPTH_LIMIT + 1);
    assert_eq!(cut.total, 50);
    let why = vec![Why::Depth { hops: DEPTH_LIMIT }];
    assert_eq!(cut.completeness, Completeness::AtLeast { why });
}

#[test]
fn cycles_end_and_stubs_make_an_answer_at_least() {
    let graph = graph(vec![vec![
        mention(Kind::Pipeline, "a", &["pipeline:x/a"]),
        relation("pipeline:x/a", Predicate::Reads, "table:pg/t"),
        relation("pipeline:x/a", Predicate::Writes, "table:pg/t"),
    ]]);
    let view = public(&graph);
    let answer = ask(&view, walk(refs(&["a"]), Along::Upstream, Hops::any())).unwrap();
    assert_eq!(answer.total, 2);
    let why = vec![Why::Unresolved {
        count: 1,
        examples: vec!["table:pg/t".into()],
    }];
    assert_eq!(answer.completeness, Completeness::AtLeast { why });
}

#[test]
fn queries_are_json_and_refuse_what_they_do_not_know() {
    let query: Query = serde_json::from_str(
        r#"{"set": {"where": {"set": {"step": {"from": {"refs": ["fraud"]}, "along": "upstream",
             "hops": {"min": 1, "max": null}}},
            "test": {"attribute": {"name": "kind", "op": "eq", "value": "dataset"}}}},
            "columns": [{"linked": {"along": {"relations": [{"predicate": "owned_by"}]}}}],
            "output": {"paths": {"to": {"all": ["model"]}}}, "limit": 5}"#,
    )
    .unwrap();
    let text = serde_json::to_string(&query).unwrap();
    assert_eq!(serde_json::from_str::<Query>(&text).unwrap(), query);
    for wrong in [
        r#"{"set": {"refs": ["a"]}, "colums": []}"#,
        r#"{"set": {"step": {"from": {"refs": ["a"]}, "along": "upstream", "depth": 3}}}"#,
        r#"{"set": {"refs": ["a"]}, "output": "graph"}"#,
    ] {
        assert!(serde_json::from_str::<Query>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_query_that_contradicts_itself_is_refused() {
    let graph = graph(vec![owned()]);
    let hops = Hops {
        min: 3,
        max: Some(2),
    };
    let wrong = ask(
        &public(&graph),
        walk(refs(&["fraud"]), Along::Upstream, hops),
    );
    assert!(matches!(wrong, Err(QueryError::Invalid { .. })));
}

#[test]
fn a_walk_that_reaches_too_much_says_so() {
    let readers = 0..=FAN_OUT_LIMIT;
    let says =
        readers.map(|n| relation(&format!("notebook:hub/{n}"), Predicate::Reads, "table:pg/t"));
    let graph = graph(vec![says.collect()]);
    let view = public(&graph);
    let query = Query {
        output: Output::Count,
        ..Query::rows(walk(refs(&["table:pg/t"]), Along::Downstream, Hops::any()))
    };
    let answer = view.query(&query, &Known::default()).unwrap();
    assert_eq!(answer.total, FAN_OUT_LIMIT);
    let Completeness::AtLeast { why } = answer.completeness else {
        panic!("it was cut");
    };
    assert!(why.contains(&Why::FanOut {
        entities: FAN_OUT_LIMIT
    }));
}
