//! The records of MLflow, whatever they come from: answers of its interface or files of its store.
//!
//! A version is stored at its `source`: a URI, or the model that a run logged. An alias or a stage only points
//! (see [`crate::keys`]). Tags of MLflow's own (`mlflow.…`) say where the code is and who ran it; MLflow knows no
//! owners, so that the tags `owner` and `team` say them, as labels do elsewhere.

use std::borrow::Cow;

use virgil_model::{Attributes, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::cluster;
use crate::keys;
use crate::statements::Said;
use crate::tree::{self, Node};

use super::timestamp::timestamp;

/// How many columns of a dataset are stated.
const MAX_COLUMNS: usize = 500;

/// How many metrics and how many parameters of a run are stated.
const MAX_VALUES: usize = 100;

/// The tags of a record: a list of key and value, a map, or the files of a folder.
#[derive(Default)]
pub(super) struct Labels<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Labels<'a> {
    /// The tags of an answer; those of runs and logged models stand one level deeper.
    pub(super) fn of(record: &'a Node<'_>) -> Labels<'a> {
        let places = [
            record.get("tags"),
            record.at(&["data", "tags"]),
            record.at(&["info", "tags"]),
        ];
        let mut labels = Labels::default();
        for place in places.into_iter().flatten() {
            for tag in place.items() {
                if let (Some(key), Some(value)) = (tag.text_at(&["key"]), tag.text_at(&["value"])) {
                    labels.add(key, value);
                }
            }
            for entry in place.entries() {
                if let Some(value) = entry.node.text() {
                    labels.add(&*entry.key, value);
                }
            }
        }
        labels
    }

    /// Adds a tag.
    pub(super) fn add(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((key.into(), value.into()));
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == key)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    fn say(&self, lines: LineSpan, key: &Key, said: &mut Said) {
        for (label, value) in &self.0 {
            match label.strip_prefix("mlflow.") {
                Some("user") => said.text(lines, key, "user", value),
                Some("note.content") => said.text(lines, key, "description", value),
                Some(_) => {}
                None => said.tag(lines, key, label, Value::Text(value.to_string())),
            }
        }
        for label in ["owner", "team"] {
            if let Some(owner) = self.get(label) {
                said.relation(lines, key, Predicate::OwnedBy, &cluster::team(owner));
            }
        }
        let repository = self
            .get("mlflow.source.git.repoURL")
            .and_then(keys::repository);
        if let Some(repository) = repository {
            let attributes: Attributes = [
                ("version", "mlflow.source.git.commit"),
                ("branch", "mlflow.source.git.branch"),
                ("path", "mlflow.source.name"),
            ]
            .into_iter()
            .filter_map(|(name, tag)| {
                Some((name.to_owned(), Value::Text(self.get(tag)?.to_owned())))
            })
            .collect();
            let object = Target::Key(repository);
            said.relation_with(lines, key, Predicate::DefinedIn, object, attributes);
        } else if let Some(commit) = self.get("mlflow.source.git.commit") {
            said.text(lines, key, "commit", commit);
        }
    }
}

/// A registered model, with its aliases and the versions that came along.
pub(super) fn model(node: &Node<'_>, labels: &Labels<'_>, said: &mut Said) -> bool {
    let Some(name) = node.text_at(&["name"]) else {
        return false;
    };
    let key = keys::mlflow_model(name);
    let lines = node.lines();
    said.mention(lines, Kind::Model, &[&key], name);
    texts(node, &key, &["description", "user_id"], said);
    times(node, &key, said);
    labels.say(lines, &key, said);
    for alias in node.get("aliases").map(Node::items).unwrap_or_default() {
        if let (Some(alias_name), Some(version)) =
            (alias.text_at(&["alias"]), alias.text_at(&["version"]))
        {
            points(alias.lines(), name, alias_name, version, said);
        }
    }
    let latest = node.get("latest_versions").map(Node::items);
    for version_node in latest.unwrap_or_default() {
        version(version_node, &Labels::of(version_node), said);
    }
    true
}

