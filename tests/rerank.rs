//! A cross-encoder that is configured: it orders what is found, it is missed when it is not there, and what it has no time for stays.

use std::path::Path;

use serde_json::{Value, json};

use crate::small_cross_encoder::{scored, shared_words, write};
use crate::support::{Home, Repository, Server};

/// Three documents; the small model knows `refund`, `the`, `a` and a few words more, and none of `reimburse` and `customers`.
fn home() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "a.md",
            "# Reimbursing\n\nCustomers reimburse nothing: they call the shop, and the shop reimburses customers.\n",
        ),
        (
            "b.md",
            "# Paying back\n\nMoney returns by bank: a refund of the orders.\n",
        ),
        ("c.md", "# Lunch\n\nLunch is at noon.\n"),
    ]);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    (home, repository)
}

fn model(home: &Home) {
    let folder = home.path().join("cross-encoder");
    std::fs::create_dir_all(&folder).expect("a folder");
    write(&folder, scored(shared_words()), 64);
}

const QUESTION: &str = "How does the shop reimburse customers for a refund?";

fn paths(found: &Value) -> Vec<&str> {
    let passages = found["passages"].as_array().expect("passages");
    let paths = passages
        .iter()
        .map(|passage| passage["path"].as_str().expect("a path"));
    paths.collect()
}

async fn explained(server: &Server) -> Value {
    let body = json!({ "question": QUESTION, "explain": true });
    let response = server.post("/api/v1/ask", None, &body).await;
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn a_configured_model_orders_what_is_found() {
    let (home, _repository) = home();
    let before = home.json(&["search", QUESTION]);
    assert_eq!(paths(&before)[0], "a.md", "{before}");

    home.configure(
        "virgil.yaml",
        "rerank: {folder: ../cross-encoder, candidates: 10}\n",
    );
    model(&home);
    let said = home.ok(&["doctor"]);
    assert!(
        said.contains("ok       reranking model: cross-encoder sha256:")
            && said.contains("first 10 passages"),
        "{said}"
    );
    let after = home.json(&["search", QUESTION]);
    assert_eq!(paths(&after)[..2], ["b.md", "a.md"], "{after}");
    let one = home.json(&["search", QUESTION, "--limit", "1"]);
    assert_eq!(
        paths(&one),
        ["b.md"],
        "the best of all that were read, not of those that are shown"
    );

    let server = Server::start(&home);
    let answer = explained(&server).await;
    let reranked = &answer["explanation"]["reranked"];
    assert_eq!(reranked["scored"], reranked["candidates"], "{reranked}");
    assert_eq!(reranked.get("problem"), None);
    assert_eq!(paths(&answer)[0], "b.md");
    drop(server);
    let said = home.ok(&["ask", "--explain", QUESTION]);
    assert!(said.contains("ordered  cross-encoder sha256:"), "{said}");
}

#[test]
fn a_model_that_is_not_there_is_missed_at_the_start() {
    let (home, _repository) = home();
    home.configure("virgil.yaml", "rerank: {folder: ../cross-encoder}\n");
    for arguments in [
        &["search", QUESTION][..],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let output = home.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            said.contains("the reranking model is missing at") && said.contains("tokenizer.json"),
            "{said}"
        );
    }
    let output = home.run(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("missing  reranking model: the reranking model is missing at"),
        "{said}"
    );

    // One that is no cross-encoder.
    model(&home);
    spoil(&home.path().join("cross-encoder/config.json"));
    let output = home.run(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("missing  reranking model:") && said.contains("2 classes"),
        "{said}"
    );
}

fn spoil(config: &Path) {
    std::fs::write(config, r#"{"id2label": {"0": "no", "1": "yes"}}"#).expect("a file");
}

/// Where the model fails on a question the search does not: the order is that of the second stage, and that is said.
#[tokio::test]
async fn a_model_that_fails_leaves_the_order_and_that_is_said() {
    let (home, _repository) = home();
    let before = home.json(&["search", QUESTION]);
    home.configure("virgil.yaml", "rerank: {folder: ../cross-encoder}\n");
    let folder = home.path().join("cross-encoder");
    std::fs::create_dir_all(&folder).expect("a folder");
    write(&folder, crate::small_cross_encoder::fails_on("refund"), 64);
    let server = Server::start(&home);
    let answer = explained(&server).await;
    let reranked = &answer["explanation"]["reranked"];
    let problem = reranked["problem"].as_str().expect("a problem");
    assert!(
        problem.contains("NaN") && reranked["scored"] == 0,
        "{reranked}"
    );
    assert_eq!(paths(&answer)[0], paths(&before)[0]);
}
