//! The graph of the sample platform from end to end: names that must not meet, files that take back what they joined,
//! askers who see different parts, and columns from the shop's database to the endpoint.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Home, Sample};

const ADMINISTRATOR: &[&str] = &[];

fn service(cluster: &str, namespace: &str, name: &str) -> String {
    format!("kubernetes:{cluster}/serving.kserve.io/InferenceService/{namespace}/{name}")
}

/// What a walk reaches, with the kinds that count.
fn reached(from: &str, along: &str, kind: &str) -> Value {
    let walk =
        json!({ "from": { "refs": [from] }, "along": along, "hops": { "min": 1, "max": null } });
    json!({ "and": [{ "step": walk }, { "all": [kind] }] })
}

#[test]
fn staging_and_production_of_the_same_names_stay_apart() {
    let sample = Sample::shared();
    for (namespace, name) in [
        ("ml-risk", "fraud-detector"),
        ("ml-growth", "churn-predictor"),
    ] {
        let production = service("prod-eu", namespace, name);
        let staging = service("staging-eu", namespace, name);
        let versions = |service: &str| {
            let versions = reached(service, "upstream", "model_version");
            sample.home.references(ADMINISTRATOR, &versions)
        };
        let (live, tried) = (versions(&production), versions(&staging));
        assert_eq!((live.len(), tried.len()), (1, 1), "{name}");
        assert_ne!(live, tried, "{name}");
        let named = json!({ "refs": [format!("inference_service:{name}")] });
        let said = sample.home.query(ADMINISTRATOR, &json!({ "set": named }));
        let said = said.expect_err("two clusters have one");
        assert!(
            said.contains(&production) && said.contains(&staging),
            "{said}"
        );
    }
}

#[test]
fn a_table_is_one_thing_however_many_parts_of_its_name_a_file_gives() {
    let sample = Sample::shared();
    let all = json!({ "all": ["dataset"] });
    let all = sample.home.references(ADMINISTRATOR, &all);
    let mut tables = BTreeMap::new();
    for key in all.iter().filter_map(|key| key.strip_prefix("table:")) {
        let (system, name) = key.rsplit_once('/').expect("a table has a system");
        let parts: Vec<&str> = name.rsplit('.').take(2).collect();
        let known = tables.insert((system, parts), name);
        assert_eq!(known, None, "{system} has {name} twice");
    }

    // The script gives a schema and a table, the events of the copy name the database too.
    let orders = "table:warehouse/warehouse.raw.orders";
    let writers = json!({ "step": {
        "from": { "refs": [orders] },
        "along": { "relations": [{ "predicate": "writes", "direction": "backward" }] },
    }});
    let writers = sample.home.references(ADMINISTRATOR, &writers);
    let is_script = |key: &String| key.ends_with("dbt/ci/load_raw.sql");
    assert!(writers.iter().any(is_script), "{writers:?}");
    assert!(
        writers.iter().any(|key| key.starts_with("run:")),
        "{writers:?}"
    );
    let short = json!({ "refs": ["table:warehouse/raw.orders"] });
    let said = sample.home.query(ADMINISTRATOR, &json!({ "set": short }));
    assert!(said.is_err(), "{said:?}");
}

#[test]
fn a_file_that_joins_two_names_parts_them_when_it_is_withdrawn() {
    let home = Sample::copy();
    home.ok(&["ingest"]);
    // Only the logged models of MLflow say that the artifact which production loads is the model that a version names.
    let export = "examples/bottega/data-platform/mlflow-export/logged-models.json";
    let export = home.path().join(export);
    let production = service("prod-eu", "ml-growth", "churn-predictor");
    let versions = reached(&production, "upstream", "model_version");
    let joined = ["model_version:mlflow/churn-predictor/2"];
    assert_eq!(home.references(ADMINISTRATOR, &versions), joined);

    let text = std::fs::read_to_string(&export).expect("the export");
    std::fs::remove_file(&export).expect("it was there");
    home.ok(&["ingest"]);
    assert!(home.references(ADMINISTRATOR, &versions).is_empty());
    for end in [production.as_str(), joined[0]] {
        let stays = home.references(ADMINISTRATOR, &json!({ "refs": [end] }));
        assert_eq!(stays.len(), 1, "{end}");
    }

    std::fs::write(&export, text).expect("a file");
    home.ok(&["ingest"]);
    assert_eq!(home.references(ADMINISTRATOR, &versions), joined);
}

/// A column of the shop's database, the columns it becomes, and the model and its services that it ends in.
struct Journey {
    columns: &'static [&'static str],
    model: &'static str,
    /// Every model that it reaches.
    models: &'static [&'static str],
    services: &'static [(&'static str, &'static str)],
}

