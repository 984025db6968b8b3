//! OpenLineage events (<https://openlineage.io/spec/2-0-2/OpenLineage.json>): run, job and dataset events, as
//! one JSON value, a list of them or JSON Lines.
//!
//! The events of a file are merged as the specification says: facets are cumulative and the latest event
//! wins, by its `eventTime` as text. A run reads and writes, is part of its job and triggered by its parent; a job event declares what
//! the job itself reads and writes. Column lineage names the run that recorded it in the attribute `run`.

use std::collections::BTreeMap;

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::Node;

use super::openlineage_facets as facets;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "openlineage",
    accepts,
    state,
};

/// Facets by name, with what the specification says about deletion already done.
pub(super) type Facets<'n, 'a> = BTreeMap<&'n str, &'n Node<'a>>;

pub(super) fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "json" | "jsonl" | "ndjson")
        && (asset.mentions(&["openlineage.io/spec"])
            || asset.mentions(&["\"runId\""]) && asset.mentions(&["\"eventType\""]))
        && events(asset).any(|event| is_event(event))
}

/// The records of the file; a list at the top holds events too.
pub(super) fn events<'n, 'a>(asset: &'n Asset<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    asset.documents().iter().flat_map(Node::one_or_many)
}

pub(super) fn is_event(event: &Node<'_>) -> bool {
    let is_run = event.at(&["run", "runId"]).is_some() && event.get("job").is_some();
    let names_spec = event
        .text_at(&["schemaURL"])
        .is_some_and(|url| url.contains("openlineage.io/spec"));
    is_run || names_spec && (event.get("job").is_some() || event.get("dataset").is_some())
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    said.problems.extend(asset.broken().iter().cloned());
    let mut events: Vec<&Node<'_>> = events(asset).collect();
    events.retain(|event| {
        let is_event = is_event(event);
        if !is_event {
            said.problem(event.line, "the record is no OpenLineage event");
        }
        is_event
    });
    merged(events, said).say(said);
}

/// What events say together.
pub(super) fn merged<'n, 'a>(mut events: Vec<&'n Node<'a>>, said: &mut Said) -> Merged<'n, 'a> {
    events.sort_by_key(|event| event.text_at(&["eventTime"]).unwrap_or_default());
    let mut merged = Merged::default();
    for event in events {
        merged.take(event, said);
    }
    merged
}

/// What all events of a file say together.
#[derive(Default)]
pub(super) struct Merged<'n, 'a> {
    pub(super) jobs: BTreeMap<Key, Job<'n, 'a>>,
    pub(super) runs: BTreeMap<Key, Run<'n, 'a>>,
    pub(super) datasets: BTreeMap<Key, Dataset<'n, 'a>>,
    /// Reads and writes, of runs or of jobs that declare them.
    pub(super) edges: BTreeMap<(Key, Predicate, Key), LineSpan>,
}

pub(super) struct Job<'n, 'a> {
    pub(super) lines: LineSpan,
    pub(super) name: &'n str,
    pub(super) namespace: &'n str,
    pub(super) facets: Facets<'n, 'a>,
}

pub(super) struct Run<'n, 'a> {
    pub(super) lines: LineSpan,
    id: &'n str,
    pub(super) job: Key,
    state: Option<&'n str>,
    started: Option<&'n str>,
    latest: Option<&'n str>,
    pub(super) facets: Facets<'n, 'a>,
}

pub(super) struct Dataset<'n, 'a> {
    pub(super) lines: LineSpan,
    pub(super) name: &'n str,
    pub(super) namespace: &'n str,
    pub(super) facets: Facets<'n, 'a>,
    /// The run that wrote the column lineage.
    lineage_of: Option<Key>,
}

impl<'n, 'a> Merged<'n, 'a> {
    fn take(&mut self, event: &'n Node<'a>, said: &mut Said) {
        let lines = event.lines();
        let job = event.get("job").and_then(|job| self.job(job, lines, said));
        let run = match (&job, event.get("run")) {
            (Some(job), Some(run)) => self.run(event, run, job, said),
            _ => None,
        };
        for (field, predicate) in [("inputs", Predicate::Reads), ("outputs", Predicate::Writes)] {
            let datasets = event.get(field).map(Node::items).unwrap_or_default();
            for dataset in datasets {
                let Some(key) = self.dataset(dataset, lines, run.as_ref(), said) else {
                    continue;
                };
                if let Some(subject) = run.as_ref().or(job.as_ref()) {
                    let edge = (subject.clone(), predicate, key);
                    self.edges.entry(edge).or_insert(lines);
                }
            }
        }
        if let Some(dataset) = event.get("dataset") {
            self.dataset(dataset, lines, None, said);
        }
    }

