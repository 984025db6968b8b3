//! What is one thing, and what changes when assets come and go.

use virgil_graph::{Graph, QueryError, Systems};
use virgil_model::{
    AssetId, Attributes, Key, Kind, Labelled, Predicate, Says, Selector, Target, Value,
};

use crate::world::*;

#[test]
fn staging_and_production_stay_apart() {
    let graph = graph(vec![
        vec![mention(
            Kind::Model,
            "fraud-detector",
            &["model:mlflow-prod/fraud-detector"],
        )],
        vec![mention(
            Kind::Model,
            "fraud-detector",
            &["model:mlflow-staging/fraud-detector"],
        )],
    ]);
    let view = public(&graph);
    assert_eq!(
        references(&view, all(&[Kind::Model])),
        "model:mlflow-prod/fraud-detector model:mlflow-staging/fraud-detector"
    );
    let Err(QueryError::Ambiguous { choices, .. }) = view.resolve("Fraud-Detector") else {
        panic!("one name of two things must be ambiguous");
    };
    assert_eq!(choices.len(), 2);
    assert!(view.resolve("model:mlflow-prod/fraud-detector").is_ok());
}

#[test]
fn withdrawing_a_file_takes_apart_what_it_joined() {
    let mut graph = graph(vec![
        vec![mention(Kind::Dataset, "orders", &["table:pg/shop.orders"])],
        vec![mention(
            Kind::Dataset,
            "orders export",
            &["uri:s3://lake/orders"],
        )],
        vec![same("table:pg/shop.orders", "uri:s3://lake/orders")],
    ]);
    let before = graph.sizes();
    let set = || all(&[Kind::Dataset]);
    assert_eq!(references(&public(&graph), set()), "uri:s3://lake/orders");
    assert!(
        public(&graph).resolve("table:pg/shop.orders").is_ok(),
        "every key resolves"
    );

    graph.replace(AssetId(3), Vec::new());
    assert_eq!(
        references(&public(&graph), set()),
        "table:pg/shop.orders uri:s3://lake/orders"
    );

    let again = vec![same("table:pg/shop.orders", "uri:s3://lake/orders")];
    graph.replace(AssetId(3), stated(3, PUBLIC, again));
    assert_eq!(references(&public(&graph), set()), "uri:s3://lake/orders");
    assert_eq!(graph.sizes(), before);
}

#[test]
fn what_nothing_mentions_is_an_unresolved_stub() {
    let graph = graph(vec![vec![
        mention(Kind::Pipeline, "load", &["pipeline:airflow/load"]),
        relation(
            "pipeline:airflow/load",
            Predicate::Reads,
            "table:pg/shop.orders",
        ),
    ]]);
    let view = public(&graph);
    let orders = view.entity(view.resolve("shop.orders").unwrap());
    assert!(orders.unresolved);
    assert_eq!(
        (orders.kind, orders.name.as_str()),
        (Kind::Dataset, "shop.orders")
    );
}

#[test]
fn a_bare_platform_joins_its_sole_system_until_a_second_appears() {
    let mut graph = Graph::new(Systems::default());
    let load = vec![
        mention(
            Kind::Dataset,
            "orders",
            &["table:postgres://db1:5432/shop.public.orders"],
        ),
        mention(
            Kind::Dataset,
            "orders",
            &["table:postgres/Shop.public.orders"],
        ),
    ];
    graph.replace(AssetId(1), stated(1, PUBLIC, load));
    let view = public(&graph);
    let joined = "table:postgres/shop.public.orders";
    let orders = view.entity(view.resolve("orders").unwrap());
    assert_eq!(orders.reference, joined);
    assert_eq!(orders.sole_system_joins.len(), 1);
    drop(view);

    let second = vec![mention(
        Kind::Dataset,
        "x",
        &["table:postgres://db2:5432/a.b.x"],
    )];
    graph.replace(AssetId(2), stated(2, SECRET, second));
    assert!(
        public(&graph).resolve("orders").is_ok(),
        "a hidden system is not known"
    );
    let both = labels(&[PUBLIC, SECRET]);
    assert!(matches!(
        graph.view(&both).resolve("orders"),
        Err(QueryError::Ambiguous { .. })
    ));

    graph.replace(AssetId(2), Vec::new());
    assert!(graph.view(&both).resolve("orders").is_ok());
}

