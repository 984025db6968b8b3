//! An AI gateway that answers what a test wants.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::{Home, Server};

/// A gateway that answers every chat with `reply`, and keeps what it was sent.
pub(crate) struct Gateway {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Gateway {
    pub(crate) async fn start(
        reply: impl Fn(&Value) -> Response + Clone + Send + Sync + 'static,
    ) -> Gateway {
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = requests.clone();
        let chat = move |body: axum::Json<Value>| {
            let response = reply(&body.0);
            kept.lock().expect("unbroken").push(body.0);
            async move { response }
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

    /// What it was sent so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("unbroken").clone()
    }

    /// A server that asks it, with one model called `small` unless the configuration names others.
    pub(crate) fn server(&self, home: &Home) -> Server {
        Server::start_with(home, &self.environment())
    }

    /// The variables by which the program finds it.
    pub(crate) fn environment(&self) -> [(&str, &str); 3] {
        [
            ("VIRGIL_GATEWAY__URL", &self.url),
            ("VIRGIL_GATEWAY__KEY", "sk-gateway-key"),
            ("VIRGIL_GATEWAY__MODEL", "small"),
        ]
    }
}

/// A streamed answer with these pieces of text.
pub(crate) fn stream(pieces: &[&str]) -> Response {
    let mut body = String::new();
    for piece in pieces {
        let chunk = json!({ "model": "small-1", "choices": [{ "index": 0, "delta": { "content": piece } }] });
        body.push_str(&format!("data: {chunk}\n\n"));
    }
    body.push_str(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    );
    body.push_str("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5,\"total_tokens\":16}}\n\ndata: [DONE]\n\n");
    ([("content-type", "text/event-stream")], body).into_response()
}

/// A streamed answer that calls these tools with these arguments.
pub(crate) fn calls(calls: &[(&str, &str)]) -> Response {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| {
            json!({ "index": index, "id": format!("call-{index}"), "type": "function",
                "function": { "name": name, "arguments": arguments } })
        })
        .collect();
    let chunk = json!({ "choices": [{ "index": 0, "delta": { "tool_calls": calls }, "finish_reason": "tool_calls" }] });
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23 } });
    let body = format!("data: {chunk}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    ([("content-type", "text/event-stream")], body).into_response()
}
