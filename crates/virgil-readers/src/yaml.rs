//! YAML (<https://yaml.org/spec/1.2.2>): a section per document, per top-level key of a large one, verbatim.
//!
//! A Kubernetes manifest is named after its kind and name, such as `Deployment/web`. The parser is only asked
//! whether the text parses; templates (Helm, Jinja) need not, and aliases are never expanded beyond its limits.

use serde::de::IgnoredAny;
use virgil_model::{Content, Files, Problem};

use crate::lines::{Lines, Start, cut, extension, file_name, label, problem, reading};
use crate::{Raw, Reader, Reading};

/// A document up to this many bytes is one section.
const SMALL_BYTES: usize = 1500;
/// Larger files are not checked, only cut.
const CHECKED_BYTES: usize = 1 << 20;

/// The reader of YAML.
pub(crate) struct YamlReader;

impl Reader for YamlReader {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(extension(raw.path).as_str(), "yaml" | "yml")
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let starts = documents(&lines)
            .into_iter()
            .flat_map(|(first, end)| document_starts(&lines, first, end))
            .collect();
        let problems = check(raw.text).into_iter().collect();
        let title = file_name(raw.path).to_owned();
        reading(title, Content::Config, cut(&lines, starts), problems)
    }
}

fn check(text: &str) -> Option<Problem> {
    if text.len() > CHECKED_BYTES || text.contains("{{") || text.contains("{%") {
        return None;
    }
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::FirstWins,
        with_snippet: false,
    };
    let error = serde_saphyr::from_multiple_with_options::<IgnoredAny>(text, options).err()?;
    let line = error
        .location()
        .and_then(|location| u32::try_from(location.line()).ok())
        .filter(|line| *line > 0);
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Some(problem(line, "the YAML does not parse", message))
}

/// The lines of each document, from its `---` on; comments in front of the first `---` belong to it.
fn documents(lines: &Lines<'_>) -> Vec<(usize, usize)> {
    let mut documents = Vec::new();
    let mut first = 0;
    let mut has_content = false;
    for (index, line) in lines.all().iter().enumerate() {
        let is_marker =
            line.starts_with("---") && line[3..].chars().next().is_none_or(char::is_whitespace);
        if is_marker && has_content {
            documents.push((first, index));
            first = index;
            has_content = false;
        } else if !is_marker && !line.trim().is_empty() && !line.starts_with('#') {
            has_content = true;
        }
    }
    documents.push((first, lines.len()));
    documents
}

fn document_starts(lines: &Lines<'_>, first: usize, end: usize) -> Vec<Start> {
    let body = &lines.all()[first..end];
    let name: Vec<String> = manifest_name(body).into_iter().collect();
    let mut starts = vec![Start::new(first, name.clone())];
    if body.iter().map(|line| line.len() + 1).sum::<usize>() <= SMALL_BYTES {
        return starts;
    }
    let mut comments = 0;
    for (index, line) in body.iter().enumerate() {
        if let Some(key) = top_level_key(line) {
            let mut breadcrumb = name.clone();
            breadcrumb.push(label(key));
            let start = Start::new(first + index - comments, breadcrumb);
            // The first key takes along what stands above it, such as `---`.
            if starts.len() == 1 && body[..index - comments].iter().all(|line| is_head(line)) {
                starts.clear();
                starts.push(Start::new(first, start.breadcrumb));
            } else {
                starts.push(start);
            }
        }
        comments = if line.starts_with('#') {
            comments + 1
        } else {
            0
        };
    }
    starts
}

fn is_head(line: &str) -> bool {
    line.trim().is_empty()
        || line.starts_with('#')
        || line.starts_with("---")
        || line.starts_with('%')
}

/// The key of a line such as `spec:` that is not indented.
fn top_level_key(line: &str) -> Option<&str> {
    if line.starts_with([' ', '\t', '#', '-', '{', '[', '%', '&', '*', '!', '|', '>']) {
        return None;
    }
    let (key, rest) = line.split_once(':')?;
    let key = key.trim().trim_matches(['"', '\'']);
    let is_key =
        !key.is_empty() && key.len() <= 100 && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_key.then_some(key)
}