    fn job(&mut self, node: &'n Node<'a>, lines: LineSpan, said: &mut Said) -> Option<Key> {
        let (namespace, name) = identity(node, "job", said)?;
        let key = job_key(namespace, name);
        let job = self.jobs.entry(key.clone()).or_insert(Job {
            lines,
            name,
            namespace,
            facets: Facets::new(),
        });
        job.lines = lines;
        merge(&mut job.facets, node.get("facets"));
        Some(key)
    }

    fn run(
        &mut self,
        event: &'n Node<'a>,
        node: &'n Node<'a>,
        job: &Key,
        said: &mut Said,
    ) -> Option<Key> {
        let Some(id) = node.text_at(&["runId"]) else {
            said.problem(node.line, "the run has no `runId`");
            return None;
        };
        let key = run_key(id);
        let at = event.text_at(&["eventTime"]);
        let run = self.runs.entry(key.clone()).or_insert(Run {
            lines: event.lines(),
            id,
            job: job.clone(),
            state: None,
            started: None,
            latest: None,
            facets: Facets::new(),
        });
        run.lines = event.lines();
        if let Some(state) = event
            .text_at(&["eventType"])
            .filter(|state| *state != "OTHER")
        {
            if state == "START" {
                run.started = run.started.or(at);
            }
            // What has ended is not begun again, whatever order its events come in.
            if has_ended(state) || !run.state.is_some_and(has_ended) {
                run.state = Some(state);
            }
        }
        run.latest = at.or(run.latest);
        merge(&mut run.facets, node.get("facets"));
        Some(key)
    }

    fn dataset(
        &mut self,
        node: &'n Node<'a>,
        lines: LineSpan,
        run: Option<&Key>,
        said: &mut Said,
    ) -> Option<Key> {
        let (namespace, name) = identity(node, "dataset", said)?;
        let key = keys::dataset(namespace, name);
        let dataset = self.datasets.entry(key.clone()).or_insert(Dataset {
            lines,
            name,
            namespace,
            facets: Facets::new(),
            lineage_of: None,
        });
        dataset.lines = lines;
        let own = node.get("facets");
        if own.is_some_and(|facets| {
            facets.get("columnLineage").is_some() || facets.get("lineage").is_some()
        }) {
            dataset.lineage_of = run.cloned();
        }
        for facets in [own, node.get("inputFacets"), node.get("outputFacets")] {
            merge(&mut dataset.facets, facets);
        }
        Some(key)
    }

    fn say(&self, said: &mut Said) {
        for (key, job) in &self.jobs {
            said.mention(job.lines, Kind::Pipeline, &[key], job.name);
            said.text(job.lines, key, "namespace", job.namespace);
            facets::of_job(key, &job.facets, said);
        }
        for (key, dataset) in &self.datasets {
            said.mention(dataset.lines, Kind::Dataset, &[key], dataset.name);
            said.text(dataset.lines, key, "namespace", dataset.namespace);
            facets::of_dataset(key, &dataset.facets, dataset.lineage_of.as_ref(), said);
        }
        for (key, run) in &self.runs {
            said.mention(run.lines, Kind::Run, &[key], &self.name_of(run));
            said.relation(run.lines, key, Predicate::PartOf, &run.job);
            let (state, has_ended) = match run.state {
                Some("COMPLETE") => ("completed", true),
                Some("FAIL") => ("failed", true),
                Some("ABORT") => ("aborted", true),
                Some("START" | "RUNNING") => ("running", false),
                _ => ("unknown", false),
            };
            said.text(run.lines, key, "state", state);
            let ended = run.latest.filter(|_| has_ended);
            for (name, time) in [("started_at", run.started), ("ended_at", ended)] {
                said.text(run.lines, key, name, time.unwrap_or_default());
            }
            facets::of_run(key, &run.job, &run.facets, said);
        }
        for ((subject, predicate, dataset), lines) in &self.edges {
            said.relation(*lines, subject, *predicate, dataset);
        }
    }
}

