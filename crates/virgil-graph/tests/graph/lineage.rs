//! What flows where, and how it is drawn.

use virgil_graph::{Along, Direction, Hops, Known, Output, Query, View, lineage};
use virgil_model::{Kind, Predicate, Says};

use crate::world::*;

/// Orders are loaded, cleaned and train two versions of a model, one of which is served.
fn platform() -> Vec<Says> {
    vec![
        mention(Kind::Dataset, "orders", &["table:pg/orders"]),
        mention(Kind::Dataset, "clean orders", &["table:pg/clean"]),
        mention(Kind::Dataset, "old orders", &["table:pg/old"]),
        mention(Kind::Pipeline, "clean", &["pipeline:airflow/clean"]),
        mention(Kind::Model, "fraud-detector", &["model:m/fraud"]),
        mention(Kind::ModelVersion, "1", &["model_version:m/fraud-1"]),
        mention(Kind::ModelVersion, "2", &["model_version:m/fraud-2"]),
        mention(
            Kind::InferenceService,
            "fraud",
            &["inference_service:k8s/fraud"],
        ),
        relation(
            "pipeline:airflow/clean",
            Predicate::Reads,
            "table:pg/orders",
        ),
        relation(
            "pipeline:airflow/clean",
            Predicate::Writes,
            "table:pg/clean",
        ),
        relation(
            "model_version:m/fraud-1",
            Predicate::TrainedOn,
            "table:pg/old",
        ),
        relation(
            "model_version:m/fraud-2",
            Predicate::TrainedOn,
            "table:pg/clean",
        ),
        relation(
            "model_version:m/fraud-1",
            Predicate::VersionOf,
            "model:m/fraud",
        ),
        relation(
            "model_version:m/fraud-2",
            Predicate::VersionOf,
            "model:m/fraud",
        ),
        relation(
            "inference_service:k8s/fraud",
            Predicate::Serves,
            "model_version:m/fraud-2",
        ),
    ]
}

fn flow(view: &View<'_>, from: &str, along: Along) -> String {
    references(view, walk(refs(&[from]), along, Hops::any()))
}

#[test]
fn flow_passes_versions_freely_but_not_into_siblings() {
    let graph = graph(vec![platform()]);
    let view = public(&graph);
    assert_eq!(
        flow(&view, "orders", Along::Downstream),
        "inference_service:k8s/fraud model:m/fraud model_version:m/fraud-2 pipeline:airflow/clean \
         table:pg/clean"
    );
    assert_eq!(
        flow(&view, "fraud-detector", Along::Upstream),
        "pipeline:airflow/clean table:pg/clean table:pg/old table:pg/orders"
    );
}

#[test]
fn a_lineage_is_drawn_as_text_mermaid_and_dot() {
    let mut says = platform();
    says.push(mention(
        Kind::Pipeline,
        "x\"] --> evil\n\\",
        &["pipeline:airflow/evil"],
    ));
    says.push(relation(
        "pipeline:airflow/evil",
        Predicate::Writes,
        "table:pg/orders",
    ));
    says.push(relation(
        "pipeline:airflow/evil",
        Predicate::Reads,
        "table:pg/orders",
    ));
    let graph = graph(vec![says]);
    let view = public(&graph);
    let service = view.resolve("inference_service:k8s/fraud").unwrap();
    let lineage = lineage(&view, service, Direction::Upstream, 10, &Known::default()).unwrap();
    insta::assert_snapshot!(lineage.to_text());
    insta::assert_snapshot!(lineage.to_mermaid());
    insta::assert_snapshot!(lineage.to_dot());
    insta::assert_json_snapshot!(lineage.edges[0]);
}

#[test]
fn columns_flow_along_columns_and_possibly_along_tables() {
    let column = |table: &str, column: &str| format!("column:pg/{table}#{column}");
    let (email, mail, id) = (
        column("orders", "email"),
        column("mart", "mail"),
        column("orders", "id"),
    );
    let mut says = platform();
    says.extend([
        mention(Kind::Column, "email", &[&email]),
        mention(Kind::Column, "id", &[&id]),
        mention(Kind::Dataset, "mart", &["table:pg/mart"]),
        mention(Kind::Column, "mail", &[&mail]),
        relation(&mail, Predicate::DerivedFrom, &email),
    ]);
    let graph = graph(vec![says]);
    let view = public(&graph);
    assert_eq!(
        references(
            &view,
            walk(refs(&[&email]), Along::Downstream, Hops::exactly(1))
        ),
        "column:pg/mart#mail pipeline:airflow/clean? table:pg/mart"
    );
    assert_eq!(
        references(&view, walk(refs(&[&mail]), Along::Upstream, Hops::any())),
        "column:pg/orders#email table:pg/orders"
    );
    // From the table, all its columns flow, and nothing is only possible.
    assert_eq!(
        references(
            &view,
            walk(refs(&["orders"]), Along::Downstream, Hops::exactly(1))
        ),
        "column:pg/mart#mail pipeline:airflow/clean table:pg/mart"
    );
}

