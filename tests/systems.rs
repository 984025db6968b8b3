//! One system under several spellings: kept apart, proposed, and joined by what the proposal says.

use serde_json::{Value, json};

use crate::support::{Home, Repository, Server};

/// A run that reads tables of `namespace` and writes one file.
fn run(namespace: &str, tables: &[&str]) -> String {
    let inputs: Vec<Value> = tables
        .iter()
        .map(|name| json!({ "namespace": namespace, "name": name }))
        .collect();
    let event = json!({
        "eventType": "COMPLETE", "eventTime": "2026-11-01T03:00:00Z",
        "run": {"runId": "0190a000-0000-7000-8000-000000000001"},
        "job": {"namespace": "etl", "name": "features"}, "inputs": inputs,
        "outputs": [{"namespace": "s3://lake", "name": "features.parquet"}],
    });
    format!("{event}\n")
}

/// A dbt manifest whose models have these names in `shop.marts`.
fn manifest(models: &[&str]) -> String {
    let nodes: serde_json::Map<String, Value> = models
        .iter()
        .map(|name| {
            let id = format!("model.analytics.{name}");
            let node = json!({"resource_type": "model", "name": name, "database": "shop", "schema": "marts",
                              "package_name": "analytics", "unique_id": id, "depends_on": {"nodes": []}});
            (id, node)
        })
        .collect();
    json!({
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
                     "project_name": "analytics", "adapter_type": "postgres"},
        "nodes": nodes, "sources": {}, "exposures": {}, "groups": {},
    })
    .to_string()
}

fn home(repository: &Repository) -> Home {
    let home = Home::new();
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- {{name: platform, kind: git, url: {}, access: open, rules: [{{path: 'hidden/**', access: risk}}]}}\n",
            repository.place()
        ),
    );
    home.configure(
        "access.yaml",
        "access:\n  labels:\n    open: [everyone]\n    risk: [risk]\n",
    );
    home.ok(&["ingest"]);
    home
}

fn references(found: &Value) -> Vec<&str> {
    let rows = found["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["reference"].as_str().expect("a reference"))
        .collect()
}

#[test]
fn two_spellings_are_proposed_pasted_and_joined() {
    let repository = Repository::with(&[
        ("dbt/manifest.json", &manifest(&["orders", "customers"])),
        (
            "lineage/a.ndjson",
            &run(
                "postgres://db-1:5432",
                &["shop.marts.orders", "shop.marts.customers"],
            ),
        ),
        (
            "lineage/b.ndjson",
            &run("postgres://db-2:5432", &["shop.marts.orders"]).replace("0001\"", "0002\""),
        ),
    ]);
    let home = home(&repository);
    // Two systems of PostgreSQL are known, and nobody says which of them dbt builds in.
    let list = ["list", "dataset"];
    assert_eq!(
        references(&home.json(&list)),
        [
            "table:postgres/shop.marts.customers",
            "table:postgres/shop.marts.orders",
            "table:postgres://db-1:5432/shop.marts.customers",
            "table:postgres://db-1:5432/shop.marts.orders",
            "table:postgres://db-2:5432/shop.marts.orders",
            "uri:s3://lake/features.parquet",
        ]
    );
    let said = home.json(&["doctor"]);
    let proposals = said["mapping"]["proposals"].as_array().expect("a list");
    let of_dbt = proposals
        .iter()
        .find(|one| one["count"] == 2)
        .unwrap_or_else(|| panic!("dbt and db-1 share two tables: {said}"));
    assert_eq!(
        of_dbt["examples"],
        json!(["shop.marts.customers", "shop.marts.orders"])
    );
    let yaml = of_dbt["yaml"].as_str().expect("YAML");
    assert!(
        home.ok(&["doctor"]).contains(yaml.trim_end()),
        "doctor prints what it proposes"
    );

    // Pasted as it is, it holds from the next start; nothing is read again.
    home.configure("systems.yaml", yaml);
    assert_eq!(
        references(&home.json(&list)),
        [
            "table:db-1/shop.marts.customers",
            "table:db-1/shop.marts.orders",
            "table:postgres://db-2:5432/shop.marts.orders",
            "uri:s3://lake/features.parquet",
        ],
        "{yaml}"
    );
    let orders = home.json(&[
        "query",
        r#"{"set": {"refs": ["table:db-1/shop.marts.orders"]}}"#,
    ]);
    let places: Vec<&str> = orders["rows"][0]["mentions"]
        .as_array()
        .expect("places")
        .iter()
        .map(|place| place["path"].as_str().expect("a path"))
        .collect();
    assert_eq!(places, ["dbt/manifest.json", "lineage/a.ndjson"]);
}

#[test]
fn the_only_system_of_a_platform_joins_until_a_second_appears() {
    let repository = Repository::with(&[
        ("dbt/manifest.json", &manifest(&["orders"])),
        (
            "lineage/a.ndjson",
            &run("postgres://db-1:5432", &["shop.marts.orders"]),
        ),
    ]);
    let home = home(&repository);
    let tables = |home: &Home| {
        let found = home.json(&["list", "dataset"]);
        let found = references(&found).len();
        found - 1
    };
    assert_eq!(tables(&home), 1);
    let sole = home.json(&["doctor"])["mapping"]["sole_system"].clone();
    assert_eq!(sole[0]["system"], "postgres://db-1:5432", "{sole}");
    assert_eq!(
        sole[0]["examples"],
        json!([[
            "table:postgres/shop.marts.orders",
            "table:postgres://db-1:5432/shop.marts.orders"
        ]])
    );

    repository.write(
        "lineage/c.ndjson",
        run("postgres://db-2:5432", &["shop.marts.returns"])
            .replace("0001\"", "0003\"")
            .as_bytes(),
    );
    repository.commit();
    home.ok(&["ingest"]);
    assert_eq!(tables(&home), 3, "the join dissolves");
    assert_eq!(home.json(&["doctor"])["mapping"]["sole_system"], json!([]));
}

#[test]
fn one_team_under_several_names_is_joined_by_the_configuration_alone() {
    let repository = Repository::with(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: ml-risk\nspec:\n  type: team\n  children: []\n",
        ),
        ("CODEOWNERS", "*  @acme/ml-risk\n"),
        (
            "app.yaml",
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: fraud\n  labels: {team: ml-risk}\nspec: {}\n",
        ),
    ]);
    let home = home(&repository);
    assert_eq!(home.json(&["list", "team"])["total"], 3);
    let proposal = home.json(&["doctor"])["mapping"]["teams"][0].clone();
    assert_eq!(proposal["count"], 3, "{proposal}");
    home.configure("systems.yaml", proposal["yaml"].as_str().expect("YAML"));
    let teams = home.json(&["list", "team"]);
    assert_eq!(
        references(&teams),
        ["backstage:default/group:default/ml-risk"]
    );
    // The name that a file writes still finds it.
    let by_owner = home.json(&["query", r#"{"set": {"refs": ["team:forge/acme/ml-risk"]}}"#]);
    assert_eq!(references(&by_owner), references(&teams));
}

#[test]
fn files_that_name_no_system_belong_to_the_one_whose_path_they_are_on() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: fraud\n  namespace: risk\nspec: {}\n";
    let repository =
        Repository::with(&[("live/fraud.yaml", service), ("trial/fraud.yaml", service)]);
    let home = home(&repository);
    home.configure(
        "systems.yaml",
        "systems:\n  prod-eu:\n    platform: kubernetes\n    paths: [\"platform/live/**\"]\n",
    );
    let found = home.json(&["list", "resource"]);
    assert_eq!(
        references(&found),
        [
            "kubernetes:default/core/Service/risk/fraud",
            "kubernetes:prod-eu/core/Service/risk/fraud"
        ]
    );
}

