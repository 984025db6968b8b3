//! Training on Kubernetes: Kubeflow Trainer (`TrainJob`), the jobs of the older training operator, Katib.
//!
//! Specifications: `kubeflow/trainer: pkg/apis/trainer/v1alpha1`, `kubeflow/training-operator: pkg/apis`,
//! `kubeflow/katib: pkg/apis/controller/experiments/v1beta1`. Images come from the pods of the object.

use virgil_model::{Attributes, Predicate, Value};

use crate::cluster::manifest::attributes;
use crate::cluster::{Object, pods, uri_key};
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
    if let Some(runtime) = object.spec(&["runtimeRef"])
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
    if let Some(image) = object
        .spec(&["trainer"])
        .and_then(|trainer| trainer.entry("image"))
    {
        pods::run(image, &object.key, Attributes::new(), said);
    }
    for what in ["dataset", "model"] {
        let Some(uri) = object
            .spec(&["initializer", what])
            .and_then(|node| node.entry("storageUri"))
        else {
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
        [9] kubernetes:default/trainer.kubeflow.org/TrainJob/ml-growth/trial trained_on uri:s3://bottega-lake/training/recs/2026-08-31
        [16] template "bottega-torch" kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .type = "ClusterTrainingRuntime"
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .framework = "torch"
        [16] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch .labels = ["trainer.kubeflow.org/framework=torch"]
        [18] image "ghcr.io/kubeflow/trainer" image:ghcr.io/kubeflow/trainer
        [18] kubernetes:default/trainer.kubeflow.org/ClusterTrainingRuntime/default/bottega-torch runs_image image:ghcr.io/kubeflow/trainer {container="node", tag="v2"}
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
        [8] kubernetes:default/kubeflow.org/PyTorchJob/default/train .gpus = 1
        [3] kubernetes:default/kubeflow.org/PyTorchJob/default/train .framework = "pytorch"
        [5-9] kubernetes:default/kubeflow.org/PyTorchJob/default/train .replicas = ["Master=1","Worker=1"]
        [13] experiment "hpo" kubernetes:default/kubeflow.org/Experiment/default/hpo
        [13] kubernetes:default/kubeflow.org/Experiment/default/hpo .type = "Experiment"
        [18] kubernetes:default/kubeflow.org/Experiment/default/hpo runs_image image:r.example/a {tag="2"}
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .objective = "loss"
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .objective_type = "minimize"
        [15] kubernetes:default/kubeflow.org/Experiment/default/hpo .goal = 0.21
        [16] kubernetes:default/kubeflow.org/Experiment/default/hpo .algorithm = "random"
        [18] kubernetes:default/kubeflow.org/Experiment/default/hpo .trial_kind = "PyTorchJob"
        [17] kubernetes:default/kubeflow.org/Experiment/default/hpo .parameters = ["lr","dim"]
        "####);
    }
}
