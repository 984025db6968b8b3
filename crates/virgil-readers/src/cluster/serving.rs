//! Model serving with `KServe`: `InferenceService`, `InferenceGraph`, `LLMInferenceService`.
//!
//! Specifications: `kserve/kserve: pkg/apis/serving/{v1beta1,v1alpha1,v1alpha2}`. A service loads an artifact URI,
//! which is where a registry says that a version is stored. Images come from the pods of the object.

use virgil_model::{Attributes, Kind, LineSpan, Predicate, Target, Value};

use crate::cluster::manifest::attributes;
use crate::cluster::{Object, uri_key};
use crate::statements::Said;
use crate::tree::{Entry, Node};

/// The fields of a predictor that name a framework, from before `model`.
const FRAMEWORKS: &[&str] = &[
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "lightgbm",
    "pmml",
    "paddle",
    "mlflow",
];

/// What a service loads, and how.
pub(crate) fn inference_service(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            (
                "model_format",
                &["predictor", "model", "modelFormat", "name"],
            ),
            (
                "model_format_version",
                &["predictor", "model", "modelFormat", "version"],
            ),
            ("runtime", &["predictor", "model", "runtime"]),
            (
                "protocol_version",
                &["predictor", "model", "protocolVersion"],
            ),
            ("min_replicas", &["predictor", "minReplicas"]),
            ("max_replicas", &["predictor", "maxReplicas"]),
            (
                "canary_traffic_percent",
                &["predictor", "canaryTrafficPercent"],
            ),
        ],
        said,
    );
    for component in ["predictor", "transformer", "explainer"] {
        let Some(node) = object.spec(&[component]) else {
            continue;
        };
        for entry in node.entries() {
            let is_framework = FRAMEWORKS.contains(&&*entry.key);
            if is_framework && component == "predictor" {
                let format = Value::Text(entry.key.to_string());
                said.attribute(
                    LineSpan::line(entry.line),
                    &object.key,
                    "model_format",
                    format,
                );
            }
            if let Some(uri) = entry.node.entry("storageUri") {
                serve(object, uri, component, said);
            }
            if let Some(image) = entry.node.entry("image").filter(|_| entry.key == "model") {
                crate::cluster::pods::run(image, &object.key, Attributes::new(), said);
            }
        }
        let uris = node.get("storageUris").map_or(&[][..], Node::items);
        for uri in uris.iter().filter_map(|item| item.entry("uri")) {
            serve(object, uri, component, said);
        }
    }
    // KServe gives the service, and its pods, this name and label.
    let address = object.place.object("core", "Service", &object.name);
    said.mention(object.line(), Kind::Resource, &[&address], &object.name);
    said.relation(object.line(), &address, Predicate::PartOf, &object.key);
    let label = format!("serving.kserve.io/inferenceservice={}", object.name);
    let labels = Value::List(vec![Value::Text(label)]);
    said.attribute(object.line(), &object.key, "pod_labels", labels);
}

fn serve(object: &Object<'_>, uri: &Entry<'_>, component: &str, said: &mut Said) {
    if let Some(key) = uri
        .node
        .text()
        .and_then(|text| uri_key(text, &object.place))
    {
        let component = ("component".to_owned(), Value::Text(component.to_owned()));
        said.relation_with(
            uri.lines(),
            &object.key,
            Predicate::Serves,
            Target::Key(key),
            Attributes::from([component]),
        );
    }
}

/// The services through which a graph routes.
pub(crate) fn graph(object: &Object<'_>, said: &mut Said) {
    let nodes = object.spec(&["nodes"]).map_or(&[][..], Node::entries);
    for node in nodes {
        for step in node.node.get("steps").map_or(&[][..], Node::items) {
            if let Some(service) = step.entry("serviceName")
                && let Some(name) = service.node.text()
            {
                let key = object
                    .place
                    .object("serving.kserve.io", "InferenceService", name);
                said.relation(service.lines(), &object.key, Predicate::DependsOn, &key);
            }
        }
    }
}

