//! Bad input: one clear message with the next step, an exit code that is not zero, nothing lost.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Home, Repository, Server};

fn small() -> Repository {
    Repository::with(&[("a.md", "# Alpha\n\nThe alpha pipeline runs nightly.\n")])
}

#[test]
fn a_place_that_cannot_be_read_is_named() {
    let home = Home::new();
    let empty = tempfile::tempdir().expect("a folder");
    git2::Repository::init(empty.path()).expect("a repository");
    let file = home.path().join("a.md");
    std::fs::write(&file, "# A\n").expect("a file");
    for (place, expect) in [
        ("/no/such/place", "nothing at `/no/such/place`"),
        (file.to_str().expect("UTF-8"), "is a file"),
        (empty.path().to_str().expect("UTF-8"), "no commit yet"),
        ("https://127.0.0.1:1/team/repo.git", "cannot be reached"),
        ("file:///no/such/repo.git", "repo.git"),
        ("ssh://git@127.0.0.1:1/team/repo.git", "cannot be reached"),
        ("https://me:secret@127.0.0.1:1/x.git", "token_env"),
    ] {
        let said = home.refused(&["ingest", place, "--name", "bad"]);
        assert!(said.contains(expect), "{place}: {said}");
        assert!(!said.contains("secret"), "{said}");
        assert_eq!(
            home.json(&["sources"])["sources"],
            serde_json::json!([]),
            "nothing is left behind"
        );
    }
}

#[test]
fn a_source_that_fails_later_loses_nothing() {
    let home = Home::new();
    let repository = small();
    home.ok(&["ingest", repository.place(), "--name", "alpha"]);
    let before = home.passages();
    std::fs::rename(
        repository.path().join(".git"),
        repository.path().join("away"),
    )
    .expect("renamed");
    let said = home.refused(&["ingest", "alpha"]);
    assert!(said.contains("alpha"), "{said}");
    assert_eq!(home.passages(), before);
    let sources = home.json(&["sources"]);
    assert_eq!(sources["sources"][0]["state"], "failed", "{sources}");
    std::fs::rename(
        repository.path().join("away"),
        repository.path().join(".git"),
    )
    .expect("renamed");
    home.ok(&["ingest", "alpha"]);
    assert_eq!(home.json(&["sources"])["sources"][0]["state"], "live");
}

#[test]
fn a_token_that_is_not_there_is_named() {
    let home = Home::new();
    let said = home.refused(&[
        "ingest",
        "https://127.0.0.1:1/x.git",
        "--token-env",
        "NO_SUCH_TOKEN",
    ]);
    assert!(said.contains("`NO_SUCH_TOKEN`"), "{said}");
}

#[test]
fn the_configuration_is_refused_with_file_and_key() {
    let home = Home::new();
    for (text, expect) in [
        ("server:\n  lisen: 1\n", "lisen"),
        ("sources:\n- {name: a, kind: svn}\n", "svn"),
        (
            "sources:\n- {name: a, kind: git, url: /x, brunch: main}\n",
            "brunch",
        ),
        (
            "sources:\n- {name: a, kind: git, url: /x, access: unheard}\n",
            "unheard",
        ),
        ("sources: [\n", "virgil.yaml"),
        ("gateway: {url: 'http://127.0.0.1:1/v1'}\n", "gateway.model"),
        ("embedder: {model: no-such-model}\n", "no-such-model"),
    ] {
        home.configure("virgil.yaml", text);
        let said = home.refused(&["ingest"]);
        assert!(said.contains(expect), "{text}: {said}");
    }
    let said = home.refused(&["ingest", "--config", "elsewhere"]);
    assert!(said.contains("virgil init"), "{said}");
}

