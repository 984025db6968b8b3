//! The sample platform, read and asked as a newcomer would: answers stand where they should, and no secret comes out.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::support::{Home, Server};

/// A question and where its answer stands.
#[derive(Deserialize)]
struct Question {
    question: String,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expect {
    Places(Vec<Place>),
    /// `none`: the sample does not say.
    Nothing(String),
}

#[derive(Deserialize)]
struct Place {
    source: String,
    path: String,
    contains: String,
}

#[derive(Deserialize)]
struct Planted {
    source: String,
    path: String,
    secret: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let text = std::fs::read_to_string(root().join(path)).expect(path);
    serde_saphyr::from_str(&text).expect(path)
}

fn home() -> Home {
    let home = Home::new();
    let config = root().join("ingest-config");
    home.ok(&["ingest", "--config", config.to_str().expect("UTF-8")]);
    home
}

/// Whether one of the passages that came back holds one of the expected texts.
fn is_found(passages: &Value, places: &[Place]) -> bool {
    passages
        .as_array()
        .expect("passages")
        .iter()
        .any(|passage| {
            places.iter().any(|place| {
                passage["source"] == place.source.as_str()
                    && passage["path"] == place.path.as_str()
                    && passage["text"]
                        .as_str()
                        .expect("text")
                        .contains(&place.contains)
            })
        })
}

#[tokio::test]
async fn its_questions_find_their_places_and_its_secrets_stay_hidden() {
    let home = home();
    let server = Server::start(&home);
    let (mut found, mut first_page, mut asked, mut abstained, mut unanswerable) = (0, 0, 0, 0, 0);
    let mut exact = 0;
    for Question { question, expect } in read::<Vec<Question>>("examples/bottega/questions.yaml") {
        let answer = server.ask(None, &question).await;
        match expect {
            // What the graph answers, or asks back, rests on the lines that state it; tests/questions.rs looks at these.
            Expect::Places(_) if answer["mode"] == "facts" || answer["choices"].is_object() => {
                exact += 1;
            }
            Expect::Places(places) => {
                asked += 1;
                let in_passages = is_found(&answer["passages"], &places);
                let cited = answer["citations"]
                    .as_array()
                    .expect("citations")
                    .iter()
                    .any(|citation| {
                        places.iter().any(|place| {
                            citation["source"] == place.source.as_str()
                                && citation["path"] == place.path.as_str()
                        })
                    });
                found += usize::from(in_passages);
                first_page += usize::from(cited && answer["abstained"] == false);
                if !in_passages || !cited || answer["abstained"] == true {
                    println!(
                        "passages {in_passages}, cited {cited}, abstained {}: {question}",
                        answer["abstained"]
                    );
                    for citation in answer["citations"].as_array().expect("citations") {
                        println!(
                            "    {}/{}:{}",
                            citation["source"], citation["path"], citation["start_line"]
                        );
                    }
                }
            }
            Expect::Nothing(word) => {
                assert_eq!(word, "none");
                unanswerable += 1;
                abstained += usize::from(answer["abstained"] == true);
                if answer["abstained"] == false {
                    println!(
                        "answered what nothing says: {question} {}",
                        answer["citations"][0]
                    );
                }
            }
        }
    }
    println!(
        "{found} of {asked} among the passages, {first_page} cited; {abstained} of {unanswerable} abstained; {exact} left to the graph"
    );
    assert!(asked >= 18, "only {asked} questions are left to passages");
    assert!(found * 10 >= asked * 9, "{found} of {asked} found");
    assert!(
        first_page * 10 >= asked * 8,
        "{first_page} of {asked} cited"
    );

    drop(server);
    let planted = read::<Vec<Planted>>("examples/bottega/planted.yaml");
    assert!(!planted.is_empty());
    for Planted {
        source,
        path,
        secret,
    } in planted
    {
        let original =
            std::fs::read_to_string(root().join("examples/bottega").join(&source).join(&path))
                .expect("the file");
        assert!(
            original.contains(&secret),
            "`{path}` no longer holds what was planted"
        );
        assert!(
            home.passages().iter().any(|passage| passage.1 == path),
            "`{path}` was not read"
        );
        for file in files(&home.data_dir()) {
            let bytes = std::fs::read(&file).expect("a file");
            let hit = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!hit, "the secret of `{path}` is in {}", file.display());
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a type");
        if kind.is_dir() {
            files.extend(self::files(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}