#[test]
fn mapped_spellings_are_one_system() {
    let mut graph = Graph::new(warehouse(
        "snowflake",
        &["snowflake://acme", "dbt:shop/prod"],
    ));
    let says = vec![
        mention(
            Kind::Dataset,
            "orders",
            &["table:snowflake://acme/shop.orders"],
        ),
        relation(
            "pipeline:dbt/run",
            Predicate::Writes,
            "table:dbt:shop/prod/shop.orders",
        ),
        relation(
            "pipeline:bi/run",
            Predicate::Reads,
            "table:snowflake/shop.orders",
        ),
    ];
    graph.replace(AssetId(1), stated(1, PUBLIC, says));
    let view = public(&graph);
    assert_eq!(
        references(&view, all(&[Kind::Dataset])),
        "table:snowflake/shop.orders"
    );
    let orders = view.entity(view.resolve("table:snowflake://acme/shop.orders").unwrap());
    assert_eq!(view.relations(orders.id).len(), 2);
    assert_eq!(orders.sole_system_joins.len(), 1);
}

#[test]
fn a_selector_picks_what_matches_now() {
    let mut graph = graph(vec![vec![
        mention(Kind::Team, "risk", &["team:risk"]),
        selects(
            "team:risk",
            Predicate::OwnedBy,
            Selector::PathGlob("models/**".into()),
        ),
    ]]);
    let detector = vec![mention(
        Kind::Component,
        "fraud-detector",
        &["model:mlflow/fraud-detector"],
    )];
    graph.replace(
        AssetId(2),
        stated_at(2, PUBLIC, "models/fraud/model.yaml", detector.clone()),
    );
    let owned = |graph: &Graph| {
        let view = public(graph);
        references(
            &view,
            step(refs(&["fraud-detector"]), virgil_graph::Along::Owner),
        )
    };
    assert_eq!(owned(&graph), "team:risk");
    graph.replace(
        AssetId(2),
        stated_at(2, PUBLIC, "attic/model.yaml", detector),
    );
    assert_eq!(owned(&graph), "");
}

#[test]
fn of_the_rules_of_one_file_the_last_that_matches_counts() {
    let owners = vec![
        rule("team:everything", "**", 1, false),
        rule("team:models", "models/**", 2, false),
        rule("team:risk", "models/**", 2, false),
        rule("source:source-1/", "models/attic/**", 3, true),
    ];
    let mut graph = graph(vec![owners.clone()]);
    let paths = [
        "data/orders.yaml",
        "models/fraud.yaml",
        "models/attic/old.yaml",
    ];
    for (asset, path) in (2..).zip(paths) {
        let key = format!("model:mlflow/{asset}");
        let says = vec![mention(Kind::Component, path, &[&key])];
        graph.replace(AssetId(asset), stated_at(asset, PUBLIC, path, says));
    }
    let owned = |graph: &Graph| {
        let view = public(graph);
        let owners =
            |path: &&str| references(&view, step(refs(&[path]), virgil_graph::Along::Owner));
        paths.iter().map(owners).collect::<Vec<_>>()
    };
    assert_eq!(
        owned(&graph),
        ["team:everything", "team:models team:risk", ""]
    );
    let view = public(&graph);
    let answer = ask(
        &view,
        step(refs(&["models/fraud.yaml"]), virgil_graph::Along::Owner),
    )
    .unwrap();
    let lines = answer
        .rows
        .iter()
        .map(|row| row.evidence[0].evidence[0].lines.start);
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [2, 3],
        "the winning rules are the evidence"
    );
    drop(view);

    // A rule of another file, or of another section, counts beside these.
    let elsewhere = vec![rule("team:auditors", "**/fraud.yaml", 1, false)];
    graph.replace(AssetId(9), stated(9, PUBLIC, elsewhere));
    assert_eq!(owned(&graph)[1], "team:auditors team:models team:risk");
    graph.replace(AssetId(9), Vec::new());

    graph.replace(AssetId(1), stated(1, PUBLIC, owners[..1].to_vec()));
    assert_eq!(owned(&graph), ["team:everything"; 3]);
}

