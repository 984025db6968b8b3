//! Tools: how they are offered, how calls arrive in pieces, how results go back.

use serde_json::json;
use virgil_gateway::{ChatRequest, GatewayError, Tool, ToolCall, ToolChoice, ToolRound};

use crate::peer::{EVENTS, Heard, Peer, answer, ask, hear, request};

async fn heard(chunks: &[serde_json::Value]) -> Heard {
    let body: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    ask(&Peer::say(EVENTS.to_owned() + &body).await.gateway()).await
}

fn calls(calls: serde_json::Value) -> serde_json::Value {
    json!({ "choices": [{ "delta": { "tool_calls": calls } }] })
}

fn finish() -> serde_json::Value {
    json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] })
}

#[tokio::test]
async fn calls_are_put_together_from_their_pieces() {
    let heard = heard(&[
        calls(json!([{ "index": 0, "id": "a", "type": "function", "function": { "name": "search", "arguments": "" } }])),
        calls(json!([{ "index": 0, "function": { "arguments": "{\"que" } }])),
        calls(json!([{ "index": 1, "id": "b", "function": { "name": "list", "arguments": "{}" } }])),
        calls(json!([{ "index": 0, "function": { "arguments": "ry\":\"x\"}" } }])),
        finish(),
    ])
    .await;
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    let (_, calls) = heard.end.expect("a proper end");
    assert_eq!(
        calls,
        [
            call("a", "search", r#"{"query":"x"}"#),
            call("b", "list", "{}")
        ]
    );
}

#[tokio::test]
async fn calls_without_numbers_or_names_are_calls_too() {
    let whole = json!([{ "function": { "name": "list", "arguments": "{}" } }, { "id": null }, 7]);
    let (_, calls) = heard(&[calls(whole), finish()]).await.end.expect("an end");
    assert_eq!(calls.len(), 3);
    assert_eq!(
        (calls[0].name.as_str(), calls[0].id.as_str()),
        ("list", "call_0")
    );
    assert_eq!(
        (calls[2].name.as_str(), calls[2].id.as_str()),
        ("", "call_2")
    );
}

#[tokio::test]
async fn a_model_that_calls_without_measure_is_stopped() {
    for index in [16, u64::MAX] {
        let error = heard(&[calls(json!([{ "index": index }])), finish()])
            .await
            .error();
        assert!(matches!(error, GatewayError::Broken(_)), "{error:?}");
    }
    let piece = calls(json!([{ "index": 0, "function": { "arguments": "x".repeat(1 << 19) } }]));
    let error = heard(&vec![piece; 9]).await.error();
    assert!(error.to_string().contains("longer than 4 MiB"), "{error}");
}

#[tokio::test]
async fn tools_are_offered_and_results_go_back() {
    let peer = Peer::play(vec![answer("a")]).await;
    let call = ToolCall {
        id: "a".into(),
        name: "search".into(),
        arguments: "{}".into(),
    };
    let request = ChatRequest {
        tools: vec![Tool {
            name: "search".into(),
            description: "Searches.".into(),
            parameters: json!({ "type": "object" }),
        }],
        tool_choice: ToolChoice::None,
        rounds: vec![ToolRound {
            text: String::new(),
            calls: vec![(call, "found nothing".into())],
        }],
        ..request(&["small"])
    };
    hear(&peer.gateway(), request).await.usage();
    let sent = &peer.requests()[0];
    assert_eq!(sent["tools"][0]["function"]["name"], "search");
    assert_eq!(sent["tool_choice"], "none");
    assert_eq!(
        sent["messages"][1],
        json!({ "role": "assistant", "content": null, "tool_calls": [
            { "id": "a", "type": "function", "function": { "name": "search", "arguments": "{}" } }
        ]})
    );
    assert_eq!(
        sent["messages"][2],
        json!({ "role": "tool", "tool_call_id": "a", "content": "found nothing" })
    );
}
