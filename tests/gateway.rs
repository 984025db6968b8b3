//! Answers that a language model writes, through a gateway that speaks the OpenAI protocol.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::support::{Home, Repository, Server};

/// A gateway that answers every chat with `reply`, and keeps what it was sent.
struct Gateway {
    url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Gateway {
    async fn start(reply: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Gateway {
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = requests.clone();
        let chat = move |body: axum::Json<Value>| {
            kept.lock().expect("unbroken").push(body.0);
            let reply = reply();
            async move { reply }
        };
        let router = Router::new().route("/v1/chat/completions", post(chat));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        #[expect(clippy::disallowed_methods, reason = "a test's peer needs no timeouts")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        Gateway { url, requests }
    }

    fn server(&self, home: &Home) -> Server {
        Server::start_with(
            home,
            &[
                ("VIRGIL_GATEWAY__URL", &self.url),
                ("VIRGIL_GATEWAY__KEY", "sk-gateway-key"),
                ("VIRGIL_GATEWAY__MODEL", "small"),
            ],
        )
    }
}

fn stream(pieces: &[&str]) -> Response {
    let mut body = String::new();
    for piece in pieces {
        let chunk = json!({ "model": "small-1", "choices": [{ "delta": { "content": piece } }] });
        body.push_str(&format!("data: {chunk}\n\n"));
    }
    body.push_str("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    body.push_str("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n");
    ([("content-type", "text/event-stream")], body).into_response()
}

fn home() -> (Home, Repository) {
    let repository = Repository::with(&[(
        "docs/orders.md",
        "# Orders\n\nThe table `orders` is refreshed at 03:00 and owned by the shop team.\n",
    )]);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    (home, repository)
}

#[tokio::test]
async fn a_written_answer_is_checked_sentence_by_sentence() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|| {
        stream(&[
            "The table orders is refre",
            "shed at 03:00 [1]. It is refreshed at 04:00 ",
            "[1]. See [9] and ",
            "https://evil.example/x.",
        ])
    })
    .await;
    let server = gateway.server(&home);
    let answer = server
        .ask(None, "when is the orders table refreshed?")
        .await;
    assert_eq!(answer["mode"], "model");
    let text = answer["text"].as_str().expect("text");
    assert!(text.contains("03:00 [1]"), "{text}");
    assert!(
        !text.contains("[9]"),
        "a citation of nothing is taken out: {text}"
    );
    assert_eq!(answer["citations"][0]["path"], "docs/orders.md");
    assert_eq!(
        answer["citations"][0]["state"], "not_verified",
        "a sentence with another number rests on it: {answer}"
    );
    assert_eq!(answer["usage"]["prompt_tokens"], 11);
    assert_eq!(answer["usage"]["model"], "small-1");

    let sent = gateway.requests.lock().expect("unbroken")[0].clone();
    let prompt = sent.to_string();
    assert!(
        prompt.contains("refreshed at 03:00"),
        "the passage is in the prompt: {prompt}"
    );
    assert!(!prompt.contains("sk-gateway-key"));
    assert_eq!(sent["model"], "small");
}

#[tokio::test]
async fn what_evidence_does_not_carry_never_reaches_the_model() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|| stream(&["Ulaanbaatar."])).await;
    let server = gateway.server(&home);
    let answer = server.ask(None, "what is the capital of Mongolia?").await;
    assert_eq!(answer["abstained"], true);
    assert!(gateway.requests.lock().expect("unbroken").is_empty());
}

#[tokio::test]
async fn a_gateway_that_refuses_is_told_plainly() {
    let (home, _repository) = home();
    for (status, body, code, word) in [
        (
            401,
            r#"{"error":{"message":"bad key sk-gateway-key"}}"#,
            "gateway_refused",
            "VIRGIL_GATEWAY__KEY",
        ),
        (
            429,
            r#"{"error":{"message":"slow"}}"#,
            "gateway_busy",
            "too many",
        ),
        (
            400,
            r#"{"error":{"message":"x","type":"budget_exceeded"}}"#,
            "gateway_refused",
            "budget",
        ),
        (502, "", "gateway_unavailable", "fails"),
    ] {
        let gateway = Gateway::start(move || {
            (StatusCode::from_u16(status).expect("a status"), body).into_response()
        })
        .await;
        let server = gateway.server(&home);
        let question = json!({ "question": "when is the orders table refreshed?" });
        let response = server.post("/api/v1/ask", None, &question).await;
        assert!(response.status().is_server_error());
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], code, "{problem}");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            detail.contains(word) && !detail.contains("sk-gateway-key"),
            "{detail}"
        );
        // The search works without any model.
        let found = server
            .post("/api/v1/search", None, &json!({ "query": "orders" }))
            .await;
        assert!(found.status().is_success());
    }
}