#[test]
fn a_rule_for_files_owns_what_has_no_owner_and_lives_in_files() {
    let mut graph = graph(vec![
        vec![rule("team:everything", "**", 1, false)],
        vec![
            mention(Kind::Component, "gateway", &["component:c/gateway"]),
            mention(Kind::Component, "worker", &["component:c/worker"]),
            mention(Kind::Model, "fraud", &["model:mlflow/fraud"]),
        ],
    ]);
    let owned = |graph: &Graph| {
        let view = public(graph);
        let owner =
            |name: &&str| references(&view, step(refs(&[name]), virgil_graph::Along::Owner));
        ["gateway", "worker", "fraud"]
            .iter()
            .map(owner)
            .collect::<Vec<_>>()
    };
    // An export of a registry tells of models; whoever owns the file does not own them.
    assert_eq!(owned(&graph), ["team:everything", "team:everything", ""]);

    let owner = vec![relation(
        "component:c/gateway",
        Predicate::OwnedBy,
        "team:risk",
    )];
    graph.replace(AssetId(3), stated(3, PUBLIC, owner));
    assert_eq!(owned(&graph), ["team:risk", "team:everything", ""]);
    let owns = virgil_graph::Along::backward(Predicate::OwnedBy);
    let everything = step(refs(&["team:everything"]), owns);
    assert_eq!(
        references(&public(&graph), everything),
        "component:c/worker"
    );

    graph.replace(AssetId(3), Vec::new());
    assert_eq!(owned(&graph), ["team:everything", "team:everything", ""]);
}

#[test]
fn what_one_scope_derives_is_not_in_another() {
    let mut graph = graph(vec![vec![mention(Kind::Dataset, "a", &["table:pg/a"])]]);
    let secret = vec![
        mention(Kind::Dataset, "b", &["table:pg/b"]),
        relation("table:pg/a", Predicate::DerivedFrom, "table:pg/b"),
    ];
    let both = labels(&[PUBLIC, SECRET]);
    for _ in 0..2 {
        graph.replace(AssetId(2), stated(2, SECRET, secret.clone()));
        assert_eq!(
            references(&graph.view(&both), all(&[])),
            "table:pg/a table:pg/b"
        );
        assert_eq!(references(&public(&graph), all(&[])), "table:pg/a");
        assert!(public(&graph).resolve("b").is_err());
        graph.replace(AssetId(2), Vec::new());
        assert_eq!(references(&graph.view(&both), all(&[])), "table:pg/a");
    }
}

#[test]
fn selectors_pick_labels_metrics_and_uris() {
    let list = |items: &[&str]| Value::List(items.iter().map(|item| text(item)).collect());
    let labels = [("app".to_owned(), "fraud".to_owned())].into();
    let pod = "resource:prod/apps/Deployment/ml/fraud";
    let metric = Selector::Metric {
        name: "errors_total".into(),
        matchers: vec![("app".into(), "=~".into(), "fr.*".into())],
    };
    let mut says = vec![
        selects(
            "component:k8s/svc",
            Predicate::DependsOn,
            Selector::Labels {
                namespace: "prod/ml".into(),
                labels,
                on: Labelled::Objects,
            },
        ),
        selects("alert:prom/errors", Predicate::Monitors, metric),
        selects(
            "pipeline:a/load",
            Predicate::Reads,
            Selector::UriPrefix("s3://lake/".into()),
        ),
        relation("pipeline:a/dump", Predicate::Writes, "uri:s3://lake/orders"),
        attribute("metric:prom/errors_total", "labels", list(&["app=fraud"])),
    ];
    let scoped = |says: &mut Vec<virgil_model::Says>, labels: &[&str]| {
        says.push(virgil_model::Says::Mention {
            kind: Kind::Resource,
            keys: vec![virgil_model::Key::scoped(
                "resource",
                "prod",
                "apps/Deployment/ml/fraud",
            )],
            name: "fraud".into(),
        });
        says.push(attribute(pod, "labels", list(labels)));
    };
    scoped(&mut says, &["app=fraud", "tier=1"]);
    let graph = graph(vec![says]);
    let view = public(&graph);
    let reached = |from: &str, predicate| {
        references(
            &view,
            step(refs(&[from]), virgil_graph::Along::forward(predicate)),
        )
    };
    assert_eq!(reached("component:k8s/svc", Predicate::DependsOn), pod);
    assert_eq!(
        reached("alert:prom/errors", Predicate::Monitors),
        "metric:prom/errors_total"
    );
    assert_eq!(
        reached("pipeline:a/load", Predicate::Reads),
        "uri:s3://lake/orders"
    );
}