#[test]
fn a_wrong_mapping_is_refused_with_its_line() {
    let home = Home::new();
    for (text, expected) in [
        (
            "systems:\n  a:\n    platform: postgres\n    names: [x]\n  b:\n    platform: postgres\n    names:\n    - X\n",
            "line 8: the systems `a` and `b` both claim the spelling `x`",
        ),
        (
            "systems:\n  a:\n    platform: postgres\n    paths: [\"a{\"]\n",
            "line 4: the system `a`: `a{` is not a glob",
        ),
        (
            "systems:\n  a:\n    platform: postgres\n    open_lineage: [x]\n",
            "open_lineage",
        ),
        (
            "teams:\n  a:\n    codeowners: [risk]\n",
            "line 3: the team `a`: `risk` is not `@group/team`",
        ),
        (
            "teams:\n  a:\n    labels: [risk]\n",
            "line 3: the team `a` has fewer than two names",
        ),
    ] {
        home.configure("systems.yaml", text);
        let said = home.refused(&["sources"]);
        assert!(
            said.contains("systems.yaml") && said.contains(expected),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_running_server_proposes_what_its_asker_may_see() {
    let repository = Repository::with(&[
        ("dbt/manifest.json", &manifest(&["orders"])),
        (
            "lineage/a.ndjson",
            &run("postgres://db-1:5432", &["shop.marts.orders"]),
        ),
        (
            "hidden/b.ndjson",
            &run("postgres://db-2:5432", &["shop.marts.orders"]).replace("0001\"", "0002\""),
        ),
    ]);
    let home = home(&repository);
    let _server = Server::start(&home);
    let all = home.json(&["doctor"]);
    let text = all.to_string();
    assert!(
        text.contains("a server runs on it") && text.contains("db-2"),
        "{all}"
    );
    let scoped = home.json(&["doctor", "--as", "shop"])["mapping"].to_string();
    assert!(
        scoped.contains("db-1") && !scoped.contains("db-2"),
        "{scoped}"
    );
}
