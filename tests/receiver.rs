//! OpenLineage events that producers push: stored before they are answered, read like a file, never read by their key.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Home, Server};

const WRITE_KEY: &str = "vk-lineage-0123456789";
const READ_KEY: &str = "vk-reader-0123456789";
const PATH: &str = "/api/v1/lineage";

fn hash(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn home() -> Home {
    let home = Home::new();
    home.configure(
        "access.yaml",
        &format!(
            "access:\n  labels:\n    open: [everyone]\n    risk: [risk]\n  principals:\n  - {{name: ada, key_sha256: {}, groups: [shop]}}\n",
            hash(READ_KEY)
        ),
    );
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- name: lineage\n  kind: openlineage\n  access: open\n  key_sha256: [{}]\n  keep_runs: 2\n  \
             max_body_bytes: 100000\n  rules: [{{path: 'jobs/risk/**', access: risk}}]\n",
            hash(WRITE_KEY)
        ),
    );
    home
}

/// An event of run `run` of the job `namespace/load`, on day `day` of the month.
fn event(namespace: &str, run: u32, kind: &str, day: u32) -> Value {
    json!({
        "eventType": kind, "eventTime": format!("2026-11-{day:02}T03:00:00Z"),
        "producer": "https://producer.example/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": format!("0190a000-0000-7000-8000-{run:012}")},
        "job": {"namespace": namespace, "name": "load"},
    })
}

/// Asks until `is_there` holds of the answer.
async fn wait_for(server: &Server, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let request = server
            .client
            .get(format!("{}{path}", server.address))
            .bearer_auth(READ_KEY);
        let response = request.send().await.expect("the server answers");
        let body: Value = response.json().await.expect("JSON");
        if is_there(&body) {
            return body;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it never came: {body}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn push(server: &Server, body: &Value) {
    let response = server.post(PATH, Some(WRITE_KEY), body).await;
    let status = response.status();
    assert_eq!(status, 201, "{}", response.text().await.expect("a text"));
}

#[tokio::test]
async fn the_events_of_a_run_become_its_lineage() {
    let home = home();
    let server = Server::start(&home);
    let mut start = event("etl", 1, "START", 1);
    start["inputs"] = json!([{"namespace": "postgres://db:5432", "name": "shop.public.orders",
        "facets": {"documentation": {"_producer": "p", "_schemaURL": "s", "description": "Every order since 2019."}}}]);
    let mut end = event("etl", 1, "COMPLETE", 2);
    end["outputs"] = json!([{"namespace": "s3://lake", "name": "orders.parquet"}]);
    push(&server, &start).await;
    push(&server, &json!([end, start])).await;
    // Sent again, it changes nothing.
    push(&server, &end).await;

    let lineage = wait_for(&server, &format!("{PATH}?of=orders.parquet"), |body| {
        body["nodes"]
            .as_array()
            .is_some_and(|nodes| nodes.len() > 2)
    })
    .await;
    let text = lineage.to_string();
    assert!(text.contains("shop.public.orders"), "{lineage}");
    let place = &lineage["edges"][0]["relation"]["evidence"][0];
    assert_eq!(place["source"], "lineage");
    assert_eq!(
        place["path"],
        "jobs/etl/load/runs/0190a000-0000-7000-8000-000000000001.ndjson"
    );
    let run = wait_for(&server, "/api/v1/entities?kind=run", |body| {
        body["total"] == 1
    })
    .await;
    assert_eq!(run["rows"][0]["mentions"].as_array().map(Vec::len), Some(1));

    let found = server
        .post(
            "/api/v1/search",
            Some(READ_KEY),
            &json!({"query": "Every order since 2019"}),
        )
        .await;
    let found: Value = found.json().await.expect("JSON");
    assert!(
        found.to_string().contains("Every order since 2019"),
        "{found}"
    );
    drop(server);
    let sources = home.json(&["sources"]).to_string();
    assert!(sources.contains("openlineage"), "{sources}");
}

#[tokio::test]
async fn a_wrong_event_or_key_is_refused_and_nothing_is_stored() {
    let home = home();
    let server = Server::start(&home);
    let mut wrong = event("etl", 1, "START", 1);
    wrong["job"]["name"] = json!(3);
    let body = json!([event("etl", 2, "START", 1), wrong]);
    let refused = server.post(PATH, Some(WRITE_KEY), &body).await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.expect("a problem");
    assert_eq!(problem["code"], "invalid_event");
    assert_eq!(problem["detail"], "`[1].job.name` is not a text");

    let good = event("etl", 3, "START", 1);
    for key in [None, Some("nonsense"), Some(READ_KEY)] {
        assert_eq!(server.post(PATH, key, &good).await.status(), 401, "{key:?}");
    }
    let query = json!({"query": "x"});
    let read = server.post("/api/v1/search", Some(WRITE_KEY), &query).await;
    assert_eq!(read.status(), 401, "a write key reads nothing");
    let large = json!({"filler": "x".repeat(100_001)});
    assert_eq!(
        server.post(PATH, Some(WRITE_KEY), &large).await.status(),
        413
    );
    let text = server
        .client
        .post(format!("{}{PATH}", server.address))
        .bearer_auth(WRITE_KEY)
        .body("not JSON");
    assert_eq!(text.send().await.expect("an answer").status(), 400);

    push(&server, &event("etl", 4, "START", 1)).await;
    let runs = wait_for(&server, "/api/v1/entities?kind=run", |body| {
        body["total"] != 0
    })
    .await;
    assert_eq!(runs["total"], 1, "only the valid one is there: {runs}");
}

#[tokio::test]
async fn the_latest_runs_of_a_job_are_kept_and_labels_hold() {
    let home = home();
    let server = Server::start(&home);
    for run in 1..=4 {
        push(&server, &event("etl", run, "COMPLETE", run)).await;
    }
    push(&server, &event("risk", 9, "COMPLETE", 9)).await;
    let is_last = |body: &Value| body["total"] == 2 && body.to_string().contains("000000000004");
    let runs = wait_for(&server, "/api/v1/entities?kind=run", is_last).await;
    assert!(runs.to_string().contains("000000000003"), "{runs}");
    assert!(!runs.to_string().contains("000000000009"), "{runs}");
    let all = home.json(&["list", "run"]);
    assert_eq!(all["total"], 3, "the owner sees the hidden run too: {all}");
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let home = home();
    let server = Server::start(&home);
    for run in 1..=20 {
        push(&server, &event(&format!("job-{run}"), run, "COMPLETE", 1)).await;
    }
    // Killed at once: most of it is not read yet.
    drop(server);
    let server = Server::start(&home);
    let runs = wait_for(&server, "/api/v1/entities?kind=run", |body| {
        body["total"] == 20
    })
    .await;
    assert_eq!(runs["completeness"]["completeness"], "exact", "{runs}");
    drop(server);
    // Without a server the command reads what was pushed, and finds nothing new.
    home.ok(&["ingest", "lineage"]);
    assert_eq!(home.json(&["list", "run"])["total"], 20);
}

#[test]
fn a_receiver_without_a_key_stops_the_start() {
    let home = Home::new();
    for (parameters, expected) in [
        ("key_sha256: []", "virgil keys"),
        ("key_sha256: [abc]", "64 hexadecimal digits"),
        ("key: x", "unknown field `key`"),
    ] {
        home.configure(
            "sources.yaml",
            &format!("sources:\n- name: lineage\n  kind: openlineage\n  {parameters}\n"),
        );
        let said = home.refused(&["sources"]);
        assert!(
            said.contains("lineage") && said.contains(expected),
            "{said}"
        );
    }
}
