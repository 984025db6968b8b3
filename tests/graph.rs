//! What the platform states, asked exactly: entities, lineage and queries, each in the asker's scope.

use serde_json::{Value, json};

use crate::support::{Home, Repository};

/// A table, the pipeline that reads it, the model in production and on staging, and who owns what.
fn platform() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: fraud-gateway\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: group:default/ml-risk\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  \
             name: ml-risk\nspec:\n  type: team\n  children: []\n",
        ),
        (
            "lineage/events.ndjson",
            concat!(
                r#"{"eventType":"COMPLETE","eventTime":"2026-11-01T03:00:00Z","run":{"runId":"0190a000-0000-7000-8000-000000000001"},"#,
                r#""job":{"namespace":"warehouse","name":"features"},"#,
                r#""inputs":[{"namespace":"postgres://db:5432","name":"shop.public.orders"}],"#,
                r#""outputs":[{"namespace":"s3://lake","name":"features/orders.parquet"}]}"#,
                "\n"
            ),
        ),
        (
            "clusters/prod/risk/service.yaml",
            "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: fraud\n  namespace: risk\nspec:\n  \
             predictor:\n    model:\n      modelFormat: {name: sklearn}\n      storageUri: s3://models/fraud/3\n",
        ),
        (
            "clusters/staging/risk/service.yaml",
            "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: fraud\n  namespace: risk\nspec:\n  \
             predictor:\n    model:\n      modelFormat: {name: sklearn}\n      storageUri: s3://models/fraud/4\n",
        ),
    ]);
    let home = Home::new();
    home.configure(
        "access.yaml",
        "access:\n  labels:\n    open: [everyone]\n    risk: [risk]\n",
    );
    configure(&home, &repository, "risk");
    home.ok(&["ingest"]);
    (home, repository)
}

fn configure(home: &Home, repository: &Repository, label: &str) {
    let place = repository.place();
    let rule = format!("rules: [{{path: 'clusters/prod/**', access: {label}}}]");
    home.configure(
        "sources.yaml",
        &format!("sources:\n- {{name: platform, kind: git, url: {place}, access: open, {rule}}}\n"),
    );
}

fn references(found: &Value, list: &str) -> Vec<String> {
    let rows = found[list].as_array().expect("a list");
    rows.iter()
        .map(|row| row["reference"].as_str().expect("a reference").to_owned())
        .collect()
}

#[test]
fn staging_and_production_of_the_same_name_stay_apart() {
    let (home, _repository) = platform();
    let services = home.json(&["list", "inference_service"]);
    assert_eq!(
        references(&services, "rows"),
        [
            "kubernetes:prod/serving.kserve.io/InferenceService/risk/fraud",
            "kubernetes:staging/serving.kserve.io/InferenceService/risk/fraud"
        ]
    );
    let place = &services["rows"][0]["mentions"][0];
    assert_eq!(place["path"], "clusters/prod/risk/service.yaml");
    assert_eq!(place["source"], "platform");
    let said = home.refused(&["lineage", "fraud"]);
    assert!(
        said.contains("names several things") && said.contains("kubernetes:prod/"),
        "{said}"
    );
}

#[test]
fn lineage_follows_the_flow_of_data_with_its_evidence() {
    let (home, _repository) = platform();
    let lineage = home.json(&["lineage", "features/orders.parquet"]);
    let nodes = references(&lineage, "nodes");
    assert!(
        nodes
            .iter()
            .any(|node| node.ends_with("shop.public.orders")),
        "{nodes:?}"
    );
    let evidence = &lineage["edges"][0]["relation"]["evidence"][0];
    assert_eq!(evidence["path"], "lineage/events.ndjson");
    assert_eq!(evidence["start_line"], 1);
    let downstream = home.ok(&[
        "lineage",
        "shop.public.orders",
        "--downstream",
        "--format",
        "mermaid",
    ]);
    assert!(
        downstream.starts_with("flowchart") || downstream.starts_with("graph"),
        "{downstream}"
    );
    assert!(downstream.contains("orders.parquet"), "{downstream}");
    let said = home.refused(&["lineage", "orders.parqet"]);
    assert!(said.contains("orders.parqet"), "{said}");
}

#[test]
fn a_scope_has_its_own_graph_and_a_withdrawn_file_takes_back_what_it_said() {
    let (home, repository) = platform();
    let list = ["list", "inference_service", "--as", "shop"];
    let staging = ["kubernetes:staging/serving.kserve.io/InferenceService/risk/fraud"];
    assert_eq!(references(&home.json(&list), "rows"), staging);
    let said = home.refused(&[
        "lineage",
        "kubernetes:prod/serving.kserve.io/InferenceService/risk/fraud",
        "--as",
        "shop",
    ]);
    assert!(said.contains("nothing visible"), "{said}");

    repository.remove("clusters/staging/risk/service.yaml");
    repository.commit();
    home.ok(&["ingest"]);
    assert_eq!(home.json(&list)["total"], 0);
    assert_eq!(home.json(&["list", "inference_service"])["total"], 1);
}

#[test]
fn a_query_counts_exactly_and_a_wrong_one_says_what_is_wrong() {
    let (home, _repository) = platform();
    let query = json!({ "set": { "all": ["inference_service"] }, "output": "count" }).to_string();
    assert_eq!(home.json(&["query", &query])["total"], 2);
    let owned = json!({
        "set": { "step": { "from": { "refs": ["component:fraud-gateway"] }, "along": "owner" } },
    });
    let owners = home.json(&["query", &owned.to_string()]);
    assert_eq!(
        references(&owners, "rows"),
        ["backstage:default/group:default/ml-risk"],
        "{owners}"
    );
    let said = home.refused(&["query", r#"{"set": {"al": []}}"#]);
    assert!(said.contains("al"), "{said}");
    let said = home.refused(&["list", "modle"]);
    assert!(said.contains("inference_service"), "{said}");
}
