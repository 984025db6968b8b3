//! What the documents say is true: the commands of the README run, and its files are there.

use std::path::{Path, PathBuf};

use crate::support::{Home, Repository, Server};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("a README")
}

/// The lines of the README's shell blocks.
fn commands() -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme().lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            commands.push(line.to_owned());
        }
    }
    commands
}

/// The words of a command as a shell would cut them.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().expect("one is there").push(c),
        }
    }
    words
}

#[tokio::test]
async fn the_commands_of_the_readme_run() {
    let home = Home::new();
    let service = Repository::with(&[
        (
            "README.md",
            "# My service\n\nThe service is deployed by Argo CD.\n\nEach call has a `retry_policy` of three attempts.\n",
        ),
        (
            "catalog-info.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: my-service\nspec:\n  type: service\n  owner: group:shop\n\
             ---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: shop\nspec:\n  type: team\n  children: []\n",
        ),
    ]);
    let mut server = None;
    let mut seen = 0;
    for command in commands() {
        let words = words(&command);
        match words[0].as_str() {
            "make" => {
                let makefile =
                    std::fs::read_to_string(root().join("Makefile")).expect("a Makefile");
                for target in &words[1..] {
                    assert!(
                        makefile
                            .lines()
                            .any(|line| line.starts_with(&format!("{target}:"))),
                        "make {target}"
                    );
                }
            }
            "virgil" if words[1] == "serve" => {
                drop(server.take());
                server = Some(Server::start(&home));
            }
            "virgil" => {
                let mut arguments: Vec<&str> = words[1..]
                    .iter()
                    .map(|word| {
                        if word == "../my-service" {
                            service.place()
                        } else {
                            word
                        }
                    })
                    .collect();
                let file = arguments
                    .iter()
                    .position(|word| *word == ">")
                    .map(|at| arguments.split_off(at)[1]);
                let printed = home.ok(&arguments);
                if let Some(file) = file {
                    std::fs::write(home.path().join(file), printed).expect("a file");
                }
            }
            "curl" => {
                let server = server.as_ref().expect("the README starts the server first");
                let url = words
                    .iter()
                    .find(|word| word.starts_with("http://127.0.0.1:8642"))
                    .expect("a URL");
                let body = words.last().expect("a body");
                let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
                let response = server
                    .post(url.trim_start_matches("http://127.0.0.1:8642"), None, &body)
                    .await;
                assert!(response.status().is_success());
            }
            // The program of this test is found already, has its model and runs in a folder of its own.
            "mkdir" | "cd" => assert_eq!(
                words.last().map(String::as_str),
                Some("../guide"),
                "{command}"
            ),
            "export" => assert!(
                ["PATH=", "VIRGIL_MODEL_DIR=", "VIRGIL_GATEWAY__"]
                    .iter()
                    .any(|variable| words[1].starts_with(variable)),
                "{command}"
            ),
            _ => panic!("no test knows how to run `{command}`"),
        }
        seen += 1;
    }
    assert!(seen > 10, "the README has commands");
}

#[test]
fn what_the_documents_link_to_is_there() {
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect(document);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if !link.starts_with("http") && !link.starts_with('#') {
                assert!(root().join(link).exists(), "{document} links to `{link}`");
            }
        }
    }
}

#[test]
fn the_configuration_of_the_demo_and_its_examples_are_valid() {
    let home = Home::new();
    let config = root().join("ingest-config");
    let said = home.ok(&["doctor", "--config", config.to_str().expect("UTF-8")]);
    assert!(said.contains("ok       configuration: 6 sources"), "{said}");
    for entry in std::fs::read_dir(config.join("examples")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let folder = tempfile::tempdir().expect("a folder");
        // The labels that the examples name.
        if path.file_name().is_some_and(|name| name != "access.yaml") {
            std::fs::copy(
                config.join("examples/access.yaml"),
                folder.path().join("access.yaml"),
            )
            .expect("copied");
        }
        std::fs::copy(&path, folder.path().join("example.yaml")).expect("copied");
        let output = home.run(&["doctor", "--config", folder.path().to_str().expect("UTF-8")]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("ok       configuration"),
            "{}: {said}",
            path.display()
        );
    }
}
