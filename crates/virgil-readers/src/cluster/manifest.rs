//! Kubernetes manifests (<https://kubernetes.io/docs/reference/kubernetes-api/>), any kind.
//!
//! A manifest is told by its content: a document with `apiVersion` and `kind`. Every object is mentioned with its
//! key, its labels and owners, and what its pods run and need; the kinds of Kubeflow, `KServe`, Argo, Tekton and
//! Prometheus say more. Of a Secret only that it exists is stated. Helm templates are no manifests yet.

use std::collections::BTreeMap;

use virgil_model::{
    Attributes, Files, Key, Kind, Labelled, LineSpan, Predicate, Selector, Target, Value,
};

use crate::ci::{argo, tekton};
use crate::cluster::object::{documents, is_helm, objects};
use crate::cluster::{
    Object, delivery, kubeflow, kustomize, network, owners, pods, serving, training,
};
use crate::monitoring;
use crate::statements::{Asset, Said};
use crate::tree::{Entry, Node};

/// A selector that allows for more sets of labels than this is not resolved.
const MAX_ALTERNATIVES: usize = 50;

/// Whether a file may hold manifests.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "json")
        && asset.mentions(&["apiVersion"])
        && asset.mentions(&["kind"])
        && !is_helm(asset.raw.text)
}

/// States what the manifests of a file declare.
pub(crate) fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    if kustomize::is_taken(asset.raw.path, files) {
        return;
    }
    let documents = documents(asset);
    for object in objects(&documents, asset.raw.path) {
        // Catalogues write their entities in the same shape; overlays of kustomize are no objects.
        let is_other =
            object.group.ends_with("backstage.io") || object.group == "kustomize.config.k8s.io";
        if !is_other {
            one(&object, said);
        }
    }
}

/// States what one object declares.
pub(crate) fn one(object: &Object<'_>, said: &mut Said) {
    let key = &object.key;
    said.mention(object.line(), kind(object), &[key], &object.name);
    let text = |text: &str| Value::Text(text.to_owned());
    said.attribute(object.line(), key, "type", text(object.kind));
    if object.place.cluster != "default" {
        said.attribute(object.line(), key, "cluster", text(object.place.cluster));
    }
    if let Some(namespace) = object
        .node
        .get("metadata")
        .and_then(|node| node.entry("namespace"))
    {
        said.attribute(
            namespace.lines(),
            key,
            "namespace",
            text(object.place.namespace),
        );
    }
    owners::state(object, said);
    let is_searched = !matches!(
        object.kind,
        "Secret" | "ConfigMap" | "CustomResourceDefinition" | "SealedSecret"
    ) && !matches!(
        object.group,
        "tekton.dev" | "triggers.tekton.dev" | "dashboard.grafana.app"
    ) && !argo::is_workflow(object);
    if let Some(spec) = object.node.get("spec").filter(|_| is_searched) {
        pods::state(spec, key, &object.place, said);
        if object.kind == "Pod"
            && let Some(labels) = object.node.at(&["metadata", "labels"])
        {
            said.attribute(labels.lines(), key, "pod_labels", owners::pairs(labels));
        }
    }
    particular(object, said);
}

fn kind(object: &Object<'_>) -> Kind {
    match (object.group, object.kind) {
        ("kubeflow.org" | "tensorboard.kubeflow.org", "Notebook") => Kind::Notebook,
        ("kubeflow.org", "Experiment") => Kind::Experiment,
        ("kubeflow.org", kind) if training::is_job(kind) => Kind::TrainingJob,
        ("trainer.kubeflow.org", "TrainJob") => Kind::TrainingJob,
        ("trainer.kubeflow.org", "TrainingRuntime" | "ClusterTrainingRuntime") => Kind::Template,
        (_, "InferenceService" | "InferenceGraph" | "LLMInferenceService")
            if matches!(object.group, "serving.kserve.io" | "serving.kubeflow.org") =>
        {
            Kind::InferenceService
        }
        (
            "serving.kserve.io",
            "ServingRuntime" | "ClusterServingRuntime" | "LLMInferenceServiceConfig",
        ) => Kind::Template,
        ("argoproj.io", _) if argo::is_workflow(object) => Kind::Pipeline,
        ("tekton.dev", "Pipeline" | "PipelineRun") => Kind::Pipeline,
        ("tekton.dev", "Task" | "ClusterTask" | "TaskRun") => Kind::Task,
        (_, "GrafanaDashboard" | "Dashboard")
            if object.group.ends_with("grafana.app")
                || object.group.contains("integreatly.org") =>
        {
            Kind::Dashboard
        }
        _ => Kind::Resource,
    }
}

