//! Answers that a language model writes: checked, accounted for, kept, and refused plainly.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::gateway::{QUESTION, home};
use crate::support::{Gateway, Home, Repository, stream};

#[tokio::test]
async fn a_written_answer_is_checked_sentence_by_sentence() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|_| {
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

    let sent = gateway.requests()[0].clone();
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
    let gateway = Gateway::start(|_| stream(&["Ulaanbaatar."])).await;
    let server = gateway.server(&home);
    let answer = server.ask(None, "what is the capital of Mongolia?").await;
    assert_eq!(answer["abstained"], true);
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn a_gateway_that_refuses_is_told_plainly() {
    let (home, _repository) = home();
    for (status, body, code, word) in [
        (
            401,
            r#"{"error":{"message":"bad key sk-gateway-key"}}"#,
            "gateway_unauthorized",
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
            "gateway_budget_exhausted",
            "budget",
        ),
        (
            400,
            r#"{"error":{"message":"litellm.ContextWindowExceededError: x","code":"400"}}"#,
            "gateway_context_too_long",
            "ask something shorter",
        ),
        (446, "{}", "gateway_filtered", "in other words"),
        (
            404,
            r#"{"error":{"message":"model not found","code":"model_not_found"}}"#,
            "gateway_model_not_found",
            "no model `small`",
        ),
        (500, "", "gateway_unavailable", "fails"),
    ] {
        let gateway = Gateway::start(move |_| {
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

#[tokio::test]
async fn a_model_is_chosen_among_those_that_are_configured() {
    let (home, _repository) = home();
    home.configure(
        "virgil.yaml",
        "gateway:\n  max_tokens: 77\n  principal: pseudonym\n  tags: [virgil]\n  models:\n  - {name: small}\n  \
         - {name: careful, gateway_name: vendor/large-2, fall_backs: [small]}\n",
    );
    let gateway = Gateway::start(|sent| {
        if sent["model"] == "vendor/large-2" {
            return (
                StatusCode::NOT_FOUND,
                "{\"error\":{\"message\":\"no such model\"}}",
            )
                .into_response();
        }
        stream(&["It is refreshed at 03:00 [1]."])
    })
    .await;
    let server = gateway.server(&home);
    let models: Value = server
        .get("/api/v1/models")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(models["default"], "small");
    assert_eq!(models["models"][1]["name"], "careful");
    assert!(!models.to_string().contains("vendor"), "{models}");

    let body = json!({ "question": QUESTION, "model": "careful" });
    let response = server.post("/api/v1/ask", None, &body).await;
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(answer["usage"]["fall_backs"], 1, "{answer}");
    assert_eq!(answer["usage"]["attempts"], 2);
    assert_eq!(answer["usage"]["model"], "small-1");
    let sent = gateway.requests();
    assert_eq!(
        (&sent[0]["model"], &sent[1]["model"]),
        (&json!("vendor/large-2"), &json!("small"))
    );
    assert_eq!(sent[0]["max_tokens"], 77);
    let user = sent[0]["user"].as_str().expect("a user");
    assert!(
        user.starts_with("principal-") && !user.contains("anonymous"),
        "{user}"
    );

    let body = json!({ "question": QUESTION, "model": "vendor/large-2" });
    let response = server.post("/api/v1/ask", None, &body).await;
    assert_eq!(response.status(), 400);
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], "unknown_model");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("there are `small`, `careful`"), "{detail}");
    assert_eq!(gateway.requests().len(), 2, "nothing was asked");

    // The same in a terminal, which finds the server by its socket.
    let said = home.ok(&["ask", "--model", "careful", QUESTION]);
    assert!(said.contains("small-1"), "{said}");
    let said = home.refused(&["ask", "--model", "x", QUESTION]);
    assert!(said.contains("there are `small`, `careful`"), "{said}");
    assert!(home.ok(&["models"]).contains("careful"));
}

#[tokio::test]
async fn an_answer_is_kept_until_something_it_rests_on_changes() {
    let (home, repository) = home();
    let gateway = Gateway::start(|_| stream(&["The table is refreshed at 03:00 [1]."])).await;
    let server = gateway.server(&home);
    let first = server.ask(None, QUESTION).await;
    assert_eq!(first["usage"]["cache"], Value::Null);
    let again = server.ask(None, &QUESTION.replace(' ', "  ")).await;
    assert_eq!(again["usage"]["cache"], "virgil", "{again}");
    assert_eq!(again["usage"]["cost_usd"], 0.0);
    assert_eq!(
        (&again["text"], &again["citations"]),
        (&first["text"], &first["citations"])
    );
    assert_eq!(gateway.requests().len(), 1);
    // Capitals are another question, and so is another view of the platform.
    server.ask(None, &QUESTION.to_uppercase()).await;
    assert_eq!(gateway.requests().len(), 2);
    home.ok(&["--as", "nobody", "ask", QUESTION]);
    server.ask(None, QUESTION).await;
    assert_eq!(
        gateway.requests().len(),
        2,
        "who sees nothing gets nothing that others were told"
    );

    home.ok(&["ingest", repository.place()]);
    let again = server.ask(None, QUESTION).await;
    assert_eq!(
        again["usage"]["cache"], "virgil",
        "a sync that finds nothing new forgets nothing"
    );
    assert_ne!(
        again["freshness"][0]["synced_at"], first["freshness"][0]["synced_at"],
        "but how fresh it is is told anew"
    );
    repository.write(
        "docs/orders.md",
        b"# Orders\n\nThe orders table is refreshed at 04:00.\n",
    );
    repository.commit();
    home.ok(&["ingest", repository.place()]);
    let answer = server.ask(None, QUESTION).await;
    assert_eq!(answer["usage"]["cache"], Value::Null, "another one does");
    assert_eq!(gateway.requests().len(), 3);
}

#[tokio::test]
async fn an_edited_prompt_holds_and_a_broken_one_does_not() {
    let (home, _repository) = home();
    let prompts = home.path().join("prompts");
    std::fs::create_dir(&prompts).expect("a folder");
    let write = |text: &str| {
        std::fs::write(prompts.join("system.txt.tera"), text).expect("a file");
    };
    write("Be brief.");
    let gateway = Gateway::start(|_| stream(&["It is refreshed at 03:00 [1]."])).await;
    let server = gateway.server(&home);
    let ask = async |question: &str| {
        let answer = server.ask(None, question).await;
        let system =
            gateway.requests().last().expect("a request")["messages"][0]["content"].clone();
        (answer["usage"]["prompt_hash"].clone(), system)
    };
    let (first, system) = ask(QUESTION).await;
    assert_eq!(system, "Be brief.");

    write("Be long.");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let (second, system) = loop {
        let (hash, system) = ask(QUESTION).await;
        if hash != first {
            break (hash, system);
        }
        assert!(std::time::Instant::now() < until, "the edit never held");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(
        system, "Be long.",
        "an answer of the old prompt is not given again"
    );

    write("{{ nobody }}");
    let said = loop {
        let said = home.run(&["doctor"]);
        if !said.status.success() {
            break String::from_utf8_lossy(&said.stdout).into_owned();
        }
        assert!(std::time::Instant::now() < until, "doctor never saw it");
    };
    assert!(said.contains("`nobody`"), "{said}");
    let (third, system) = ask("who owns the orders table?").await;
    assert_eq!((third, system), (second, json!("Be long.")));
}

/// A home that has read who owns the component fraud-gateway.
fn catalog() -> (Home, Repository) {
    let repository = Repository::with(&[(
        "catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: fraud-gateway\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: group:default/ml-risk\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  \
         name: ml-risk\nspec:\n  type: team\n  children: []\n",
    )]);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    (home, repository)
}

#[tokio::test]
async fn what_the_graph_states_stands_when_the_gateway_refuses() {
    let (home, _repository) = catalog();
    let gateway = Gateway::start(|_| {
        let error =
            json!({ "error": { "message": "spent", "type": "budget_exceeded", "code": "400" } });
        (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
    })
    .await;
    let server = gateway.server(&home);
    let answer = server.ask(None, "Who owns fraud-gateway?").await;
    assert_eq!(answer["mode"], "facts", "{answer}");
    assert!(
        answer["text"].as_str().expect("text").contains("ml-risk"),
        "{answer}"
    );
    let notice = answer["notice"].as_str().expect("a notice");
    assert!(
        notice.starts_with("The language model added nothing"),
        "{notice}"
    );
}

#[tokio::test]
async fn what_a_model_writes_behind_facts_is_a_paragraph_of_its_own() {
    let (home, _repository) = catalog();
    let gateway = Gateway::start(|_| stream(&["The team ml-risk owns it [1]."])).await;
    let server = gateway.server(&home);
    let answer = server.ask(None, "Who owns fraud-gateway?").await;
    let text = answer["text"].as_str().expect("text");
    assert!(
        text.ends_with("\n\nThe team ml-risk owns it [1]."),
        "{text}"
    );
    assert!(!text.contains("\n\n\n"), "{text}");
}
