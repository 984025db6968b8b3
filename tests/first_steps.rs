//! What a newcomer does first.

use crate::support::{Home, Repository, Server};

const HANDBOOK: &[(&str, &str)] = &[
    (
        "docs/gpu.md",
        "# Notebooks\n\nNotebooks run in Kubeflow.\n\n## GPU notebooks\n\nAsk for the `gpu-small` profile in the notebook \
         form.\nThe quota is two GPUs for each team.\n",
    ),
    (
        "src/train.py",
        "import mlflow\n\n\ndef train_churn(frame):\n    \"\"\"Trains the churn model.\"\"\"\n    mlflow.log_param(\"rows\", len(frame))\n",
    ),
    (
        "deploy.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: churn-api\nspec:\n  replicas: 3\n",
    ),
];

#[test]
fn a_repository_is_read_and_asked_about_without_any_configuration() {
    let repository = Repository::with(HANDBOOK);
    let commit = repository.commit();
    let home = Home::new();
    let said = home.ok(&["ingest", repository.place()]);
    assert!(said.contains("3 read"), "{said}");

    let answer = home.json(&["ask", "how many GPUs may a team use in notebooks?"]);
    assert_eq!(answer["mode"], "extract");
    assert_eq!(answer["abstained"], false);
    assert!(
        answer["notice"]
            .as_str()
            .expect("a notice")
            .contains("No language model"),
        "{answer}"
    );
    let citation = &answer["citations"][0];
    assert_eq!(citation["path"], "docs/gpu.md");
    assert_eq!(citation["commit"], commit.as_str());
    assert!(
        citation["quote"]
            .as_str()
            .expect("a quote")
            .contains("two GPUs"),
        "{citation}"
    );
    let (start, end) = (
        citation["start_line"].as_u64().expect("a line"),
        citation["end_line"].as_u64().expect("a line"),
    );
    assert!(
        start <= 8 && end >= 8,
        "line 8 says it, not {start} to {end}"
    );

    let printed = home.ok(&["ask", "who", "trains", "the", "churn", "model?"]);
    assert!(printed.contains("src/train.py:"), "{printed}");
    let found = home.json(&["search", "train_churn"]);
    assert_eq!(found["passages"][0]["path"], "src/train.py");
}

#[test]
fn a_question_about_something_else_is_not_answered() {
    let repository = Repository::with(HANDBOOK);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    let answer = home.json(&["ask", "what is the capital of Mongolia?"]);
    assert_eq!(answer["abstained"], true, "{answer}");
}

#[test]
fn init_writes_a_configuration_that_works() {
    let home = Home::new();
    std::fs::write(
        home.path().join("notes.md"),
        "# On call\n\nThe platform team is on call at night.\n",
    )
    .expect("a file");
    home.ok(&["init"]);
    let said = home.ok(&["ingest"]);
    assert!(said.contains("this-folder"), "{said}");
    let answer = home.json(&["ask", "who is on call at night?"]);
    assert_eq!(answer["citations"][0]["path"], "notes.md");
    let paths = home.passages().into_iter().map(|passage| passage.1);
    let own: Vec<String> = paths.filter(|path| path.starts_with("data/")).collect();
    assert!(own.is_empty(), "it read its own data: {own:?}");
    let again = home.refused(&["init"]);
    assert!(again.contains("already"), "{again}");
}

#[test]
fn doctor_says_what_is_there_and_what_is_missing() {
    let home = Home::new();
    assert!(home.ok(&["doctor"]).contains("ok       embedding model"));
    let output = home
        .virgil(&["doctor"])
        .env("VIRGIL_MODEL_DIR", home.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        said.contains("missing  embedding model") && said.contains("make model"),
        "{said}"
    );
}

#[tokio::test]
async fn the_server_serves_page_api_and_health() {
    let repository = Repository::with(HANDBOOK);
    let home = Home::new();
    home.ok(&["ingest", repository.place()]);
    let server = Server::start(&home);

    let page = server.get("/").await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(server.get(path).await.status(), 200, "{path}");
    }
    let answer = server.ask(None, "which quota do GPU notebooks have?").await;
    assert_eq!(answer["citations"][0]["path"], "docs/gpu.md");

    let request = server.client.post(format!("{}/api/v1/ask", server.address));
    let stream = request
        .header("accept", "text/event-stream")
        .json(&serde_json::json!({ "question": "which quota do GPU notebooks have?" }))
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    let events: Vec<&str> = stream
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(events.first(), Some(&"stage"));
    assert_eq!(events.last(), Some(&"answer"));
    assert_eq!(
        events
            .iter()
            .filter(|name| ["answer", "error"].contains(name))
            .count(),
        1
    );

    // While the server runs, commands talk to it.
    let found = home.json(&["search", "train_churn"]);
    assert_eq!(found["passages"][0]["path"], "src/train.py");
    repository.write(
        "docs/new.md",
        b"# Zeppelin\n\nThe zeppelin dataset is retired.\n",
    );
    repository.commit();
    home.ok(&["ingest"]);
    let answer = server.ask(None, "is the zeppelin dataset retired?").await;
    assert_eq!(answer["citations"][0]["path"], "docs/new.md");
    let second = home.refused(&["serve"]);
    assert!(second.contains("runs on the data directory"), "{second}");
}
