//! Training on Kubernetes: Kubeflow Trainer (`TrainJob`), the jobs of the older training operator, Katib.
//!
//! Specifications: `kubeflow/trainer: pkg/apis/trainer/v1alpha1`, `kubeflow/training-operator: pkg/apis`,
//! `kubeflow/katib: pkg/apis/controller/experiments/v1beta1`. Images come from the pods of the object.

use virgil_model::{Attributes, Predicate, Value};

use crate::cluster::manifest::attributes;
use crate::cluster::{Object, Place, pods, uri_key};
use crate::statements::Said;
use crate::tree::Node;

/// Whether a kind of `kubeflow.org` is a job of the training operator.
pub(crate) fn is_job(kind: &str) -> bool {
    matches!(
        kind,
        "PyTorchJob" | "TFJob" | "MPIJob" | "XGBoostJob" | "PaddleJob" | "MXJob" | "JAXJob"
    )
}

/// A job of the training operator: its framework and the replicas of each role.
pub(crate) fn job(object: &Object<'_>, said: &mut Said) {
    let framework = object.kind.trim_end_matches("Job").to_lowercase();
    said.attribute(
        object.line(),
        &object.key,
        "framework",
        Value::Text(framework),
    );
    let roles = object
        .node
        .get("spec")
        .into_iter()
        .flat_map(Node::entries)
        .filter(|entry| entry.key.ends_with("ReplicaSpecs"));
    for roles in roles {
        let role = |entry: &crate::tree::Entry<'_>| {
            let replicas = entry.node.text_at(&["replicas"]).unwrap_or("1");
            Value::Text(format!("{}={replicas}", entry.key))
        };
        let replicas = roles.node.entries().iter().map(role).collect();
        said.attribute(
            roles.lines(),
            &object.key,
            "replicas",
            Value::List(replicas),
        );
    }
}

/// A `TrainJob`: the runtime it uses, the image it puts in, what it loads before it trains.
pub(crate) fn train_job(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            ("suspended", &["suspend"]),
            ("nodes", &["trainer", "numNodes"]),
            ("managed_by", &["managedBy"]),
        ],
        said,
    );
    if let Some(spec) = object.node.get("spec") {
        runtime_and_image(spec, object, said);
    }
    let resources = object.spec(&["trainer", "resourcesPerNode"]);
    if let Some(resources) = resources {
        pods::gpus(resources, &object.key, said);
    }
    for what in ["dataset", "model"] {
        let Some(initializer) = object.spec(&["initializer", what]) else {
            continue;
        };
        if let Some(secret) = initializer.get("secretRef")
            && let Some(name) = secret.text_at(&["name"])
        {
            let secret_key = object.place.object("core", "Secret", name);
            said.relation(
                secret.lines(),
                &object.key,
                Predicate::DependsOn,
                &secret_key,
            );
        }
        let Some(uri) = initializer.entry("storageUri") else {
            continue;
        };
        if let Some(key) = uri
            .node
            .text()
            .and_then(|text| uri_key(text, &object.place))
        {
            let predicate = match what {
                "dataset" => Predicate::TrainedOn,
                _ => Predicate::Reads,
            };
            said.relation(uri.lines(), &object.key, predicate, &key);
        }
    }
}

/// The runtime and the image of the spec of a `TrainJob`.
fn runtime_and_image(spec: &Node<'_>, object: &Object<'_>, said: &mut Said) {
    if let Some(runtime) = spec.get("runtimeRef")
        && let Some(name) = runtime.text_at(&["name"])
    {
        let group = runtime
            .text_at(&["apiGroup"])
            .unwrap_or("trainer.kubeflow.org");
        let kind = runtime
            .text_at(&["kind"])
            .unwrap_or("ClusterTrainingRuntime");
        let key = object.place.object(group, kind, name);
        said.relation(runtime.lines(), &object.key, Predicate::UsesTemplate, &key);
    }
    if let Some(image) = spec
        .get("trainer")
        .and_then(|trainer| trainer.entry("image"))
    {
        pods::run(image, &object.key, Attributes::new(), said);
    }
}

/// A runtime: how many nodes it has by default. Its images come from its pods.
pub(crate) fn runtime(object: &Object<'_>, said: &mut Said) {
    attributes(object, &[("nodes", &["mlPolicy", "numNodes"])], said);
    for policy in ["torch", "mpi", "jax", "xgboost", "flux", "plainML"] {
        let found = object
            .spec(&["mlPolicy"])
            .and_then(|policies| policies.entry(policy));
        if let Some(entry) = found {
            let policy = Value::Text(policy.to_owned());
            said.attribute(entry.lines(), &object.key, "ml_policy", policy);
        }
    }
}

