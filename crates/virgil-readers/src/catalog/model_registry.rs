//! Answers of Kubeflow's Model Registry as files
//! (<https://github.com/kubeflow/model-registry/blob/main/api/openapi/model-registry.yaml>): registered models, versions,
//! artifacts, inference services, serving environments, experiments and their runs, one or `items`.
//!
//! An answer does not name its type: fields tell, and for those that have none of their own the path, where it is the one
//! of the interface (`…/registered_models.json`). Identifiers are small numbers of one registry, so they are known by the
//! folder of the file: what one registry answers belongs in one folder. An artifact does not name its version; the path
//! `…/model_versions/{id}/artifacts.json` does.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::cluster::{Place, cluster_of, uri_key};
use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::Node;

use super::timestamp::timestamp;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "model-registry",
    accepts,
    state,
};

/// The collections of the interface; the first word of a path names a file of one of them.
const COLLECTIONS: &[&str] = &[
    "registered_models",
    "model_versions",
    "model_artifacts",
    "artifacts",
    "inference_services",
    "serving_environments",
    "experiments",
    "experiment_runs",
    "versions",
];

/// How many properties of one record are stated.
const MAX_PROPERTIES: usize = 100;

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "json"
        && asset.mentions(&[
            "SinceEpoch\"",
            "\"registeredModelId\"",
            "\"modelFormatName\"",
        ])
        && records(asset).any(|record| is_record(record, asset.raw.path))
}

fn records<'n, 'a>(asset: &'n Asset<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    asset
        .documents()
        .iter()
        .flat_map(|node| node.get("items").unwrap_or(node).one_or_many())
}

fn is_record(record: &Node<'_>, path: &str) -> bool {
    let is_dated = record.get("createTimeSinceEpoch").is_some()
        || record.get("lastUpdateTimeSinceEpoch").is_some();
    (is_dated || record.get("registeredModelId").is_some()) && Type::of(record, path).is_some()
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Model,
    Version,
    Artifact,
    Service,
    Environment,
    Experiment,
    Run,
}

impl Type {
    fn of(record: &Node<'_>, path: &str) -> Option<Type> {
        let has = |field| record.get(field).is_some();
        if has("artifactType") || has("modelFormatName") {
            return Some(Type::Artifact);
        }
        if has("servingEnvironmentId") {
            return Some(Type::Service);
        }
        if has("registeredModelId") {
            return Some(Type::Version);
        }
        if has("experimentId") {
            return Some(Type::Run);
        }
        let named = path.rsplit('/').find_map(collection)?;
        match named {
            "registered_models" => Some(Type::Model),
            "serving_environments" => Some(Type::Environment),
            "experiments" => Some(Type::Experiment),
            _ => None,
        }
    }

    /// The name in keys.
    fn name(self) -> &'static str {
        match self {
            Type::Model => "model",
            Type::Version => "version",
            Type::Artifact => "artifact",
            Type::Service => "service",
            Type::Environment => "environment",
            Type::Experiment => "experiment",
            Type::Run => "run",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Type::Model => Kind::Model,
            Type::Version => Kind::ModelVersion,
            Type::Artifact => Kind::Artifact,
            Type::Service => Kind::InferenceService,
            Type::Environment => Kind::Resource,
            Type::Experiment => Kind::Experiment,
            Type::Run => Kind::Run,
        }
    }
}

/// The collection that a part of a path names; files may be spelled with `-`, and carry an extension.
fn collection(part: &str) -> Option<&'static str> {
    let name = part.split('.').next().unwrap_or_default().replace('-', "_");
    COLLECTIONS.iter().find(|known| **known == name).copied()
}

/// One registry: the folder in front of the collections.
struct Registry<'p> {
    folder: String,
    path: &'p str,
}

