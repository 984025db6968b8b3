//! Retries and fall-backs: only before the first piece, only where they are of use.

use std::time::{Duration, Instant};

use virgil_gateway::{GatewayError, OpenAiGateway};

use crate::peer::{Act, EVENTS, Peer, answer, ask, gateway, hear, refuse, request, text};

fn patient(peer: &Peer) -> OpenAiGateway {
    gateway(&peer.url, |settings| settings.retries = 2)
}

fn in_stream(error: &str) -> Vec<Act> {
    vec![Act::Send(
        format!("{EVENTS}data: {{\"error\":{error}}}\n\n").into(),
    )]
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    for script in [
        refuse(429, "retry-after: 0\r\n", "{}"),
        refuse(429, "", "{}"),
        refuse(502, "", ""),
        refuse(503, "", ""),
        refuse(504, "", ""),
        vec![Act::Send(Vec::new())],
        vec![Act::Send(EVENTS.into())],
        in_stream(r#"{"message":"slow","code":"429"}"#),
        in_stream(r#"{"message":"away","code":503}"#),
    ] {
        let peer = Peer::play(vec![script.clone(), script.clone(), answer("a")]).await;
        let heard = ask(&patient(&peer)).await;
        assert_eq!(heard.text, "a", "{script:?}");
        assert_eq!(heard.usage().attempts, 3);
        // The third failure is the last one.
        let peer = Peer::play(vec![script.clone()]).await;
        ask(&patient(&peer)).await.error();
        assert_eq!(peer.requests().len(), 3, "{script:?}");
    }
}

#[tokio::test]
async fn what_was_refused_for_good_is_not() {
    let budget = r#"{"error":{"message":"over","type":"budget_exceeded","code":"429"}}"#;
    for script in [
        refuse(400, "", "{}"),
        refuse(401, "", "{}"),
        refuse(404, "", "{}"),
        refuse(429, "", budget),
        refuse(500, "", "{}"),
        in_stream(r#"{"message":"fell over"}"#),
        vec![Act::Send((EVENTS.to_owned() + "data: {oops\n\n").into())],
    ] {
        let peer = Peer::play(vec![script.clone(), answer("a")]).await;
        ask(&patient(&peer)).await.error();
        assert_eq!(peer.requests().len(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn nothing_is_tried_again_once_a_piece_has_come() {
    let broken = vec![Act::Send((EVENTS.to_owned() + &text("a")).into())];
    let peer = Peer::play(vec![broken, answer("b")]).await;
    let heard = hear(&patient(&peer), request(&["small", "large"])).await;
    assert_eq!(heard.text, "a");
    assert!(matches!(heard.error(), GatewayError::Unavailable(_)));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept_within_the_deadline() {
    let peer = Peer::play(vec![refuse(429, "retry-after: 1\r\n", "{}"), answer("a")]).await;
    let started = Instant::now();
    assert_eq!(ask(&patient(&peer)).await.text, "a");
    assert!(started.elapsed() >= Duration::from_secs(1));
    // The whole answer may take three seconds: one that has to wait longer is told at once.
    for wait in ["4", "1000000000"] {
        let headers = format!("retry-after: {wait}\r\n");
        let peer = Peer::play(vec![refuse(429, &headers, "{}")]).await;
        let started = Instant::now();
        let error = ask(&patient(&peer)).await.error();
        assert!(matches!(error, GatewayError::RateLimited { .. }));
        assert!(started.elapsed() < Duration::from_millis(500));
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn fall_backs_are_asked_in_order() {
    for (script, requests) in [
        (refuse(429, "retry-after: 30\r\n", "{}"), 1),
        (refuse(500, "", "{}"), 1),
        (
            refuse(404, "", r#"{"error":{"message":"model x not found"}}"#),
            1,
        ),
        (
            refuse(
                400,
                "",
                r#"{"error":{"message":"no","code":"context_length_exceeded"}}"#,
            ),
            1,
        ),
        (vec![Act::Hang], 1),
    ] {
        let peer = Peer::play(vec![script.clone(), script.clone(), answer("a")]).await;
        let heard = hear(&patient(&peer), request(&["one", "two", "three"])).await;
        assert_eq!(heard.text, "a", "{script:?}");
        assert_eq!(heard.usage().fall_backs, 2);
        let models: Vec<_> = peer
            .requests()
            .iter()
            .map(|sent| sent["model"].as_str().map(str::to_owned))
            .collect();
        let expect = ["one", "two", "three"].map(|model| Some(model.to_owned()));
        assert_eq!(models, expect, "{requests} of each");
    }
}

#[tokio::test]
async fn neither_a_spent_budget_nor_a_filter_is_got_round_by_another_model() {
    for body in [
        r#"{"error":{"message":"over","type":"budget_exceeded","code":"400"}}"#,
        r#"{"error":{"message":"no","code":"content_filter"}}"#,
    ] {
        let peer = Peer::play(vec![refuse(400, "", body), answer("a")]).await;
        hear(&patient(&peer), request(&["one", "two"]))
            .await
            .error();
        assert_eq!(peer.requests().len(), 1, "{body}");
    }
}