/// What a service for a language model loads, and the configurations it is built from.
pub(crate) fn language_model(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[("model", &["model", "name"]), ("replicas", &["replicas"])],
        said,
    );
    if let Some(uri) = object.spec(&["model"]).and_then(|model| model.entry("uri")) {
        serve(object, uri, "model", said);
    }
    for base in object.spec(&["baseRefs"]).map_or(&[][..], Node::items) {
        if let Some(name) = base.text_at(&["name"]) {
            let key = object
                .place
                .object("serving.kserve.io", "LLMInferenceServiceConfig", name);
            said.relation(base.lines(), &object.key, Predicate::UsesTemplate, &key);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_service_serves_an_artifact() {
        assert_snapshot!(check("clusters/prod-eu/ml/a.yaml", r####"apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: fraud
  namespace: ml-risk
  annotations: {serving.kserve.io/deploymentMode: Standard}
spec:
  predictor:
    minReplicas: 1
    model:
      modelFormat: {name: sklearn, version: "1"}
      runtime: kserve-sklearnserver
      storageUri: s3n://bottega-models/fraud-detector/3/
  transformer:
    containers: [{name: t, image: "registry.example/transform@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}]
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: old}
spec: {predictor: {sklearn: {storageUri: "pvc://models/old"}}}
"####), @r####"
        [4] inference_service "fraud" kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud
        [4] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .type = "InferenceService"
        [4] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .cluster = "prod-eu"
        [5] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .namespace = "ml-risk"
        [6] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .deployment_mode = "Standard"
        [15] image "registry.example/transform" image:registry.example/transform
        [15] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud runs_image image:registry.example/transform {container="t", digest="sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
        [15] image "registry.example/transform@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        [15] image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef version_of image:registry.example/transform
        [15] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud runs_image image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        [11] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .model_format = "sklearn"
        [11] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .model_format_version = "1"
        [12] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .runtime = "kserve-sklearnserver"
        [9] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .min_replicas = 1
        [13] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud serves uri:s3://bottega-models/fraud-detector/3 {component="predictor"}
        [4] resource "fraud" kubernetes:prod-eu/core/Service/ml-risk/fraud
        [4] kubernetes:prod-eu/core/Service/ml-risk/fraud part_of kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud
        [4] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .pod_labels = ["serving.kserve.io/inferenceservice=fraud"]
        [19] inference_service "old" kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old
        [19] kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old .type = "InferenceService"
        [19] kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old .cluster = "prod-eu"
        [20] kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old .model_format = "sklearn"
        [20] kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old serves pvc:prod-eu/default/models/old {component="predictor"}
        [19] resource "old" kubernetes:prod-eu/core/Service/default/old
        [19] kubernetes:prod-eu/core/Service/default/old part_of kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old
        [19] kubernetes:prod-eu/serving.kserve.io/InferenceService/default/old .pod_labels = ["serving.kserve.io/inferenceservice=old"]
        "####);
    }

    #[test]
    fn graphs_and_language_models() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: serving.kserve.io/v1alpha1
kind: InferenceGraph
metadata: {name: chain}
spec: {nodes: {root: {routerType: Sequence, steps: [{serviceName: a}, {serviceName: b}]}}}
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: qwen}
spec:
  model: {uri: "hf://Qwen/Qwen2.5-7B-Instruct", name: qwen}
  baseRefs: [{name: base}]
"####), @r####"
        [3] inference_service "chain" kubernetes:default/serving.kserve.io/InferenceGraph/default/chain
        [3] kubernetes:default/serving.kserve.io/InferenceGraph/default/chain .type = "InferenceGraph"
        [4] kubernetes:default/serving.kserve.io/InferenceGraph/default/chain depends_on kubernetes:default/serving.kserve.io/InferenceService/default/a
        [4] kubernetes:default/serving.kserve.io/InferenceGraph/default/chain depends_on kubernetes:default/serving.kserve.io/InferenceService/default/b
        [8] inference_service "qwen" kubernetes:default/serving.kserve.io/LLMInferenceService/default/qwen
        [8] kubernetes:default/serving.kserve.io/LLMInferenceService/default/qwen .type = "LLMInferenceService"
        [10] kubernetes:default/serving.kserve.io/LLMInferenceService/default/qwen .model = "qwen"
        [10] kubernetes:default/serving.kserve.io/LLMInferenceService/default/qwen serves uri:hf://Qwen/Qwen2.5-7B-Instruct {component="model"}
        [11] kubernetes:default/serving.kserve.io/LLMInferenceService/default/qwen uses_template kubernetes:default/serving.kserve.io/LLMInferenceServiceConfig/default/base
        "####);
    }
}