impl Registry<'_> {
    fn of(path: &str) -> Registry<'_> {
        let parts: Vec<&str> = path.split('/').collect();
        let (_, folders) = parts.split_last().unwrap_or((&"", &[]));
        let end = folders
            .iter()
            .position(|part| collection(part).is_some())
            .unwrap_or(folders.len());
        let folder = [&["."], &folders[..end]].concat().join("/");
        Registry { folder, path }
    }

    fn key(&self, of: Type, id: &str) -> Key {
        Key::scoped(
            "model_registry",
            &self.folder,
            &format!("{}/{id}", of.name()),
        )
    }

    /// The version whose artifacts a file holds.
    fn version(&self) -> Option<Key> {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.windows(3).find_map(|parts| {
            let (versions, id, artifacts) = (parts[0], parts[1], parts[2]);
            let is_artifacts =
                collection(artifacts).is_some_and(|name| name.ends_with("artifacts"));
            (is_artifacts && collection(versions) == Some("model_versions"))
                .then(|| self.key(Type::Version, id))
        })
    }
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let registry = Registry::of(asset.raw.path);
    for record in records(asset) {
        let known = Type::of(record, asset.raw.path).zip(record.text_at(&["id"]));
        match known {
            Some((of, id)) => one(record, of, id, &registry, said),
            None => said.problem(
                record.line,
                "the record of the model registry has no identifier or no known type",
            ),
        }
    }
}

fn one(record: &Node<'_>, of: Type, id: &str, registry: &Registry<'_>, said: &mut Said) {
    let key = registry.key(of, id);
    let lines = record.lines();
    let name = record.text_at(&["name"]).unwrap_or(id);
    said.mention(lines, of.kind(), &[&key], name);
    if of == Type::Environment {
        said.text(lines, &key, "type", "serving environment");
    }
    for (field, attribute) in [
        ("description", "description"),
        ("state", "state"),
        ("status", "state"),
        ("author", "author"),
        ("externalId", "external_id"),
        ("runtime", "runtime"),
        ("desiredState", "desired_state"),
        ("artifactType", "type"),
        ("modelFormatName", "model_format"),
        ("modelFormatVersion", "model_format_version"),
        ("modelSourceKind", "source_kind"),
        ("modelSourceName", "source_name"),
        ("maturity", "maturity"),
        ("license", "license"),
        ("provider", "provider"),
    ] {
        if let Some(entry) = record.entry(field)
            && let Some(text) = entry.node.text()
        {
            said.text(entry.lines(), &key, attribute, text);
        }
    }
    for (field, attribute) in [
        ("createTimeSinceEpoch", "created_at"),
        ("lastUpdateTimeSinceEpoch", "updated_at"),
        ("startTimeSinceEpoch", "started_at"),
        ("endTimeSinceEpoch", "ended_at"),
    ] {
        let time = record.text_at(&[field]).and_then(|text| text.parse().ok());
        if let Some(time) = time.and_then(timestamp) {
            said.text(lines, &key, attribute, &time);
        }
    }
    if let Some(owner) = record.entry("owner")
        && let Some(text) = owner.node.text()
    {
        let owner_key = keys::owner(text, "model_registry");
        said.relation(owner.lines(), &key, Predicate::OwnedBy, &owner_key);
    }
    relations(record, of, &key, registry, said);
    properties(record, &key, said);
}

fn relations(record: &Node<'_>, of: Type, key: &Key, registry: &Registry<'_>, said: &mut Said) {
    let refer = |field, of| {
        let entry = record.entry(field)?;
        Some((registry.key(of, entry.node.text()?), entry.lines()))
    };
    let mut relate = |found: Option<(Key, LineSpan)>, predicate| {
        if let Some((other, lines)) = &found {
            said.relation(*lines, key, predicate, other);
        }
        found.is_some()
    };
    match of {
        Type::Version => {
            relate(
                refer("registeredModelId", Type::Model),
                Predicate::VersionOf,
            );
        }
        Type::Service => {
            // Without a version, the newest of the model is served.
            let is_pinned = relate(refer("modelVersionId", Type::Version), Predicate::Serves);
            if !is_pinned {
                relate(refer("registeredModelId", Type::Model), Predicate::Serves);
            }
            relate(
                refer("servingEnvironmentId", Type::Environment),
                Predicate::PartOf,
            );
        }
        Type::Run => {
            relate(refer("experimentId", Type::Experiment), Predicate::PartOf);
        }
        Type::Artifact => {
            if let Some((run, lines)) = refer("experimentRunId", Type::Run) {
                said.relation(lines, &run, Predicate::Writes, key);
            }
            artifact(record, key, registry, said);
        }
        Type::Model | Type::Environment | Type::Experiment => {}
    }
}