/// A version of a registered model.
pub(super) fn version(node: &Node<'_>, labels: &Labels<'_>, said: &mut Said) -> bool {
    let (Some(name), Some(number)) = (node.text_at(&["name"]), node.text_at(&["version"])) else {
        return false;
    };
    let key = keys::mlflow_version(name, number);
    let lines = node.lines();
    said.mention(
        lines,
        Kind::ModelVersion,
        &[&key],
        &format!("{name} {number}"),
    );
    said.relation(lines, &key, Predicate::VersionOf, &keys::mlflow_model(name));
    for field in ["source", "storage_location"] {
        if let Some(source) = node.get(field)
            && let Some(text) = source.text()
            && let Some(place) = stored(text)
        {
            stored_at(source.lines(), &key, &place, said);
        }
    }
    if let Some(id) = node.text_at(&["model_id"]) {
        said.relation(lines, &key, Predicate::StoredAt, &keys::mlflow_logged(id));
    }
    if let Some(run) = node.text_at(&["run_id"]) {
        said.relation(lines, &keys::mlflow_run(run), Predicate::Trains, &key);
    }
    if let Some(stage) = node
        .text_at(&["current_stage"])
        .filter(|stage| *stage != "None")
    {
        points(lines, name, stage, number, said);
        said.text(lines, &key, "stage", stage);
    }
    for alias in node.get("aliases").map(Node::items).unwrap_or_default() {
        if let Some(alias_name) = alias.text() {
            points(alias.lines(), name, alias_name, number, said);
        }
    }
    texts(node, &key, &["description", "status", "user_id"], said);
    times(node, &key, said);
    labels.say(lines, &key, said);
    true
}

/// An alias or stage points at a version; versions carry it as the attribute `aliases` too.
pub(super) fn points(lines: LineSpan, model: &str, alias: &str, version: &str, said: &mut Said) {
    let key = keys::mlflow_version(model, version);
    said.same(lines, &keys::mlflow_alias(model, alias), &key);
    let value = Value::List(vec![Value::Text(alias.to_owned())]);
    said.attribute(lines, &key, "aliases", value);
}

/// An experiment.
pub(super) fn experiment(node: &Node<'_>, labels: &Labels<'_>, said: &mut Said) -> bool {
    let Some(id) = node.text_at(&["experiment_id"]) else {
        return false;
    };
    let key = keys::mlflow_experiment(id);
    let lines = node.lines();
    let name = node.text_at(&["name"]).unwrap_or(id);
    let by_name = keys::mlflow_experiment_name(name);
    said.mention(lines, Kind::Experiment, &[&key, &by_name], name);
    if let Some(place) = node.text_at(&["artifact_location"]).and_then(stored) {
        stored_at(lines, &key, &place, said);
    }
    texts(node, &key, &["lifecycle_stage"], said);
    labels.say(lines, &key, said);
    true
}

/// A run; the fields of its `info` may also stand at the top, as in the file store.
pub(super) fn run(node: &Node<'_>, labels: &Labels<'_>, said: &mut Said) -> bool {
    let info = node.get("info").unwrap_or(node);
    let Some(id) = info
        .text_at(&["run_id"])
        .or_else(|| info.text_at(&["run_uuid"]))
    else {
        return false;
    };
    let key = keys::mlflow_run(id);
    let lines = node.lines();
    // Older servers keep the name in a tag only.
    let name = info.text_at(&["run_name"]);
    let name = name.or_else(|| labels.get("mlflow.runName")).unwrap_or(id);
    said.mention(lines, Kind::Run, &[&key], name);
    if let Some(experiment) = info.text_at(&["experiment_id"]) {
        let experiment = keys::mlflow_experiment(experiment);
        said.relation(lines, &key, Predicate::PartOf, &experiment);
    }
    if let Some(place) = info.text_at(&["artifact_uri"]).and_then(stored) {
        stored_at(lines, &key, &place, said);
    }
    if let Some(status) = info.text_at(&["status"]) {
        // The file store writes the number of the status.
        let status = match status {
            "1" => "running".to_owned(),
            "2" => "scheduled".to_owned(),
            "3" | "FINISHED" => "completed".to_owned(),
            "4" => "failed".to_owned(),
            "5" => "killed".to_owned(),
            status => status.to_lowercase(),
        };
        said.text(lines, &key, "state", &status);
    }
    texts(info, &key, &["lifecycle_stage", "user_id"], said);
    times(info, &key, said);
    values(node, &key, said);
    labels.say(lines, &key, said);
    let inputs = node.at(&["inputs", "dataset_inputs"]).map(Node::items);
    for input in inputs.unwrap_or_default() {
        dataset(&key, input, said);
    }
    let models = node.at(&["inputs", "model_inputs"]).map(Node::items);
    for model in models.unwrap_or_default() {
        if let Some(id) = model.text_at(&["model_id"]) {
            let model_key = keys::mlflow_logged(id);
            said.relation(model.lines(), &key, Predicate::Reads, &model_key);
        }
    }
    let outputs = node.at(&["outputs", "model_outputs"]).map(Node::items);
    for output in outputs.unwrap_or_default() {
        if let Some(id) = output.text_at(&["model_id"]) {
            let model = keys::mlflow_logged(id);
            said.relation(output.lines(), &key, Predicate::Writes, &model);
        }
    }
    true
}

