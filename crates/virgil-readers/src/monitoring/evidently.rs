//! Reports of Evidently (<https://docs.evidentlyai.com/docs/library/output_formats>) as JSON: `metrics` with their values and
//! `tests` with their status, as `Snapshot.dict()` writes them, and the reports and test suites of versions before 0.7.
//!
//! A report is known by its file. It says which columns it looked at and what it measured; which model or table it watches
//! it only says in its `metadata`. That a column drifted is said by a test, or by the older metrics, never concluded
//! from a score, because some methods measure distances and others probabilities.

use std::collections::BTreeSet;

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::monitoring::text;
use crate::statements::{Asset, Format, Said};
use crate::tree::Node;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "evidently",
    accepts,
    state,
};

/// How many columns, tests and metrics of a report are stated.
const MAX_VALUES: usize = 200;

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "json"
        && asset.mentions(&["\"metrics\"", "\"tests\""])
        && asset.mentions(&[
            "evidently:",
            "\"metric_name\"",
            "\"metric\"",
            "\"all_passed\"",
        ])
        && asset.documents().first().is_some_and(is_report)
}

fn is_report(node: &Node<'_>) -> bool {
    let items = |field| node.get(field).map_or(&[][..], Node::items);
    let is_metric = |metric: &Node<'_>| {
        metric.get("metric_name").is_some() && metric.entry("value").is_some()
            || metric.get("metric").is_some() && metric.get("result").is_some()
    };
    let is_test = |test: &Node<'_>| {
        test.get("status").is_some()
            && test.get("name").is_some()
            && test.get("description").is_some()
    };
    let metrics = items("metrics");
    let is_suite = node
        .get("summary")
        .is_some_and(|summary| summary.get("all_passed").is_some());
    metrics.iter().any(is_metric) || (is_suite && items("tests").iter().any(is_test))
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let Some(node) = asset.documents().first() else {
        return;
    };
    let key = Key::scoped("report", ".", asset.raw.path);
    let line = LineSpan::line(node.line);
    let name = node.text_at(&["name"]).unwrap_or(asset.file_name());
    said.mention(line, Kind::Resource, &[&key], name);
    said.text(line, &key, "type", "monitoring report");
    said.relation(
        line,
        &key,
        Predicate::DefinedIn,
        &keys::file(asset.raw.path),
    );
    about(node, &key, said);
    let mut report = Report {
        key: &key,
        columns: BTreeSet::new(),
        drifted: BTreeSet::new(),
        left: MAX_VALUES,
    };
    for metric in node.get("metrics").map_or(&[][..], Node::items) {
        report.metric(metric, said);
    }
    report.tests(node, said);
    report.finish(line, said);
}

/// When the report was made and, if somebody wrote it down, of what.
fn about(node: &Node<'_>, key: &Key, said: &mut Said) {
    for (field, attribute) in [
        ("timestamp", "created_at"),
        ("version", "evidently_version"),
    ] {
        if let Some(entry) = node.entry(field)
            && let Some(written) = entry.node.text()
        {
            said.text(entry.lines(), key, attribute, written);
        }
    }
    if let Some(tags) = node.get("tags")
        && let Some(value) = tags.to_value()
    {
        said.attribute(tags.lines(), key, "tags", value);
    }
    for entry in node
        .get("metadata")
        .map_or(&[][..], Node::entries)
        .iter()
        .take(MAX_VALUES)
    {
        let Some(written) = entry.node.text() else {
            continue;
        };
        let is_reference = written.starts_with("models:/")
            || written.starts_with("runs:/")
            || keys::is_uri(written);
        if is_reference {
            said.relation(entry.lines(), key, Predicate::Monitors, &keys::uri(written));
        } else {
            said.attribute(entry.lines(), key, &keys::snake(&entry.key), text(written));
        }
    }
}

struct Report<'k, 'n> {
    key: &'k Key,
    columns: BTreeSet<&'n str>,
    drifted: BTreeSet<&'n str>,
    left: usize,
}

