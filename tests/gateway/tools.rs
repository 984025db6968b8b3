//! A model that looks for itself: inside the asker's scope, a bounded number of times, citably.

use serde_json::{Value, json};

use super::QUESTION;
use crate::support::{Gateway, Home, Repository, calls, stream};

pub(super) fn home() -> (Home, Repository) {
    let repository = Repository::with(&[
        (
            "docs/orders.md",
            "# Orders\n\nThe table `orders` is refreshed at 03:00 and owned by the shop team.\n",
        ),
        (
            "docs/deploy.md",
            "# Deploying\n\nRaise the replicas of the scoring service with `kubectl scale`.\n",
        ),
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: scorer\n  description: Scores payments.\nspec:\n  type: service\n  lifecycle: production\n  owner: group:risk-team\n",
        ),
    ]);
    let home = Home::new();
    home.configure(
        "virgil.yaml",
        "gateway:\n  models: [{name: small, tools: true}]\n",
    );
    home.ok(&["ingest", repository.place()]);
    (home, repository)
}

/// How many rounds of results a request brings back.
pub(super) fn results(sent: &Value) -> Vec<String> {
    let messages = sent["messages"].as_array().expect("messages");
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results
        .map(|message| message["content"].as_str().expect("text").to_owned())
        .collect()
}

/// The number of the first passage of a result.
pub(super) fn number(result: &str) -> &str {
    let after = result.split_once(" passage ").expect("a passage").1;
    after.split_once(':').expect("a number").0
}

#[tokio::test]
async fn what_tools_bring_is_fenced_and_can_be_cited() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| {
        let results = results(sent);
        match results.as_slice() {
            [] => calls(&[
                ("entity", r#"{"name": "scorer"}"#),
                (
                    "query",
                    r#"{"query": {"set": {"all": ["component"]}, "columns": [{"linked": {"along": "owner"}}]}}"#,
                ),
                ("list", r#"{"kind": "component"}"#),
                (
                    "search",
                    r#"{"query": "raise replicas kubectl scale", "limit": 2}"#,
                ),
            ]),
            [entity, ..] => stream(&[
                "The table is refreshed at 03:00 [1]. ",
                &format!("The component scorer is stated there [{}].", number(entity)),
            ]),
        }
    })
    .await;
    let server = gateway.server(&home);
    let answer = server.ask(None, QUESTION).await;
    let sent = gateway.requests();
    let results = results(&sent[1]);
    let prompt = sent[1]["messages"][1]["content"].as_str().expect("text");
    let fence = prompt
        .lines()
        .next()
        .and_then(|line| line.split_once(": "))
        .expect("a fence")
        .1;
    for result in &results {
        assert!(result.contains(fence), "{result}");
    }
    assert!(results[0].contains("component scorer"), "{}", results[0]);
    assert!(results[1].contains("risk-team"), "{}", results[1]);
    assert!(results[2].contains("scorer"), "{}", results[2]);
    let citations = answer["citations"].as_array().expect("citations");
    let paths: Vec<&Value> = citations.iter().map(|citation| &citation["path"]).collect();
    assert_eq!(paths, ["docs/orders.md", "catalog-info.yaml"], "{answer}");
    assert_ne!(citations[1]["state"], "quoted");
    assert_eq!(
        answer["usage"]["prompt_tokens"], 31,
        "both rounds count: {answer}"
    );
    assert_eq!(answer["usage"]["attempts"], 2);
    assert_eq!(sent[0]["tools"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn what_a_model_does_wrong_is_told_to_it() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| {
        if results(sent).is_empty() {
            return calls(&[
                ("delete_everything", "{}"),
                ("search", "{\"query\": "),
                ("search", r#"{"query": "x", "path": "/etc/passwd"}"#),
                ("query", r#"{"query": {"set": {"some": []}}}"#),
                ("lineage", r#"{"of": "scorerr"}"#),
                ("", ""),
            ]);
        }
        stream(&["The table is refreshed at 03:00 [1]."])
    })
    .await;
    let server = gateway.server(&home);
    let answer = server.ask(None, QUESTION).await;
    assert!(
        answer["text"].as_str().expect("text").contains("03:00"),
        "{answer}"
    );
    let results = results(&gateway.requests()[1]);
    let told = [
        "no tool `delete_everything`",
        "are not valid",
        "unknown field `path`",
        "are not valid",
        "scorer",
        "no tool ``",
    ];
    for (result, expect) in results.iter().zip(told) {
        assert!(result.contains(expect), "{expect}: {result}");
    }
}

#[tokio::test]
async fn a_model_that_never_stops_calling_ends() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|_| calls(&[("search", r#"{"query": "orders"}"#)])).await;
    let server = gateway.server(&home);
    let response = server
        .post("/api/v1/ask", None, &json!({ "question": QUESTION }))
        .await;
    assert_eq!(response.status(), 502);
    let problem: Value = response.json().await.expect("JSON");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("goes on calling tools"), "{detail}");
    let sent = gateway.requests();
    assert_eq!(sent.len(), 5, "four rounds, and a last chance to answer");
    assert_eq!(sent[4]["tool_choice"], "none");
    let bytes: usize = results(&sent[4]).iter().map(String::len).sum();
    assert!(bytes < 40_000, "{bytes} bytes of results");

    drop(server);

    // One that talks meanwhile has given an answer, and it is said that more was wanted.
    let gateway = Gateway::start(|sent| {
        let asked = results(sent).len();
        if asked == 1 {
            return stream(&["The table is refreshed at 03:00 [1]."]);
        }
        calls(&[("search", r#"{"query": "orders"}"#)])
    })
    .await;
    let server = gateway.server(&home);
    let answer = server.ask(None, QUESTION).await;
    assert_eq!(answer["citations"][0]["number"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_see_what_the_asker_sees() {
    let (home, repository) = home();
    home.configure(
        "sources.yaml",
        &format!(
            "access:\n  labels: {{open: [everyone], hidden: [nobody]}}\nsources:\n- name: docs\n  kind: git\n  url: {}\n  access: hidden\n  rules:\n  - {{path: 'docs/orders.md', access: open}}\n",
            repository.place()
        ),
    );
    home.ok(&["ingest", "docs"]);
    let gateway = Gateway::start(|sent| {
        if results(sent).is_empty() {
            return calls(&[
                ("search", r#"{"query": "replicas kubectl scale"}"#),
                ("entity", r#"{"name": "scorer"}"#),
                ("list", r#"{"kind": "component"}"#),
            ]);
        }
        stream(&["The table is refreshed at 03:00 [1]."])
    })
    .await;
    let _server = gateway.server(&home);
    home.ok(&["--as", "everyone", "ask", QUESTION]);
    let results = results(&gateway.requests()[1]);
    for result in &results {
        assert!(
            !result.contains("kubectl") && !result.contains("risk-team"),
            "{result}"
        );
    }
    assert!(
        results[1].contains("nothing visible is called"),
        "{}",
        results[1]
    );
    assert!(results[2].contains("0 in all"), "{}", results[2]);
}
