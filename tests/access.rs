//! What one group may not see never reaches it: not in search, answers, counts, problems or errors.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Home, Repository, Server};

/// A word that only the hidden passages hold.
const HIDDEN: &str = "quetzalcoatl";
const RISK_KEY: &str = "vk-risk-0123456789";
const SHOP_KEY: &str = "vk-shop-0123456789";

fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Three sources: open to everyone but for one folder of it, of the risk group alone, and of nobody.
fn platform() -> (Home, Vec<Repository>) {
    let open = Repository::with(&[
        (
            "docs/orders.md",
            "# Orders\n\nThe orders table is owned by the shop team.\n",
        ),
        (
            "docs/orders-history.md",
            "# Orders history\n\nOrders are kept for ten years.\n",
        ),
        (
            "risk/thresholds.md",
            "# Orders thresholds\n\nThe quetzalcoatl threshold for orders is 0.83.\n",
        ),
    ]);
    let risk = Repository::with(&[(
        "model.md",
        "# Fraud\n\nThe quetzalcoatl model scores orders.\n",
    )]);
    let nobody =
        Repository::with(&[("plan.md", "# Plan\n\nThe quetzalcoatl plan about orders.\n")]);
    nobody.write("binary", b"\0");
    nobody.commit();
    let home = Home::new();
    home.configure(
        "access.yaml",
        &format!(
            "access:\n  labels:\n    open: [everyone]\n    risk: [risk]\n  principals:\n  - {{name: rita, key_sha256: {}, \
             groups: [risk]}}\n  - {{name: shaun, key_sha256: {}, groups: [shop]}}\n",
            hash(RISK_KEY),
            hash(SHOP_KEY)
        ),
    );
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- {{name: open, kind: git, url: {}, access: open, rules: [{{path: 'risk/**', access: risk}}]}}\n\
             - {{name: risk, kind: git, url: {}, access: risk}}\n- {{name: nobody, kind: git, url: {}}}\n",
            open.place(),
            risk.place(),
            nobody.place()
        ),
    );
    home.ok(&["ingest"]);
    (home, vec![open, risk, nobody])
}

#[tokio::test]
async fn another_groups_passages_never_appear() {
    let (home, _repositories) = platform();
    let server = Server::start(&home);

    for body in [
        json!({ "question": "orders quetzalcoatl threshold" }),
        json!({ "question": HIDDEN }),
    ] {
        let answer: Value = server
            .post("/api/v1/ask", Some(SHOP_KEY), &body)
            .await
            .json()
            .await
            .expect("JSON");
        assert_eq!(hidden_in(&answer), 0, "{answer}");
        let answer: Value = server
            .post("/api/v1/ask", Some(RISK_KEY), &body)
            .await
            .json()
            .await
            .expect("JSON");
        assert!(hidden_in(&answer) > 0, "{answer}");
    }
    let search = json!({ "query": "quetzalcoatl orders", "limit": 100 });
    let found = |key| {
        let server = &server;
        let search = &search;
        async move {
            server
                .post("/api/v1/search", Some(key), search)
                .await
                .json::<Value>()
                .await
                .expect("JSON")
        }
    };
    assert_eq!(
        paths(&found(SHOP_KEY).await),
        ["docs/orders-history.md", "docs/orders.md"]
    );
    assert_eq!(
        paths(&found(RISK_KEY).await),
        [
            "docs/orders-history.md",
            "docs/orders.md",
            "model.md",
            "risk/thresholds.md"
        ]
    );

    let sources = |key: &'static str| {
        let request = server
            .client
            .get(format!("{}/api/v1/sources", server.address))
            .bearer_auth(key);
        async move {
            request
                .send()
                .await
                .expect("an answer")
                .json::<Value>()
                .await
                .expect("JSON")
        }
    };
    let seen = sources(SHOP_KEY).await;
    assert_eq!(counts(&seen), [("open".to_owned(), 2)], "{seen}");
    let seen = sources(RISK_KEY).await;
    assert_eq!(
        counts(&seen),
        [("open".to_owned(), 3), ("risk".to_owned(), 1)],
        "{seen}"
    );

    // A source that one may not see and one that there is not answer alike.
    for path in ["problems", "progress"] {
        let mut bodies = Vec::new();
        for name in ["nobody", "nothing"] {
            let request = server
                .client
                .get(format!("{}/api/v1/sources/{name}/{path}", server.address));
            let response = request
                .bearer_auth(SHOP_KEY)
                .send()
                .await
                .expect("an answer");
            assert_eq!(response.status(), 404);
            bodies.push(response.text().await.expect("text").replace(name, "NAME"));
        }
        assert_eq!(bodies[0], bodies[1]);
    }
    let narrowed = json!({ "query": HIDDEN, "filter": { "sources": ["risk"] } });
    let found: Value = server
        .post("/api/v1/search", Some(SHOP_KEY), &narrowed)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(found["passages"], json!([]));
}