impl<'n> Report<'_, 'n> {
    /// A number of the report.
    fn figure(&mut self, name: &str, node: Option<&Node<'_>>, said: &mut Said) {
        let Some((value, node)) = node.and_then(|node| Some((node.to_value()?, node))) else {
            return;
        };
        if matches!(value, Value::Number(_) | Value::Integer(_) | Value::Bool(_)) && self.left > 0 {
            self.left -= 1;
            said.attribute(node.lines(), self.key, name, value);
        }
    }

    fn metric(&mut self, metric: &'n Node<'_>, said: &mut Said) {
        // Evidently writes an empty map for a metric that it could not compute.
        if metric.entries().is_empty() {
            return;
        }
        if let Some(result) = metric.get("result") {
            self.older(
                metric.text_at(&["metric"]).unwrap_or_default(),
                result,
                said,
            );
            return;
        }
        let config = metric
            .get("config")
            .or_else(|| metric.at(&["metric_config", "params"]));
        let named = metric.text_at(&["metric_name"]);
        let kind = config
            .and_then(|config| config.text_at(&["type"]))
            .and_then(|kind| kind.rsplit(':').next())
            .or_else(|| named?.split('(').next());
        let (Some(kind), Some(value)) = (kind, metric.get("value")) else {
            said.problem(
                metric.line,
                "the metric of the report has no name or no value",
            );
            return;
        };
        let column = config.and_then(|config| config.text_at(&["column"]));
        self.columns.extend(column);
        match (kind, column) {
            ("DriftedColumnsCount", _) => {
                self.figure("drifted_columns_count", value.get("count"), said);
                self.figure("drifted_columns_share", value.get("share"), said);
            }
            ("ValueDrift", Some(column)) => {
                self.figure(&format!("drift_{}", keys::snake(column)), Some(value), said);
            }
            _ => {
                let mut name = keys::snake(kind);
                if let Some(column) = column {
                    name = format!("{name}_{}", keys::snake(column));
                }
                self.figure(&name, Some(value), said);
                for part in ["count", "share", "mean"] {
                    self.figure(&format!("{name}_{part}"), value.get(part), said);
                }
            }
        }
    }

    /// A metric as it was written before version 0.7.
    fn older(&mut self, kind: &str, result: &'n Node<'_>, said: &mut Said) {
        match kind {
            "DatasetDriftMetric" | "DataDriftTable" => {
                for (field, name) in [
                    ("number_of_drifted_columns", "drifted_columns_count"),
                    ("share_of_drifted_columns", "drifted_columns_share"),
                    ("dataset_drift", "dataset_drift"),
                ] {
                    self.figure(name, result.get(field), said);
                }
                for entry in result
                    .get("drift_by_columns")
                    .map_or(&[][..], Node::entries)
                {
                    self.older_column(&entry.key, &entry.node, said);
                }
            }
            "ColumnDriftMetric" => {
                if let Some(column) = result.text_at(&["column_name"]) {
                    self.older_column(column, result, said);
                }
            }
            _ => {}
        }
    }

    fn older_column(&mut self, column: &'n str, result: &Node<'_>, said: &mut Said) {
        self.columns.insert(column);
        if result.text_at(&["drift_detected"]) == Some("true") {
            self.drifted.insert(column);
        }
        let name = format!("drift_{}", keys::snake(column));
        self.figure(&name, result.get("drift_score"), said);
    }

    /// The tests by their status; a failed test of the drift of a column says that it drifted.
    fn tests(&mut self, node: &'n Node<'_>, said: &mut Said) {
        let tests = node.get("tests").map_or(&[][..], Node::items);
        for (status, attribute) in [
            ("SUCCESS", "tests_passed"),
            ("FAIL", "tests_failed"),
            ("WARNING", "tests_warned"),
            ("ERROR", "tests_broken"),
        ] {
            let is_of = |test: &&Node<'_>| {
                let found = test.text_at(&["status"]).unwrap_or_default();
                found
                    .rsplit('.')
                    .next()
                    .is_some_and(|found| found.eq_ignore_ascii_case(status))
            };
            let found: Vec<&Node<'_>> = tests.iter().filter(is_of).collect();
            let (Some(first), Some(last)) = (found.first(), found.last()) else {
                continue;
            };
            let lines = LineSpan::new(first.line, last.end);
            let names = found.iter().filter_map(|test| test.text_at(&["name"]));
            let names = names.take(MAX_VALUES).map(text).collect();
            said.attribute(lines, self.key, attribute, Value::List(names));
            if status == "FAIL" {
                self.drifted
                    .extend(found.iter().filter_map(|test| drifted(test)));
            }
        }
    }

    fn finish(self, line: LineSpan, said: &mut Said) {
        for (name, values) in [
            ("columns", &self.columns),
            ("drifted_columns", &self.drifted),
        ] {
            let values = values
                .iter()
                .take(MAX_VALUES)
                .map(|value| text(value))
                .collect();
            said.attribute(line, self.key, name, Value::List(values));
        }
    }
}

