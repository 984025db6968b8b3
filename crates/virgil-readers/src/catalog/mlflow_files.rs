//! The file store of MLflow (`mlruns/`) and model folders: `meta.yaml` of experiments, runs, registered models
//! and versions, and `MLmodel` (<https://mlflow.org/docs/latest/ml/model/#storage-format>).
//!
//! Tags and aliases are files beside `meta.yaml`, one value each.

use virgil_model::{Files, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{self, Node};

use super::mlflow_records::{self as records, Labels};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "mlflow-files",
    accepts,
    state,
};

/// How many tags or aliases of a folder are read.
const MAX_FILES: usize = 100;

fn accepts(asset: &Asset<'_>) -> bool {
    match asset.file_name() {
        "MLmodel" => asset.mentions(&["flavors:"]),
        "meta.yaml" => asset.mentions(&[
            "artifact_location:",
            "artifact_uri:",
            "current_stage:",
            "creation_timestamp:",
        ]),
        _ => false,
    }
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let Some(node) = asset.documents().first() else {
        return;
    };
    if asset.file_name() == "MLmodel" {
        model_folder(node, said);
        return;
    }
    let folder = asset
        .raw
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let values = Folder { folder, files };
    let mut labels = Labels::default();
    for (tag, value) in values.read("tags") {
        labels.add(tag, value);
    }
    let has = |field| node.get(field).is_some();
    let is_record = if has("run_id") && has("artifact_uri") {
        records::run(node, &labels, said)
    } else if has("version") {
        records::version(node, &labels, said)
    } else if has("model_id") {
        records::logged(node, &labels, said)
    } else if has("artifact_location") {
        records::experiment(node, &labels, said)
    } else {
        let is_model = records::model(node, &labels, said);
        if let Some(name) = node.text_at(&["name"]) {
            for (alias, version) in values.read("aliases") {
                records::points(node.lines(), name, &alias, &version, said);
            }
        }
        is_model
    };
    if !is_record {
        said.problem(node.line, "the record of MLflow has no name or identifier");
    }
}

/// A folder of the store.
struct Folder<'a> {
    folder: &'a str,
    files: &'a dyn Files,
}

impl Folder<'_> {
    /// The names and contents of the files below a part of the folder.
    fn read(&self, part: &str) -> Vec<(String, String)> {
        let below = format!("{}/{part}", self.folder);
        let below = below.trim_start_matches('/');
        self.files
            .list(below)
            .into_iter()
            .take(MAX_FILES)
            .filter_map(|path| {
                let name = path.strip_prefix(below)?.trim_start_matches('/').to_owned();
                let content = String::from_utf8(self.files.read(&path)?).ok()?;
                Some((name, content.trim().to_owned()))
            })
            .collect()
    }
}

/// `MLmodel`: the flavours and the signature of a model folder.
fn model_folder(node: &Node<'_>, said: &mut Said) {
    let lines = node.lines();
    let run = node.text_at(&["run_id"]);
    let id = node.text_at(&["model_id"]).or_else(|| {
        node.text_at(&["model_uuid"])
            .filter(|id| id.starts_with("m-"))
    });
    let path = node.text_at(&["artifact_path"]).unwrap_or_default();
    let place = keys::is_uri(path).then(|| keys::uri(path));
    let in_run = run
        .filter(|_| place.is_none() && !path.is_empty())
        .map(|run| keys::uri(&format!("runs:/{run}/{path}")));
    let logged = id.map(keys::mlflow_logged);
    let all: Vec<_> = logged.iter().chain(&place).chain(&in_run).collect();
    let Some(key) = all.first().copied() else {
        said.problem(node.line, "the model names neither itself nor its run");
        return;
    };
    said.mention(lines, Kind::Artifact, &all, id.unwrap_or(path));
    if let Some(run) = run {
        said.relation(lines, &keys::mlflow_run(run), Predicate::Writes, key);
    }
    if let Some(flavors) = node.entry("flavors") {
        let names = flavors.node.entries().iter();
        let names = names
            .map(|entry| Value::Text(entry.key.to_string()))
            .collect();
        said.attribute(flavors.lines(), key, "flavors", Value::List(names));
    }
    for (field, name) in [
        ("mlflow_version", "mlflow_version"),
        ("utc_time_created", "created_at"),
    ] {
        let text = node.text_at(&[field]).unwrap_or_default();
        said.text(lines, key, name, text);
    }
    for side in ["inputs", "outputs"] {
        let Some(written) = node.at(&["signature", side]) else {
            continue;
        };
        let columns = columns(written);
        let lines: LineSpan = written.lines();
        said.attribute(
            lines,
            key,
            &format!("signature_{side}"),
            Value::List(columns),
        );
    }
}

