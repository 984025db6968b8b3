//! Answers as gateways send them, and every way in which they break.

use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use virgil_gateway::{
    ChatEvent, ChatModel, ChatRequest, GatewayError, Message, OpenAiGateway, Role, Settings, Usage,
};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ANSWER: &str = concat!(
    ": a comment\r\n\r\n",
    "data: {\"model\":\"small-1\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"It is größer \"}}]}\r\n\r\n",
    "event: message\ndata:{\"choices\":[{\"delta\":{\"content\":\"[1].\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n",
    "data: [DONE]\n\n",
);

fn gateway(url: &str) -> OpenAiGateway {
    let mut settings = Settings::new(
        format!("{url}/v1"),
        Some("sk-test-key".to_owned().into()),
        "small".into(),
    );
    settings.idle_timeout = Duration::from_millis(400);
    settings.total_timeout = Duration::from_secs(3);
    OpenAiGateway::new(settings).expect("a valid URL")
}

fn request() -> ChatRequest {
    let messages = vec![Message {
        role: Role::User,
        content: "why?".into(),
    }];
    ChatRequest {
        messages,
        max_tokens: 50,
        principal: "ada".into(),
    }
}

/// The text of an answer and how it ended. Panics if it ends twice or not at all.
async fn collect(gateway: &OpenAiGateway) -> (String, Result<Usage, GatewayError>) {
    let mut stream = match gateway.chat(request()).await {
        Ok(stream) => stream,
        Err(error) => return (String::new(), Err(error)),
    };
    let mut text = String::new();
    let mut end = None;
    while let Some(event) = stream.next().await {
        assert!(end.is_none(), "something came after the end");
        match event {
            Ok(ChatEvent::Text(piece)) => text.push_str(&piece),
            Ok(ChatEvent::Done(usage)) => end = Some(Ok(usage)),
            Err(error) => end = Some(Err(error)),
        }
    }
    (text, end.expect("the answer has an end"))
}

/// A server that sends `body` as it is to everyone, then closes or, if `hang`, stays silent.
async fn raw_server(body: Vec<u8>, hang: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                let _ = socket.write_all(head.as_bytes()).await;
                let _ = socket.write_all(&body).await;
                if hang {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn an_answer_streams_and_ends_with_what_it_cost() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", "Bearer sk-test-key"))
        .and(body_partial_json(serde_json::json!({
            "model": "small", "stream": true, "user": "ada", "max_tokens": 50,
            "messages": [{"role": "user", "content": "why?"}],
        })))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("x-litellm-response-cost", "0.0021")
                .set_body_raw(ANSWER, "text/event-stream"),
        )
        .mount(&server)
        .await;
    let (text, end) = collect(&gateway(&server.uri())).await;
    assert_eq!(text, "It is größer [1].");
    let expect = Usage {
        model: Some("small-1".into()),
        prompt_tokens: Some(7),
        completion_tokens: Some(3),
        cost_usd: Some(0.0021),
        truncated: false,
    };
    assert_eq!(end.expect("a proper end"), expect);
}

