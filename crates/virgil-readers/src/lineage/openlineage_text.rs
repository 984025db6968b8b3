//! The readable text of a file of OpenLineage events: its jobs and datasets with what their facets say, and what is
//! particular about runs.
//!
//! Events of one job differ in the UUIDs and times of its runs, which nobody searches for. Without these all runs of
//! a job read the same, so that they are embedded once. A file that holds anything else stays as it is written.

use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{Content, Files, Key, LineSpan, Predicate, Section};

use super::openlineage::{Facets, Merged, accepts, events, is_event, merged};
use crate::lines::{file_name, reading};
use crate::statements::{Asset, Said};
use crate::tree::{Node, Value};
use crate::{Raw, Reader, Reading};

/// Facets that tell one run from another: the statements hold what counts of them.
const VOLATILE: &[&str] = &[
    "dataQualityAssertions",
    "dataQualityMetrics",
    "inputStatistics",
    "nominalTime",
    "outputStatistics",
    "version",
];

/// How deep facets are shown.
const MAX_DEPTH: usize = 8;

/// The reader of OpenLineage events.
pub(crate) struct EventsReader;

impl Reader for EventsReader {
    fn name(&self) -> &'static str {
        "openlineage"
    }

    fn version(&self) -> u32 {
        1
    }

    fn accepts(&self, raw: Raw<'_>) -> bool {
        let asset = Asset::of(raw);
        if !accepts(&asset) || !asset.broken().is_empty() || !events(&asset).all(is_event) {
            return false;
        }
        let mut said = Said::default();
        merged(events(&asset).collect(), &mut said);
        said.problems.is_empty()
    }

    fn read(&self, raw: Raw<'_>, _files: &dyn Files) -> Reading {
        let asset = Asset::of(raw);
        let all = merged(events(&asset).collect(), &mut Said::default());
        let mut jobs = all.jobs.values();
        let title = match (jobs.next(), jobs.next()) {
            (Some(job), None) => job.name,
            _ => file_name(raw.path),
        };
        reading(
            title.to_owned(),
            Content::Config,
            sections(&all),
            Vec::new(),
        )
    }
}

/// A section for each job, for each thing that runs of it say, and for each dataset; by where they stand.
fn sections(all: &Merged<'_, '_>) -> Vec<Section> {
    let moved = moved(all);
    // What is about one job is one passage, as far as it fits.
    let outline = |name: &str| match all.jobs.len() {
        0 | 1 => Vec::new(),
        _ => vec![name.to_owned()],
    };
    let mut sections = Vec::new();
    for (key, job) in &all.jobs {
        let mut text = Text::of(job.lines);
        text.line(0, &format!("job {} in {}", job.name, job.namespace));
        for (predicate, verb) in [(Predicate::Reads, "reads"), (Predicate::Writes, "writes")] {
            let names = moved.get(&(key, predicate)).into_iter().flatten();
            let names: Vec<&str> = names.copied().collect();
            if !names.is_empty() {
                text.line(0, &format!("{verb} {}", names.join(", ")));
            }
        }
        text.facets(&job.facets);
        sections.push(text.section(outline(job.name)));
        // What runs of one job say alike is said once.
        let mut said = BTreeSet::new();
        for run in all.runs.values().filter(|run| run.job == *key) {
            let mut text = Text::of(run.lines);
            text.facets(&run.facets);
            if !text.lines.is_empty() && said.insert(text.lines.clone()) {
                sections.push(text.section(outline(job.name)));
            }
        }
    }
    for dataset in all.datasets.values() {
        let mut text = Text::of(dataset.lines);
        text.line(
            0,
            &format!("dataset {} in {}", dataset.name, dataset.namespace),
        );
        text.facets(&dataset.facets);
        sections.push(text.section(outline(dataset.name)));
    }
    sections.sort_by_key(|section| section.lines.first().copied());
    sections
}

