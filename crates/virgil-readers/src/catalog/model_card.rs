//! Model cards (<https://huggingface.co/docs/hub/model-cards>): the YAML head of a Markdown file.
//!
//! A card does not say which registry holds its model; the model is `model_card:./{path}` until something
//! declares more. Names of base models and datasets are the hub's (`model:huggingface/…`,
//! `dataset:huggingface/…`) unless they are URIs. Cards of datasets are none of ours.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate};

use crate::keys;
use crate::lines::Lines;
use crate::statements::{Asset, Format, Said};
use crate::tree::{self, Node, Value};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "model-card",
    accepts,
    state,
};

/// Fields that only the card of a model has.
const MARKS: &[&str] = &[
    "base_model",
    "model-index",
    "pipeline_tag",
    "library_name",
    "model_name",
];

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "md" | "markdown")
        && asset
            .raw
            .text
            .trim_start_matches('\u{feff}')
            .starts_with("---")
        && asset.mentions(MARKS)
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let text = head(asset.raw.text);
    let documents = tree::yaml(&text, 2);
    let Some(head) = documents.first() else {
        return;
    };
    let is_card = MARKS.iter().any(|mark| head.get(mark).is_some())
        && head.get("dataset_info").is_none()
        && head.get("task_categories").is_none();
    if !is_card {
        return;
    }
    let key = Key::scoped("model_card", ".", asset.raw.path);
    let name = head
        .text_at(&["model_name"])
        .or_else(|| {
            let first = head.get("model-index")?.items().first()?;
            first.text_at(&["name"])
        })
        .unwrap_or(asset.raw.path);
    let lines = head.lines();
    said.mention(lines, Kind::Model, &[&key], name);
    said.relation(
        lines,
        &key,
        Predicate::DocumentedBy,
        &keys::file(asset.raw.path),
    );
    for field in ["license", "pipeline_tag", "library_name"] {
        if let Some(entry) = head.entry(field) {
            let text = entry.node.text().unwrap_or_default();
            said.text(entry.lines(), &key, field, text);
        }
    }
    for field in ["tags", "language", "metrics"] {
        if let Some(entry) = head.entry(field)
            && let Some(value @ virgil_model::Value::List(_)) = entry.node.to_value()
        {
            said.attribute(entry.lines(), &key, field, value);
        }
    }
    for (field, scheme, predicate) in [
        ("base_model", "model", Predicate::DerivedFrom),
        ("datasets", "dataset", Predicate::TrainedOn),
    ] {
        let items = head.get(field).map(Node::one_or_many).unwrap_or_default();
        for item in items {
            refer(item, scheme, predicate, &key, said);
        }
    }
}

fn refer(item: &Node<'_>, scheme: &str, predicate: Predicate, key: &Key, said: &mut Said) {
    let Some(text) = item.text().map(str::trim).filter(|text| !text.is_empty()) else {
        if !matches!(item.value, Value::Plain(_)) {
            said.problem(item.line, "the model card refers to no name");
        }
        return;
    };
    let other = match keys::is_uri(text) || text.starts_with("models:/") {
        true => keys::uri(text),
        false => Key::scoped(scheme, "huggingface", text),
    };
    let lines: LineSpan = item.lines();
    said.relation(lines, key, predicate, &other);
}

/// The lines between the first two rules; empty when there is no second.
fn head(text: &str) -> String {
    let lines = Lines::of(text);
    let is_rule = |line: &&str| line.trim_end() == "---";
    if !lines.all().first().is_some_and(is_rule) {
        return String::new();
    }
    match lines.all().iter().skip(1).position(is_rule) {
        Some(end) => lines.all()[1..=end].join("\n"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_card_says_what_a_model_is_made_of() {
        assert_snapshot!(check("models/fraud/README.md", "\
---
license: apache-2.0
base_model: Qwen/Qwen2.5-7B-Instruct
datasets:
- imdb
- s3://lake/fraud/
- {a: b}
tags: [finance]
model-index:
- name: fraud
  results: []
---

# Fraud
"), @r####"
        [2-11] model "fraud" model_card:./models/fraud/README.md
        [2-11] model_card:./models/fraud/README.md documented_by file:./models/fraud/README.md
        [2] model_card:./models/fraud/README.md .license = "apache-2.0"
        [8] model_card:./models/fraud/README.md .tags = ["finance"]
        [3] model_card:./models/fraud/README.md derived_from model:huggingface/Qwen/Qwen2.5-7B-Instruct
        [5] model_card:./models/fraud/README.md trained_on dataset:huggingface/imdb
        [6] model_card:./models/fraud/README.md trained_on uri:s3://lake/fraud
        [7] problem: the model card refers to no name
        "####);
    }

    #[test]
    fn other_pages_say_nothing() {
        assert_snapshot!(check("a.md", "---\ntitle: base_model\n---\n"), @"");
        assert_snapshot!(check("a.md", "---\nbase_model: x\n"), @"");
        assert_snapshot!(check("a.md", "---\nbase_model: x\ndataset_info: {}\n---\n"), @"");
    }
}
