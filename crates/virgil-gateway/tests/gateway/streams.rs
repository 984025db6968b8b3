//! Answers as gateways send them, and every way in which they break: always exactly one end, in bounded time.

use std::time::{Duration, Instant};

use virgil_gateway::{GatewayError, Usage};

use crate::peer::{Act, EVENTS, Heard, Peer, ask, gateway, hear, request, text};

/// An answer with everything that a proper one may have: comments, all line ends, names of events, umlauts.
const ANSWER: &str = concat!(
    ": a comment\r\n\r\n",
    "data: {\"model\":\"small-1\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"It is größer \"}}]}\r\n\r\n",
    "event: message\ndata:{\"choices\":[{\"delta\":{\"content\":\"[1].\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n",
    "data: [DONE]\n\n",
);
const TEXT: &str = "It is größer [1].";

/// The answer to the acts of a peer.
async fn heard(acts: Vec<Act>) -> Heard {
    ask(&Peer::play(vec![acts]).await.gateway()).await
}

/// The answer to a body.
async fn heard_body(body: &[u8]) -> Heard {
    heard(vec![Act::Send([EVENTS.as_bytes(), body].concat())]).await
}

/// `bytes` in the chunks of HTTP/1.1's transfer coding, `size` bytes each.
fn chunked(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut coded =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for piece in bytes.chunks(size) {
        coded.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        coded.extend_from_slice(piece);
        coded.extend_from_slice(b"\r\n");
    }
    coded
}

#[tokio::test]
async fn an_answer_streams_and_ends_with_what_it_cost() {
    let head = EVENTS.replace(
        "connection: close",
        "x-litellm-response-cost: 0.0021\r\nx-litellm-cache-key: 1f\r\nx-litellm-attempted-fallbacks: 1\r\nconnection: close",
    );
    let peer = Peer::say(head + ANSWER).await;
    let heard = ask(&peer.gateway()).await;
    assert_eq!(heard.text, TEXT);
    let expect = Usage {
        model: Some("small-1".into()),
        prompt_tokens: Some(7),
        completion_tokens: Some(3),
        cost_usd: Some(0.0021),
        gateway_cache: true,
        attempts: 1,
        fall_backs: 1,
        truncated: false,
    };
    assert_eq!(heard.usage(), expect);
    let sent = &peer.requests()[0];
    assert_eq!(sent["model"], "small");
    assert_eq!(sent["user"], "ada");
    assert_eq!(sent["max_tokens"], 50);
    assert_eq!(sent["stream_options"]["include_usage"], true);
    assert_eq!(sent["messages"][0]["content"], "why?");
    assert!(sent.get("tools").is_none() && sent.get("metadata").is_none());
    let head = &peer.heads()[0];
    assert!(head.starts_with("post /v1/chat/completions"), "{head}");
    assert!(head.contains("authorization: bearer sk-test-key"), "{head}");
}