fn particular(object: &Object<'_>, said: &mut Said) {
    match (object.group, object.kind) {
        ("core", "Service") => network::service(object, said),
        ("networking.k8s.io" | "extensions", "Ingress")
        | ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute")
        | ("networking.istio.io", "VirtualService") => network::route(object, said),
        ("batch", "CronJob") => schedule(object, "schedule", "timeZone", said),
        ("kubeflow.org", "PodDefault") => kubeflow::pod_default(object, said),
        ("kubeflow.org", "ScheduledWorkflow") => kubeflow::scheduled_workflow(object, said),
        ("kubeflow.org", "Experiment") => training::experiment(object, said),
        ("kubeflow.org", kind) if training::is_job(kind) => training::job(object, said),
        ("trainer.kubeflow.org", "TrainJob") => training::train_job(object, said),
        ("trainer.kubeflow.org", "TrainingRuntime" | "ClusterTrainingRuntime") => {
            training::runtime(object, said);
        }
        ("serving.kserve.io" | "serving.kubeflow.org", "InferenceService") => {
            serving::inference_service(object, said)
        }
        ("serving.kserve.io", "InferenceGraph") => serving::graph(object, said),
        ("serving.kserve.io", "TrainedModel") => serving::trained_model(object, said),
        ("serving.kserve.io", "ServingRuntime" | "ClusterServingRuntime") => {
            serving::runtime(object, said);
        }
        ("serving.kserve.io", "LLMInferenceService" | "LLMInferenceServiceConfig") => {
            serving::language_model(object, said);
        }
        ("argoproj.io", "Application" | "ApplicationSet") => delivery::state(object, said),
        ("argoproj.io", _) => argo::state(object, said),
        (group, _) if group.ends_with(".fluxcd.io") => delivery::state(object, said),
        ("tekton.dev" | "triggers.tekton.dev", _) => tekton::state(object, said),
        ("autoscaling" | "keda.sh", _) => scaled(object, said),
        ("core", "ConfigMap")
        | ("monitoring.coreos.com" | "dashboard.grafana.app", _)
        | (_, "GrafanaDashboard" | "GrafanaAlertRuleGroup") => monitoring::object(object, said),
        _ => {}
    }
}

/// States some values below `spec` as attributes: the attribute's name and the path of the value.
pub(crate) fn attributes(object: &Object<'_>, fields: &[(&str, &[&str])], said: &mut Said) {
    for (name, path) in fields {
        let Some((last, front)) = path.split_last() else {
            continue;
        };
        if let Some(entry) = object.spec(front).and_then(|node| node.entry(last))
            && let Some(value) = entry.node.to_value()
        {
            said.attribute(entry.lines(), &object.key, name, value);
        }
    }
}

/// States an edge to the objects of a namespace that a selector picks: `matchLabels` and those `matchExpressions` that
/// list values, or a plain map of labels. A selector that says anything else is only an attribute, because what it
/// picks would be more than it says.
pub(crate) fn select(
    subject: &Key,
    predicate: Predicate,
    namespace: &str,
    on: Labelled,
    selector: &Node<'_>,
    said: &mut Said,
) {
    let lines = selector.lines();
    let Some(alternatives) = alternatives(selector) else {
        let text = "has expressions other than `In`";
        said.text(lines, subject, "selector", text);
        return;
    };
    for labels in alternatives.into_iter().filter(|labels| !labels.is_empty()) {
        let selector = Selector::Labels {
            namespace: namespace.to_owned(),
            labels,
            on,
        };
        let object = Target::Selector(selector);
        said.relation_with(lines, subject, predicate, object, Attributes::new());
    }
}

/// The sets of labels one of which must be carried; `None` when they cannot be listed.
fn alternatives(selector: &Node<'_>) -> Option<Vec<BTreeMap<String, String>>> {
    let label = |entry: &Entry<'_>| Some((entry.key.to_string(), entry.node.text()?.to_owned()));
    let is_plain =
        selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let labels = if is_plain {
        Some(selector)
    } else {
        selector.get("matchLabels")
    };
    let labels = labels.map_or(&[][..], Node::entries);
    let mut sets = vec![labels.iter().filter_map(label).collect::<BTreeMap<_, _>>()];
    for expression in selector
        .get("matchExpressions")
        .map_or(&[][..], Node::items)
    {
        let values = expression.get("values").map_or(&[][..], Node::items);
        let key = expression.text_at(&["key"])?;
        let is_listed = expression.text_at(&["operator"]) == Some("In")
            && !values.is_empty()
            && sets.len() * values.len() <= MAX_ALTERNATIVES;
        if !is_listed {
            return None;
        }
        sets = sets
            .iter()
            .flat_map(|set| {
                values.iter().filter_map(Node::text).map(|value| {
                    let mut set = set.clone();
                    set.insert(key.to_owned(), value.to_owned());
                    set
                })
            })
            .collect();
    }
    Some(sets)
}