/// A model that a run logged.
pub(super) fn logged(node: &Node<'_>, labels: &Labels<'_>, said: &mut Said) -> bool {
    let info = node.get("info").unwrap_or(node);
    let Some(id) = info.text_at(&["model_id"]) else {
        return false;
    };
    let key = keys::mlflow_logged(id);
    let lines = node.lines();
    let place = info
        .text_at(&["artifact_uri"])
        .or_else(|| info.text_at(&["artifact_location"]))
        .and_then(stored);
    let mut all = vec![&key];
    all.extend(&place);
    said.mention(lines, Kind::Artifact, &all, id);
    if let Some(run) = info.text_at(&["source_run_id"]) {
        said.relation(lines, &keys::mlflow_run(run), Predicate::Writes, &key);
    }
    for version in info
        .get("registrations")
        .map(Node::items)
        .unwrap_or_default()
    {
        if let (Some(name), Some(number)) =
            (version.text_at(&["name"]), version.text_at(&["version"]))
        {
            let version_key = keys::mlflow_version(name, number);
            said.relation(version.lines(), &version_key, Predicate::StoredAt, &key);
        }
    }
    texts(info, &key, &["status", "model_type"], said);
    times(info, &key, said);
    values(node, &key, said);
    labels.say(lines, &key, said);
    true
}

/// A place that others can know too; paths of somebody's disk are none.
fn stored(text: &str) -> Option<Key> {
    let is_known = text.starts_with("models:/")
        || text.starts_with("runs:/")
        || keys::is_uri(text) && !text.starts_with("file:");
    is_known.then(|| keys::uri(text))
}

/// States where a thing is stored; a place with a URI is an artifact, which only its registry declares.
fn stored_at(lines: LineSpan, key: &Key, place: &Key, said: &mut Said) {
    if place.scheme == "uri" {
        said.mention(lines, Kind::Artifact, &[place], &place.value);
    }
    said.relation(lines, key, Predicate::StoredAt, place);
}

/// A dataset that a run read; its `source` is JSON in a string. It is called by where it lies: the name that MLflow has
/// for it is often that of the table it was taken from, and stands at the edge.
fn dataset(run: &Key, input: &Node<'_>, said: &mut Said) {
    let lines = input.lines();
    let Some(source) = input.text_at(&["dataset", "source"]) else {
        said.problem(input.line, "the dataset of the run has no source");
        return;
    };
    let kind = input
        .text_at(&["dataset", "source_type"])
        .unwrap_or_default();
    let place = dataset_place(kind, source);
    let name = input.text_at(&["dataset", "name"]).unwrap_or_default();
    let Some(place) = place else {
        said.text(lines, run, "dataset", name);
        return;
    };
    said.mention(lines, Kind::Dataset, &[&place], &place.value);
    dataset_shape(run, &place, input, said);
    let mut attributes = Attributes::new();
    for (attribute, text) in [
        ("dataset", Some(name).filter(|name| !name.is_empty())),
        ("digest", input.text_at(&["dataset", "digest"])),
        ("context", Labels::of(input).get("mlflow.data.context")),
    ] {
        if let Some(text) = text {
            attributes.insert(attribute.to_owned(), Value::Text(text.to_owned()));
        }
    }
    said.relation_with(lines, run, Predicate::Reads, Target::Key(place), attributes);
}

