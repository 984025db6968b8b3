//! Conversations through HTTP and the command line: whose they are, how a question builds on the one before, and what comes back
//! of them when their owner sees less than before.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Home, Repository, Server};

const RITA: &str = "vk-rita-0123456789";
const SHAUN: &str = "vk-shaun-0123456789";
/// A word that only the passages of the risk group hold.
const HIDDEN: &str = "quetzalcoatl";

fn service(name: &str) -> String {
    format!(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: {name}\n  namespace: risk\nspec:\n  \
         predictor:\n    model:\n      modelFormat: {{name: sklearn}}\n      storageUri: s3://models/{name}/3\n"
    )
}

/// Services on two clusters, a document for everyone, and one for the risk group. Rita is in it, Shaun is not.
fn platform() -> (Home, Repository) {
    let repository = Repository::with(&[
        ("clusters/prod/risk/service.yaml", &service("fraud-scorer")),
        (
            "clusters/staging/risk/service.yaml",
            &service("fraud-scorer"),
        ),
        (
            "docs/orders.md",
            "# Orders\n\nThe orders table is kept for ten years by the shop team.\n",
        ),
        (
            "risk/thresholds.md",
            "# Thresholds\n\nThe quetzalcoatl threshold for chargebacks is 0.83.\n",
        ),
    ]);
    let home = Home::new();
    let place = repository.place();
    home.configure(
        "sources.yaml",
        &format!(
            "sources:\n- {{name: platform, kind: git, url: {place}, access: open, rules: [{{path: 'risk/**', access: risk}}]}}\n"
        ),
    );
    allow(&home, "[risk]");
    home.ok(&["ingest"]);
    (home, repository)
}