#[tokio::test]
async fn a_key_is_needed_and_gives_no_power_over_sources() {
    let (home, _repositories) = platform();
    let server = Server::start(&home);
    let question = json!({ "question": "orders" });
    for key in [None, Some("vk-wrong"), Some("")] {
        let response = server.post("/api/v1/ask", key, &question).await;
        assert_eq!(response.status(), 401);
        assert!(response.headers().contains_key("www-authenticate"));
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], "unauthorized");
    }
    let response = server
        .post("/api/v1/sources/open/sync", Some(RISK_KEY), &Value::Null)
        .await;
    assert_eq!(response.status(), 403);
    // The header by which the owner of the socket narrows itself means nothing over the network.
    let request = server
        .client
        .post(format!("{}/api/v1/ask", server.address))
        .bearer_auth(SHOP_KEY);
    let response = request
        .header("x-virgil-groups", "risk")
        .json(&json!({ "question": HIDDEN }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(hidden_in(&response.json().await.expect("JSON")), 0);
}

#[test]
fn the_command_line_can_look_through_the_eyes_of_a_group() {
    let (home, _repositories) = platform();
    let search = ["search", "quetzalcoatl orders", "-n", "100"];
    assert_eq!(
        paths(&home.json(&search)).len(),
        5,
        "the owner sees everything"
    );
    let found = home.json(&[&search[..], &["--as", "shop"]].concat());
    assert_eq!(paths(&found), ["docs/orders-history.md", "docs/orders.md"]);
    let found = home.json(&[&search[..], &["--as", "shop,risk"]].concat());
    assert_eq!(paths(&found).len(), 4);
}

#[test]
fn moving_a_label_holds_from_the_next_sync_and_a_group_at_once() {
    let (home, repositories) = platform();
    let search = ["search", "quetzalcoatl", "-n", "100", "--as", "shop"];
    assert!(
        paths(&home.json(&search))
            .iter()
            .all(|path| path.starts_with("docs/"))
    );
    // Groups of a label live in the configuration: nothing is read again.
    home.configure(
        "access.yaml",
        "access:\n  labels:\n    open: [everyone]\n    risk: [risk, shop]\n",
    );
    assert!(paths(&home.json(&search)).contains(&"model.md".to_owned()));
    // A source's label is written with what is read from it.
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- {{name: risk, kind: git, url: {}}}\n",
            repositories[1].place()
        ),
    );
    home.ok(&["ingest", "risk"]);
    assert!(!paths(&home.json(&search)).contains(&"model.md".to_owned()));
    let verified = home.json(&["verify"]);
    assert_eq!(
        (verified["missing"].as_u64(), verified["stale"].as_u64()),
        (Some(0), Some(0)),
        "{verified}"
    );
}

/// How often the hidden word stands in what Virgil said; the question itself, repeated back, does not count.
fn hidden_in(answer: &Value) -> usize {
    let mut answer = answer.clone();
    if answer["abstained"] == true {
        let text = answer["text"].as_str().expect("text").to_owned();
        let after = text
            .split_once('”')
            .map(|(_, after)| after.to_owned())
            .expect("the question is quoted");
        answer["text"] = after.into();
    }
    answer.to_string().matches(HIDDEN).count()
}

fn paths(found: &Value) -> Vec<String> {
    let mut paths: Vec<String> = found["passages"]
        .as_array()
        .expect("passages")
        .iter()
        .map(|passage| passage["path"].as_str().expect("a path").to_owned())
        .collect();
    paths.sort();
    paths
}

fn counts(sources: &Value) -> Vec<(String, u64)> {
    let list = sources["sources"].as_array().expect("sources");
    list.iter()
        .map(|source| {
            (
                source["name"].as_str().expect("a name").to_owned(),
                source["files"].as_u64().expect("a count"),
            )
        })
        .collect()
}
