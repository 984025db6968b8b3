//! What statements disagree on.

use virgil_graph::{Conflict, QueryError};
use virgil_model::Kind;

use crate::world::*;

#[test]
fn two_tables_of_one_system_are_not_one_thing() {
    let graph = graph(vec![
        vec![mention(
            Kind::Dataset,
            "lake",
            &["table:pg/a.orders", "uri:s3://lake/orders"],
        )],
        vec![same("uri:s3://lake/orders", "table:pg/b.orders")],
    ]);
    let view = public(&graph);
    // The mention is stronger than the `Same`, which is cut.
    assert_eq!(
        references(&view, all(&[Kind::Dataset])),
        "table:pg/b.orders uri:s3://lake/orders"
    );
    let [Conflict::Keys { link, keys, places }] = &view.conflicts()[..] else {
        panic!("one conflict: {:?}", view.conflicts());
    };
    assert_eq!(
        link,
        &("table:pg/b.orders".into(), "uri:s3://lake/orders".into())
    );
    assert_eq!(
        keys,
        &("table:pg/a.orders".into(), "table:pg/b.orders".into())
    );
    assert_eq!(&*places[0].path, "file-2.yaml");
}

#[test]
fn the_link_that_fewer_assets_state_is_the_weaker_one() {
    let (a, b, uri) = ("table:pg/a", "table:pg/b", "uri:s3://lake/x");
    let graph = graph(vec![
        vec![same(a, uri)],
        vec![same(b, uri)],
        vec![same(b, uri)],
    ]);
    let view = public(&graph);
    let lake = view.resolve(uri).unwrap();
    assert_eq!(view.resolve(b).unwrap(), lake);
    assert_ne!(view.resolve(a).unwrap(), lake);
}

#[test]
fn incompatible_kinds_are_cut_apart() {
    let graph = graph(vec![
        vec![mention(Kind::Dataset, "x", &["table:pg/x"])],
        vec![mention(Kind::Model, "x", &["model:m/x"])],
        vec![same("table:pg/x", "model:m/x")],
    ]);
    let view = public(&graph);
    assert!(matches!(
        view.resolve("x"),
        Err(QueryError::Ambiguous { .. })
    ));
    assert!(matches!(
        view.conflicts()[..],
        [Conflict::LinkedKinds { .. }]
    ));
}

#[test]
fn one_key_of_two_kinds_is_reported() {
    let graph = graph(vec![
        vec![mention(Kind::Model, "x", &["uri:x"])],
        vec![mention(Kind::Dashboard, "x", &["uri:x"])],
        vec![mention(Kind::Dashboard, "x", &["uri:x"])],
    ]);
    let view = public(&graph);
    assert_eq!(
        view.entity(view.resolve("x").unwrap()).kind,
        Kind::Dashboard
    );
    assert!(matches!(view.conflicts()[..], [Conflict::Kinds { .. }]));
}
