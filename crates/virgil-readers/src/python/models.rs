//! Models, experiments and data sets of MLflow that a script logs, registers or loads
//! (<https://mlflow.org/docs/latest/python_api/mlflow.html>).

use virgil_model::{Attributes, Key, Predicate, Target, Value};

use crate::keys;
use crate::sql::name::{Name, Place, uri};
use crate::sql::state::Setting;
use crate::statements::Said;

use super::Context;
use super::value::Call;

/// A script that holds none of these says nothing here.
pub(super) const WORDS: &[&str] = &["mlflow", "registered_model_name"];

/// States what a call does with models.
pub(super) fn call(call: &Call, context: &Context<'_>, said: &mut Said) {
    let name = call.name();
    let lines = call.lines;
    let script = &context.subject;
    let is_mlflow = name.starts_with("mlflow.") || name.contains("MlflowClient");
    match call.function() {
        "log_model" | "save_model" => {
            if let Some(model) = call.text("registered_model_name", usize::MAX) {
                said.relation(lines, script, Predicate::Trains, &keys::mlflow_model(model));
            }
        }
        "register_model" if is_mlflow => {
            let Some(model) = call.text("name", 1) else {
                return;
            };
            said.relation(lines, script, Predicate::Trains, &keys::mlflow_model(model));
            if let Some(source) = call.text("model_uri", 0).and_then(stored) {
                said.relation(lines, script, Predicate::Reads, &source);
            }
        }
        "create_model_version" | "create_registered_model" if is_client(call) => {
            if let Some(model) = call.text("name", 0) {
                said.relation(lines, script, Predicate::Trains, &keys::mlflow_model(model));
            }
        }
        "load_model" | "pyfunc_load_model" | "spark_udf" | "download_artifacts"
        | "load_context" => {
            let at = usize::from(call.function() == "spark_udf");
            let named = ["model_uri", "artifact_uri"];
            let written = named.iter().find_map(|name| call.text(name, at));
            if let Some(key) = written.filter(|_| is_mlflow).and_then(loaded) {
                said.relation(lines, script, Predicate::DependsOn, &key);
            }
        }
        "get_model_version_by_alias" if is_client(call) => {
            if let (Some(model), Some(alias)) = (call.text("name", 0), call.text("alias", 1)) {
                let key = keys::mlflow_alias(model, alias);
                said.relation(lines, script, Predicate::DependsOn, &key);
            }
        }
        "set_experiment" if is_mlflow => {
            if let Some(name) = call.text("experiment_name", 0) {
                let key = keys::mlflow_experiment_name(name);
                said.relation(lines, script, Predicate::PartOf, &key);
            }
        }
        function
            if name.starts_with("mlflow.data.")
                && (function.starts_with("from_") || function == "load_delta") =>
        {
            dataset(call, context, said);
        }
        _ => {}
    }
}

/// A client of the registry: the class of MLflow, or what people call an instance of it.
fn is_client(call: &Call) -> bool {
    let name = call.name();
    name.contains("MlflowClient") || name.starts_with("client.") || name.contains("mlflow_client.")
}

/// What the address of a model names, where it is written out.
fn loaded(written: &str) -> Option<Key> {
    let is_reference = written
        .strip_prefix("models:/")
        .or_else(|| written.strip_prefix("runs:/"))
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('<'));
    if is_reference {
        return Some(keys::uri(written));
    }
    uri(written).map(|uri| keys::uri(&uri))
}

fn stored(written: &str) -> Option<Key> {
    uri(written).map(|uri| keys::uri(&uri))
}

/// A data set that MLflow is told of: by its place, by a table, by a name that is a whole table's.
fn dataset(call: &Call, context: &Context<'_>, said: &mut Said) {
    let mut found: Vec<Key> = Vec::new();
    for parameter in ["source", "path"] {
        found.extend(call.text(parameter, usize::MAX).and_then(stored));
    }
    let table = ["table_name", "delta_table_name"]
        .iter()
        .find_map(|name| call.text(name, usize::MAX));
    let key = |setting: &Setting, name: &str| {
        Name::dotted(name).map(|name| setting.key(&Place::Table(name)))
    };
    found.extend(table.and_then(|table| key(&Setting::of("spark"), table)));
    let name = call.text("name", usize::MAX);
    let is_whole = name.is_some_and(|name| name.split('.').count() == 3);
    if found.is_empty() && is_whole {
        found.extend(name.and_then(|name| key(&context.usual, name)));
    }
    let targets = call.text("targets", usize::MAX);
    for key in found {
        let mut attributes = Attributes::from([(
            "call".to_owned(),
            Value::Text(format!("mlflow.data.{}", call.function())),
        )]);
        if let Some(targets) = targets {
            attributes.insert("targets".to_owned(), Value::Text(targets.to_owned()));
        }
        said.relation_with(
            call.lines,
            &context.subject,
            Predicate::Reads,
            Target::Key(key),
            attributes,
        );
    }
}
