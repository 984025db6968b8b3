//! Features of Feast that a script asks for (<https://rtd.feast.dev/en/master/#feast.feature_store.FeatureStore>).

use virgil_model::{Key, Predicate};

use crate::catalog;
use crate::keys;
use crate::statements::Said;

use super::Context;
use super::value::{Call, Value};

/// A script that holds none of these says nothing here.
pub(super) const WORDS: &[&str] = &[
    "get_historical_features",
    "get_online_features",
    "get_feature_service",
    "get_feature_view",
    "get_saved_dataset",
];

/// States the features that a call asks for.
pub(super) fn call(call: &Call, context: &Context<'_>, said: &mut Said) {
    match call.function() {
        "get_historical_features" | "get_online_features" | "get_online_features_async" => {
            let position = usize::from(call.function() == "get_historical_features");
            let features = call
                .argument("features", position)
                .or_else(|| call.named("feature_refs"));
            let Some(features) = features else {
                return;
            };
            for feature in features.one_or_many() {
                asked(feature, call, context, said);
            }
        }
        "get_feature_service" => {
            if let Some(name) = call.text("name", 0) {
                let key = service(name, call, context);
                said.relation(call.lines, &context.subject, Predicate::DependsOn, &key);
            }
        }
        "get_feature_view"
        | "get_batch_feature_view"
        | "get_on_demand_feature_view"
        | "get_stream_feature_view" => {
            if let Some(name) = call.text("name", 0) {
                let key = Key::scoped("feature_view", &project(call, context), name);
                said.relation(call.lines, &context.subject, Predicate::Reads, &key);
            }
        }
        _ => {}
    }
}

/// One entry of `features`: `view:feature`, or a feature service.
fn asked(feature: &Value, call: &Call, context: &Context<'_>, said: &mut Said) {
    if let Some(text) = feature.text() {
        let Some((view, feature)) = text.split_once(':') else {
            return;
        };
        // The version of a view may stand behind it.
        let view = view.split('@').next().unwrap_or_default();
        let is_name = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        if !is_name(view) || !is_name(feature) {
            return;
        }
        let view = Key::scoped("feature_view", &project(call, context), view);
        let column = keys::column(&view, feature);
        for key in [view, column] {
            said.relation(call.lines, &context.subject, Predicate::Reads, &key);
        }
        return;
    }
    if let Some(made) = feature.call()
        && made.name().ends_with("FeatureService")
        && let Some(name) = made.text("name", 0)
    {
        let key = service(name, call, context);
        said.relation(call.lines, &context.subject, Predicate::DependsOn, &key);
    }
}

fn service(name: &str, call: &Call, context: &Context<'_>) -> Key {
    Key::scoped("feature_service", &project(call, context), name)
}

/// The project of the store that is asked: of the `feature_store.yaml` at its `repo_path`, else of the nearest one.
/// Where there is none, features are known inside the source only.
fn project(call: &Call, context: &Context<'_>) -> String {
    let store = call
        .chain()
        .into_iter()
        .find(|call| call.function() == "FeatureStore");
    let written = store.and_then(|store| store.text("repo_path", 0));
    let beside = written.map(|path| keys::beside(context.path, &format!("{path}/x")));
    let paths = beside.iter().map(String::as_str).chain([context.path]);
    paths
        .filter_map(|path| catalog::feast_project(path, context.files))
        .next()
        .unwrap_or_else(|| ".".to_owned())
}
