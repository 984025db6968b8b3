//! Model serving with `KServe`: `InferenceService`, `InferenceGraph`, `LLMInferenceService`.
//!
//! Specifications: `kserve/kserve: pkg/apis/serving/{v1beta1,v1alpha1,v1alpha2}`. A service loads an artifact URI,
//! which is where a registry says that a version is stored. Images come from the pods of the object.

use virgil_model::{Attributes, Key, Kind, LineSpan, Predicate, Target, Value};

use crate::cluster::manifest::attributes;
use crate::cluster::{Object, service_of, uri_key};
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
    // `default` and `canary` are where version v1alpha2 had the components.
    let holders = [&[][..], &["default"], &["canary"]];
    for (holder, component) in holders.iter().flat_map(|holder| {
        ["predictor", "transformer", "explainer"].map(|component| (holder, component))
    }) {
        let Some(node) = object.spec(&[*holder, &[component]].concat()) else {
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
            if let Some(storage) = entry.node.get("storage") {
                stored(object, storage, component, said);
            }
            if let Some(image) = entry.node.entry("image") {
                crate::cluster::pods::run(image, &object.key, Attributes::new(), said);
            }
            if let Some(runtime) = entry.node.entry("runtime").filter(|_| entry.key == "model") {
                uses_runtime(object, runtime, said);
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

/// The runtime that a model names: one of the namespace or one of the cluster, and only who declares it says which.
fn uses_runtime(object: &Object<'_>, runtime: &Entry<'_>, said: &mut Said) {
    let Some(name) = runtime.node.text().filter(|name| !name.is_empty()) else {
        return;
    };
    let lines = runtime.lines();
    let named = runtime_name(object, name);
    let of_cluster = object
        .place
        .object("serving.kserve.io", "ClusterServingRuntime", name);
    said.same(lines, &named, &of_cluster);
    said.relation(lines, &object.key, Predicate::UsesTemplate, &named);
}

/// What the services of a namespace call a runtime.
fn runtime_name(object: &Object<'_>, name: &str) -> Key {
    let (cluster, namespace) = (object.place.cluster, object.place.namespace);
    Key::pointer("serving_runtime", format!("{cluster}/{namespace}/{name}"))
}

/// A model that a service of several models loads.
pub(crate) fn trained_model(object: &Object<'_>, said: &mut Said) {
    attributes(object, &[("model_format", &["model", "framework"])], said);
    if let Some(uri) = object
        .spec(&["model"])
        .and_then(|model| model.entry("storageUri"))
    {
        serve(object, uri, "model", said);
    }
    let service = object
        .node
        .get("spec")
        .and_then(|spec| spec.entry("inferenceService"));
    if let Some(entry) = service
        && let Some(name) = entry.node.text()
    {
        let key = object
            .place
            .object("serving.kserve.io", "InferenceService", name);
        said.relation(entry.lines(), &object.key, Predicate::PartOf, &key);
    }
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

/// A path in a storage that a Secret describes; with a bucket it is a place that others know.
fn stored(object: &Object<'_>, storage: &Node<'_>, component: &str, said: &mut Said) {
    let Some(path) = storage.entry("path") else {
        return;
    };
    let written = path.node.text().unwrap_or_default();
    said.text(path.lines(), &object.key, "storage_path", written);
    let scheme = storage.text_at(&["parameters", "type"]).unwrap_or("s3");
    if let Some(bucket) = storage.text_at(&["parameters", "bucket"])
        && let Some(key) = uri_key(&format!("{scheme}://{bucket}/{written}"), &object.place)
    {
        let component = ("component".to_owned(), Value::Text(component.to_owned()));
        said.relation_with(
            path.lines(),
            &object.key,
            Predicate::Serves,
            Target::Key(key),
            Attributes::from([component]),
        );
    }
}

/// The model formats that a runtime serves; its images come from its pods. A runtime of a namespace is what the services
/// of the namespace mean by its name.
pub(crate) fn runtime(object: &Object<'_>, said: &mut Said) {
    if object.kind == "ServingRuntime" {
        let name = runtime_name(object, &object.name);
        said.same(object.line(), &name, &object.key);
    }
    attributes(
        object,
        &[
            ("multi_model", &["multiModel"]),
            ("disabled", &["disabled"]),
            ("protocol_versions", &["protocolVersions"]),
        ],
        said,
    );
    if let Some(formats) = object.spec(&["supportedModelFormats"]) {
        let format = |node: &Node<'_>| {
            let name = node.text_at(&["name"])?;
            Some(Value::Text(match node.text_at(&["version"]) {
                Some(version) => format!("{name} {version}"),
                None => name.to_owned(),
            }))
        };
        let names = formats.items().iter().filter_map(format).collect();
        said.attribute(
            formats.lines(),
            &object.key,
            "model_formats",
            Value::List(names),
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
            if let Some(address) = step.entry("serviceUrl")
                && let Some(text) = address.node.text()
                && let Some(key) =
                    service_of(text, &object.place).or_else(|| uri_key(text, &object.place))
            {
                said.relation(address.lines(), &object.key, Predicate::DependsOn, &key);
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
    let adapters = object.spec(&["model", "lora", "adapters"]);
    for adapter in adapters.map_or(&[][..], Node::items) {
        if let Some(uri) = adapter.entry("uri") {
            serve(object, uri, "adapter", said);
        }
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
        [15] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .image = "registry.example/transform@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        [15] image "registry.example/transform@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        [15] image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef version_of image:registry.example/transform
        [15] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud runs_image image_digest:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        [11] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .model_format = "sklearn"
        [11] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .model_format_version = "1"
        [12] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .runtime = "kserve-sklearnserver"
        [9] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud .min_replicas = 1
        [13] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud serves uri:s3://bottega-models/fraud-detector/3 {component="predictor"}
        [12] serving_runtime:prod-eu/ml-risk/kserve-sklearnserver is kubernetes:prod-eu/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver
        [12] kubernetes:prod-eu/serving.kserve.io/InferenceService/ml-risk/fraud uses_template serving_runtime:prod-eu/ml-risk/kserve-sklearnserver
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

    #[test]
    fn runtimes_and_models_of_several() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: llama, namespace: ml}
spec: {predictor: {model: {runtime: huggingface, image: "r.example/server:1"}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: huggingface, namespace: ml}
spec: {containers: [{image: "r.example/huggingface:2"}]}
---
apiVersion: serving.kserve.io/v1alpha1
kind: TrainedModel
metadata: {name: cifar10}
spec: {inferenceService: triton, model: {storageUri: "gs://models/cifar10"}}
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: base}
spec: {model: {uri: "hf://a/b", lora: {adapters: [{uri: "pvc://disk/adapter"}]}}}
"####), @r####"
        [3] inference_service "llama" kubernetes:default/serving.kserve.io/InferenceService/ml/llama
        [3] kubernetes:default/serving.kserve.io/InferenceService/ml/llama .type = "InferenceService"
        [3] kubernetes:default/serving.kserve.io/InferenceService/ml/llama .namespace = "ml"
        [4] kubernetes:default/serving.kserve.io/InferenceService/ml/llama .runtime = "huggingface"
        [4] image "r.example/server" image:r.example/server
        [4] kubernetes:default/serving.kserve.io/InferenceService/ml/llama runs_image image:r.example/server {tag="1"}
        [4] kubernetes:default/serving.kserve.io/InferenceService/ml/llama .image = "r.example/server:1"
        [4] serving_runtime:default/ml/huggingface is kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/huggingface
        [4] kubernetes:default/serving.kserve.io/InferenceService/ml/llama uses_template serving_runtime:default/ml/huggingface
        [3] resource "llama" kubernetes:default/core/Service/ml/llama
        [3] kubernetes:default/core/Service/ml/llama part_of kubernetes:default/serving.kserve.io/InferenceService/ml/llama
        [3] kubernetes:default/serving.kserve.io/InferenceService/ml/llama .pod_labels = ["serving.kserve.io/inferenceservice=llama"]
        [8] template "huggingface" kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface
        [8] kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface .type = "ServingRuntime"
        [8] kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface .namespace = "ml"
        [9] image "r.example/huggingface" image:r.example/huggingface
        [9] kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface runs_image image:r.example/huggingface {tag="2"}
        [9] kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface .image = "r.example/huggingface:2"
        [8] serving_runtime:default/ml/huggingface is kubernetes:default/serving.kserve.io/ServingRuntime/ml/huggingface
        [13] resource "cifar10" kubernetes:default/serving.kserve.io/TrainedModel/default/cifar10
        [13] kubernetes:default/serving.kserve.io/TrainedModel/default/cifar10 .type = "TrainedModel"
        [14] kubernetes:default/serving.kserve.io/TrainedModel/default/cifar10 serves uri:gs://models/cifar10 {component="model"}
        [14] kubernetes:default/serving.kserve.io/TrainedModel/default/cifar10 part_of kubernetes:default/serving.kserve.io/InferenceService/default/triton
        [18] template "base" kubernetes:default/serving.kserve.io/LLMInferenceServiceConfig/default/base
        [18] kubernetes:default/serving.kserve.io/LLMInferenceServiceConfig/default/base .type = "LLMInferenceServiceConfig"
        [19] kubernetes:default/serving.kserve.io/LLMInferenceServiceConfig/default/base serves uri:hf://a/b {component="model"}
        [19] kubernetes:default/serving.kserve.io/LLMInferenceServiceConfig/default/base serves pvc:default/default/disk/adapter {component="adapter"}
        "####);
    }

    #[test]
    fn older_and_rarer_shapes_serve_too() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: serving.kubeflow.org/v1alpha2
kind: InferenceService
metadata: {name: oldest}
spec: {default: {predictor: {sklearn: {storageUri: "gs://kfserving-samples/models/sklearn/iris"}}}}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: stored}
spec: {predictor: {model: {modelFormat: {name: sklearn}, storage: {key: localMinIO, path: sklearn/mnist.joblib, parameters: {bucket: models}}}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: kserve-sklearnserver}
spec:
  supportedModelFormats: [{name: sklearn, version: "1", autoSelect: true}]
  protocolVersions: [v1, v2]
  containers: [{name: kserve-container, image: "kserve/sklearnserver:latest"}]
---
apiVersion: serving.kserve.io/v1alpha1
kind: TrainedModel
metadata: {name: model1-sklearn}
spec:
  inferenceService: sklearn-iris-example
  model: {framework: sklearn, storageUri: "gs://kfserving-examples/models/sklearn/1.0/model", memory: 256Mi}
---
apiVersion: serving.kserve.io/v1alpha1
kind: InferenceGraph
metadata: {name: urls}
spec: {nodes: {root: {routerType: Switch, steps: [{serviceUrl: "http://a.b.svc.cluster.local"}, {nodeName: next}]}, next: {steps: [{serviceName: c}]}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: LLMInferenceService
metadata: {name: lora}
spec: {model: {uri: "hf://Qwen/Qwen2.5-7B-Instruct", lora: {adapters: [{name: sql, uri: "hf://edbeeching/opt-125m-lora"}]}}}
"####), @r####"
        [3] inference_service "oldest" kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest
        [3] kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest .type = "InferenceService"
        [4] kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest .model_format = "sklearn"
        [4] kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest serves uri:gs://kfserving-samples/models/sklearn/iris {component="predictor"}
        [3] resource "oldest" kubernetes:default/core/Service/default/oldest
        [3] kubernetes:default/core/Service/default/oldest part_of kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest
        [3] kubernetes:default/serving.kubeflow.org/InferenceService/default/oldest .pod_labels = ["serving.kserve.io/inferenceservice=oldest"]
        [8] inference_service "stored" kubernetes:default/serving.kserve.io/InferenceService/default/stored
        [8] kubernetes:default/serving.kserve.io/InferenceService/default/stored .type = "InferenceService"
        [9] kubernetes:default/serving.kserve.io/InferenceService/default/stored .model_format = "sklearn"
        [9] kubernetes:default/serving.kserve.io/InferenceService/default/stored .storage_path = "sklearn/mnist.joblib"
        [9] kubernetes:default/serving.kserve.io/InferenceService/default/stored serves uri:s3://models/sklearn/mnist.joblib {component="predictor"}
        [8] resource "stored" kubernetes:default/core/Service/default/stored
        [8] kubernetes:default/core/Service/default/stored part_of kubernetes:default/serving.kserve.io/InferenceService/default/stored
        [8] kubernetes:default/serving.kserve.io/InferenceService/default/stored .pod_labels = ["serving.kserve.io/inferenceservice=stored"]
        [13] template "kserve-sklearnserver" kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver
        [13] kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver .type = "ClusterServingRuntime"
        [17] image "docker.io/kserve/sklearnserver" image:docker.io/kserve/sklearnserver
        [17] kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver runs_image image:docker.io/kserve/sklearnserver {container="kserve-container", tag="latest"}
        [17] kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver .image = "docker.io/kserve/sklearnserver:latest"
        [16] kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver .protocol_versions = ["v1","v2"]
        [15] kubernetes:default/serving.kserve.io/ClusterServingRuntime/default/kserve-sklearnserver .model_formats = ["sklearn 1"]
        [21] resource "model1-sklearn" kubernetes:default/serving.kserve.io/TrainedModel/default/model1-sklearn
        [21] kubernetes:default/serving.kserve.io/TrainedModel/default/model1-sklearn .type = "TrainedModel"
        [24] kubernetes:default/serving.kserve.io/TrainedModel/default/model1-sklearn .model_format = "sklearn"
        [24] kubernetes:default/serving.kserve.io/TrainedModel/default/model1-sklearn serves uri:gs://kfserving-examples/models/sklearn/1.0/model {component="model"}
        [23] kubernetes:default/serving.kserve.io/TrainedModel/default/model1-sklearn part_of kubernetes:default/serving.kserve.io/InferenceService/default/sklearn-iris-example
        [28] inference_service "urls" kubernetes:default/serving.kserve.io/InferenceGraph/default/urls
        [28] kubernetes:default/serving.kserve.io/InferenceGraph/default/urls .type = "InferenceGraph"
        [29] kubernetes:default/serving.kserve.io/InferenceGraph/default/urls depends_on kubernetes:default/core/Service/b/a
        [29] kubernetes:default/serving.kserve.io/InferenceGraph/default/urls depends_on kubernetes:default/serving.kserve.io/InferenceService/default/c
        [33] inference_service "lora" kubernetes:default/serving.kserve.io/LLMInferenceService/default/lora
        [33] kubernetes:default/serving.kserve.io/LLMInferenceService/default/lora .type = "LLMInferenceService"
        [34] kubernetes:default/serving.kserve.io/LLMInferenceService/default/lora serves uri:hf://Qwen/Qwen2.5-7B-Instruct {component="model"}
        [34] kubernetes:default/serving.kserve.io/LLMInferenceService/default/lora serves uri:hf://edbeeching/opt-125m-lora {component="adapter"}
        "####);
    }
}
