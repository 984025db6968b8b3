//! JSON (RFC 8259): a section per top-level member of a large file, verbatim.
//!
//! A long file without line ends is shown indented, because nobody can read or cut it otherwise; all its lines
//! are then the line on which the JSON stands.

use virgil_model::{Content, Files, Section};

use crate::json_tree::{Node, Value, parse, string};
use crate::lines::{Lines, Start, cut, extension, file_name, label, reading};
use crate::{Raw, Reader, Reading};

/// A file up to this many bytes is one section.
const SMALL_BYTES: usize = 1500;
/// A single line longer than this is shown indented.
const MINIFIED_BYTES: usize = 2000;
/// A list or object up to this many bytes is shown on one line.
const INLINE_BYTES: usize = 80;
/// Indentation grows no further than this many levels, so that deep nesting does not swell the text.
const MAX_INDENT: usize = 8;

/// The reader of JSON.
pub(crate) struct JsonReader;

impl Reader for JsonReader {
    fn name(&self) -> &'static str {
        "json"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        matches!(
            extension(raw.path).as_str(),
            "json" | "json5" | "jsonc" | "webmanifest"
        )
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let lines = Lines::of(raw.text);
        let mut problems = Vec::new();
        let sections = match parse(raw.text) {
            Ok(node) if is_minified(&lines) => indented(&node),
            Ok(node) => cut(&lines, starts(raw.text, &node)),
            Err(problem) => {
                problems.push(problem);
                cut(&lines, Vec::new())
            }
        };
        let title = file_name(raw.path).to_owned();
        reading(title, Content::Config, sections, problems)
    }
}

fn is_minified(lines: &Lines<'_>) -> bool {
    let mut written = lines.all().iter().filter(|line| !line.trim().is_empty());
    written
        .next()
        .is_some_and(|line| line.len() > MINIFIED_BYTES)
        && written.next().is_none()
}

fn starts(text: &str, node: &Node<'_>) -> Vec<Start> {
    let index = |line: u32| line as usize - 1;
    match &node.value {
        Value::Map(members) if text.len() > SMALL_BYTES => members
            .iter()
            .filter(|member| member.line > node.line)
            .map(|member| Start::new(index(member.line), vec![label(&string(member.key))]))
            .collect(),
        Value::List(items) if text.len() > SMALL_BYTES => items
            .iter()
            .filter(|item| item.line > node.line)
            .map(|item| Start::new(index(item.line), Vec::new()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The sections of a file that is shown indented: one per top-level member.
fn indented(node: &Node<'_>) -> Vec<Section> {
    let Value::Map(members) = &node.value else {
        let mut text = String::new();
        show(node, 0, &mut text);
        return vec![section(Vec::new(), text, node.line)];
    };
    let last = members.len().saturating_sub(1);
    members
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let mut text = String::from(if index == 0 { "{\n  " } else { "  " });
            text.push_str(member.key);
            text.push_str(": ");
            show(&member.node, 1, &mut text);
            text.push_str(if index == last { "\n}" } else { "," });
            section(vec![label(&string(member.key))], text, node.line)
        })
        .collect()
}

fn section(breadcrumb: Vec<String>, text: String, line: u32) -> Section {
    Section {
        lines: text.split('\n').map(|_| line).collect(),
        breadcrumb,
        text,
    }
}

/// Writes a value, short ones on one line.
fn show(node: &Node<'_>, depth: usize, out: &mut String) {
    let start = out.len();
    if inline(node, out, start + INLINE_BYTES).is_some() {
        return;
    }
    out.truncate(start);
    match &node.value {
        Value::Text(written) | Value::Other(written) => out.push_str(written),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, depth + 1, out);
                show(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                separate(index, depth + 1, out);
                out.push_str(member.key);
                out.push_str(": ");
                show(&member.node, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
    }
}

fn separate(index: usize, depth: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
    line(depth, out);
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth.min(MAX_INDENT) {
        out.push_str("  ");
    }
}

/// Writes a value on one line, or gives up when the text grows beyond `limit` bytes.
fn inline(node: &Node<'_>, out: &mut String, limit: usize) -> Option<()> {
    match &node.value {
        Value::Text(written) | Value::Other(written) => out.push_str(written),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                inline(item, out, limit)?;
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(member.key);
                out.push_str(": ");
                inline(&member.node, out, limit)?;
            }
            out.push('}');
        }
    }
    (out.len() <= limit).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::check;
    use insta::assert_snapshot;

    const READER: &dyn Reader = &JsonReader;

    #[test]
    fn a_large_file_is_cut_at_its_members() {
        let rows: String = (0..60)
            .map(|index| format!("    \"row-{index}: of a dashboard\",\n"))
            .collect();
        let text = format!(
            "{{\n  \"title\": \"x\",\n  \"rows\": [\n{rows}    1\n  ],\n  \"tags\": []\n}}\n"
        );
        let reading = JsonReader.read(
            Raw {
                path: "a.json",
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
        assert_snapshot!(format!("{found:?}"), @r####"
        [("", 1), ("title", 2), ("rows", 3), ("tags", 66)]
        "####);
    }

    #[test]
    fn one_long_line_is_shown_indented() {
        let text = format!(
            r#"{{"title":"x","panels":[{{"id":1,"expr":"sum(rate(http_requests_total[5m])) by (job)","legend":"{}"}},{{}}]}}"#,
            "y".repeat(2000)
        );
        assert_snapshot!(check(READER, "dashboard.json", &text), @r####"
        title: dashboard.json

        [title]
          1 {
          1   "title": "x",

        [panels]
          1   "panels": [
          1     {
          1       "id": 1,
          1       "expr": "sum(rate(http_requests_total[5m])) by (job)",
          1       "legend": "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
          1     },
          1     {}
          1   ]
          1 }
        "####);
    }

    #[test]
    fn broken_json_is_text_and_a_problem() {
        assert_snapshot!(check(READER, "a.json", "{\n  \"a\": 1,\n}\n"), @r####"
        title: a.json
        problem at 3: the JSON does not parse: a name is missing

        []
          1 {
          2   "a": 1,
          3 }
        "####);
    }
}
