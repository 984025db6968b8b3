//! Architecture decision records: MADR (<https://adr.github.io/madr/>) and Nygard's form, numbered Markdown files in
//! a folder `adr`, `decisions` or `architecture-decisions`.
//!
//! A record is a document with a status and a date, from its front matter or from its section `Status`. What
//! supersedes a record is derived from it; a record is named by a link or by its number.

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::keys;
use crate::lines::{Lines, number};
use crate::statements::{Asset, Format, Said};
use crate::tree;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[Format {
    name: "decision-record",
    accepts,
    state,
}];

fn accepts(asset: &Asset<'_>) -> bool {
    let mut parts = asset.raw.path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    asset.extension() == "md"
        && record_number(name).is_some()
        && parts.any(|folder| {
            matches!(
                folder,
                "adr" | "adrs" | "decisions" | "architecture-decisions"
            )
        })
}

/// The number in front of a file's name or in a reference such as `ADR-0005`.
fn record_number(name: &str) -> Option<u32> {
    let name = name
        .get(..3)
        .filter(|start| start.eq_ignore_ascii_case("adr"))
        .map_or(name, |start| {
            name[start.len()..].trim_start_matches(['-', ' '])
        });
    let end = name
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(name.len());
    name[..end.min(6)].parse().ok()
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    let lines = Lines::of(asset.raw.text);
    let key = keys::file(path);
    let title = lines
        .all()
        .iter()
        .position(|line| line.starts_with("# "))
        .unwrap_or(0);
    let name = lines.get(title).trim_start_matches('#').trim();
    let name = if name.is_empty() { path } else { name };
    let at = LineSpan::line(number(title));
    said.mention(at, Kind::Document, &[&key], name);
    said.attribute(at, &key, "type", Value::Text("decision record".to_owned()));
    let front = front_matter(&lines);
    let node = front.as_deref().map(|text| tree::yaml(text, 2));
    let node = node.as_ref().and_then(|nodes| nodes.first());
    for field in ["date", "deciders", "decision-makers", "deprecated"] {
        if let Some(entry) = node.and_then(|node| node.entry(field))
            && let Some(value) = entry.node.to_value()
        {
            said.attribute(entry.lines(), &key, &keys::snake(field), value);
        }
    }
    let status = node
        .and_then(|node| node.entry("status"))
        .and_then(|entry| Some((entry.lines(), entry.node.text()?.to_owned())));
    if let Some((at, text)) = status.or_else(|| status_section(&lines)) {
        let lower = text.to_lowercase();
        let word = lower
            .split(|c: char| !c.is_alphabetic())
            .find(|word| !word.is_empty());
        if let Some(word) = word {
            said.attribute(at, &key, "status", Value::Text(word.to_owned()));
        }
        let other = |text: &str| record(text, path, files).map(|path| keys::file(&path));
        if let Some((_, rest)) = lower.split_once("superseded by") {
            // Lower case may shift bytes; the link is read from the text as it is written.
            let rest = tail(&text, rest.chars().count());
            if let Some(other) = other(rest) {
                supersede(&other, &key, at, said);
            }
        } else if let Some((_, rest)) = lower.split_once("supersedes") {
            let rest = tail(&text, rest.chars().count());
            if let Some(other) = other(rest) {
                supersede(&key, &other, at, said);
            }
        }
    }
}

fn supersede(new: &Key, old: &Key, at: LineSpan, said: &mut Said) {
    let how = ("how".to_owned(), Value::Text("supersedes".to_owned()));
    let object = Target::Key(old.clone());
    said.relation_with(
        at,
        new,
        Predicate::DerivedFrom,
        object,
        Attributes::from([how]),
    );
}

/// The last so many characters of a text.
fn tail(text: &str, characters: usize) -> &str {
    let skip = text.chars().count().saturating_sub(characters);
    text.char_indices()
        .nth(skip)
        .map_or("", |(at, _)| &text[at..])
}

