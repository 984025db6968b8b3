//! Answers of MLflow's REST interface (<https://mlflow.org/docs/latest/api_reference/rest-api.html>) as files:
//! registered models, versions, experiments, runs and logged models, one or a list of each.

use virgil_model::Files;

use crate::statements::{Asset, Format, Said};
use crate::tree::Node;

use super::mlflow_records::{self as records, Labels};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "mlflow",
    accepts,
    state,
};

/// What says one record; gives `false` when the record has not the fields that name it.
type Say = fn(&Node<'_>, &Labels<'_>, &mut Said) -> bool;

/// The members of an answer, alone and as a list, and the field that every record has.
const PARTS: &[(&str, &str, &[&str], Say)] = &[
    (
        "registered_model",
        "registered_models",
        &["name"],
        records::model,
    ),
    (
        "model_version",
        "model_versions",
        &["version"],
        records::version,
    ),
    (
        "experiment",
        "experiments",
        &["experiment_id"],
        records::experiment,
    ),
    ("run", "runs", &["info", "run_id"], records::run),
    ("model", "models", &["info", "model_id"], records::logged),
];

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "json"
        && asset.mentions(&[
            "\"registered_model",
            "\"model_version",
            "\"experiment_id\"",
            "\"model_id\"",
        ])
        && asset.documents().first().is_some_and(|document| {
            parts(document).any(|(record, path, _)| record.at(path).is_some())
        })
}