#[tokio::test]
async fn cut_anywhere_it_ends_once_and_says_nothing_false() {
    let finished = ANSWER
        .find("\"finish_reason\":\"stop\"}]}")
        .expect("it is there")
        + "\"finish_reason\":\"stop\"}]}".len();
    for cut in 0..=ANSWER.len() {
        let url = raw_server(ANSWER.as_bytes()[..cut].to_vec(), false).await;
        let (text, end) = collect(&gateway(&url)).await;
        assert!(
            "It is größer [1].".starts_with(&text),
            "cut at {cut}: {text}"
        );
        match end {
            Ok(_) => assert!(cut >= finished, "cut at {cut} counts as finished"),
            Err(GatewayError::Unavailable(_)) => {
                assert!(cut < ANSWER.len() - 2, "cut at {cut} counts as broken")
            }
            Err(error) => panic!("cut at {cut}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn what_breaks_an_answer_is_told() {
    let text = |content: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n")
    };
    let long_line = format!("data: {}", "x".repeat(3 << 20));
    let cases: [(&str, Vec<u8>, &str); 7] = [
        (
            "an error in the stream",
            (text("a") + "data: {\"error\":{\"message\":\"model fell over\"}}\n\n").into_bytes(),
            "model fell over",
        ),
        (
            "no JSON",
            (text("a") + "data: {oops\n\n").into_bytes(),
            "not JSON",
        ),
        (
            "not UTF-8",
            [text("a").as_bytes(), b"data: {\"a\":\"\xff\xfe\"}\n\n"].concat(),
            "not JSON",
        ),
        (
            "an endless line",
            long_line.into_bytes(),
            "longer than 1 MiB",
        ),
        (
            "an HTML page",
            b"<html>502</html>".to_vec(),
            "broke its answer off",
        ),
        ("nothing", Vec::new(), "broke its answer off"),
        (
            "a filter",
            b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n"
                .to_vec(),
            "filter",
        ),
    ];
    for (name, body, expect) in cases {
        let url = raw_server(body, false).await;
        let error = collect(&gateway(&url)).await.1.expect_err(name).to_string();
        assert!(error.contains(expect), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_gateway_that_falls_silent_is_given_up() {
    for body in [
        Vec::new(),
        b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n".to_vec(),
    ] {
        let url = raw_server(body, true).await;
        let end = collect(&gateway(&url)).await.1;
        assert!(matches!(end, Err(GatewayError::Timeout(_))), "{end:?}");
    }
}

#[tokio::test]
async fn after_the_end_nothing_is_waited_for() {
    let url = raw_server(ANSWER.as_bytes().to_vec(), true).await;
    assert!(collect(&gateway(&url)).await.1.is_ok());
}

#[tokio::test]
async fn a_cut_at_the_length_limit_is_marked() {
    let body =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\n\n";
    let url = raw_server(body.into(), false).await;
    assert!(collect(&gateway(&url)).await.1.expect("an end").truncated);
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_never_the_key() {
    let cases = [
        (
            401,
            r#"{"error":{"message":"bad key sk-test-key","code":"invalid_api_key"}}"#,
            "VIRGIL_GATEWAY__KEY",
        ),
        (
            400,
            r#"{"error":{"message":"over","type":"budget_exceeded","code":"400"}}"#,
            "budget",
        ),
        (
            400,
            r#"{"error":{"message":"too many tokens","code":"context_length_exceeded"}}"#,
            "too long",
        ),
        (
            404,
            r#"{"error":{"message":"no","code":"model_not_found"}}"#,
            "no model `small`",
        ),
        (404, "not found", "usually ends in `/v1`"),
        (
            429,
            r#"{"error":{"message":"slow down"}}"#,
            "too many requests",
        ),
        (307, "", "redirects"),
        (503, "upstream", "fails (503"),
    ];
    for (status, body, expect) in cases {
        let server = MockServer::start().await;
        let reply = ResponseTemplate::new(status)
            .insert_header("retry-after", "7")
            .insert_header("location", "http://127.0.0.1:1/")
            .set_body_string(body);
        Mock::given(method("POST"))
            .respond_with(reply)
            .mount(&server)
            .await;
        let error = collect(&gateway(&server.uri()))
            .await
            .1
            .expect_err("a refusal");
        if let GatewayError::RateLimited { retry_after, .. } = &error {
            assert_eq!(*retry_after, Some(Duration::from_secs(7)));
        }
        let said = error.to_string();
        assert!(said.contains(expect), "{status}: {said}");
        assert!(!said.contains("sk-test-key"), "{said}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_setting_to_check() {
    let error = collect(&gateway("http://127.0.0.1:1"))
        .await
        .1
        .expect_err("nobody listens");
    assert!(error.to_string().contains("check gateway.url"), "{error}");
}