/// The column whose drift a test is about.
fn drifted<'n>(test: &'n Node<'_>) -> Option<&'n str> {
    let config = test.at(&["metric_config", "params"]);
    if let Some(config) = config {
        let is_drift = config.text_at(&["type"])?.ends_with(":ValueDrift");
        return config.text_at(&["column"]).filter(|_| is_drift);
    }
    let is_drift = test.text_at(&["group"]) == Some("data_drift");
    test.text_at(&["parameters", "column_name"])
        .filter(|_| is_drift)
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_snapshot_says_what_drifted() {
        assert_snapshot!(check("churn/drift.json", r#"{
 "metadata": {"model": "churn", "model_uri": "models:/churn/3"},
 "metrics": [
  {"id": "1", "metric_name": "DriftedColumnsCount(drift_share=0.5)",
   "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5}, "value": {"count": 1.0, "share": 0.2}},
  {"id": "2", "metric_name": "ValueDrift(column=sessions_30d,threshold=0.1)",
   "config": {"type": "evidently:metric_v2:ValueDrift", "column": "sessions_30d"}, "value": 0.7},
  {"id": "3", "metric_name": "MissingValueCount(column=age)", "config": {"type": "evidently:metric_v2:MissingValueCount", "column": "age"},
   "value": {"count": 4, "share": 0.1}},
  {}, {"id": "4"}],
 "tests": [
  {"id": "lt", "name": "Share of Drifted Columns: Less 0.500", "description": "0.2 < 0.5", "status": "SUCCESS",
   "metric_config": {"metric_id": "1", "params": {"type": "evidently:metric_v2:DriftedColumnsCount"}}},
  {"id": "drift", "name": "Value Drift for column sessions_30d", "description": "Drift score is 0.70.", "status": "FAIL",
   "metric_config": {"metric_id": "2", "params": {"type": "evidently:metric_v2:ValueDrift", "column": "sessions_30d"}}}]
}"#), @r####"
        [1] resource "drift.json" report:./churn/drift.json
        [1] report:./churn/drift.json .type = "monitoring report"
        [1] report:./churn/drift.json defined_in file:./churn/drift.json
        [2] report:./churn/drift.json .model = "churn"
        [2] report:./churn/drift.json monitors model_version:mlflow/churn/3
        [5] report:./churn/drift.json .drifted_columns_count = 1.0
        [5] report:./churn/drift.json .drifted_columns_share = 0.2
        [7] report:./churn/drift.json .drift_sessions_30d = 0.7
        [9] report:./churn/drift.json .missing_value_count_age_count = 4
        [9] report:./churn/drift.json .missing_value_count_age_share = 0.1
        [12-13] report:./churn/drift.json .tests_passed = ["Share of Drifted Columns: Less 0.500"]
        [14-15] report:./churn/drift.json .tests_failed = ["Value Drift for column sessions_30d"]
        [1] report:./churn/drift.json .columns = ["age","sessions_30d"]
        [1] report:./churn/drift.json .drifted_columns = ["sessions_30d"]
        [10] problem: the metric of the report has no name or no value
        "####);
    }

    #[test]
    fn older_reports_and_suites() {
        assert_snapshot!(check("old.json", r#"{"version": "0.4.40", "timestamp": "2024-05-01 10:00:00", "metrics": [
  {"metric": "DatasetDriftMetric", "result": {"drift_share": 0.5, "number_of_columns": 2, "number_of_drifted_columns": 1, "share_of_drifted_columns": 0.5, "dataset_drift": true}},
  {"metric": "DataDriftTable", "result": {"drift_by_columns": {"age": {"column_name": "age", "drift_score": 0.01, "drift_detected": true},
    "city": {"drift_score": 0.6, "drift_detected": false}}}}]}"#), @r####"
        [1] resource "old.json" report:./old.json
        [1] report:./old.json .type = "monitoring report"
        [1] report:./old.json defined_in file:./old.json
        [1] report:./old.json .created_at = "2024-05-01 10:00:00"
        [1] report:./old.json .evidently_version = "0.4.40"
        [2] report:./old.json .drifted_columns_count = 1
        [2] report:./old.json .drifted_columns_share = 0.5
        [2] report:./old.json .dataset_drift = true
        [3] report:./old.json .drift_age = 0.01
        [4] report:./old.json .drift_city = 0.6
        [1] report:./old.json .columns = ["age","city"]
        [1] report:./old.json .drifted_columns = ["age"]
        "####);
        assert_snapshot!(check("suite.json", r#"{"tests": [{"name": "Drift per Column", "description": "d", "status": "FAIL", "group": "data_drift",
  "parameters": {"column_name": "age"}}], "summary": {"all_passed": false, "total_tests": 1}, "timestamp": "x"}"#), @r####"
        [1] resource "suite.json" report:./suite.json
        [1] report:./suite.json .type = "monitoring report"
        [1] report:./suite.json defined_in file:./suite.json
        [2] report:./suite.json .created_at = "x"
        [1-2] report:./suite.json .tests_failed = ["Drift per Column"]
        [1] report:./suite.json .drifted_columns = ["age"]
        "####);
    }

    #[test]
    fn other_json_is_none() {
        assert_eq!(
            check("a.json", r#"{"metrics": [{"metric": "a"}], "tests": []}"#),
            ""
        );
    }
}