#[tokio::test]
async fn cut_anywhere_it_ends_once_and_says_nothing_false() {
    let stop = "\"finish_reason\":\"stop\"}]}";
    let finished = ANSWER.find(stop).expect("it is there") + stop.len();
    for cut in 0..=ANSWER.len() {
        for plain in [true, false] {
            let body = &ANSWER.as_bytes()[..cut];
            let heard = if plain {
                heard_body(body).await
            } else {
                heard(vec![Act::Send(chunked(body, 7))]).await
            };
            assert!(TEXT.starts_with(&heard.text), "cut at {cut}: {heard:?}");
            match heard.end {
                Ok(_) => assert!(cut >= finished, "cut at {cut} counts as finished"),
                Err(GatewayError::Unavailable(_) | GatewayError::Broken(_)) => {
                    assert!(cut < finished, "cut at {cut} counts as broken")
                }
                Err(error) => panic!("cut at {cut}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn split_anywhere_it_is_the_same() {
    let whole = [EVENTS.as_bytes(), ANSWER.as_bytes()].concat();
    for at in (EVENTS.len()..whole.len()).step_by(3) {
        let acts = vec![
            Act::Send(whole[..at].to_vec()),
            Act::Pause(Duration::from_millis(1)),
            Act::Send(whole[at..].to_vec()),
        ];
        let heard = heard(acts).await;
        assert_eq!(heard.text, TEXT, "split at {at}");
        assert_eq!(heard.usage().completion_tokens, Some(3), "split at {at}");
    }
    for size in [1, 2, 3, 5, 64, 4096] {
        let coded = [chunked(ANSWER.as_bytes(), size), b"0\r\n\r\n".to_vec()].concat();
        let heard = heard(vec![Act::Send(coded)]).await;
        assert_eq!(heard.text, TEXT, "chunks of {size}");
    }
    let acts = vec![
        Act::Send(EVENTS.into()),
        Act::Drip(ANSWER.into(), Duration::from_millis(1)),
    ];
    let peer = Peer::play(vec![acts]).await;
    let slow = |settings: &mut virgil_gateway::Settings| {
        settings.first_token_timeout = Duration::from_secs(5);
        settings.total_timeout = Duration::from_secs(10);
    };
    let heard = ask(&gateway(&peer.url, slow)).await;
    assert_eq!(heard.text, TEXT, "byte by byte");
}

#[tokio::test]
async fn what_is_odd_but_whole_is_understood() {
    let finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let done = "data: [DONE]\n\n";
    let cases = [
        ("no mark at the end", text("a") + finish),
        ("no finish reason", text("a") + done),
        ("two ends", text("a") + finish + done + done + finish),
        ("text after the end", text("a") + done + &text("b")),
        ("a byte order mark", format!("\u{FEFF}{}{done}", text("a"))),
        ("CR alone", (text("a") + finish + done).replace('\n', "\r")),
        ("CR LF", (text("a") + finish + done).replace('\n', "\r\n")),
        (
            "no empty lines",
            (text("a") + finish + done).replace("\n\n", "\n"),
        ),
        (
            "no space",
            (text("a") + finish + done).replace("data: ", "data:"),
        ),
        (
            "data over several lines",
            format!(
                "data: {{\"choices\":\ndata: [{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\n{done}"
            ),
        ),
        (
            "other fields",
            format!(
                "id: 7\nretry: 10\nevent: x\nfoo: bar\n:\n{}{done}",
                text("a")
            ),
        ),
        (
            "chunks without a choice",
            format!(
                "data: {{}}\n\ndata: {{\"choices\":[]}}\n\ndata: {{\"choices\":null}}\n\ndata: [1]\n\n{}{done}",
                text("a")
            ),
        ),
        (
            "empty and missing text",
            format!(
                "{}data: {{\"choices\":[{{\"delta\":{{\"content\":null}}}}]}}\n\n{}{done}",
                text(""),
                text("a")
            ),
        ),
        (
            "no error after all",
            format!(
                "data: {{\"error\":null,\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\n{done}"
            ),
        ),
        (
            "numbers that are none",
            format!(
                "data: {{\"usage\":{{\"prompt_tokens\":-1,\"completion_tokens\":\"x\",\"cost\":-3}}}}\n\n{}{done}",
                text("a")
            ),
        ),
        ("a reply that did not want to stream", String::new()),
    ];
    for (name, body) in cases {
        let heard = if body.is_empty() {
            let body = "{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}";
            heard(vec![Act::Send(
                (EVENTS.replace("text/event-stream", "application/json; charset=utf-8") + body)
                    .into_bytes(),
            )])
            .await
        } else {
            heard_body(body.as_bytes()).await
        };
        assert_eq!(heard.text, "a", "{name}: {heard:?}");
        assert!(heard.end.is_ok(), "{name}: {heard:?}");
    }
    for kind in ["text/plain", "text/html", "application/octet-stream", ""] {
        let head = EVENTS.replace("text/event-stream", kind);
        let heard = heard(vec![Act::Send((head + ANSWER).into_bytes())]).await;
        assert_eq!(heard.text, TEXT, "content type `{kind}`");
    }
}

#[tokio::test]
async fn what_breaks_an_answer_is_told() {
    let chunk = |chunk: &str| format!("data: {chunk}\n\n").into_bytes();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no JSON", chunk("{oops"), "not JSON"),
        (
            "half a chunk",
            chunk("{\"choices\":[{\"delta\""),
            "not JSON",
        ),
        (
            "not UTF-8",
            b"data: {\"a\":\"\xff\xfe\"}\n\n".to_vec(),
            "not JSON",
        ),
        (
            "half a letter",
            b"data: {\"choices\":[{\"delta\":{\"content\":\"\xc3\"}}]}\n\n".to_vec(),
            "not JSON",
        ),
        (
            "two chunks in one line",
            [chunk("{}{}"), b"\n".to_vec()].concat(),
            "not JSON",
        ),
        ("deep nesting", chunk(&"[".repeat(100_000)), "not JSON"),
        (
            "an HTML page",
            b"<html>502</html>".to_vec(),
            "broke its answer off",
        ),
        ("nothing", Vec::new(), "broke its answer off"),
        (
            "only comments",
            b": ping\n\n: ping\n\n".to_vec(),
            "broke its answer off",
        ),
        (
            "an endless line",
            format!("data: {}", "x".repeat(10 << 20)).into_bytes(),
            "longer than 1 MiB",
        ),
        (
            "an endless comment",
            format!(": {}", "x".repeat(10 << 20)).into_bytes(),
            "longer than 1 MiB",
        ),
        (
            "an event without end",
            "data: [[[[[[[[\n".repeat(200_000).into_bytes(),
            "longer than 1 MiB",
        ),
        (
            "a long string",
            chunk(&format!(
                "{{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}",
                "x".repeat(10 << 20)
            )),
            "longer than",
        ),
        (
            "an endless answer",
            text(&"x".repeat(512 << 10)).repeat(9).into_bytes(),
            "longer than 4 MiB",
        ),
        (
            "a filter",
            chunk("{\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}"),
            "filter",
        ),
        (
            "an error",
            chunk("{\"error\":{\"message\":\"model fell over\"}}"),
            "model fell over",
        ),
        (
            "an error that repeats the key",
            chunk("{\"error\":{\"message\":\"key sk-test-key fell over\"}}"),
            "REDACTED_gateway_key fell over",
        ),
        (
            "an error as text",
            chunk("{\"error\":\"fell over\"}"),
            "fell over",
        ),
        (
            "too many requests",
            chunk("{\"error\":{\"message\":\"slow\",\"code\":\"429\"}}"),
            "too many requests",
        ),
        (
            "a budget",
            chunk("{\"error\":{\"message\":\"no\",\"type\":\"budget_exceeded\",\"code\":\"400\"}}"),
            "budget",
        ),
        (
            "a long prompt",
            chunk("{\"error\":{\"message\":\"no\",\"code\":\"context_length_exceeded\"}}"),
            "too long",
        ),
    ];
    for (name, body, expect) in cases {
        // Alone, and after a piece of text that stands.
        for before in [String::new(), text("a")] {
            let heard = heard_body(&[before.as_bytes(), &body].concat()).await;
            if !name.contains("endless answer") && !name.contains("long string") {
                assert_eq!(heard.text.is_empty(), before.is_empty(), "{name}");
            }
            let error = heard.error().to_string();
            assert!(error.contains(expect), "{name}: {error}");
            assert!(!error.contains("sk-test-key"), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn what_breaks_the_transfer_is_told() {
    let good = chunked(text("a").as_bytes(), 64);
    let cases: [(&str, Vec<u8>); 8] = [
        ("no head", Vec::new()),
        ("half a head", b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        (
            "a size that is none",
            [good.clone(), b"zz\r\n".to_vec()].concat(),
        ),
        (
            "a chunk that is cut",
            [good.clone(), b"ff\r\nabc".to_vec()].concat(),
        ),
        (
            "a size beyond all bounds",
            [good.clone(), b"ffffffffffffffff\r\na".to_vec()].concat(),
        ),
        (
            "a length that is not kept",
            b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\ndata: {}\n\n".to_vec(),
        ),
        (
            "a long head",
            format!("HTTP/1.1 200 OK\r\nx-a: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
        ),
    ];
    for (name, bytes) in cases {
        let error = heard(vec![Act::Send(bytes)]).await.error();
        assert!(
            matches!(error, GatewayError::Unavailable(_)),
            "{name}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_gateway_that_falls_silent_is_given_up() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    for (name, acts) in [
        ("before the head", vec![Act::Hang]),
        ("after the head", vec![Act::Send(EVENTS.into()), Act::Hang]),
        (
            "after the role",
            vec![Act::Send(format!("{EVENTS}{role}").into()), Act::Hang],
        ),
        (
            "after a piece",
            vec![
                Act::Send((EVENTS.to_owned() + &text("a")).into()),
                Act::Hang,
            ],
        ),
        (
            "pings without end",
            vec![
                Act::Send(EVENTS.into()),
                Act::Drip(b": ping\n".repeat(2_000), Duration::from_millis(1)),
            ],
        ),
        (
            "drips without end",
            vec![
                Act::Send((EVENTS.to_owned() + &text("a")).into()),
                Act::Drip(b": ".repeat(20_000), Duration::from_millis(5)),
            ],
        ),
        (
            "text without end",
            vec![
                Act::Send(EVENTS.into()),
                Act::Drip(text("a").repeat(1_000).into(), Duration::from_millis(1)),
            ],
        ),
    ] {
        let started = Instant::now();
        let heard = heard(acts).await;
        let error = heard.error();
        assert!(
            matches!(error, GatewayError::Timeout(_)),
            "{name}: {error:?}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(4),
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn a_flood_is_stopped() {
    for flood in [
        text("x"),
        ": ping\n\n".into(),
        "\n".into(),
        "data: {}\n\n".into(),
    ] {
        let acts = vec![
            Act::Send(EVENTS.into()),
            Act::Flood(flood.repeat(1_000).into()),
        ];
        let peer = Peer::play(vec![acts]).await;
        let error = ask(&gateway(&peer.url, |settings| {
            settings.total_timeout = Duration::from_secs(1);
        }))
        .await
        .error();
        assert!(
            matches!(error, GatewayError::Timeout(_) | GatewayError::Broken(_)),
            "{flood}: {error:?}"
        );
    }
}

#[tokio::test]
async fn many_short_lines_take_no_longer_than_one_long_one() {
    // Cutting line after line off the front of such a piece would copy some hundred gigabytes.
    let body = ": x\n".repeat(300_000) + ANSWER;
    let peer = Peer::say(EVENTS.to_owned() + &body).await;
    let patient = |settings: &mut virgil_gateway::Settings| {
        settings.first_token_timeout = Duration::from_secs(8);
        settings.total_timeout = Duration::from_secs(8);
    };
    assert_eq!(ask(&gateway(&peer.url, patient)).await.text, TEXT);
}

#[tokio::test]
async fn after_the_end_nothing_is_waited_for() {
    let started = Instant::now();
    let heard = heard(vec![
        Act::Send((EVENTS.to_owned() + ANSWER).into()),
        Act::Hang,
    ])
    .await;
    assert!(heard.end.is_ok());
    assert!(started.elapsed() < Duration::from_millis(350));
}

#[tokio::test]
async fn a_finished_answer_whose_last_mark_never_comes_is_finished() {
    let body = text("a") + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let heard = heard(vec![
        Act::Send((EVENTS.to_owned() + &body).into()),
        Act::Hang,
    ])
    .await;
    assert_eq!(heard.text, "a");
    assert!(heard.end.is_ok(), "{heard:?}");
}

#[tokio::test]
async fn thoughts_keep_an_answer_alive() {
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let mut acts = vec![Act::Send(EVENTS.into())];
    for _ in 0..4 {
        acts.push(Act::Send(thought.into()));
        acts.push(Act::Pause(Duration::from_millis(250)));
    }
    acts.push(Act::Send((text("a") + "data: [DONE]\n\n").into()));
    assert_eq!(heard(acts).await.text, "a");
}

#[tokio::test]
async fn a_cut_at_the_length_limit_is_marked() {
    let body =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\n\n";
    assert!(heard_body(body.as_bytes()).await.usage().truncated);
}

#[tokio::test]
async fn a_gateway_that_takes_less_is_asked_for_less() {
    let refuse = |message: &str| {
        crate::peer::refuse(
            400,
            "",
            &format!("{{\"error\":{{\"message\":\"{message}\"}}}}"),
        )
    };
    let peer = Peer::play(vec![
        refuse("Unrecognized request argument supplied: stream_options"),
        refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        crate::peer::answer("a"),
    ])
    .await;
    let gateway = peer.gateway();
    assert_eq!(ask(&gateway).await.text, "a");
    assert_eq!(hear(&gateway, request(&["small"])).await.text, "a");
    let sent = peer.requests();
    assert_eq!(sent.len(), 4, "what was learnt is remembered");
    assert!(sent[3].get("stream_options").is_none());
    assert_eq!(sent[3]["max_completion_tokens"], 50);
    assert!(sent[3].get("max_tokens").is_none());
}