/// The columns of a signature, which is JSON in a string: `name: type`.
fn columns(written: &Node<'_>) -> Vec<Value> {
    let parsed = written.text().map(tree::json).unwrap_or_default();
    parsed
        .iter()
        .flat_map(Node::items)
        .filter_map(|column| {
            let kind = column.text_at(&["type"])?;
            Some(Value::Text(match column.text_at(&["name"]) {
                Some(name) => format!("{name}: {kind}"),
                None => kind.to_owned(),
            }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::{check, check_with};
    use insta::assert_snapshot;
    use virgil_model::Files;

    struct Store;

    impl Files for Store {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            match path {
                "mlruns/models/fraud/aliases/champion" => Some(b"3\n".to_vec()),
                "mlruns/models/fraud/tags/team" => Some(b"ml-risk".to_vec()),
                _ => None,
            }
        }

        fn list(&self, folder: &str) -> Vec<String> {
            match folder {
                "mlruns/models/fraud/aliases" => vec![format!("{folder}/champion")],
                "mlruns/models/fraud/tags" => vec![format!("{folder}/team"), format!("{folder}/x")],
                _ => Vec::new(),
            }
        }
    }

    #[test]
    fn the_store_states_models_versions_and_runs() {
        assert_snapshot!(check_with("mlruns/models/fraud/meta.yaml", "\
creation_timestamp: 1788758408000
name: fraud
description: null
", &Store), @r####"
        [1-3] model "fraud" model:mlflow/fraud
        [1-3] model:mlflow/fraud .created_at = "2026-09-07T05:20:08Z"
        [1-3] model:mlflow/fraud .tag_team = "ml-risk"
        [1-3] model:mlflow/fraud owned_by team:label/ml-risk
        [1-3] model_alias:mlflow/fraud@champion is model_version:mlflow/fraud/3
        [1-3] model_version:mlflow/fraud/3 .aliases = ["champion"]
        "####);
        assert_snapshot!(check("mlruns/models/fraud/version-3/meta.yaml", "\
creation_timestamp: 1788758408000
current_stage: None
model_id: m-3
name: fraud
run_id: r1
source: s3://models/fraud/3
storage_location: s3://models/fraud/3
version: 3
"), @r####"
        [1-8] model_version "fraud 3" model_version:mlflow/fraud/3
        [1-8] model_version:mlflow/fraud/3 version_of model:mlflow/fraud
        [6] artifact "s3://models/fraud/3" uri:s3://models/fraud/3
        [6] model_version:mlflow/fraud/3 stored_at uri:s3://models/fraud/3
        [1-8] model_version:mlflow/fraud/3 stored_at logged_model:mlflow/m-3
        [1-8] run:mlflow/r1 trains model_version:mlflow/fraud/3
        [1-8] model_version:mlflow/fraud/3 .created_at = "2026-09-07T05:20:08Z"
        "####);
        assert_snapshot!(check("mlruns/1/r1/meta.yaml", "\
artifact_uri: /home/me/mlruns/1/r1/artifacts
experiment_id: '1'
run_id: r1
run_name: a
status: 3
start_time: 1
end_time: null
"), @r####"
        [1-7] run "a" run:mlflow/r1
        [1-7] run:mlflow/r1 part_of experiment:mlflow/1
        [1-7] run:mlflow/r1 .state = "completed"
        "####);
    }

    #[test]
    fn a_model_folder_has_flavours_and_a_signature() {
        assert_snapshot!(check("m/MLmodel", r#"artifact_path: s3://models/m-3/artifacts
flavors:
  sklearn: {code: null}
model_id: m-3
run_id: r1
signature:
  inputs: '[{"type": "double", "name": "amount"}, {"type": "long"}]'
  outputs: broken
"#), @r####"
        [1-8] artifact "m-3" logged_model:mlflow/m-3 uri:s3://models/m-3/artifacts
        [1-8] run:mlflow/r1 writes logged_model:mlflow/m-3
        [2-3] logged_model:mlflow/m-3 .flavors = ["sklearn"]
        [7] logged_model:mlflow/m-3 .signature_inputs = ["amount: double","long"]
        "####);
        assert_snapshot!(check("MLmodel", "artifact_path: model\nflavors: {}\nrun_id: r1\n"), @r####"
        [1-3] artifact "model" run_artifact:mlflow/r1/model
        [1-3] run:mlflow/r1 writes run_artifact:mlflow/r1/model
        "####);
        assert_snapshot!(check("MLmodel", "flavors: {}\n"), @r####"
        [1] problem: the model names neither itself nor its run
        "####);
    }
}
