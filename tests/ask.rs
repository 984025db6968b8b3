//! Questions that the graph answers: exact rows with their evidence, questions back, follow-ups, and how they were read.

use serde_json::{Value, json};

use crate::support::{Home, Repository, Server};

/// A gateway component and its team, and services of one name on two clusters.
fn platform() -> (Home, Repository) {
    let service = |uri: &str| {
        format!(
            "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: fraud-scorer\n  namespace: risk\nspec:\n  \
             predictor:\n    model:\n      modelFormat: {{name: sklearn}}\n      storageUri: {uri}\n"
        )
    };
    let (production, staging) = (
        service("s3://models/fraud/3"),
        service("s3://models/fraud/4"),
    );
    let repository = Repository::with(&[
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: fraud-gateway\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: group:default/ml-risk\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  \
             name: ml-risk\nspec:\n  type: team\n  children: []\n",
        ),
        ("clusters/prod/risk/service.yaml", &production),
        ("clusters/staging/risk/service.yaml", &staging),
    ]);
    let home = Home::new();
    home.configure("access.yaml", "access:\n  labels:\n    open: [everyone]\n");
    let place = repository.place();
    home.configure(
        "sources.yaml",
        &format!("sources:\n- {{name: platform, kind: git, url: {place}, access: open}}\n"),
    );
    home.configure(
        "lexicon.yaml",
        "lexicon:\n  nouns:\n  - {kinds: [team], words: [posse]}\n",
    );
    home.ok(&["ingest"]);
    (home, repository)
}

#[test]
fn an_exact_answer_has_its_evidence_and_says_what_was_understood() {
    let (home, _repository) = platform();
    let answer = home.json(&["ask", "Which posse owns the component fraud-gateway?"]);
    assert_eq!(answer["mode"], "facts", "{answer}");
    assert_eq!(answer["facts"]["total"], 1);
    assert_eq!(answer["facts"]["completeness"], "exact");
    let row = &answer["facts"]["rows"][0];
    assert_eq!(row["name"], "ml-risk");
    let number = row["citations"][0].as_u64().expect("a citation");
    let citations = answer["citations"].as_array().expect("citations");
    let cited = citations
        .iter()
        .find(|citation| citation["number"] == number)
        .expect("the row's citation");
    assert_eq!(cited["path"], "catalog-info.yaml");
    assert!(
        cited["quote"]
            .as_str()
            .expect("a quote")
            .contains("owner: group:default/ml-risk"),
        "{cited}"
    );
    let text = answer["text"].as_str().expect("a text");
    assert!(
        text.contains("ml-risk") && text.contains(&format!("[{number}]")),
        "{text}"
    );
    let shown = home.ok(&["ask", "--explain", "Who owns the component fraud-gateway?"]);
    assert!(
        shown.contains("reading") && shown.contains("— taken"),
        "{shown}"
    );
}

#[test]
fn a_name_of_several_things_is_asked_back() {
    let (home, _repository) = platform();
    let answer = home.json(&[
        "ask",
        "What is upstream of the inference service fraud-scorer?",
    ]);
    assert!(answer["facts"].is_null(), "{answer}");
    let things = answer["choices"]["things"].as_array().expect("choices");
    assert_eq!(things.len(), 2, "{answer}");
    let shown = home.ok(&["ask", "How many inference services are there?"]);
    assert!(shown.contains("2"), "{shown}");
}

#[tokio::test]
async fn a_follow_up_edits_the_query_before() {
    let (home, _repository) = platform();
    let server = Server::start(&home);
    let first = server
        .ask(None, "Which inference services are there?")
        .await;
    assert_eq!(first["facts"]["total"], 2, "{first}");
    let body = json!({
        "question": "Only the ones in the cluster prod",
        "context": { "last_query": first["facts"]["query"] },
    });
    let response = server.post("/api/v1/ask", None, &body).await;
    let second: Value = response.json().await.expect("JSON");
    assert_eq!(second["facts"]["total"], 1, "{second}");
    let refused = server
        .post(
            "/api/v1/ask",
            None,
            &json!({ "question": "And?", "context": { "query": {} } }),
        )
        .await;
    assert!(refused.status().is_client_error(), "{}", refused.status());
}