/// A Katib experiment: what it optimises, over which parameters, by which trials.
pub(crate) fn experiment(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            ("objective", &["objective", "objectiveMetricName"]),
            ("objective_type", &["objective", "type"]),
            ("goal", &["objective", "goal"]),
            ("algorithm", &["algorithm", "algorithmName"]),
            ("max_trials", &["maxTrialCount"]),
            ("trial_kind", &["trialTemplate", "trialSpec", "kind"]),
        ],
        said,
    );
    if let Some(trial) = object.spec(&["trialTemplate", "trialSpec"]) {
        self::trial(trial, object, said);
    }
    if let Some(map) = object.spec(&["trialTemplate", "configMap"])
        && let Some(name) = map.text_at(&["configMapName"])
    {
        let place = Place {
            cluster: object.place.cluster,
            namespace: map
                .text_at(&["configMapNamespace"])
                .unwrap_or(object.place.namespace),
        };
        let key = place.object("core", "ConfigMap", name);
        said.relation(map.lines(), &object.key, Predicate::UsesTemplate, &key);
    }
    if let Some(parameters) = object.spec(&["parameters"]) {
        let name = |node: &Node<'_>| Some(Value::Text(node.text_at(&["name"])?.to_owned()));
        let names = parameters.items().iter().filter_map(name).collect();
        said.attribute(
            parameters.lines(),
            &object.key,
            "parameters",
            Value::List(names),
        );
    }
}