/// What the source of a dataset names, by its type: a place, a table of an engine, or a dataset of a hub.
pub(super) fn dataset_place(kind: &str, source: &str) -> Option<Key> {
    let parsed = tree::json(source);
    let text = |field: &str| parsed.iter().find_map(|node| node.text_at(&[field]));
    let address = ["uri", "url", "path"].iter().find_map(|field| text(field));
    match kind {
        "hugging_face" => text("path").map(|name| Key::scoped("dataset", "huggingface", name)),
        _ => None,
    }
    .or_else(|| address.and_then(stored))
    .or_else(|| {
        let table = text("table_name").or_else(|| text("delta_table_name"))?;
        let engine = match kind {
            "delta_table" => "delta",
            "databricks-uc-table" => "databricks",
            _ => "spark",
        };
        Some(keys::table(engine, table))
    })
    .or_else(|| stored(source))
}

/// The columns that a run read and the number of rows of a dataset, both JSON in strings.
fn dataset_shape(run: &Key, place: &Key, input: &Node<'_>, said: &mut Said) {
    let inside = |field| input.at(&["dataset", field]).and_then(tree::json_inside);
    if let Some(profile) = inside("profile")
        && let Some(rows) = profile.get("num_rows")
        && let Some(value) = rows.to_value()
    {
        said.attribute(rows.lines(), place, "row_count", value);
    }
    let Some(schema) = inside("schema") else {
        return;
    };
    let columns = schema.get("mlflow_colspec").map(Node::items);
    for column in columns.unwrap_or_default().iter().take(MAX_COLUMNS) {
        if let Some(name) = column.text_at(&["name"]) {
            let key = keys::column(place, name);
            let lines = column.lines();
            said.mention(lines, Kind::Column, &[&key], name);
            said.relation(lines, &key, Predicate::PartOf, place);
            said.text(
                lines,
                &key,
                "type",
                column.text_at(&["type"]).unwrap_or_default(),
            );
            said.relation(lines, run, Predicate::Reads, &key);
        }
    }
}

fn texts(node: &Node<'_>, key: &Key, fields: &[&str], said: &mut Said) {
    for field in fields {
        if let Some(text) = node.text_at(&[field]) {
            let lines = node.get(field).map_or(node.lines(), Node::lines);
            said.text(lines, key, &keys::snake(field), text);
        }
    }
}

/// Times are milliseconds since 1970, as numbers or as texts.
fn times(node: &Node<'_>, key: &Key, said: &mut Said) {
    for (field, name) in [
        ("creation_timestamp", "created_at"),
        ("creation_timestamp_ms", "created_at"),
        ("start_time", "started_at"),
        ("end_time", "ended_at"),
    ] {
        let time = node.text_at(&[field]).and_then(|text| text.parse().ok());
        if let Some(time) = time.and_then(timestamp) {
            said.text(node.lines(), key, name, &time);
        }
    }
}

/// Metrics (the last value of each counts) and parameters.
fn values(node: &Node<'_>, key: &Key, said: &mut Said) {
    for (part, prefix) in [("metrics", "metric"), ("params", "param")] {
        let items = node
            .at(&["data", part])
            .map(Node::items)
            .unwrap_or_default();
        let mut last: Vec<(&str, &Node<'_>)> = Vec::new();
        for item in items.iter().take(MAX_VALUES * 10) {
            let Some((name, value)) = item.text_at(&["key"]).zip(item.get("value")) else {
                continue;
            };
            match last.iter().position(|(known, _)| *known == name) {
                Some(place) => last[place].1 = value,
                None if last.len() < MAX_VALUES => last.push((name, value)),
                None => {}
            }
        }
        for (name, value) in last {
            let name = format!("{prefix}_{}", keys::snake(name));
            if let Some(found) = value.to_value() {
                said.attribute(value.lines(), key, &name, found);
            }
        }
    }
}
