//! What askers may spend is counted here, whatever the gateway allows.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{QUESTION, home};
use crate::support::{Gateway, stream};

#[tokio::test]
async fn two_hundred_at_once_overspend_nothing() {
    let (home, _repository) = home();
    // The gateway says that it costs nothing; the prices here say otherwise.
    home.configure(
        "virgil.yaml",
        "gateway:\n  models:\n  - {name: small, max_tokens: 100, prompt_usd_per_million_tokens: 10, completion_usd_per_million_tokens: 10}\n\
         budgets:\n  default: {usd_per_day: 0.2}\nanswer_cache: {max_entries: 0}\n",
    );
    let gateway = Gateway::start(|_| {
        let mut response = stream(&["It is refreshed at 03:00 [1]."]);
        let free = axum::http::HeaderValue::from_static("0.0");
        response
            .headers_mut()
            .insert("x-litellm-response-cost", free);
        response
    })
    .await;
    let server = gateway.server(&home);
    let body = json!({ "question": QUESTION });
    let asking = (0..200).map(|_| server.post("/api/v1/ask", None, &body));
    let mut served = 0;
    for response in join_all(asking).await {
        if response.status().is_success() {
            served += 1;
            continue;
        }
        assert_eq!(response.status(), 429);
        let wait = response.headers()["retry-after"]
            .to_str()
            .expect("a number")
            .parse::<u64>();
        assert!((1..=86_400).contains(&wait.expect("a number")));
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], "budget_exhausted", "{problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("of 0.20 US dollars"), "{detail}");
    }
    assert!(served > 0 && served < 200, "{served} were served");
    assert_eq!(
        gateway.requests().len(),
        served,
        "who was refused cost nothing"
    );
    let models: Value = server
        .get("/api/v1/models")
        .await
        .json()
        .await
        .expect("JSON");
    let budget = &models["budget"];
    let spent = budget["usd_today"].as_f64().expect("a number");
    // 11 + 5 tokens each, at 10 US dollars a million.
    assert!((spent - served as f64 * 0.000_16).abs() < 1e-9, "{budget}");
    assert!(spent <= 0.2);
    assert_eq!(budget["tokens_today"], served * 16);
    assert_eq!(budget["usd_per_day"], 0.2);
}

#[tokio::test]
async fn each_principal_has_a_budget_and_search_needs_none() {
    let (home, _repository) = home();
    let hash = |key: &str| {
        use sha2::Digest;
        let hash = sha2::Sha256::digest(key.as_bytes());
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    home.configure(
        "access.yaml",
        &format!(
            "access:\n  labels: {{private: [staff]}}\n  principals:\n  - {{name: ada, key_sha256: {}, groups: [staff]}}\n  - {{name: bob, key_sha256: {}, groups: [staff]}}\n\
             budgets:\n  default: {{tokens_per_day: 100000}}\n  principals: {{ada: {{tokens_per_day: 10}}}}\n",
            hash("key-of-ada"),
            hash("key-of-bob")
        ),
    );
    let gateway = Gateway::start(|_| stream(&["It is refreshed at 03:00 [1]."])).await;
    let server = gateway.server(&home);
    let body = json!({ "question": QUESTION });
    let refused = server.post("/api/v1/ask", Some("key-of-ada"), &body).await;
    assert_eq!(refused.status(), 429);
    let problem: Value = refused.json().await.expect("JSON");
    assert!(
        problem["detail"]
            .as_str()
            .expect("a detail")
            .contains("`ada`"),
        "{problem}"
    );
    let answered = server.post("/api/v1/ask", Some("key-of-bob"), &body).await;
    assert!(answered.status().is_success());
    assert_eq!(gateway.requests()[0]["user"], "bob");
    // What was answered for bob rests on what ada sees too, and costs nothing any more.
    let again = server.ask(Some("key-of-ada"), QUESTION).await;
    assert_eq!(again["usage"]["cache"], "virgil");
    let search = json!({ "query": "orders" });
    let found = server
        .post("/api/v1/search", Some("key-of-ada"), &search)
        .await;
    assert!(found.status().is_success());
}