#[test]
fn a_service_picks_what_declares_its_pods_and_a_monitor_picks_services() {
    let list = |items: &[&str]| Value::List(items.iter().map(|item| text(item)).collect());
    let object = |kind: &str| Key::scoped("kubernetes", "prod", &format!("{kind}/ml/fraud"));
    let (service, deployment) = (object("core/Service"), object("apps/Deployment"));
    let select = |subject: &Key, predicate, on| Says::Relation {
        subject: subject.clone(),
        predicate,
        object: Target::Selector(Selector::Labels {
            namespace: "prod/ml".into(),
            labels: [("app".to_owned(), "fraud".to_owned())].into(),
            on,
        }),
        attributes: Attributes::new(),
    };
    let labelled = |key: &Key, name: &str| Says::Attribute {
        of: key.clone(),
        name: name.into(),
        value: list(&["app=fraud"]),
    };
    let monitor = object("monitoring.coreos.com/ServiceMonitor");
    let graph = graph(vec![vec![
        labelled(&service, "labels"),
        labelled(&monitor, "labels"),
        labelled(&object("core/ConfigMap"), "labels"),
        labelled(&deployment, "pod_labels"),
        select(&service, Predicate::DependsOn, Labelled::Pods),
        select(&monitor, Predicate::Monitors, Labelled::Services),
    ]]);
    let view = public(&graph);
    let reached = |from: &Key, predicate| {
        let from = from.to_string();
        references(
            &view,
            step(refs(&[&from]), virgil_graph::Along::forward(predicate)),
        )
    };
    assert_eq!(
        reached(&service, Predicate::DependsOn),
        deployment.to_string()
    );
    assert_eq!(reached(&monitor, Predicate::Monitors), service.to_string());
}

#[test]
fn a_pointer_resolves_and_never_merges() {
    let champion = "model_version:fraud@champion";
    let mut graph = graph(vec![
        vec![mention(
            Kind::ModelVersion,
            "3",
            &["model_version:mlflow/fraud-3", champion],
        )],
        vec![relation(
            "inference_service:k8s/fraud",
            Predicate::Serves,
            champion,
        )],
    ]);
    let served = |graph: &Graph| {
        let from = refs(&["inference_service:k8s/fraud"]);
        let along = virgil_graph::Along::forward(Predicate::Serves);
        references(&public(graph), step(from, along))
    };
    assert_eq!(served(&graph), "model_version:mlflow/fraud-3");
    let moved = vec![mention(
        Kind::ModelVersion,
        "4",
        &["model_version:mlflow/fraud-4", champion],
    )];
    graph.replace(AssetId(3), stated(3, PUBLIC, moved.clone()));
    assert_eq!(
        served(&graph),
        "model_version:mlflow/fraud-3 model_version:mlflow/fraud-4"
    );
    graph.replace(AssetId(1), Vec::new());
    assert_eq!(served(&graph), "model_version:mlflow/fraud-4");
}

#[test]
fn files_of_one_path_in_two_sources_stay_apart() {
    let file = virgil_model::Key::scoped("file", ".", "README.md");
    let says = virgil_model::Says::Mention {
        kind: Kind::Document,
        keys: vec![file],
        name: "README".into(),
    };
    let mut graph = graph(vec![vec![says.clone()]]);
    let mut other = stated(2, PUBLIC, vec![says]);
    other[0].source = virgil_model::SourceId(7);
    graph.replace(AssetId(2), other);
    assert_eq!(
        references(&public(&graph), all(&[Kind::Document])),
        "file:source-1/README.md file:source-7/README.md"
    );
}

#[test]
fn a_column_of_a_uri_belongs_to_its_dataset() {
    let column = virgil_model::Key::global("column", "s3://lake/orders#email");
    let graph = graph(vec![vec![
        mention(Kind::Dataset, "orders", &["uri:s3://lake/orders"]),
        virgil_model::Says::Mention {
            kind: Kind::Column,
            keys: vec![column],
            name: "email".into(),
        },
    ]]);
    let along = virgil_graph::Along::forward(Predicate::PartOf);
    assert_eq!(
        references(&public(&graph), step(refs(&["email"]), along)),
        "uri:s3://lake/orders"
    );
}

#[test]
fn a_name_that_is_nearly_right_gets_a_hint() {
    let graph = graph(vec![vec![mention(
        Kind::Model,
        "fraud-detector",
        &["model:m/fraud-detector"],
    )]]);
    let Err(QueryError::NotFound { nearest, .. }) = public(&graph).resolve("fraud-detecter") else {
        panic!("it is not there");
    };
    assert_eq!(nearest, ["fraud-detector"]);
}

#[test]
fn a_graph_is_shared_and_a_view_travels_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Graph>();
    sent::<virgil_graph::View<'_>>();
}