impl Merged<'_, '_> {
    /// What people call a run: its job and when it started, or else was last heard of. Its UUID tells nobody anything.
    fn name_of(&self, run: &Run<'_, '_>) -> String {
        let job = self.jobs.get(&run.job).map(|job| job.name);
        match (job, run.started.or(run.latest)) {
            (Some(job), Some(time)) => format!("{job} {time}"),
            (Some(job), None) => format!("{job} {}", run.id),
            (None, _) => run.id.to_owned(),
        }
    }
}

/// Whether a run is over in a state.
fn has_ended(state: &str) -> bool {
    matches!(state, "COMPLETE" | "FAIL" | "ABORT")
}

/// The attributes of an edge that a run made.
pub(super) fn run_attribute(run: Option<&Key>) -> Attributes {
    run.map(|run| ("run".to_owned(), Value::Text(run.to_string())))
        .into_iter()
        .collect()
}

/// A job by its namespace and name.
pub(super) fn job_key(namespace: &str, name: &str) -> Key {
    Key::scoped("job", namespace, name)
}

/// A run by its UUID.
pub(super) fn run_key(id: &str) -> Key {
    Key::scoped("run", "openlineage", id)
}

/// The namespace and name of a job or dataset.
pub(super) fn identity<'n>(
    node: &'n Node<'_>,
    what: &str,
    said: &mut Said,
) -> Option<(&'n str, &'n str)> {
    let found = node.text_at(&["namespace"]).zip(node.text_at(&["name"]));
    if found.is_none() {
        said.problem(node.line, format!("the {what} has no namespace or no name"));
    }
    found
}

