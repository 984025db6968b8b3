//! The second sync of a source: only what changed is read, and what is known is right afterwards.

use serde_json::Value;

use crate::support::{Home, Repository};

fn page(number: usize) -> String {
    format!("# Page {number}\n\nThe table `orders_{number}` belongs to team {number}.\n")
}

fn numbers(home: &Home, arguments: &[&str]) -> Value {
    home.json(&[&["ingest"], arguments].concat())
}

#[test]
fn changed_renamed_and_deleted_files_are_right_afterwards() {
    let repository = Repository::with(&[]);
    for number in 0..20 {
        repository.write(&format!("docs/{number}.md"), page(number).as_bytes());
    }
    repository.commit();
    let home = Home::new();
    let first = numbers(&home, &[repository.place()]);
    assert_eq!(
        (first["read"].as_u64(), first["embedded"].as_u64()),
        (Some(20), Some(20)),
        "{first}"
    );

    let nothing = numbers(&home, &[]);
    assert_eq!(
        (nothing["seen"].as_u64(), nothing["read"].as_u64()),
        (Some(0), Some(0)),
        "{nothing}"
    );

    repository.write(
        "docs/1.md",
        b"# Page 1\n\nThe table `orders_1` belongs to team Marmot.\n",
    );
    repository.remove("docs/2.md");
    repository.remove("docs/3.md");
    repository.write("docs/moved/3.md", page(3).as_bytes());
    repository.commit();
    let second = numbers(&home, &[]);
    assert_eq!(second["read"], 2, "{second}");
    assert_eq!(second["gone"], 2, "{second}");
    assert_eq!(
        second["embedded"], 1,
        "the moved page costs no embedding: {second}"
    );

    let fresh = Home::new();
    fresh.ok(&["ingest", repository.place()]);
    let strip = |home: &Home| {
        home.passages()
            .into_iter()
            .map(|(_, path, start, end, text)| (path, start, end, text))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        strip(&home),
        strip(&fresh),
        "a second sync leads to what a first one would"
    );
    let verified = home.json(&["verify"]);
    assert_eq!(
        (verified["missing"].as_u64(), verified["stale"].as_u64()),
        (Some(0), Some(0)),
        "{verified}"
    );
    let answer = home.json(&["ask", "which team does the table orders_1 belong to?"]);
    assert!(
        answer["citations"][0]["quote"]
            .as_str()
            .expect("a quote")
            .contains("Marmot"),
        "{answer}"
    );
    let found = home.json(&["search", "orders_3"]);
    assert_eq!(found["passages"][0]["path"], "docs/moved/3.md");
}

#[test]
fn what_is_not_text_is_skipped_with_a_counted_reason() {
    let repository = Repository::with(&[("a.md", "# A\n\nText.\n"), ("empty.md", "")]);
    repository.write("picture.png", b"\x89PNG\0\0\0");
    repository.write("latin.txt", b"gr\xf6\xdfe\n");
    repository.write("large.csv", "a,b\n".repeat(300_000).as_bytes());
    repository.write(
        "model.bin",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    );
    std::os::unix::fs::symlink("a.md", repository.path().join("link.md")).expect("a link");
    repository.commit();
    let home = Home::new();
    let numbers = numbers(&home, &[repository.place(), "--name", "mixed"]);
    let expect = serde_json::json!({
        "binary": 1, "empty": 1, "lfs_pointer": 1, "not_utf8": 1, "symlink": 1, "too_large": 1,
    });
    assert_eq!(numbers["skipped"], expect);
    let problems = home.json(&["sources", "--problems", "mixed"]);
    assert_eq!(
        problems["problems"].as_array().map(Vec::len),
        Some(6),
        "{problems}"
    );

    // A file that becomes text is read, one that stops being text is gone.
    repository.write("picture.png", b"# no longer a picture\n");
    repository.write("a.md", b"\0\0");
    repository.commit();
    home.ok(&["ingest"]);
    let paths: Vec<String> = home
        .passages()
        .into_iter()
        .map(|passage| passage.1)
        .collect();
    assert_eq!(paths, ["picture.png"]);
}

#[test]
fn a_folder_respects_gitignore_and_never_follows_a_link_out() {
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret.md"), "# Secret\n").expect("a file");
    let home = Home::new();
    let docs = home.path().join("docs");
    std::fs::create_dir_all(docs.join("build")).expect("a folder");
    for (path, text) in [
        (".gitignore", "build/\n"),
        ("a.md", "# A\n"),
        ("build/b.md", "# B\n"),
        (".github.yml", "on: push\n"),
    ] {
        std::fs::write(docs.join(path), text).expect("a file");
    }
    std::os::unix::fs::symlink(outside.path(), docs.join("out")).expect("a link");
    home.ok(&["ingest", "docs"]);
    let paths: Vec<String> = home
        .passages()
        .into_iter()
        .map(|passage| passage.1)
        .collect();
    assert_eq!(paths, [".github.yml", ".gitignore", "a.md"]);
}

#[test]
fn a_url_is_fetched_into_a_mirror_and_only_its_branch_is_read() {
    let repository = Repository::with(&[("a.md", "# Alpha\n\nThe alpha pipeline runs nightly.\n")]);
    let url = format!("file://{}", repository.place());
    let home = Home::new();
    let first = numbers(&home, &[&url, "--name", "remote"]);
    assert_eq!(first["read"], 1, "{first}");
    repository.write("b.md", b"# Beta\n\nThe beta pipeline runs weekly.\n");
    repository.commit();
    let second = numbers(&home, &["remote"]);
    assert_eq!(
        (second["seen"].as_u64(), second["read"].as_u64()),
        (Some(1), Some(1)),
        "{second}"
    );
    let missing = home.refused(&["ingest", &url, "--name", "other", "--branch", "nowhere"]);
    assert!(missing.contains("no branch `nowhere`"), "{missing}");
}
