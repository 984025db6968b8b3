//! Objects of Kubeflow that are neither training nor serving: `PodDefault` and `ScheduledWorkflow`.

use virgil_model::{Labelled, Predicate, Target, Value};

use crate::cluster::manifest::{self, attributes};
use crate::cluster::{Object, owners, pods};
use crate::statements::Said;
use crate::tree::Node;

/// A `PodDefault` changes the pods that its labels select: what carries the labels, such as a notebook, uses it.
pub(crate) fn pod_default(object: &Object<'_>, said: &mut Said) {
    attributes(object, &[("description", &["desc"])], said);
    if let Some(selector) = object.spec(&["selector"]) {
        let namespace = manifest::namespace(object);
        let predicate = Predicate::UsesTemplate;
        manifest::select(
            &object.key,
            predicate,
            &namespace,
            Labelled::Objects,
            selector,
            said,
        );
    }
    if let Some(labels) = object.spec(&["selector", "matchLabels"]) {
        said.attribute(
            labels.lines(),
            &object.key,
            "selector",
            owners::pairs(labels),
        );
    }
    let Some(spec) = object.node.get("spec") else {
        return;
    };
    // The fields of a container stand in the specification itself; those of pods were found there already.
    pods::container(spec, &object.key, &object.place, said);
}

/// A recurring run of Kubeflow Pipelines. Its cron has six fields, the first of which is seconds.
pub(crate) fn scheduled_workflow(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            ("schedule", &["trigger", "cronSchedule", "cron"]),
            (
                "interval_seconds",
                &["trigger", "periodicSchedule", "intervalSecond"],
            ),
            ("enabled", &["enabled"]),
            ("max_concurrency", &["maxConcurrency"]),
        ],
        said,
    );
    if let Some(parameters) = object.spec(&["workflow", "parameters"]) {
        let parameter = |node: &Node<'_>| {
            let (name, value) = (node.text_at(&["name"])?, node.text_at(&["value"])?);
            Some(Value::Text(format!("{name}={value}")))
        };
        let values = parameters.items().iter().filter_map(parameter).collect();
        said.attribute(
            parameters.lines(),
            &object.key,
            "parameters",
            Value::List(values),
        );
    }
    let (pipeline, lines, by) = match object
        .node
        .get("spec")
        .and_then(|spec| spec.entry("pipelineName"))
    {
        Some(entry) => (entry.node.text().unwrap_or_default(), entry.lines(), None),
        // Written by hand without a pipeline, it is the schedule of the pipeline of its name.
        None if object.spec(&["pipelineId"]).is_none()
            && object.spec(&["workflow", "spec"]).is_none() =>
        {
            (object.name.as_str(), object.line(), Some("name"))
        }
        None => return,
    };
    // The API writes `namespaces/x/pipelines/name`.
    let pipeline = pipeline.rsplit('/').next().unwrap_or(pipeline);
    if !pipeline.is_empty() {
        let by = by.map(|by| ("by".to_owned(), Value::Text(by.to_owned())));
        let pipeline = Target::Key(crate::ci::kfp::key(pipeline));
        let attributes = by.into_iter().collect();
        said.relation_with(
            lines,
            &object.key,
            Predicate::Triggers,
            pipeline,
            attributes,
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_recurring_run_triggers_a_pipeline() {
        assert_snapshot!(check("clusters/prod-eu/runs.yaml", r####"apiVersion: kubeflow.org/v1beta1
kind: ScheduledWorkflow
metadata:
  name: churn-training
  namespace: ml-growth
  annotations: {handbook/runbook: "https://handbook.example/run/"}
spec:
  enabled: true
  trigger:
    cronSchedule: {cron: "0 0 4 * * 1"}
  workflow:
    parameters:
      - {name: mart, value: '"warehouse.marts.customer_360"'}
---
apiVersion: kubeflow.org/v1
kind: PodDefault
metadata: {name: gpu}
spec:
  desc: GPU
  selector: {matchLabels: {gpu: "true"}}
  envFrom: [{secretRef: {name: token}}]
"####), @r####"
        [4] resource "churn-training" kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training
        [4] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .type = "ScheduledWorkflow"
        [4] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .cluster = "prod-eu"
        [5] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .namespace = "ml-growth"
        [6] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training documented_by uri:https://handbook.example/run
        [10] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .schedule = "0 0 4 * * 1"
        [8] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .enabled = true
        [13] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training .parameters = ["mart=\"warehouse.marts.customer_360\""]
        [4] kubernetes:prod-eu/kubeflow.org/ScheduledWorkflow/ml-growth/churn-training triggers pipeline:kfp/churn-training {by="name"}
        [17] resource "gpu" kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu
        [17] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu .type = "PodDefault"
        [17] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu .cluster = "prod-eu"
        [21] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu depends_on kubernetes:prod-eu/core/Secret/default/token {via="environment"}
        [19] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu .description = "GPU"
        [20] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu uses_template Labels { namespace: "prod-eu/default", labels: {"gpu": "true"}, on: Objects }
        [20] kubernetes:prod-eu/kubeflow.org/PodDefault/default/gpu .selector = ["gpu=true"]
        "####);
    }
}