fn merge<'n, 'a>(facets: &mut Facets<'n, 'a>, more: Option<&'n Node<'a>>) {
    for entry in more.map(Node::entries).unwrap_or_default() {
        if entry.node.text_at(&["_deleted"]) == Some("true") {
            facets.remove(&*entry.key);
        } else {
            facets.insert(&entry.key, &entry.node);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_run_that_has_ended_is_not_begun_again_by_a_late_event() {
        let events = r#"{"eventType":"COMPLETE","eventTime":"2026-10-21T01:15:05Z","run":{"runId":"r1"},"job":{"namespace":"n","name":"load"},"schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json"}
{"eventType":"START","eventTime":"2026-10-21T01:16:00Z","run":{"runId":"r1"},"job":{"namespace":"n","name":"load"},"inputs":[{"namespace":"pg","name":"a.b.c"}]}
"#;
        let said = check("events.ndjson", events);
        assert!(said.contains(".state = \"completed\""), "{said}");
        assert!(
            said.contains("run:openlineage/r1 reads table:pg/a.b.c"),
            "{said}"
        );
    }

    #[test]
    fn the_events_of_a_run_are_merged() {
        assert_snapshot!(check("events.ndjson", r#"{"eventType":"START","eventTime":"2026-10-21T01:14:05Z","run":{"runId":"r1","facets":{"parent":{"run":{"runId":"r0"},"job":{"namespace":"ingest","name":"all"}}}},"job":{"namespace":"ingest","name":"orders","facets":{"ownership":{"owners":[{"name":"team:data"}]},"sourceCodeLocation":{"type":"git","repoUrl":"https://git.bottega.example/bottega/data-platform.git","path":"a.py","version":"abc"}}},"inputs":[{"namespace":"postgres://db:5432","name":"shop.public.orders"}],"schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json"}
not JSON
{"eventType":"COMPLETE","eventTime":"2026-10-21T01:15:05Z","run":{"runId":"r1"},"job":{"namespace":"ingest","name":"orders"},"outputs":[{"namespace":"s3://lake","name":"raw/orders","facets":{"schema":{"fields":[{"name":"id","type":"INT"},{"type":"x"}]},"columnLineage":{"fields":{"id":{"inputFields":[{"namespace":"postgres://db:5432","name":"shop.public.orders","field":"order_id","transformations":[{"type":"DIRECT","subtype":"IDENTITY"}]}]}}}}}]}
{"eventType":"COMPLETE","run":{"runId":"r2"},"job":{"name":"nameless"}}
{"other": 1}
"#), @r####"
        [3] pipeline "orders" job:ingest/orders
        [3] job:ingest/orders .namespace = "ingest"
        [1] job:ingest/orders owned_by team:openlineage/data
        [1] job:ingest/orders defined_in repository:git.bottega.example/bottega/data-platform {path="a.py", version="abc"}
        [3] dataset "raw/orders" uri:s3://lake/raw/orders
        [3] uri:s3://lake/raw/orders .namespace = "s3://lake"
        [3] column "id" column:s3://lake/raw/orders#id
        [3] column:s3://lake/raw/orders#id part_of uri:s3://lake/raw/orders
        [3] column:s3://lake/raw/orders#id .type = "INT"
        [3] column:s3://lake/raw/orders#id derived_from column:postgres://db:5432/shop.public.orders#order_id {run="run:openlineage/r1", subtype="identity", transformation="direct"}
        [1] dataset "shop.public.orders" table:postgres://db:5432/shop.public.orders
        [1] table:postgres://db:5432/shop.public.orders .namespace = "postgres://db:5432"
        [3] run "orders 2026-10-21T01:14:05Z" run:openlineage/r1
        [3] run:openlineage/r1 part_of job:ingest/orders
        [3] run:openlineage/r1 .state = "completed"
        [3] run:openlineage/r1 .started_at = "2026-10-21T01:14:05Z"
        [3] run:openlineage/r1 .ended_at = "2026-10-21T01:15:05Z"
        [1] run:openlineage/r0 triggers run:openlineage/r1
        [1] job:ingest/orders part_of job:ingest/all
        [1] run:openlineage/r1 reads table:postgres://db:5432/shop.public.orders
        [3] run:openlineage/r1 writes uri:s3://lake/raw/orders
        [2] problem: the JSON does not parse: a value is missing
        [5] problem: the record is no OpenLineage event
        [4] problem: the job has no namespace or no name
        [3] problem: the field of the schema has no name
        "####);
    }

    #[test]
    fn declared_events_have_no_run() {
        assert_snapshot!(check("a/declared.json", r#"[
  {"eventTime": "1", "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
   "job": {"namespace": "shop", "name": "writer"},
   "outputs": [{"namespace": "kafka://k:9092", "name": "page-views.v1"}]},
  {"eventTime": "2", "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
   "dataset": {"namespace": "bigquery", "name": "p.d.t", "facets": {
     "tags": {"tags": [{"key": "sensitivity", "value": "pii", "field": "email"}, {"key": "gold", "value": "true"}]},
     "ownership": {"owners": [{"name": "ana@bottega.example"}]},
     "symlinks": {"identifiers": [{"namespace": "gs://b", "name": "p/d/t", "type": "LOCATION"}]},
     "documentation": {"description": "All mails."}}}}
]"#), @r####"
        [2-4] pipeline "writer" job:shop/writer
        [2-4] job:shop/writer .namespace = "shop"
        [5-10] dataset "p.d.t" table:bigquery/p.d.t
        [5-10] table:bigquery/p.d.t .namespace = "bigquery"
        [10] table:bigquery/p.d.t .description = "All mails."
        [8] table:bigquery/p.d.t owned_by email:ana@bottega.example
        [7] column:bigquery/p.d.t#email .tag_sensitivity = "pii"
        [7] table:bigquery/p.d.t .tag_gold = "true"
        [9] table:bigquery/p.d.t is uri:gs://b/p/d/t
        [2-4] dataset "page-views.v1" table:kafka://k:9092/page-views.v1
        [2-4] table:kafka://k:9092/page-views.v1 .namespace = "kafka://k:9092"
        [2-4] job:shop/writer writes table:kafka://k:9092/page-views.v1
        "####);
    }

    #[test]
    fn a_job_may_declare_what_flows_into_its_targets() {
        assert_snapshot!(check("job.json", r#"{"schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
 "job": {"namespace": "airflow://prod", "name": "enrich", "facets": {"lineage": {"entries": [
  {"namespace": "postgresql://w:5432", "name": "public.enriched", "type": "DATASET",
   "inputs": [{"namespace": "postgresql://w:5432", "name": "public.orders", "type": "DATASET"},
              {"namespace": "airflow://prod", "name": "daily", "type": "JOB"}],
   "fields": {"segment": {"inputs": [{"namespace": "postgresql://w:5432", "name": "public.orders", "type": "DATASET", "field": "customer_id",
     "transformations": [{"type": "INDIRECT", "subtype": "FILTER", "masking": true}]}]}}},
  {"namespace": "airflow://prod", "name": "load", "type": "JOB",
   "inputs": [{"namespace": "postgresql://w:5432", "name": "public.staging", "type": "DATASET"}]}]}}}}"#), @r####"
        [1-9] pipeline "enrich" job:airflow://prod/enrich
        [1-9] job:airflow://prod/enrich .namespace = "airflow://prod"
        [3-7] dataset "public.enriched" table:postgresql://w:5432/public.enriched
        [3-7] job:airflow://prod/enrich writes table:postgresql://w:5432/public.enriched
        [6] column "segment" column:postgresql://w:5432/public.enriched#segment
        [6-7] column:postgresql://w:5432/public.enriched#segment part_of table:postgresql://w:5432/public.enriched
        [6-7] column:postgresql://w:5432/public.enriched#segment derived_from column:postgresql://w:5432/public.orders#customer_id {masking=true, subtype="filter", transformation="indirect"}
        [4] table:postgresql://w:5432/public.enriched derived_from table:postgresql://w:5432/public.orders
        [5] job:airflow://prod/daily writes table:postgresql://w:5432/public.enriched
        [4] job:airflow://prod/enrich reads table:postgresql://w:5432/public.orders
        [9] job:airflow://prod/load reads table:postgresql://w:5432/public.staging
        "####);
    }

    #[test]
    fn inputs_carry_what_was_expected_of_them() {
        assert_snapshot!(check("event.json", r#"{"eventType": "COMPLETE", "eventTime": "1", "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
 "run": {"runId": "r1", "facets": {"parent": {"run": {"runId": "r0"}, "job": {"namespace": "n", "name": "dag"}, "root": {"run": {"runId": "root"}, "job": {"namespace": "n", "name": "all"}}}}},
 "job": {"namespace": "n", "name": "test", "facets": {"jobDependencies": {"upstream": [{"job": {"namespace": "n", "name": "load"}}]}}},
 "inputs": [{"namespace": "pg", "name": "a.b.c", "inputFacets": {"dataQualityAssertions": {"assertions": [
   {"assertion": "not_null", "success": true, "column": "id"}, {"assertion": "row_count", "success": false}, {"success": true}]},
   "dataQualityMetrics": {"rowCount": 7}}}],
 "outputs": [{"namespace": "pg", "name": "a.b.d", "facets": {"version": {"datasetVersion": "5"}}, "outputFacets": {"outputStatistics": {"rowCount": 9}}}]}"#), @r####"
        [1-7] pipeline "test" job:n/test
        [1-7] job:n/test .namespace = "n"
        [3] job:n/test depends_on job:n/load
        [1-7] dataset "a.b.c" table:pg/a.b.c
        [1-7] table:pg/a.b.c .namespace = "pg"
        [5] column:pg/a.b.c#id .assertions_passed = ["not_null"]
        [5] table:pg/a.b.c .assertions_failed = ["row_count"]
        [6] table:pg/a.b.c .row_count = 7
        [1-7] dataset "a.b.d" table:pg/a.b.d
        [1-7] table:pg/a.b.d .namespace = "pg"
        [7] table:pg/a.b.d .version = "5"
        [7] table:pg/a.b.d .row_count = 9
        [1-7] run "test 1" run:openlineage/r1
        [1-7] run:openlineage/r1 part_of job:n/test
        [1-7] run:openlineage/r1 .state = "completed"
        [1-7] run:openlineage/r1 .ended_at = "1"
        [2] run:openlineage/r0 triggers run:openlineage/r1
        [2] job:n/test part_of job:n/dag
        [2] run:openlineage/r1 .root_run = "root"
        [2] run:openlineage/r1 .root_job = "job:n/all"
        [1-7] run:openlineage/r1 reads table:pg/a.b.c
        [1-7] run:openlineage/r1 writes table:pg/a.b.d
        [5] problem: the assertion has no name
        "####);
    }
}
