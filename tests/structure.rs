//! The shape of the workspace: which crate may use which.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each crate and the crates that it may use, as `ARCHITECTURE.md` has them.
const ALLOWED: &[(&str, &[&str])] = &[
    ("virgil-model", &[]),
    ("virgil-redact", &["virgil-model"]),
    ("virgil-sources", &["virgil-model"]),
    ("virgil-readers", &["virgil-model"]),
    ("virgil-graph", &["virgil-model"]),
    ("virgil-store", &["virgil-model"]),
    ("virgil-index", &["virgil-model"]),
    ("virgil-gateway", &[]),
    (
        "virgil-ingest",
        &[
            "virgil-model",
            "virgil-redact",
            "virgil-sources",
            "virgil-readers",
            "virgil-graph",
            "virgil-store",
            "virgil-index",
        ],
    ),
    (
        "virgil-answer",
        &[
            "virgil-model",
            "virgil-graph",
            "virgil-store",
            "virgil-index",
            "virgil-gateway",
        ],
    ),
    ("virgil-eval", &["virgil-graph"]),
    (
        "virgil-server",
        &[
            "virgil-model",
            "virgil-redact",
            "virgil-sources",
            "virgil-readers",
            "virgil-graph",
            "virgil-store",
            "virgil-index",
            "virgil-gateway",
            "virgil-ingest",
            "virgil-answer",
        ],
    ),
    (
        "virgil",
        &[
            "virgil-model",
            "virgil-redact",
            "virgil-sources",
            "virgil-readers",
            "virgil-graph",
            "virgil-store",
            "virgil-index",
            "virgil-gateway",
            "virgil-ingest",
            "virgil-answer",
            "virgil-server",
            "virgil-eval",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn crates_use_only_what_lies_below_them() {
    for entry in std::fs::read_dir(root().join("crates")).expect("the crates") {
        let folder = entry.expect("an entry").path();
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(crate_name, _)| *crate_name == name)
            .unwrap_or_else(|| panic!("crate `{name}` is not in the table of layers"));
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("valid TOML");
        let used: BTreeSet<&str> = ["dependencies", "dev-dependencies", "build-dependencies"]
            .into_iter()
            .filter_map(|table| manifest.get(table)?.as_table())
            .flat_map(|table| table.keys())
            .map(String::as_str)
            .filter(|dependency| dependency.starts_with("virgil"))
            .collect();
        for dependency in used {
            assert!(
                allowed.contains(&dependency),
                "`{name}` must not use `{dependency}`"
            );
        }
    }
}

#[test]
fn there_is_no_crate_for_odds_and_ends() {
    for name in [
        "common", "core", "utils", "util", "prelude", "shared", "helpers",
    ] {
        let folder = root().join("crates").join(format!("virgil-{name}"));
        assert!(
            !folder.exists(),
            "`{}` has no idea of its own",
            folder.display()
        );
    }
}

#[test]
fn main_is_thin() {
    let main = std::fs::read_to_string(root().join("crates/virgil/src/main.rs")).expect("main.rs");
    assert!(
        main.lines().count() < 60,
        "main.rs parses, wires and maps errors to exit codes, no more"
    );
}
