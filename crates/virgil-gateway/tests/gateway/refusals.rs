//! Gateways that refuse, and what an asker is told.

use virgil_gateway::{Accounting, GatewayError, PrincipalAs, TagsIn};

use crate::peer::{Peer, answer, ask, gateway, refuse};

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
            "try again in 7 seconds",
        ),
        (446, "{}", "put it in other words"),
        (307, "", "redirects"),
        (503, "upstream", "fails (503"),
        (500, "oops", "fails (500"),
    ];
    for (status, body, expect) in cases {
        let headers = "retry-after: 7\r\nlocation: http://127.0.0.1:1/\r\n";
        let peer = Peer::play(vec![refuse(status, headers, body)]).await;
        let error = ask(&peer.gateway()).await.error();
        if let GatewayError::RateLimited { retry_after, .. } = &error {
            assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7));
        }
        let said = error.to_string();
        assert!(said.contains(expect), "{status}: {said}");
        assert!(!said.contains("sk-test-key"), "{said}");
        assert_eq!(peer.requests().len(), 1, "{status} was tried again");
    }
}

#[tokio::test]
async fn an_endless_refusal_is_read_in_part() {
    let peer = Peer::play(vec![refuse(500, "", &"x ".repeat(1 << 20))]).await;
    let said = ask(&peer.gateway()).await.error().to_string();
    assert!(said.len() < 1_000, "{} bytes", said.len());
}

#[tokio::test]
async fn nobody_there_is_told_with_the_setting_to_check() {
    let error = ask(&gateway("http://127.0.0.1:1", |_| {})).await.error();
    assert!(error.to_string().contains("check gateway.url"), "{error}");
}

#[tokio::test]
async fn principal_and_tags_are_passed_on_as_configured() {
    let peer = Peer::play(vec![answer("a")]).await;
    let tags = vec!["virgil".to_owned(), "chat".to_owned()];
    let ask_with = async |accounting: Accounting| {
        let gateway = gateway(&peer.url, |settings| {
            settings.accounting = accounting;
            settings.headers = vec![("x-tenant-id".into(), "data".into())];
        });
        ask(&gateway).await.usage();
    };
    ask_with(Accounting {
        principal: PrincipalAs::Pseudonym,
        tags: tags.clone(),
        tags_in: TagsIn::Header,
    })
    .await;
    ask_with(Accounting {
        principal: PrincipalAs::Nothing,
        tags,
        tags_in: TagsIn::Metadata,
    })
    .await;
    let (sent, heads) = (peer.requests(), peer.heads());
    let user = sent[0]["user"].as_str().expect("a user");
    assert!(user.starts_with("principal-"), "{user}");
    assert!(heads[0].contains("x-litellm-tags: virgil,chat"));
    assert!(heads[0].contains("x-tenant-id: data"));
    assert!(sent[0].get("metadata").is_none());
    assert!(sent[1].get("user").is_none());
    assert_eq!(
        sent[1]["metadata"]["tags"],
        serde_json::json!(["virgil", "chat"])
    );
    assert!(!heads[1].contains("x-litellm-tags"));
}
