//! What holds for every reader and the chunker, whatever the text.

use proptest::prelude::*;
use virgil_model::{Chunk, Document, NoFiles};

use crate::lines::Lines;
use crate::{Raw, chunk, read, reader_for, readers};

/// A path for each reader and grammar.
const PATHS: &[&str] = &[
    "a.md",
    "a.rst",
    "a.adoc",
    "a.html",
    "a.yaml",
    "a.json",
    "a.toml",
    "a.csv",
    "a.ipynb",
    "a.py",
    "a.rs",
    "a.go",
    "a.java",
    "a.ts",
    "a.tsx",
    "a.js",
    "a.sql",
    "a.sh",
    "a.txt",
    "Makefile",
    "a.ndjson",
    "CODEOWNERS",
    "MLmodel",
];

/// An event of OpenLineage, whose reader is chosen by content.
const EVENT: &str =
    r#"{"eventType":"START","run":{"runId":"r"},"job":{"namespace":"a","name":"b","facets":{}}}"#;

/// Pieces of markup that make the structure of some format.
const PIECES: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "    ",
    "\t",
    "\0",
    "\u{feff}",
    "é",
    "word",
    "two words",
    "# A\n",
    "## B\n",
    "A\n===\n",
    "b\n---\n",
    "---\n",
    "+++\n",
    "title: x\n",
    "```\n",
    "> ",
    "- ",
    "<h1>T</h1>",
    "<b>",
    "</b>",
    "<!--",
    "-->",
    "<script>",
    "<p>",
    "&nbsp;",
    "<table><tr><td>",
    "kind: A\n",
    "metadata:\n  name: b\n",
    "key:\n",
    "  - x\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"cells\": [",
    "\"source\": [\"x\\n\"]",
    "[t]\n",
    "[[t]]\n",
    "x = 1\n",
    "\"\"\"",
    "'''",
    "def f():\n    pass\n",
    "class A:\n",
    "    def m(self):\n        pass\n",
    "@d\n",
    "fn f() {}\n",
    "impl A {}\n",
    "func F() {\n}\n",
    "type T struct {\n",
    "function f() {}\n",
    "export ",
    "class B {\n",
    "select 1;\n",
    "create table t (",
    "with a as (",
    "f() {\n",
    "#!/bin/bash\n",
    "<<EOF\n",
    "EOF\n",
    "// c\n",
    "/*",
    "*/",
    "(",
    ")",
];

fn text() -> impl Strategy<Value = String> {
    let long = ("[a-zé ]{1,12}", 1..400_usize).prop_map(|(unit, count)| unit.repeat(count));
    let piece = prop_oneof![
        30 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        4 => "[a-zA-Z_]{1,9}",
        2 => "\\PC{0,12}",
        1 => long,
    ];
    prop_oneof![
        8 => proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_in_one_section_and_every_word_in_a_chunk(text in text()) {
        for path in PATHS {
            holds(path, &text);
        }
    }
}

/// Checks the invariants of one reading.
fn holds(path: &str, text: &str) {
    let raw = Raw { path, text };
    let reading = read(raw, &NoFiles);
    let document = reading.document;
    let lines = Lines::of(text);
    for statement in &reading.statements {
        let span = statement.lines;
        assert!(
            span.start >= 1 && span.start <= span.end && span.end as usize <= lines.len().max(1),
            "{path}: {statement:?}"
        );
    }
    let mut previous = 1;
    for section in &document.sections {
        assert_eq!(
            section.lines.len(),
            section.text.split('\n').count(),
            "{path}"
        );
        for line in &section.lines {
            assert!(
                *line >= previous && *line as usize <= lines.len().max(1),
                "{path}: line {line}"
            );
            previous = *line;
        }
    }
    let is_one_line = text.trim().len() > 2000 && !text.trim().contains('\n');
    let is_rendered = matches!(reader_for(raw).name(), "html" | "notebook" | "openlineage")
        || (path == "a.json" && is_one_line);
    if !is_rendered {
        let found: Vec<&str> = document
            .sections
            .iter()
            .flat_map(|section| section.text.split('\n'))
            .collect();
        assert_eq!(found, lines.all(), "{path}: the text");
        let numbers: Vec<u32> = document
            .sections
            .iter()
            .flat_map(|section| section.lines.clone())
            .collect();
        let expect: Vec<u32> = (1..).take(lines.len()).collect();
        assert_eq!(numbers, expect, "{path}: the lines");
    }
    covered(path, &document, &chunk(&document));
}

fn covered(path: &str, document: &Document, chunks: &[Chunk]) {
    let last = document
        .sections
        .iter()
        .filter_map(|section| section.lines.last())
        .max()
        .copied()
        .unwrap_or(1);
    for chunk in chunks {
        let characters = chunk.text.chars().count();
        assert!(
            characters <= crate::chunk::MAX_CHARACTERS,
            "{path}: {characters} characters"
        );
        assert!(!chunk.text.trim().is_empty(), "{path}: a blank chunk");
        assert!(
            chunk.lines.start >= 1 && chunk.lines.end <= last,
            "{path}: {:?}",
            chunk.lines
        );
        assert!(
            chunk
                .breadcrumb
                .iter()
                .all(|label| label.chars().count() <= 80),
            "{path}"
        );
    }
    let mut next = chunks.iter().peekable();
    for section in &document.sections {
        for (text, line) in section.text.split('\n').zip(&section.lines) {
            while next.peek().is_some_and(|chunk| chunk.lines.end < *line) {
                next.next();
            }
            let is_covered = next.peek().is_some_and(|chunk| chunk.lines.start <= *line);
            assert!(
                is_covered || text.trim().is_empty(),
                "{path}: line {line} is in no chunk"
            );
        }
    }
    let squeeze = |text: &str| text.split_whitespace().collect::<String>();
    let words: String = document
        .sections
        .iter()
        .map(|section| squeeze(&section.text))
        .collect();
    let kept: String = chunks.iter().map(|chunk| squeeze(&chunk.text)).collect();
    assert_eq!(words, kept, "{path}: the words");
}

#[test]
fn every_reader_is_asked_by_some_path() {
    let mut asked: std::collections::BTreeSet<&str> = PATHS
        .iter()
        .map(|path| reader_for(Raw { path, text: "" }).name())
        .collect();
    let raw = Raw {
        path: "a.ndjson",
        text: EVENT,
    };
    asked.insert(reader_for(raw).name());
    for reader in readers() {
        assert!(asked.contains(reader.name()), "{}", reader.name());
        assert_eq!(crate::version_of(reader.name()), Some(reader.version()));
    }
    assert_eq!(crate::version_of("none"), None);
}

#[test]
fn events_of_any_shape_are_read() {
    for facets in ["[]", "{\"a\": [[[1, {\"b\": null}]], \"x\\ny\"]}", "7"] {
        let text = EVENT.replace("{}", facets);
        let path = "a.ndjson";
        assert_eq!(reader_for(Raw { path, text: &text }).name(), "openlineage");
        holds(path, &text);
    }
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    holds(
        "a.ndjson",
        &EVENT.replace("{}", &format!("{{\"a\": {deep}}}")),
    );
}

#[test]
fn hostile_shapes_are_read() {
    for unit in [
        "[", "{", "(", "<b>", "<b><p>", "> ", "- ", "a:\n ", "*a_ ", "\"", "\\", "x", "\n", "\0",
        "{\"a\":", "if x:\n", "<<EOF\n", "def f(\n",
    ] {
        let text = unit.repeat(8_000 / unit.len());
        for path in PATHS {
            holds(path, &text);
        }
    }
}