/// What trials of kinds run that have their images elsewhere than in lists of containers.
fn trial(trial: &Node<'_>, object: &Object<'_>, said: &mut Said) {
    let Some(spec) = trial.get("spec") else {
        return;
    };
    match trial.text_at(&["kind"]) {
        Some("TrainJob") => runtime_and_image(spec, object, said),
        Some("Workflow") => {
            for template in spec.get("templates").map_or(&[][..], Node::items) {
                for part in ["container", "script"] {
                    if let Some(container) = template.get(part) {
                        pods::container(container, &object.key, &object.place, said);
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_train_job_uses_a_runtime_and_reads_data() {
        assert_snapshot!(check("recommender/trainjob.yaml", r####"apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: trial, namespace: ml-growth}
spec:
  suspend: true
  runtimeRef: {name: bottega-torch}
  initializer:
    dataset:
      storageUri: s3a://bottega-lake/training/recs/2026-08-31/
  trainer:
    image: registry.bottega.example/ml-base/pytorch-train:2.6-2026.09
    numNodes: 2
---
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: bottega-torch, labels: {trainer.kubeflow.org/framework: torch}}
spec:
  template: {spec: {replicatedJobs: [{template: {spec: {template: {spec: {containers: [{name: node, image: "ghcr.io/kubeflow/trainer:v2"}]}}}}}]}}
"####), @r####"
        [3] training_job "trial" kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial
        [3] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial .type = "TrainJob"
        [3] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial .namespace = "ml-growth"
        [5] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial .suspended = true
        [12] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial .nodes = 2
        [6] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial uses_template kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch
        [11] image "registry.bottega.example/ml-base/pytorch-train" image:registry.bottega.example/ml-base/pytorch-train
        [11] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial runs_image image:registry.bottega.example/ml-base/pytorch-train {tag="2.6-2026.09"}
        [11] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial .image = "registry.bottega.example/ml-base/pytorch-train:2.6-2026.09"
        [9] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial trained_on uri:s3://bottega-lake/training/recs/2026-08-31
        [16] template "bottega-torch" kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .type = "ClusterTrainingRuntime"
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .framework = "torch"
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .labels = ["trainer.kubeflow.org/framework=torch"]
        [18] image "ghcr.io/kubeflow/trainer" image:ghcr.io/kubeflow/trainer
        [18] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch runs_image image:ghcr.io/kubeflow/trainer {container="node", tag="v2"}
        [18] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .image = "ghcr.io/kubeflow/trainer:v2"
        "####);
    }

    #[test]
    fn jobs_and_experiments_run_images() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: train}
spec:
  pytorchReplicaSpecs:
    Master: &m
      replicas: 1
      template: {spec: {containers: [{name: pytorch, image: "r.example/a:1", resources: {limits: {nvidia.com/gpu: 1}}}]}}
    Worker: *m
---
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: hpo}
spec:
  objective: {type: minimize, goal: 0.21, objectiveMetricName: loss}
  algorithm: {algorithmName: random}
  parameters: [{name: lr}, {name: dim}]
  trialTemplate: {trialSpec: {kind: PyTorchJob, spec: {pytorchReplicaSpecs: {Master: {template: {spec: {containers: [{image: "r.example/a:2"}]}}}}}}}
"####), @r####"
        [3] training_job "train" kubernetes:default/kubeflow.org/PyTorchJob/default/train
        [3] kubernetes:default/kubeflow.org/PyTorchJob/default/train .type = "PyTorchJob"
        [8] image "r.example/a" image:r.example/a
        [8] kubernetes:default/kubeflow.org/PyTorchJob/default/train runs_image image:r.example/a {container="pytorch", tag="1"}
        [8] kubernetes:default/kubeflow.org/PyTorchJob/default/train .image = "r.example/a:1"
        [8] kubernetes:default/kubeflow.org/PyTorchJob/default/train .gpus = 1
        [3] kubernetes:default/kubeflow.org/PyTorchJob/default/train .framework = "pytorch"
        [5-9] kubernetes:default/kubeflow.org/PyTorchJob/default/train .replicas = ["Master=1","Worker=1"]
        [13] experiment "hpo" kubernetes:default/kubeflow.org/Experiment/default/hpo
        [13] kubernetes:default/kubeflow.org/Experiment/default/hpo .type = "Experiment"
        [18] kubernetes:default/kubeflow.org/Experiment/default/hpo runs_image image:r.example/a {tag="2"}
        [18] kubernetes:default/kubeflow.org/Experiment/default/hpo .image = "r.example/a:2"
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .objective = "loss"
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .objective_type = "minimize"
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .goal = 0.21
        [16] kubernetes:default/kubeflow.org/Experiment/default/hpo .algorithm = "random"
        [18] kubernetes:default/kubeflow.org/Experiment/default/hpo .trial_kind = "PyTorchJob"
        [17] kubernetes:default/kubeflow.org/Experiment/default/hpo .parameters = ["lr","dim"]
        "####);
    }

    #[test]
    fn trials_run_images_of_their_own_kind() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: argo, namespace: argo}
spec:
  trialTemplate:
    trialSpec:
      kind: Workflow
      spec:
        serviceAccountName: argo
        templates:
          - name: train
            container: {name: model-training, image: "ghcr.io/kubeflow/katib/pytorch-mnist-cpu:latest"}
          - {name: gen, script: {image: "python:alpine3.6"}}
---
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: v2}
spec:
  trialTemplate:
    configMap: {configMapName: trials, configMapNamespace: kubeflow, templatePath: a.yaml}
    trialSpec: {kind: TrainJob, spec: {runtimeRef: {name: torch-distributed}, trainer: {image: "r.example/a:3"}}}
---
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: secret}
spec:
  runtimeRef: {name: torch-tune, kind: TrainingRuntime}
  initializer: {model: {storageUri: "hf://meta-llama/Llama-3.2-1B-Instruct", secretRef: {name: hf-token}}}
  trainer: {resourcesPerNode: {limits: {nvidia.com/gpu: 2}}}
---
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: torch-distributed}
spec: {mlPolicy: {numNodes: 1, torch: {numProcPerNode: auto}}}
"####), @r####"
        [3] experiment "argo" kubernetes:default/kubeflow.org/Experiment/argo/argo
        [3] kubernetes:default/kubeflow.org/Experiment/argo/argo .type = "Experiment"
        [3] kubernetes:default/kubeflow.org/Experiment/argo/argo .namespace = "argo"
        [9] kubernetes:default/kubeflow.org/Experiment/argo/argo .service_account = "argo"
        [7] kubernetes:default/kubeflow.org/Experiment/argo/argo .trial_kind = "Workflow"
        [12] image "ghcr.io/kubeflow/katib/pytorch-mnist-cpu" image:ghcr.io/kubeflow/katib/pytorch-mnist-cpu
        [12] kubernetes:default/kubeflow.org/Experiment/argo/argo runs_image image:ghcr.io/kubeflow/katib/pytorch-mnist-cpu {container="model-training", tag="latest"}
        [12] kubernetes:default/kubeflow.org/Experiment/argo/argo .image = "ghcr.io/kubeflow/katib/pytorch-mnist-cpu:latest"
        [13] image "docker.io/library/python" image:docker.io/library/python
        [13] kubernetes:default/kubeflow.org/Experiment/argo/argo runs_image image:docker.io/library/python {tag="alpine3.6"}
        [13] kubernetes:default/kubeflow.org/Experiment/argo/argo .image = "docker.io/library/python:alpine3.6"
        [17] experiment "v2" kubernetes:default/kubeflow.org/Experiment/default/v2
        [17] kubernetes:default/kubeflow.org/Experiment/default/v2 .type = "Experiment"
        [21] kubernetes:default/kubeflow.org/Experiment/default/v2 .trial_kind = "TrainJob"
        [21] kubernetes:default/kubeflow.org/Experiment/default/v2 uses_template kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/torch-distributed
        [21] image "r.example/a" image:r.example/a
        [21] kubernetes:default/kubeflow.org/Experiment/default/v2 runs_image image:r.example/a {tag="3"}
        [21] kubernetes:default/kubeflow.org/Experiment/default/v2 .image = "r.example/a:3"
        [20] kubernetes:default/kubeflow.org/Experiment/default/v2 uses_template kubernetes:default/core/ConfigMap/kubeflow/trials
        [25] training_job "secret" kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret
        [25] kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret .type = "TrainJob"
        [27] kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret uses_template kubernetes:default/trainer.kubeflow.org/TrainingRuntime/default/torch-tune
        [29] kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret .gpus = 2
        [28] kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret depends_on kubernetes:default/core/Secret/default/hf-token
        [28] kubernetes:default/trainer.kubeflow.org/TrainJob/default/secret reads uri:hf://meta-llama/Llama-3.2-1B-Instruct
        [33] template "torch-distributed" kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/torch-distributed
        [33] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/torch-distributed .type = "ClusterTrainingRuntime"
        [34] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/torch-distributed .nodes = 1
        [34] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/torch-distributed .ml_policy = "torch"
        "####);
    }
}