#[test]
fn a_missing_or_damaged_model_names_the_command_that_brings_it() {
    let home = Home::new();
    let repository = small();
    let model = tempfile::tempdir().expect("a folder");
    let ingest = |folder: &std::path::Path| {
        let mut command = home.virgil(&["ingest", repository.place()]);
        let output = command
            .env("VIRGIL_MODEL_DIR", folder)
            .output()
            .expect("it starts");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = ingest(model.path());
    assert!(said.contains("make model"), "{said}");
    std::fs::create_dir(model.path().join("onnxruntime")).expect("a folder");
    std::fs::write(
        model.path().join("onnxruntime/libonnxruntime.so.1.99.0"),
        "not a library",
    )
    .expect("a file");
    let said = ingest(model.path());
    assert!(said.contains("make model"), "{said}");
}

#[test]
fn a_data_directory_of_a_newer_version_is_left_alone() {
    let home = Home::new();
    let repository = small();
    home.ok(&["ingest", repository.place()]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.data_dir().join("virgil.db"));
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("it opens");
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'of the future', 1, x'00', 0)",
        )
        .execute(&pool)
        .await
        .expect("inserted");
        pool.close().await;
    });
    let said = home.refused(&["search", "alpha"]);
    assert!(said.contains("newer"), "{said}");
}

#[test]
fn a_data_directory_in_use_says_so() {
    let home = Home::new();
    std::fs::create_dir(home.data_dir()).expect("a folder");
    let lock = std::fs::File::create(home.data_dir().join("lock")).expect("a file");
    lock.lock().expect("locked");
    let said = home.refused(&["search", "alpha"]);
    assert!(said.contains("in use"), "{said}");
}

#[test]
fn a_damaged_index_is_filled_anew_from_the_store() {
    let home = Home::new();
    let repository = small();
    home.ok(&["ingest", repository.place()]);
    let shard = home.data_dir().join("index/shard-0001/shard");
    std::fs::write(shard.join("edge_config.json"), "{").expect("a file");
    let found = home.json(&["search", "alpha"]);
    assert_eq!(found["passages"][0]["path"], "a.md", "{found}");
}

#[test]
fn a_question_that_is_none_is_refused() {
    let home = Home::new();
    assert!(home.refused(&["ask", "  "]).contains("empty"));
    assert!(
        home.refused(&["ask", &"why ".repeat(2_000)])
            .contains("4000")
    );
    let answer = home.json(&["ask", "is anything there?"]);
    assert_eq!(answer["abstained"], true);
}

#[tokio::test]
async fn requests_that_make_no_sense_get_a_problem_document() {
    let home = Home::new();
    let server = Server::start(&home);
    let post = |path: &str, body: &'static str| {
        let request = server.client.post(format!("{}{path}", server.address));
        request
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    for (path, body, status, code) in [
        ("/api/v1/ask", "{", 400, "invalid_request"),
        (
            "/api/v1/ask",
            "{\"qestion\": \"a\"}",
            400,
            "invalid_request",
        ),
        (
            "/api/v1/search",
            "{\"query\": \"a\", \"limit\": 100000}",
            400,
            "invalid_request",
        ),
        ("/api/v1/nowhere", "{}", 404, "not_found"),
        ("/healthz", "{}", 405, "method_not_allowed"),
    ] {
        let response = post(path, body).await.expect("an answer");
        assert_eq!(response.status(), status, "{path} {body}");
        let kind = response.headers()["content-type"]
            .to_str()
            .expect("text")
            .to_owned();
        assert_eq!(kind, "application/problem+json");
        let problem: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], code);
    }
    // A page of another site must not be able to ask with the reader's address.
    let request = server
        .client
        .post(format!("{}/api/v1/ask", server.address))
        .header("origin", "http://evil.example");
    let response = request
        .json(&serde_json::json!({ "question": "alpha" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 403);
}

#[test]
fn an_address_that_others_can_reach_wants_keys() {
    let home = Home::new();
    let said = home.refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(
        said.contains("loopback") && said.contains("virgil keys"),
        "{said}"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = home.refused(&["serve", "--listen", &address]);
    assert!(said.contains("--listen"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let repository = small();
    home.ok(&["ingest", repository.place()]);
    let mut child = home
        .virgil(&["search", "alpha"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("its errors")
        .read_to_string(&mut said)
        .expect("UTF-8");
    assert!(
        child.wait().expect("it ends").success() && said.is_empty(),
        "{said}"
    );
}