fn parts<'n, 'a>(
    document: &'n Node<'a>,
) -> impl Iterator<Item = (&'n Node<'a>, &'static [&'static str], Say)> {
    PARTS.iter().flat_map(move |(one, many, path, say)| {
        let alone = document.get(one).into_iter();
        let list = document.get(many).map(Node::items).unwrap_or_default();
        alone.chain(list).map(move |record| (record, *path, *say))
    })
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    for (record, _, say) in asset.documents().iter().flat_map(|node| parts(node)) {
        let is_record = say(record, &Labels::of(record), said);
        if !is_record {
            said.problem(
                record.line,
                "the record of MLflow has no name or identifier",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_registry_states_models_versions_and_aliases() {
        assert_snapshot!(check("registered-models.json", r#"{"registered_models": [
 {"name": "fraud", "description": "Scores payments.", "creation_timestamp": "1769923201000",
  "latest_versions": [{"name": "fraud", "version": "4", "source": "s3://models/fraud/4", "run_id": "r4",
    "current_stage": "None", "status": "READY", "creation_timestamp": 1794806408000}],
  "tags": [{"key": "team", "value": "ml-risk"}, {"key": "mlflow.x"}],
  "aliases": [{"alias": "champion", "version": "3"}]},
 {"no": "name"}]}"#), @r####"
        [2-6] model "fraud" model:mlflow/fraud
        [2] model:mlflow/fraud .description = "Scores payments."
        [2-6] model:mlflow/fraud .created_at = "2026-02-01T05:20:01Z"
        [2-6] model:mlflow/fraud .tag_team = "ml-risk"
        [2-6] model:mlflow/fraud owned_by team:label/ml-risk
        [6] model_alias:mlflow/fraud@champion is model_version:mlflow/fraud/3
        [6] model_version:mlflow/fraud/3 .aliases = ["champion"]
        [3-4] model_version "fraud 4" model_version:mlflow/fraud/4
        [3-4] model_version:mlflow/fraud/4 version_of model:mlflow/fraud
        [3] artifact "s3://models/fraud/4" uri:s3://models/fraud/4
        [3] model_version:mlflow/fraud/4 stored_at uri:s3://models/fraud/4
        [3-4] run:mlflow/r4 trains model_version:mlflow/fraud/4
        [4] model_version:mlflow/fraud/4 .status = "READY"
        [3-4] model_version:mlflow/fraud/4 .created_at = "2026-11-16T05:20:08Z"
        [7] problem: the record of MLflow has no name or identifier
        "####);
        assert_snapshot!(check("model-versions.json", r#"{"model_versions": [
 {"name": "fraud", "version": "3", "source": "models:/m-1", "current_stage": "Production", "aliases": ["champion"]}]}"#), @r####"
        [2] model_version "fraud 3" model_version:mlflow/fraud/3
        [2] model_version:mlflow/fraud/3 version_of model:mlflow/fraud
        [2] model_version:mlflow/fraud/3 stored_at logged_model:mlflow/m-1
        [2] model_alias:mlflow/fraud@Production is model_version:mlflow/fraud/3
        [2] model_version:mlflow/fraud/3 .aliases = ["Production"]
        [2] model_version:mlflow/fraud/3 .stage = "Production"
        [2] model_alias:mlflow/fraud@champion is model_version:mlflow/fraud/3
        [2] model_version:mlflow/fraud/3 .aliases = ["champion"]
        "####);
    }

    #[test]
    fn a_run_reads_its_datasets_and_writes_its_model() {
        assert_snapshot!(check("runs.json", r#"{"runs": [{
 "info": {"run_id": "r1", "run_name": "baseline", "experiment_id": "42", "status": "FINISHED", "start_time": 1, "end_time": 2,
   "artifact_uri": "s3://models/mlflow/42/r1/artifacts"},
 "data": {"metrics": [{"key": "accuracy", "value": 0.9}, {"key": "accuracy", "value": 0.96}], "params": [{"key": "C", "value": "1.0"}],
   "tags": [{"key": "mlflow.source.git.commit", "value": "88a5"}, {"key": "mlflow.source.git.repoURL", "value": "https://git.bottega.example/bottega/ml-risk.git"},
            {"key": "mlflow.source.name", "value": "train.py"}, {"key": "mlflow.user", "value": "marta"}]},
 "inputs": {"dataset_inputs": [{"tags": [{"key": "mlflow.data.context", "value": "training"}],
   "dataset": {"name": "w.marts.risk", "digest": "27", "source_type": "s3", "source": "{\"uri\": \"s3://lake/risk.parquet\"}"}}]},
 "outputs": {"model_outputs": [{"model_id": "m-1", "step": 0}]}}]}"#), @r####"
        [1-9] run "baseline" run:mlflow/r1
        [1-9] run:mlflow/r1 part_of experiment:mlflow/42
        [1-9] artifact "s3://models/mlflow/42/r1/artifacts" uri:s3://models/mlflow/42/r1/artifacts
        [1-9] run:mlflow/r1 stored_at uri:s3://models/mlflow/42/r1/artifacts
        [1-9] run:mlflow/r1 .state = "completed"
        [4] run:mlflow/r1 .metric_accuracy = 0.96
        [4] run:mlflow/r1 .param_c = "1.0"
        [1-9] run:mlflow/r1 .user = "marta"
        [1-9] run:mlflow/r1 defined_in repository:git.bottega.example/bottega/ml-risk {path="train.py", version="88a5"}
        [7-8] dataset "s3://lake/risk.parquet" uri:s3://lake/risk.parquet
        [7-8] run:mlflow/r1 reads uri:s3://lake/risk.parquet {context="training", dataset="w.marts.risk", digest="27"}
        [9] run:mlflow/r1 writes logged_model:mlflow/m-1
        "####);
        assert_snapshot!(check("logged-models.json", r#"{"models": [{"info": {"model_id": "m-1", "name": "model", "experiment_id": "42",
  "artifact_uri": "s3://models/m-1/artifacts", "source_run_id": "r1"}, "data": {"params": [{"key": "C", "value": "1.0"}]}}]}"#), @r####"
        [1-2] artifact "m-1" logged_model:mlflow/m-1 uri:s3://models/m-1/artifacts
        [1-2] run:mlflow/r1 writes logged_model:mlflow/m-1
        [2] logged_model:mlflow/m-1 .param_c = "1.0"
        "####);
    }

    #[test]
    fn other_json_is_none() {
        assert_snapshot!(check("a.json", r#"{"models": [{"model_id": "x"}], "runs": 3}"#), @"");
    }

    #[test]
    fn datasets_have_the_place_that_their_source_names() {
        assert_snapshot!(check("runs.json", r#"{"runs": [{"info": {"run_id": "r1", "experiment_id": "1"}, "data": {"tags": [{"key": "mlflow.runName", "value": "nightly"}]}, "inputs": {"dataset_inputs": [
  {"dataset": {"name": "orders", "source_type": "spark", "source": "{\"table_name\": \"shop.orders\"}",
    "schema": "{\"mlflow_colspec\": [{\"type\": \"long\", \"name\": \"id\", \"required\": true}]}", "profile": "{\"num_rows\": 10, \"num_elements\": 20}"}},
  {"dataset": {"name": "rotten", "source_type": "hugging_face", "source": "{\"path\": \"cornell/rotten_tomatoes\", \"split\": \"train\"}"}},
  {"dataset": {"name": "local", "source_type": "local", "source": "{\"uri\": \"/tmp/a.csv\"}"}},
  {"dataset": {"name": "lake", "source_type": "delta_table", "source": "{\"delta_table_name\": \"gold.orders\"}"}}],
  "model_inputs": [{"model_id": "m-0"}]}}]}"#), @r####"
        [1-7] run "nightly" run:mlflow/r1
        [1-7] run:mlflow/r1 part_of experiment:mlflow/1
        [2-3] dataset "spark/shop.orders" table:spark/shop.orders
        [3] table:spark/shop.orders .row_count = 10
        [3] column "id" column:spark/shop.orders#id
        [3] column:spark/shop.orders#id part_of table:spark/shop.orders
        [3] column:spark/shop.orders#id .type = "long"
        [3] run:mlflow/r1 reads column:spark/shop.orders#id
        [2-3] run:mlflow/r1 reads table:spark/shop.orders {dataset="orders"}
        [4] dataset "huggingface/cornell/rotten_tomatoes" dataset:huggingface/cornell/rotten_tomatoes
        [4] run:mlflow/r1 reads dataset:huggingface/cornell/rotten_tomatoes {dataset="rotten"}
        [5] run:mlflow/r1 .dataset = "local"
        [6] dataset "delta/gold.orders" table:delta/gold.orders
        [6] run:mlflow/r1 reads table:delta/gold.orders {dataset="lake"}
        [7] run:mlflow/r1 reads logged_model:mlflow/m-0
        "####);
        assert_snapshot!(check("logged-models.json", r#"{"models": [{"info": {"model_id": "m-1", "name": "m", "registrations": [{"name": "fraud", "version": "4"}]}}]}"#), @r####"
        [1] artifact "m-1" logged_model:mlflow/m-1
        [1] model_version:mlflow/fraud/4 stored_at logged_model:mlflow/m-1
        "####);
    }
}