#[test]
fn where_columns_are_known_to_feed_a_table_they_alone_decide() {
    let column = |name: &str| format!("column:pg/{name}");
    let (email, id, total) = (
        column("orders#email"),
        column("orders#id"),
        column("mart#total"),
    );
    let says = vec![
        mention(Kind::Column, "email", &[&email]),
        mention(Kind::Dataset, "mart", &["table:pg/mart"]),
        mention(Kind::Dataset, "other", &["table:pg/other"]),
        relation("table:pg/mart", Predicate::DerivedFrom, "table:pg/orders"),
        relation("table:pg/other", Predicate::DerivedFrom, "table:pg/orders"),
        // A run that moves data between these two tables only says no more than its columns.
        mention(Kind::Run, "copy", &["run:a/copy"]),
        relation("run:a/copy", Predicate::Reads, "table:pg/orders"),
        relation("run:a/copy", Predicate::Writes, "table:pg/mart"),
        relation(&total, Predicate::DerivedFrom, &id),
    ];
    let graph = graph(vec![says]);
    let view = public(&graph);
    assert_eq!(
        flow(&view, &email, Along::Downstream),
        "run:a/copy? table:pg/other?"
    );
    assert_eq!(
        flow(&view, &id, Along::Downstream),
        "column:pg/mart#total run:a/copy? table:pg/mart table:pg/other?"
    );
}

#[test]
fn a_script_that_makes_several_tables_does_not_mix_what_their_columns_tell_apart() {
    let script = "file:a/export.py";
    let mut says = vec![mention(Kind::Pipeline, "export", &[script])];
    for (from, to) in [("orders", "sales"), ("clicks", "views")] {
        let [from, to] = [from, to].map(|name| format!("table:pg/{name}"));
        says.push(relation(script, Predicate::Reads, &from));
        says.push(relation(script, Predicate::Writes, &to));
    }
    let before = graph(vec![says.clone()]);
    let view = public(&before);
    assert_eq!(
        flow(&view, "table:pg/sales", Along::Upstream),
        "file:a/export.py table:pg/clicks table:pg/orders"
    );
    for (from, to) in [("orders#id", "sales#id"), ("clicks#id", "views#id")] {
        let [from, to] = [from, to].map(|name| format!("column:pg/{name}"));
        says.push(relation(&to, Predicate::DerivedFrom, &from));
    }
    let after = graph(vec![says]);
    let view = public(&after);
    assert_eq!(
        flow(&view, "table:pg/sales", Along::Upstream),
        "column:pg/orders#id file:a/export.py table:pg/orders"
    );
    assert_eq!(
        flow(&view, "table:pg/clicks", Along::Downstream),
        "column:pg/views#id file:a/export.py table:pg/views"
    );
}

#[test]
fn runs_of_an_experiment_do_not_supersede_each_other() {
    let mut says = vec![mention(Kind::Experiment, "fraud", &["experiment:m/1"])];
    for (run, ended, file) in [
        ("run:m/1", "2026-01-01", "uri:s3://lake/1"),
        ("run:m/2", "2026-01-02", "uri:s3://lake/2"),
    ] {
        says.push(mention(Kind::Run, run, &[run]));
        says.push(attribute(run, "ended_at", text(ended)));
        says.push(relation(run, Predicate::PartOf, "experiment:m/1"));
        says.push(relation(run, Predicate::Reads, file));
    }
    let graph = graph(vec![says]);
    let view = public(&graph);
    assert_eq!(flow(&view, "run:m/1", Along::Upstream), "uri:s3://lake/1");
    assert_eq!(
        flow(&view, "uri:s3://lake/1", Along::Downstream),
        "experiment:m/1 run:m/1"
    );
}

#[test]
fn only_the_latest_completed_run_counts() {
    let mut says = vec![mention(Kind::Pipeline, "load", &["pipeline:a/load"])];
    for (run, state, ended, table) in [
        ("run:a/1", "completed", "2026-01-01", "table:pg/old"),
        ("run:a/2", "completed", "2026-01-02", "table:pg/new"),
        ("run:a/3", "failed", "2026-01-03", "table:pg/broken"),
    ] {
        says.push(mention(Kind::Run, run, &[run]));
        says.push(attribute(run, "state", text(state)));
        says.push(attribute(run, "ended_at", text(ended)));
        says.push(relation(run, Predicate::PartOf, "pipeline:a/load"));
        says.push(relation(run, Predicate::Reads, table));
    }
    let graph = graph(vec![says]);
    let view = public(&graph);
    assert_eq!(flow(&view, "load", Along::Upstream), "table:pg/new");
    assert_eq!(flow(&view, "table:pg/old", Along::Downstream), "");
    assert_eq!(
        flow(&view, "table:pg/new", Along::Downstream),
        "pipeline:a/load run:a/2"
    );
}

#[test]
fn paths_say_how_things_are_connected() {
    let graph = graph(vec![platform()]);
    let view = public(&graph);
    let mut query = Query::rows(refs(&["orders"]));
    query.output = Output::Paths {
        to: refs(&["fraud-detector"]),
    };
    let answer = view.query(&query, &Known::default()).unwrap();
    let edges = answer.paths[0].edges.iter();
    let path: Vec<String> = edges
        .map(|edge| {
            let (subject, object) = (&edge.subject.name, &edge.object.name);
            let line = edge.evidence[0].lines.start;
            format!("{subject} {} {object} (line {line})", edge.predicate.name())
        })
        .collect();
    assert_eq!(
        path,
        [
            "clean reads orders (line 9)",
            "clean writes clean orders (line 10)",
            "2 trained_on clean orders (line 12)",
            "2 version_of fraud-detector (line 14)",
        ]
    );
}