const JOURNEYS: &[Journey] = &[
    // Personal data: the address typed at checkout.
    Journey {
        columns: &[
            "shop.public.orders#email",
            "warehouse.raw.orders#email",
            "warehouse.staging.stg_orders#contact_email",
            "warehouse.marts.fct_payment_risk#email_is_disposable",
            "s3://bottega-lake/features/payment_risk.parquet#email_is_disposable",
            "payment_risk_features#email_is_disposable",
        ],
        model: "fraud-detector",
        models: &["fraud-detector"],
        services: &[("prod-eu", "ml-risk"), ("staging-eu", "ml-risk")],
    },
    // Personal data: the name on the card.
    Journey {
        columns: &[
            "shop.public.payments#billing_name",
            "warehouse.raw.payments#billing_name",
            "warehouse.staging.stg_payments#billing_name",
            "warehouse.marts.fct_payment_risk#billing_name_matches",
            "s3://bottega-lake/features/payment_risk.parquet#billing_name_matches",
            "payment_risk_features#billing_name_matches",
        ],
        model: "fraud-detector",
        models: &["fraud-detector"],
        services: &[("prod-eu", "ml-risk"), ("staging-eu", "ml-risk")],
    },
    Journey {
        columns: &[
            "shop.public.returns#refunded_cents",
            "warehouse.raw.returns#refunded_cents",
            "warehouse.staging.stg_returns#refunded",
            "warehouse.marts.fct_orders#refunded",
            "warehouse.marts.customer_360#return_rate",
            "s3://bottega-lake/features/customer_activity.parquet#return_rate",
            "customer_activity_features#return_rate",
        ],
        model: "churn-predictor",
        // The prototype learns from whether an order was refunded.
        models: &["churn-predictor", "returns-risk"],
        services: &[("prod-eu", "ml-growth"), ("staging-eu", "ml-growth")],
    },
];

#[test]
fn a_column_is_followed_from_the_shop_to_the_endpoint_and_back_with_evidence_for_every_step() {
    let sample = Sample::shared();
    let home = &sample.home;
    for journey in JOURNEYS {
        let columns: Vec<String> = journey
            .columns
            .iter()
            .map(|name| format!("column:{name}"))
            .collect();
        let shown = |name: &String| {
            home.references(ADMINISTRATOR, &json!({ "refs": [name] }))
                .remove(0)
        };
        let columns: Vec<String> = columns.iter().map(shown).collect();
        let (source, feature) = (&columns[0], &columns[columns.len() - 1]);
        let services = journey.services.iter();
        let services: Vec<String> = services
            .map(|(cluster, namespace)| service(cluster, namespace, journey.model))
            .collect();

        let models = home.query(
            ADMINISTRATOR,
            &json!({ "set": reached(source, "downstream", "model") }),
        );
        let models = models.expect("an answer");
        let names: Vec<&Value> = models["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| &row["name"])
            .collect();
        assert_eq!(names, journey.models, "{source}");
        assert_eq!(models["rows"][0]["possibly"], false, "{source}");
        assert_eq!(
            home.references(
                ADMINISTRATOR,
                &reached(source, "downstream", "inference_service")
            ),
            services
        );

        let walked = path(home, source, feature);
        assert_eq!(walked, columns);
        for end in &services {
            let there = path(home, source, end);
            assert_eq!(there.last(), Some(end), "{there:?}");
            let back = home.references(ADMINISTRATOR, &reached(end, "upstream", "column"));
            for column in &columns {
                assert!(
                    back.contains(column),
                    "{end} does not lead back to {column}"
                );
            }
        }
    }
}

/// The things on the way, in order; every step must name the lines that state it.
fn path(home: &Home, from: &str, to: &str) -> Vec<String> {
    let query =
        json!({ "set": { "refs": [from] }, "output": { "paths": { "to": { "refs": [to] } } } });
    let found = home.query(ADMINISTRATOR, &query).expect("an answer");
    assert_eq!(found["total"], 1, "{from} to {to}: {found}");
    let mut at = from.to_owned();
    let mut steps = vec![at.clone()];
    for edge in found["paths"][0]["edges"].as_array().expect("edges") {
        let places = edge["evidence"].as_array().expect("places");
        let is_place =
            |place: &Value| place["path"].is_string() && place["start_line"].as_u64() >= Some(1);
        assert!(!places.is_empty() && places.iter().all(is_place), "{edge}");
        let end = |end: &str| {
            edge[end]["reference"]
                .as_str()
                .expect("a reference")
                .to_owned()
        };
        at = if end("subject") == at {
            end("object")
        } else {
            end("subject")
        };
        steps.push(at.clone());
    }
    steps
}

/// The same query, three answers: what reads the table of the fraud model in a notebook is for the group risk, the
/// Secret of staging for the group platform, neither for others.
#[test]
fn three_groups_see_three_graphs() {
    let sample = Sample::shared();
    let reads = json!({ "predicate": "reads", "direction": "backward" });
    let table = json!({ "refs": ["dataset:warehouse.marts.fct_payment_risk"] });
    let readers = json!({ "step": { "from": table, "along": { "relations": [reads] } } });
    let is_secret = json!({ "attribute": { "name": "type", "op": "eq", "value": "Secret" } });
    let is_declared = json!({ "attribute": { "name": "unresolved", "op": "eq", "value": false } });
    let secrets = json!({ "where": { "set": { "all": ["resource"] }, "test": { "all_of": [is_secret, is_declared] } } });
    let set = json!({ "or": [{ "and": [readers, { "all": ["notebook"] }] }, secrets] });

    let notebook = "file:ml-risk/notebooks/fraud-threshold-analysis.ipynb";
    let secret = "kubernetes:staging-eu/core/Secret/ml-growth/recs-redis";
    let home = &sample.home;
    assert_eq!(home.references(&["growth"], &set), [] as [&str; 0]);
    assert_eq!(home.references(&["risk"], &set), [notebook]);
    assert_eq!(home.references(&["platform"], &set), [secret]);
    assert_eq!(home.references(ADMINISTRATOR, &set), [notebook, secret]);
    for hidden in [notebook, secret] {
        let said = home.query(&["growth"], &json!({ "set": { "refs": [hidden] } }));
        assert!(
            said.expect_err("it is hidden").contains("nothing visible"),
            "{hidden}"
        );
    }
}
