//! Against a complete HTTP server, which keeps its connections: the scripted peer closes them.

use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peer::{ask, gateway, text};

#[tokio::test]
async fn one_connection_serves_many_questions() {
    let server = MockServer::start().await;
    let chat = Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", "Bearer sk-test-key"))
        .and(body_partial_json(
            serde_json::json!({ "model": "small", "stream": true }),
        ));
    let body = text("a") + "data: [DONE]\n\n";
    chat.respond_with(ResponseTemplate::new(200).set_body_raw(body, "text/event-stream"))
        .expect(20)
        .mount(&server)
        .await;
    let gateway = gateway(&server.uri(), |_| {});
    for _ in 0..20 {
        let heard = ask(&gateway).await;
        assert_eq!(heard.text, "a");
        assert_eq!(
            heard.usage().attempts,
            1,
            "a kept connection that was closed is no failure"
        );
    }
}