/// Writes who may see what; Rita is in `groups`.
fn allow(home: &Home, groups: &str) {
    let hash = |key: &str| -> String {
        let digest = Sha256::digest(key.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    home.configure(
        "access.yaml",
        &format!(
            "access:\n  labels:\n    open: [everyone]\n    risk: [risk]\n  principals:\n  - {{name: rita, key_sha256: {}, groups: \
             {groups}}}\n  - {{name: shaun, key_sha256: {}, groups: []}}\n",
            hash(RITA),
            hash(SHAUN)
        ),
    );
}

/// Calls the API and returns the status and the JSON; null where the answer is none.
async fn call(
    server: &Server,
    key: &str,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let mut request = server
        .client
        .request(method, format!("{}{path}", server.address))
        .bearer_auth(key);
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await.expect("the server answers");
    assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    let status = response.status();
    let text = response.text().await.expect("text");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn get(server: &Server, key: &str, path: &str) -> Value {
    let (status, found) = call(server, key, Method::GET, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{path}: {found}");
    found
}

/// Asks in a conversation, or, with `new`, in one that begins.
async fn ask(server: &Server, key: &str, conversation: &str, question: &str) -> Value {
    let body = json!({ "question": question, "conversation_id": conversation });
    let (status, answer) = call(server, key, Method::POST, "/api/v1/ask", body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn titles(server: &Server, key: &str) -> Vec<String> {
    let found = get(server, key, "/api/v1/conversations").await;
    let list = found["conversations"].as_array().expect("conversations");
    list.iter()
        .map(|conversation| text(&conversation["title"]).to_owned())
        .collect()
}

#[tokio::test]
async fn a_conversation_is_its_principals_from_its_first_question_to_its_end() {
    let (home, _repository) = platform();
    let server = Server::start(&home);
    let first = ask(&server, RITA, "new", "Which inference services are there?").await;
    assert_eq!(first["facts"]["total"], 2, "{first}");
    let id = text(&first["conversation_id"]).to_owned();
    assert_eq!(first["turn"], 1);
    // The follow-up is understood by what the store has, also after a restart.
    let second = ask(&server, RITA, &id, "Only the ones in the cluster prod").await;
    assert_eq!(
        (&second["facts"]["total"], &second["turn"]),
        (&json!(1), &json!(2)),
        "{second}"
    );
    drop(server);
    let server = Server::start(&home);
    let third = ask(&server, RITA, &id, "How many?").await;
    assert_eq!(
        (&third["facts"]["total"], &third["turn"]),
        (&json!(1), &json!(3)),
        "{third}"
    );

    let path = format!("/api/v1/conversations/{id}");
    let kept = get(&server, RITA, &path).await;
    assert_eq!(kept["title"], "Which inference services are there?");
    let history = kept["history"].as_array().expect("turns");
    assert_eq!(history.len(), 3);
    assert_eq!(history[1]["question"], "Only the ones in the cluster prod");
    for field in [
        "text",
        "citations",
        "facts",
        "mode",
        "trace_id",
        "graph",
        "notice",
        "passages",
    ] {
        assert_eq!(history[1]["answer"][field], second[field], "{field}");
    }
    let page = get(&server, RITA, &format!("{path}?limit=1&before=3")).await;
    assert_eq!(page["history"][0]["turn"], 2);
    assert_eq!(page["before"], 2);

    // To anyone else it is as one that there is not, whatever is tried.
    for id in [&*id, "00000000-0000-4000-8000-000000000000", "x"] {
        let path = format!("/api/v1/conversations/{id}");
        let export = format!("{path}/export");
        let rename = json!({ "title": "mine" });
        let question = json!({ "question": "How many?", "conversation_id": id });
        for (method, path, body) in [
            (Method::GET, &*path, Value::Null),
            (Method::GET, &*export, Value::Null),
            (Method::PATCH, &*path, rename),
            (Method::DELETE, &*path, Value::Null),
            (Method::POST, "/api/v1/ask", question),
        ] {
            let (status, problem) = call(&server, SHAUN, method, path, body).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(
                problem["detail"],
                format!("there is no conversation `{id}`")
            );
        }
    }
    assert!(titles(&server, SHAUN).await.is_empty());
    let (status, _) = call(
        &server,
        SHAUN,
        Method::DELETE,
        "/api/v1/conversations",
        Value::Null,
    )
    .await;
    assert_eq!(status, StatusCode::NO_CONTENT);

    let (status, renamed) = call(
        &server,
        RITA,
        Method::PATCH,
        &path,
        json!({ "title": " Services " }),
    )
    .await;
    assert_eq!(
        (status, &renamed["title"]),
        (StatusCode::OK, &json!("Services"))
    );
    for title in ["", "a\nb", &"x".repeat(201)] {
        let (status, _) = call(
            &server,
            RITA,
            Method::PATCH,
            &path,
            json!({ "title": title }),
        )
        .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{title}");
    }
    let markdown = server
        .client
        .get(format!("{}{path}/export", server.address))
        .bearer_auth(RITA)
        .send()
        .await
        .expect("an answer");
    assert!(
        text(&json!(
            markdown.headers()["content-disposition"]
                .to_str()
                .expect("ASCII")
        ))
        .contains(&id)
    );
    let markdown = markdown.text().await.expect("text");
    for part in [
        "# Services",
        "## 2. Only the ones in the cluster prod",
        "clusters/prod/risk/service.yaml",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let exported = get(&server, RITA, &format!("{path}/export?format=json")).await;
    assert_eq!(
        exported["history"],
        get(&server, RITA, &path).await["history"]
    );

    let (status, _) = call(&server, RITA, Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = call(&server, RITA, Method::GET, &path, Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(titles(&server, RITA).await.is_empty());
}

#[tokio::test]
async fn without_an_id_nothing_is_kept() {
    let (home, _repository) = platform();
    let server = Server::start(&home);
    let answer = server
        .ask(Some(RITA), "Which inference services are there?")
        .await;
    assert_eq!(answer["conversation_id"], Value::Null);
    assert!(titles(&server, RITA).await.is_empty());
}

#[tokio::test]
async fn what_one_may_no_longer_see_does_not_come_back_from_history() {
    let (home, repository) = platform();
    let server = Server::start(&home);
    let hidden = ask(&server, RITA, "new", "What is the quetzalcoatl threshold?").await;
    assert!(text(&hidden["text"]).contains("0.83"), "{hidden}");
    let secret = text(&hidden["conversation_id"]).to_owned();
    let open = ask(&server, RITA, "new", "How long is the orders table kept?").await;
    let counted = ask(
        &server,
        RITA,
        text(&open["conversation_id"]),
        "Which inference services are there?",
    )
    .await;
    assert_eq!(counted["facts"]["total"], 2);
    let mixed = text(&open["conversation_id"]).to_owned();
    drop(server);

    // Rita leaves the group.
    allow(&home, "[]");
    let server = Server::start(&home);
    let history = |id: String| {
        let server = &server;
        async move {
            let path = format!("/api/v1/conversations/{id}");
            let export = server
                .client
                .get(format!("{}{path}/export", server.address))
                .bearer_auth(RITA)
                .send()
                .await
                .expect("an answer");
            let export = export.text().await.expect("text");
            (get(server, RITA, &path).await["history"].clone(), export)
        }
    };
    let (turns, export) = history(secret.clone()).await;
    assert_eq!(turns[0]["question"], "What is the quetzalcoatl threshold?");
    assert_eq!(
        (&turns[0]["withheld"], &turns[0]["answer"]),
        (&json!(true), &Value::Null)
    );
    assert!(!export.contains("0.83") && !turns.to_string().contains("0.83"));
    let (turns, _) = history(mixed.clone()).await;
    // What rests on an open document stays; its other passages are those that may be seen.
    assert_eq!(turns[0]["withheld"], false, "{turns}");
    assert!(text(&turns[0]["answer"]["text"]).contains("ten years"));
    assert!(!turns[0].to_string().contains(HIDDEN), "{turns}");
    // What was counted over everything that she saw may be another number now.
    assert_eq!(turns[1]["withheld"], true, "{turns}");
    // It is no context either: nothing is computed from what is withheld.
    let next = ask(&server, RITA, &mixed, "Only the ones in the cluster prod").await;
    assert!(next["facts"].is_null(), "{next}");
    drop(server);

    // The document is hidden from everyone by its label.
    let place = repository.place();
    allow(&home, "[risk]");
    home.configure(
        "sources.yaml",
        &format!("sources:\n- {{name: platform, kind: git, url: {place}, access: open, rules: [{{path: '**/*.md', access: private}}]}}\n"),
    );
    home.ok(&["ingest"]);
    let server = Server::start(&home);
    let turns =
        get(&server, RITA, &format!("/api/v1/conversations/{mixed}")).await["history"].clone();
    assert_eq!(turns[0]["withheld"], true, "{turns}");
    assert!(!turns.to_string().contains("ten years"), "{turns}");
}

#[test]
fn the_command_line_goes_on_where_it_left_off() {
    let (home, _repository) = platform();
    let said = home.ok(&[
        "ask",
        "--conversation",
        "new",
        "Which inference services are there?",
    ]);
    assert!(said.contains("(conversation "), "{said}");
    let answer = home.json(&[
        "ask",
        "--conversation",
        "last",
        "Only the ones in the cluster prod",
    ]);
    assert_eq!(answer["facts"]["total"], 1, "{answer}");
    let id = text(&answer["conversation_id"]);
    assert!(home.ok(&["conversations", "list"]).contains(id));
    home.ok(&["conversations", "rename", "last", "Our", "services"]);
    let shown = home.ok(&["conversations", "show", id]);
    assert!(shown.starts_with("# Our services\n"), "{shown}");
    assert!(
        shown.contains("## 2. Only the ones in the cluster prod"),
        "{shown}"
    );
    let exported = home.json(&["conversations", "export", "last", "--format", "json"]);
    assert_eq!(exported["history"][1]["answer"]["facts"]["total"], 1);
    home.ok(&["conversations", "delete", id]);
    let said = home.refused(&["conversations", "show", id]);
    assert!(said.contains("there is no conversation"), "{said}");
    let said = home.refused(&["conversations", "show", "../sources"]);
    assert!(said.contains("there is no conversation"), "{said}");
    let said = home.refused(&["ask", "--conversation", "last", "How many?"]);
    assert!(said.contains("--conversation new"), "{said}");
}

#[tokio::test]
async fn a_full_conversation_takes_no_more_and_the_oldest_makes_room() {
    let (home, _repository) = platform();
    home.configure(
        "conversations.yaml",
        "conversations: {max_turns: 2, max_conversations: 2}\n",
    );
    let server = Server::start(&home);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = ask(&server, RITA, "new", "Which inference services are there?").await;
        ids.push(text(&answer["conversation_id"]).to_owned());
    }
    let found = get(&server, RITA, "/api/v1/conversations?limit=1").await;
    assert_eq!(found["conversations"][0]["id"], *ids[2]);
    assert_eq!(found["retention"]["max_turns"], 2);
    let cursor = text(&found["next_cursor"]);
    let rest = get(
        &server,
        RITA,
        &format!("/api/v1/conversations?limit=1&cursor={cursor}"),
    )
    .await;
    assert_eq!(rest["conversations"][0]["id"], *ids[1]);
    assert_eq!(rest["next_cursor"], Value::Null);
    ask(&server, RITA, &ids[2], "How many?").await;
    let body = json!({ "question": "How many?", "conversation_id": ids[2] });
    let (status, problem) = call(&server, RITA, Method::POST, "/api/v1/ask", body).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("conversation_full"))
    );
    for wrong in ["limit=0", "limit=201", "cursor=x", "from=1"] {
        let path = format!("/api/v1/conversations?{wrong}");
        let (status, _) = call(&server, RITA, Method::GET, &path, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_thousand_turns_stay_fast() {
    let (home, _repository) = platform();
    let server = Server::start(&home);
    for conversation in 0..100 {
        let first = ask(&server, RITA, "new", "Which inference services are there?").await;
        let id = text(&first["conversation_id"]).to_owned();
        // One has most of them.
        let more = if conversation == 0 { 900 } else { 0 };
        for _ in 0..more {
            ask(&server, RITA, &id, "How many?").await;
        }
    }
    let list = "/api/v1/conversations?limit=200";
    let found = get(&server, RITA, list).await;
    let conversations = found["conversations"].as_array().expect("conversations");
    assert_eq!(conversations.len(), 100);
    let longest = conversations
        .iter()
        .max_by_key(|conversation| conversation["turns"].as_u64())
        .expect("one");
    assert_eq!(longest["turns"], 901);
    let listed = median(&server, list).await;
    let opened = median(
        &server,
        &format!("/api/v1/conversations/{}", text(&longest["id"])),
    )
    .await;
    println!(
        "100 conversations of 1,000 turns: listed in {listed:?}, the last 50 turns of one in {opened:?} (medians of 21)"
    );
    assert!(listed < Duration::from_millis(20), "{listed:?}");
    assert!(opened < Duration::from_millis(200), "{opened:?}");
}

/// How long a request takes, by the median of 21.
async fn median(server: &Server, path: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..21 {
        let started = Instant::now();
        get(server, RITA, path).await;
        times.push(started.elapsed());
    }
    times.sort();
    times[10]
}