/// `cluster/namespace`, as selectors of labels want it.
pub(crate) fn namespace(object: &Object<'_>) -> String {
    format!("{}/{}", object.place.cluster, object.place.namespace)
}

fn schedule(object: &Object<'_>, field: &str, zone: &str, said: &mut Said) {
    attributes(
        object,
        &[
            ("schedule", &[field]),
            ("timezone", &[zone]),
            ("suspended", &["suspend"]),
        ],
        said,
    );
}

/// What an autoscaler scales.
fn scaled(object: &Object<'_>, said: &mut Said) {
    let Some(target) = object.spec(&["scaleTargetRef"]) else {
        return;
    };
    if let (Some(kind), Some(name)) = (target.text_at(&["kind"]), target.text_at(&["name"])) {
        let group = target.text_at(&["apiVersion"]).map_or("apps", |version| {
            version.split_once('/').map_or("core", |(group, _)| group)
        });
        let target_key = object.place.object(group, kind, name);
        let lines: LineSpan = target.lines();
        said.relation(lines, &object.key, Predicate::DependsOn, &target_key);
    }
    attributes(
        object,
        &[
            ("min_replicas", &["minReplicas"]),
            ("max_replicas", &["maxReplicas"]),
        ],
        said,
    );
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_workload_runs_images_and_needs_objects() {
        assert_snapshot!(check("clusters/prod-eu/shop/a.yaml", r####"# Synced.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-api
  namespace: shop
  labels: {app.kubernetes.io/name: shop-api, bottega.example/team: shop-backend}
spec:
  template:
    metadata:
      labels: {app: shop-api}
    spec:
      serviceAccountName: shop
      containers:
        - name: shop-api
          image: registry.bottega.example/shop/shop-api:5.6.0
          env:
            - {name: R, value: "http://recs.ml-growth.svc.cluster.local:80/v1"}
            - name: SHOP_DB_URL
              valueFrom: {secretKeyRef: {name: shop-db, key: url}}
          resources: {limits: {nvidia.com/gpu: 1}}
      volumes:
        - name: home
          persistentVolumeClaim: {claimName: data}
---
apiVersion: v1
kind: Service
metadata: {name: shop-api, namespace: shop}
spec: {selector: {app: shop-api}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 2 * * *"
  jobTemplate: {spec: {template: {spec: {containers: [{image: golang}]}}}}
"####), @r####"
        [5] resource "shop-api" kubernetes:prod-eu/apps/Deployment/shop/shop-api
        [5] kubernetes:prod-eu/apps/Deployment/shop/shop-api .type = "Deployment"
        [5] kubernetes:prod-eu/apps/Deployment/shop/shop-api .cluster = "prod-eu"
        [6] kubernetes:prod-eu/apps/Deployment/shop/shop-api .namespace = "shop"
        [7] kubernetes:prod-eu/apps/Deployment/shop/shop-api owned_by team:label/shop-backend
        [7] kubernetes:prod-eu/apps/Deployment/shop/shop-api .labels = ["app.kubernetes.io/name=shop-api","bottega.example/team=shop-backend"]
        [11] kubernetes:prod-eu/apps/Deployment/shop/shop-api .pod_labels = ["app=shop-api"]
        [13] kubernetes:prod-eu/apps/Deployment/shop/shop-api .service_account = "shop"
        [16] image "registry.bottega.example/shop/shop-api" image:registry.bottega.example/shop/shop-api
        [16] kubernetes:prod-eu/apps/Deployment/shop/shop-api runs_image image:registry.bottega.example/shop/shop-api {container="shop-api", tag="5.6.0"}
        [16] kubernetes:prod-eu/apps/Deployment/shop/shop-api .image = "registry.bottega.example/shop/shop-api:5.6.0"
        [18] kubernetes:prod-eu/apps/Deployment/shop/shop-api depends_on kubernetes:prod-eu/core/Service/ml-growth/recs
        [20] kubernetes:prod-eu/apps/Deployment/shop/shop-api depends_on kubernetes:prod-eu/core/Secret/shop/shop-db {via="environment"}
        [21] kubernetes:prod-eu/apps/Deployment/shop/shop-api .gpus = 1
        [24] kubernetes:prod-eu/apps/Deployment/shop/shop-api depends_on kubernetes:prod-eu/core/PersistentVolumeClaim/shop/data {via="volume"}
        [28] resource "shop-api" kubernetes:prod-eu/core/Service/shop/shop-api
        [28] kubernetes:prod-eu/core/Service/shop/shop-api .type = "Service"
        [28] kubernetes:prod-eu/core/Service/shop/shop-api .cluster = "prod-eu"
        [28] kubernetes:prod-eu/core/Service/shop/shop-api .namespace = "shop"
        [29] kubernetes:prod-eu/core/Service/shop/shop-api depends_on Labels { namespace: "prod-eu/shop", labels: {"app": "shop-api"}, on: Pods }
        [33] resource "nightly" kubernetes:prod-eu/batch/CronJob/default/nightly
        [33] kubernetes:prod-eu/batch/CronJob/default/nightly .type = "CronJob"
        [33] kubernetes:prod-eu/batch/CronJob/default/nightly .cluster = "prod-eu"
        [36] image "docker.io/library/golang" image:docker.io/library/golang
        [36] kubernetes:prod-eu/batch/CronJob/default/nightly runs_image image:docker.io/library/golang
        [36] kubernetes:prod-eu/batch/CronJob/default/nightly .image = "docker.io/library/golang"
        [35] kubernetes:prod-eu/batch/CronJob/default/nightly .schedule = "0 2 * * *"
        "####);
    }

    #[test]
    fn a_secret_keeps_its_data() {
        assert_snapshot!(check("a.yaml", "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata: {name: s, annotations: {x: s3cret}}\n    data: {password: s3cret}\n    stringData: {image: s3cret}\n    spec: {containers: [{image: s3cret}]}\n"), @r####"
        [6] resource "s" kubernetes:default/core/Secret/default/s
        [6] kubernetes:default/core/Secret/default/s .type = "Secret"
        "####);
    }

    #[test]
    fn bad_documents_do_not_lose_the_others() {
        assert_snapshot!(check("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nb: [1, 2\nc: 3\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\nkind: [x]\napiVersion: {}\n---\napiVersion: v1\nkind: A/B\nmetadata: {name: 'x y'}\n"), @r####"
        [3] resource "a" kubernetes:default/core/ConfigMap/default/a
        [3] kubernetes:default/core/ConfigMap/default/a .type = "ConfigMap"
        [10] resource "c" kubernetes:default/core/ConfigMap/default/c
        [10] kubernetes:default/core/ConfigMap/default/c .type = "ConfigMap"
        "####);
    }

    #[test]
    fn templates_and_catalogues_are_skipped() {
        assert_eq!(
            check(
                "t/a.yaml",
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include \"x\" . }}\n"
            ),
            ""
        );
    }

    #[test]
    fn a_service_selects_pods_not_objects() {
        assert_snapshot!(check("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {app: x}\nspec:\n  volumes:\n    - projected: {sources: [{secret: {name: s}}, {configMap: {name: c}}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: p}\nspec: {selector: {app: x}}\n"), @r####"
        [4] resource "p" kubernetes:default/core/Pod/default/p
        [4] kubernetes:default/core/Pod/default/p .type = "Pod"
        [5] kubernetes:default/core/Pod/default/p .labels = ["app=x"]
        [8] kubernetes:default/core/Pod/default/p depends_on kubernetes:default/core/Secret/default/s {via="volume"}
        [8] kubernetes:default/core/Pod/default/p depends_on kubernetes:default/core/ConfigMap/default/c {via="volume"}
        [5] kubernetes:default/core/Pod/default/p .pod_labels = ["app=x"]
        [12] resource "p" kubernetes:default/core/Service/default/p
        [12] kubernetes:default/core/Service/default/p .type = "Service"
        [13] kubernetes:default/core/Service/default/p depends_on Labels { namespace: "default/default", labels: {"app": "x"}, on: Pods }
        "####);
    }

    #[test]
    fn a_generated_name_is_known_by_its_file_only() {
        let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: load-}\n";
        assert_snapshot!(check("test/a.yaml", &format!("{job}---\n{job}")), @r####"
        [3] resource "load-*" manifest:./test/a.yaml#batch/Job/default/load-*
        [3] manifest:./test/a.yaml#batch/Job/default/load-* .type = "Job"
        [7] resource "load-*" manifest:./test/a.yaml#batch/Job/default/load-*~2
        [7] manifest:./test/a.yaml#batch/Job/default/load-*~2 .type = "Job"
        "####);
    }
}