/// `Kind/name` of a Kubernetes manifest, or the kind alone when it has no plain name.
fn manifest_name(body: &[&str]) -> Option<String> {
    let value_of = |key: &str| {
        body.iter()
            .find(|line| top_level_key(line) == Some(key))
            .and_then(|line| scalar(line))
    };
    let kind = value_of("kind")?;
    value_of("apiVersion")?;
    let metadata = body
        .iter()
        .position(|line| top_level_key(line) == Some("metadata"));
    let name = metadata.and_then(|metadata| {
        let inner = body[metadata + 1..]
            .iter()
            .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t', '#', '{']));
        let mut indent = None;
        for line in inner {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with(['#', '{']) {
                continue;
            }
            let depth = line.len() - trimmed.len();
            if *indent.get_or_insert(depth) == depth
                && let Some((key @ ("name" | "generateName"), _)) = trimmed.split_once(':')
            {
                return scalar(line).map(|name| {
                    if key == "name" {
                        name
                    } else {
                        format!("{name}*")
                    }
                });
            }
        }
        None
    });
    Some(match name {
        Some(name) => label(&format!("{kind}/{name}")),
        None => label(&kind),
    })
}

/// The value after the colon of a line, without quotes and comment.
fn scalar(line: &str) -> Option<String> {
    let (_, value) = line.split_once(':')?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    let value = value.trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &YamlReader;

    #[test]
    fn a_manifest_is_named_after_kind_and_name() {
        assert_snapshot!(check(READER, "apps/pipeline.yaml", r####"# Licensed to everyone.
apiVersion: v1
kind: Service
metadata:
  labels:
    name: not-this
  name: "ml-pipeline"  # quoted
spec:
  ports: [{port: 8888}]
---
apiVersion: apps/v1
kind: Deployment
metadata: # comment
  name: ml-pipeline
---

apiVersion: kubeflow.org/v1
kind: Profile
metadata:
  generateName: run-
"####), @r####"
        title: pipeline.yaml

        [Service/ml-pipeline]
          1 # Licensed to everyone.
          2 apiVersion: v1
          3 kind: Service
          4 metadata:
          5   labels:
          6     name: not-this
          7   name: "ml-pipeline"  # quoted
          8 spec:
          9   ports: [{port: 8888}]

        [Deployment/ml-pipeline]
         10 ---
         11 apiVersion: apps/v1
         12 kind: Deployment
         13 metadata: # comment
         14   name: ml-pipeline

        [Profile/run-*]
         15 ---
         16
         17 apiVersion: kubeflow.org/v1
         18 kind: Profile
         19 metadata:
         20   generateName: run-
        "####);
    }

    #[test]
    fn a_large_document_is_cut_at_its_keys() {
        let containers: String = (0..30)
            .map(|index| {
                format!("  - image: registry.example/team/image-{index}:1.{index}.0-gpu\n")
            })
            .collect();
        let text = format!(
            "---\n# head\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n# about spec\nspec:\n{containers}\nstatus: {{}}\n"
        );
        let reading = YamlReader.read(
            Raw {
                path: "a.yaml",
                text: &text,
            },
            &virgil_model::NoFiles,
        );
        let found: Vec<_> = reading
            .document
            .sections
            .iter()
            .map(|section| (section.breadcrumb.join(" > "), section.lines[0]))
            .collect();
        assert_snapshot!(format!("{found:#?}"), @r####"
        [
            (
                "Pod/a > apiVersion",
                1,
            ),
            (
                "Pod/a > kind",
                4,
            ),
            (
                "Pod/a > metadata",
                5,
            ),
            (
                "Pod/a > spec",
                7,
            ),
            (
                "Pod/a > status",
                40,
            ),
        ]
        "####);
    }

    #[test]
    fn broken_yaml_is_a_problem_and_a_template_is_none() {
        assert_snapshot!(check(READER, "a.yml", "a: 1\nb: [1, 2\nc: 3\n"), @r####"
        title: a.yml
        problem at 3: the YAML does not parse: illegal placement of ':' indicator

        []
          1 a: 1
          2 b: [1, 2
          3 c: 3
        "####);
        assert_snapshot!(check(READER, "b.yaml", "a: {{ .Values.x }}\n{{- if .y }}\nb: [\n"), @r####"
        title: b.yaml

        []
          1 a: {{ .Values.x }}
          2 {{- if .y }}
          3 b: [
        "####);
    }

    #[test]
    fn an_alias_bomb_is_a_problem() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            text.push_str(&format!(
                "a{level}: &a{level} [{}]\n",
                below.trim_end_matches(", ")
            ));
        }
        let reading = YamlReader.read(
            Raw {
                path: "a.yaml",
                text: &text,
            },
            &virgil_model::NoFiles,
        );
        assert_eq!(reading.problems.len(), 1);
        assert_eq!(reading.document.sections.len(), 1);
    }
}