/// An artifact, and the version it belongs to, are stored at its URI.
fn artifact(record: &Node<'_>, key: &Key, registry: &Registry<'_>, said: &mut Said) {
    let version = registry.version();
    if let Some(version) = &version {
        said.relation(record.lines(), version, Predicate::StoredAt, key);
    }
    let Some(uri) = record.entry("uri") else {
        return;
    };
    // A claim belongs to a cluster and a namespace, which the registry does not know.
    let place = Place {
        cluster: cluster_of(registry.path),
        namespace: "default",
    };
    let place = uri
        .node
        .text()
        .filter(|text| !text.starts_with("pvc:"))
        .and_then(|text| uri_key(text, &place));
    if let Some(place) = place {
        for subject in [Some(key), version.as_ref()].into_iter().flatten() {
            said.relation(uri.lines(), subject, Predicate::StoredAt, &place);
        }
    } else {
        said.text(uri.lines(), key, "uri", uri.node.text().unwrap_or_default());
    }
}

/// Values of the user's own; a text without a value is a label.
fn properties(record: &Node<'_>, key: &Key, said: &mut Said) {
    let properties = record
        .get("customProperties")
        .map_or(&[][..], Node::entries);
    for entry in properties.iter().take(MAX_PROPERTIES) {
        let value = ["string_value", "int_value", "double_value", "bool_value"]
            .iter()
            .find_map(|field| entry.node.entry(field));
        let Some(value) = value.and_then(|value| value.node.to_value()) else {
            continue;
        };
        let value = match value {
            Value::Text(text) if text.trim().is_empty() => Value::Bool(true),
            // 64-bit numbers are texts in JSON.
            Value::Text(text) if entry.node.get("int_value").is_some() => {
                text.parse().map_or(Value::Text(text), Value::Integer)
            }
            value => value,
        };
        said.tag(entry.lines(), key, &entry.key, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn models_have_versions_and_owners() {
        assert_snapshot!(check("registry/registered_models.json", r#"{"items": [
  {"id": "1", "name": "fraud", "description": "Scores payments.", "owner": "ana@bottega.example", "state": "LIVE",
   "createTimeSinceEpoch": "1769923201000", "lastUpdateTimeSinceEpoch": "1769923201000",
   "customProperties": {"tabular": {"metadataType": "MetadataStringValue", "string_value": ""},
     "rank": {"metadataType": "MetadataIntValue", "int_value": "7"}, "struct": {"metadataType": "MetadataStructValue", "struct_value": "e30="}}},
  {"name": "no id", "createTimeSinceEpoch": "1"}], "nextPageToken": "", "pageSize": 2, "size": 2}"#), @r####"
        [2-5] model "fraud" model_registry:./registry/model/1
        [2] model_registry:./registry/model/1 .description = "Scores payments."
        [2] model_registry:./registry/model/1 .state = "LIVE"
        [2-5] model_registry:./registry/model/1 .created_at = "2026-02-01T05:20:01Z"
        [2-5] model_registry:./registry/model/1 .updated_at = "2026-02-01T05:20:01Z"
        [2] model_registry:./registry/model/1 owned_by email:ana@bottega.example
        [4] model_registry:./registry/model/1 .tag_tabular = true
        [5] model_registry:./registry/model/1 .tag_rank = 7
        [6] problem: the record of the model registry has no identifier or no known type
        "####);
        assert_snapshot!(check("registry/model_versions.json", r#"{"items": [{"id": "3", "name": "v1", "author": "ana",
  "registeredModelId": "1", "state": "LIVE", "createTimeSinceEpoch": "1769923201000"}], "size": 1}"#), @r####"
        [1-2] model_version "v1" model_registry:./registry/version/3
        [2] model_registry:./registry/version/3 .state = "LIVE"
        [1] model_registry:./registry/version/3 .author = "ana"
        [1-2] model_registry:./registry/version/3 .created_at = "2026-02-01T05:20:01Z"
        [2] model_registry:./registry/version/3 version_of model_registry:./registry/model/1
        "####);
    }

    #[test]
    fn artifacts_of_a_version_are_stored_and_served() {
        assert_snapshot!(check("registry/model_versions/3/artifacts.json", r#"{"items": [{"artifactType": "model-artifact", "id": "5", "name": "v1",
  "uri": "s3://models/fraud/1", "modelFormatName": "onnx", "modelFormatVersion": "1", "createTimeSinceEpoch": "1769923201000"},
  {"artifactType": "doc-artifact", "id": "6", "uri": "pvc://claim/readme", "createTimeSinceEpoch": "1769923201000"}]}"#), @r####"
        [1-2] artifact "v1" model_registry:./registry/artifact/5
        [1] model_registry:./registry/artifact/5 .type = "model-artifact"
        [2] model_registry:./registry/artifact/5 .model_format = "onnx"
        [2] model_registry:./registry/artifact/5 .model_format_version = "1"
        [1-2] model_registry:./registry/artifact/5 .created_at = "2026-02-01T05:20:01Z"
        [1-2] model_registry:./registry/version/3 stored_at model_registry:./registry/artifact/5
        [2] model_registry:./registry/artifact/5 stored_at uri:s3://models/fraud/1
        [2] model_registry:./registry/version/3 stored_at uri:s3://models/fraud/1
        [3] artifact "6" model_registry:./registry/artifact/6
        [3] model_registry:./registry/artifact/6 .type = "doc-artifact"
        [3] model_registry:./registry/artifact/6 .created_at = "2026-02-01T05:20:01Z"
        [3] model_registry:./registry/version/3 stored_at model_registry:./registry/artifact/6
        [3] model_registry:./registry/artifact/6 .uri = "pvc://claim/readme"
        "####);
        assert_snapshot!(check("registry/inference_services.json", r#"{"items": [
  {"id": "7", "name": "fraud-prod", "registeredModelId": "1", "modelVersionId": "3", "servingEnvironmentId": "2", "runtime": "kserve", "desiredState": "DEPLOYED"},
  {"id": "8", "registeredModelId": "1", "servingEnvironmentId": "2"}]}"#), @r####"
        [2] inference_service "fraud-prod" model_registry:./registry/service/7
        [2] model_registry:./registry/service/7 .runtime = "kserve"
        [2] model_registry:./registry/service/7 .desired_state = "DEPLOYED"
        [2] model_registry:./registry/service/7 serves model_registry:./registry/version/3
        [2] model_registry:./registry/service/7 part_of model_registry:./registry/environment/2
        [3] inference_service "8" model_registry:./registry/service/8
        [3] model_registry:./registry/service/8 serves model_registry:./registry/model/1
        [3] model_registry:./registry/service/8 part_of model_registry:./registry/environment/2
        "####);
        assert_snapshot!(check("registry/serving-environments/2.json", r#"{"id": "2", "name": "ml-risk", "createTimeSinceEpoch": "1769923201000"}"#), @r####"
        [1] resource "ml-risk" model_registry:./registry/environment/2
        [1] model_registry:./registry/environment/2 .type = "serving environment"
        [1] model_registry:./registry/environment/2 .created_at = "2026-02-01T05:20:01Z"
        "####);
    }

    #[test]
    fn other_json_is_none() {
        assert_eq!(
            check("a.json", r#"{"id": "1", "createTimeSinceEpoch": "1"}"#),
            ""
        );
        assert_eq!(
            check(
                "artifacts.json",
                r#"{"items": [{"id": "1"}], "x": "registeredModelId"}"#
            ),
            ""
        );
    }
}