/// The path of the record that a text names by a link or by its number.
fn record(text: &str, path: &str, files: &dyn Files) -> Option<String> {
    if let Some((_, link)) = text.split_once("](")
        && let Some((link, _)) = link.split_once(')')
        && !link.contains("://")
    {
        let link = link.split('#').next().unwrap_or_default();
        return Some(keys::beside(path, link));
    }
    let wanted = text
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | ',' | '.'))
        .find_map(record_number)?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    files.list(folder).into_iter().find(|other| {
        let name = other.rsplit('/').next().unwrap_or_default();
        name.ends_with(".md") && record_number(name) == Some(wanted)
    })
}

/// The text between the `---` at the start and the next one.
fn front_matter(lines: &Lines<'_>) -> Option<String> {
    (lines.get(0).trim_end() == "---").then_some(())?;
    let end = lines
        .all()
        .iter()
        .skip(1)
        .position(|line| line.trim_end() == "---")?;
    Some(lines.all()[1..=end].join("\n"))
}

/// The first line of the section `Status`.
fn status_section(lines: &Lines<'_>) -> Option<(LineSpan, String)> {
    let heading = lines.all().iter().position(|line| {
        line.starts_with('#')
            && line
                .trim_start_matches('#')
                .trim()
                .eq_ignore_ascii_case("status")
    })?;
    let rest = lines.all().iter().enumerate().skip(heading + 1);
    let (index, line) = rest.into_iter().find(|(_, line)| !line.trim().is_empty())?;
    (!line.starts_with('#')).then(|| (LineSpan::line(number(index)), line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use virgil_model::Files;

    use crate::statements::shown::check_with;
    use insta::assert_snapshot;

    struct Folder;

    impl Files for Folder {
        fn read(&self, _path: &str) -> Option<Vec<u8>> {
            None
        }

        fn list(&self, folder: &str) -> Vec<String> {
            vec![
                format!("{folder}/0005-argo.md"),
                format!("{folder}/index.md"),
            ]
        }
    }

    #[test]
    fn a_record_has_a_status_and_a_successor() {
        assert_snapshot!(check_with("docs/adr/0002-airflow.md", "---\nstatus: superseded by ADR-0005\ndate: 2025-02-17\ndecision-makers: [Ines Okafor]\n---\n\n# Airflow\n", &Folder), @r####"
        [7] document "Airflow" file:./docs/adr/0002-airflow.md
        [7] file:./docs/adr/0002-airflow.md .type = "decision record"
        [3] file:./docs/adr/0002-airflow.md .date = "2025-02-17"
        [4] file:./docs/adr/0002-airflow.md .decision_makers = ["Ines Okafor"]
        [2] file:./docs/adr/0002-airflow.md .status = "superseded"
        [2] file:./docs/adr/0005-argo.md derived_from file:./docs/adr/0002-airflow.md {how="supersedes"}
        "####);
        assert_snapshot!(check_with("adr/0006-x.md", "# 6. X\n\n## Status\n\nAccepted. Supersedes [ADR 1](0001-y.md)\n", &Folder), @r####"
        [1] document "6. X" file:./adr/0006-x.md
        [1] file:./adr/0006-x.md .type = "decision record"
        [5] file:./adr/0006-x.md .status = "accepted"
        [5] file:./adr/0006-x.md derived_from file:./adr/0001-y.md {how="supersedes"}
        "####);
    }

    #[test]
    fn other_files_are_no_records() {
        for (path, text) in [
            ("docs/0002-airflow.md", "# A"),
            ("adr/index.md", "# A"),
            ("adr/é.md", "---\nstatus: superseded by"),
        ] {
            assert_eq!(check_with(path, text, &Folder), "");
        }
        check_with(
            "adr/1-a.md",
            "---\nstatus: İsuperseded by [x](\n---\n## Status\n",
            &Folder,
        );
        check_with("adr/1-a.md", "## Status", &Folder);
    }
}