/// The names of what each job, or a run of it, reads and writes.
fn moved<'m>(all: &'m Merged<'_, '_>) -> BTreeMap<(&'m Key, Predicate), BTreeSet<&'m str>> {
    let mut moved: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (subject, predicate, dataset) in all.edges.keys() {
        let job = all.runs.get(subject).map_or(subject, |run| &run.job);
        if let Some(dataset) = all.datasets.get(dataset) {
            let names = moved.entry((job, *predicate)).or_default();
            names.insert(dataset.name);
        }
    }
    moved
}

/// The lines of a section, which all stand on one line of the file.
struct Text {
    line: u32,
    lines: Vec<String>,
}

impl Text {
    fn of(lines: LineSpan) -> Text {
        Text {
            line: lines.start,
            lines: Vec::new(),
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        let lines = text.lines().map(|line| format!("{indent}{line}"));
        self.lines.extend(lines);
    }

    fn facets(&mut self, facets: &Facets<'_, '_>) {
        for (name, facet) in facets {
            if !VOLATILE.contains(name) {
                self.value(name, facet, 0);
            }
        }
    }

    /// A value under its name: a scalar beside it, everything else below.
    fn value(&mut self, name: &str, node: &Node<'_>, depth: usize) {
        if is_hidden(name) || depth > MAX_DEPTH {
            return;
        }
        match &node.value {
            Value::Text(_) | Value::Plain(_) => match node.text() {
                Some(text) if text.contains('\n') => {
                    self.line(depth, &format!("{name}:"));
                    self.line(depth + 1, text);
                }
                Some(text) => self.line(depth, &format!("{name}: {text}")),
                None => {}
            },
            Value::List(items) if items.is_empty() => {}
            Value::List(items) => {
                let scalars: Vec<&str> = items.iter().filter_map(Node::text).collect();
                if scalars.len() == items.len() {
                    self.line(depth, &format!("{name}: {}", scalars.join(", ")));
                    return;
                }
                self.line(depth, &format!("{name}:"));
                for item in items {
                    self.item(item, depth + 1);
                }
            }
            Value::Map(entries) => {
                let before = self.lines.len();
                self.line(depth, &format!("{name}:"));
                for entry in entries {
                    self.value(&entry.key, &entry.node, depth + 1);
                }
                // Nothing but what is left out.
                if self.lines.len() == before + 1 {
                    self.lines.truncate(before);
                }
            }
        }
    }

    /// An item of a list: its scalars on one line, everything else below.
    fn item(&mut self, item: &Node<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(text) = item.text() {
            self.line(depth, &format!("- {text}"));
        }
        let entries = item.entries().iter().filter(|entry| !is_hidden(&entry.key));
        let (scalars, rest): (Vec<_>, Vec<_>) =
            entries.partition(|entry| entry.node.text().is_some());
        let scalars = scalars
            .iter()
            .filter_map(|entry| Some(format!("{}: {}", entry.key, entry.node.text()?)));
        let scalars: Vec<String> = scalars.collect();
        if !scalars.is_empty() {
            self.line(depth, &format!("- {}", scalars.join(", ")));
        }
        for entry in rest {
            self.value(&entry.key, &entry.node, depth + 1);
        }
        for inner in item.items() {
            self.item(inner, depth + 1);
        }
    }

    fn section(self, breadcrumb: Vec<String>) -> Section {
        Section {
            breadcrumb,
            lines: vec![self.line; self.lines.len()],
            text: self.lines.join("\n"),
        }
    }
}

/// Whether a member says who made it, what it looks like or which run it was.
fn is_hidden(name: &str) -> bool {
    name.starts_with('_') || matches!(name, "runId" | "invocation_id")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use virgil_model::NoFiles;

    use crate::{Raw, chunk, reader_for};

    /// The chunks of the first run, or of another a day later.
    fn chunks(day: u32, run: &str, name: &str, error: &str) -> (String, Vec<String>) {
        let text = format!(
            r#"{{"eventType":"START","eventTime":"2026-10-{day}T01:00:00Z","producer":"https://p","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json","run":{{"runId":"{run}","facets":{{"nominalTime":{{"_producer":"p","nominalStartTime":"2026-10-{day}"}},"dbt_run":{{"invocation_id":"{run}1","tags":[]}},"parent":{{"_producer":"p","run":{{"runId":"{run}0"}},"job":{{"namespace":"etl","name":"nightly"}}}}}}}},"job":{{"namespace":"etl","name":"load","facets":{{"sql":{{"_schemaURL":"s","query":"select id\nfrom orders"}}}}}},"inputs":[{{"namespace":"postgres://db:5432","name":"shop.orders","facets":{{"version":{{"datasetVersion":"{day}"}},"schema":{{"fields":[{{"name":"id","type":"INT"}},{{"name":"email","type":"TEXT","description":"Of the buyer."}}]}}}}}}]}}
{{"eventType":"COMPLETE","eventTime":"2026-10-{day}T01:01:00Z","run":{{"runId":"{run}"{error}}},"job":{{"namespace":"etl","name":"load"}},"outputs":[{{"namespace":"s3://lake","name":"orders","outputFacets":{{"outputStatistics":{{"rowCount":{day}}}}}}}]}}
"#
        );
        let raw = Raw {
            path: name,
            text: &text,
        };
        let reader = reader_for(raw);
        let reading = reader.read(raw, &NoFiles);
        let chunks = chunk(&reading.document);
        let texts = chunks.iter().map(|chunk| chunk.embedded_text());
        (reader.name().to_owned(), texts.collect())
    }

    #[test]
    fn runs_of_a_job_read_the_same() {
        let (reader, first) = chunks(21, "a-1", "jobs/etl/load/runs/a-1.ndjson", "");
        let (_, second) = chunks(22, "b-2", "jobs/etl/load/runs/b-2.ndjson", "");
        assert_eq!((reader.as_str(), &first), ("openlineage", &second));
        assert_snapshot!(first.join("\n---\n"), @r"
        load
        dataset shop.orders in postgres://db:5432
        schema:
          fields:
            - name: id, type: INT
            - name: email, type: TEXT, description: Of the buyer.
        job load in etl
        reads shop.orders
        writes orders
        sql:
          query:
            select id
            from orders
        parent:
          job:
            namespace: etl
            name: nightly
        dataset orders in s3://lake
        ");
        let error = r#","facets":{"errorMessage":{"message":"no space left"}}"#;
        let (_, failed) = chunks(23, "c-3", "jobs/etl/load/runs/c-3.ndjson", error);
        assert!(failed.join("\n").contains("no space left"), "{failed:?}");
    }

    #[test]
    fn a_file_with_other_records_stays_as_it_is() {
        let text = r#"{"eventType":"START","eventTime":"1","run":{"runId":"r"},"job":{"namespace":"a","name":"b"}}
{"other": "record"}
"#;
        let raw = Raw {
            path: "a.ndjson",
            text,
        };
        assert_eq!(reader_for(raw).name(), "records");
    }
}
