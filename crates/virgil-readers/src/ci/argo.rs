//! Argo Workflows (<https://argo-workflows.readthedocs.io/en/latest/fields/>): `Workflow`, `CronWorkflow`,
//! `WorkflowTemplate`, `ClusterWorkflowTemplate`; also what Kubeflow Pipelines compiles for Argo.
//!
//! A workflow is a pipeline. The tasks of its DAGs and steps are tasks, and so are templates that run a container
//! without being a task of a DAG, such as the exit handler. A task runs the image of its template.

use std::collections::BTreeSet;

use virgil_model::{Attributes, Key, LineSpan, Predicate, Value};

use crate::ci::{task, task_key};
use crate::cluster::{Object, attributes, container_of, run_image, volume};
use crate::statements::Said;
use crate::tree::{Entry, Node};

/// A step waits for no more of the steps before it than are stated.
const MAX_BEFORE: usize = 20;
/// More templates than this are not looked at.
const MAX_TEMPLATES: usize = 2_000;

/// Whether an object is one of Argo's workflows.
pub(crate) fn is_workflow(object: &Object<'_>) -> bool {
    object.group == "argoproj.io"
        && matches!(
            object.kind,
            "Workflow" | "CronWorkflow" | "WorkflowTemplate" | "ClusterWorkflowTemplate"
        )
}

/// States schedule, tasks and images of a workflow, or what an Argo CD application deploys.
pub(crate) fn state(object: &Object<'_>, said: &mut Said) {
    if object.kind == "Application" {
        application(object, said);
    }
    if !is_workflow(object) {
        return;
    }
    attributes(
        object,
        &[
            ("schedule", &["schedules"]),
            ("schedule", &["schedule"]),
            ("timezone", &["timezone"]),
            ("suspended", &["suspend"]),
            ("concurrency_policy", &["concurrencyPolicy"]),
        ],
        said,
    );
    let spec = object.spec(&["workflowSpec"]).or(object.node.get("spec"));
    let Some(spec) = spec else {
        return;
    };
    if let Some(reference) = spec.get("workflowTemplateRef") {
        uses_template(object, &object.key, reference, said);
    }
    for item in spec.get("volumes").map_or(&[][..], Node::items) {
        volume(item, &object.key, &object.place, said);
    }
    let templates = spec.get("templates").map_or(&[][..], Node::items);
    let templates = &templates[..templates.len().min(MAX_TEMPLATES)];
    let mut used = BTreeSet::new();
    for template in templates {
        let tasks = template.at(&["dag", "tasks"]).map_or(&[][..], Node::items);
        let steps = template.get("steps").map_or(&[][..], Node::items);
        for step in tasks {
            one(object, templates, step, &mut used, said);
        }
        let mut before: Vec<&str> = Vec::new();
        for group in steps {
            let mut names = Vec::new();
            for step in group.one_or_many() {
                let key = one(object, templates, step, &mut used, said);
                if let Some(key) = &key {
                    for name in &before {
                        let other = task_key(&object.key, name);
                        said.relation(step.lines(), key, Predicate::DependsOn, &other);
                    }
                }
                names.extend(step.text_at(&["name"]));
            }
            names.truncate(MAX_BEFORE);
            before = names;
        }
    }
    for template in templates {
        let name = template.text_at(&["name"]).unwrap_or_default();
        let runs = ["container", "script"]
            .iter()
            .find_map(|field| template.get(field));
        if let Some(node) = runs.filter(|_| !used.contains(name) && !name.is_empty()) {
            let key = task(&object.key, name, node.lines(), said);
            container_of(node, &key, &object.place, said);
        }
        let sets = template.at(&["containerSet", "containers"]);
        for entry in sets
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|node| node.entry("image"))
        {
            run_image(entry, &object.key, Attributes::new(), said);
        }
    }
}

/// States one task of a DAG or one step; `None` when it has no name.
fn one<'a>(
    object: &Object<'_>,
    templates: &'a [Node<'a>],
    step: &'a Node<'a>,
    used: &mut BTreeSet<&'a str>,
    said: &mut Said,
) -> Option<Key> {
    let name = step.text_at(&["name"])?;
    let named = step.entry("name").map_or(step.line, |entry| entry.line);
    let key = task(
        &object.key,
        name,
        LineSpan::new(named, step.end.max(named)),
        said,
    );
    if let Some(template) = step.text_at(&["template"]) {
        used.insert(template);
        let template = templates
            .iter()
            .find(|node| node.text_at(&["name"]) == Some(template));
        if let Some(template) = template {
            for field in ["container", "script"] {
                if let Some(node) = template.get(field) {
                    container_of(node, &key, &object.place, said);
                }
            }
        }
    }
    if let Some(reference) = step.get("templateRef") {
        uses_template(object, &key, reference, said);
    }
    for other in step.get("dependencies").map_or(&[][..], Node::items) {
        if let Some(name) = other.text() {
            let before = task_key(&object.key, name);
            said.relation(other.lines(), &key, Predicate::DependsOn, &before);
        }
    }
    if let Some(depends) = step.entry("depends") {
        for name in depended(depends) {
            let before = task_key(&object.key, name);
            said.relation(depends.lines(), &key, Predicate::DependsOn, &before);
        }
    }
    scripts(step, &key, said);
    Some(key)
}

/// The task names of a condition such as `(a.Succeeded && !b.Failed) || c`.
fn depended<'a>(depends: &'a Entry<'_>) -> Vec<&'a str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    depends
        .node
        .text()
        .unwrap_or_default()
        .split(|c| !is_word(c))
        .filter_map(|word| word.split('.').next().filter(|name| !name.is_empty()))
        .collect()
}

/// Arguments of a task keep their names, so that a script given as one can be found.
fn scripts(step: &Node<'_>, key: &Key, said: &mut Said) {
    let Some(parameters) = step.at(&["arguments", "parameters"]) else {
        return;
    };
    let argument = |node: &Node<'_>| {
        let (name, value) = (node.text_at(&["name"])?, node.text_at(&["value"])?);
        let is_short = value.len() <= 200 && !value.contains("{{");
        is_short.then(|| Value::Text(format!("{name}={value}")))
    };
    let values = parameters.items().iter().filter_map(argument).collect();
    said.attribute(parameters.lines(), key, "parameters", Value::List(values));
}

fn uses_template(object: &Object<'_>, subject: &Key, reference: &Node<'_>, said: &mut Said) {
    if let Some(name) = reference.text_at(&["name"]) {
        let kind = match reference.text_at(&["clusterScope"]) {
            Some("true") => "ClusterWorkflowTemplate",
            _ => "WorkflowTemplate",
        };
        let key = object.place.object("argoproj.io", kind, name);
        said.relation(reference.lines(), subject, Predicate::UsesTemplate, &key);
    }
}

/// An application of Argo CD: the repository, folder and revision it deploys.
fn application(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            ("path", &["source", "path"]),
            ("revision", &["source", "targetRevision"]),
            ("destination", &["destination", "namespace"]),
        ],
        said,
    );
    let source = object
        .spec(&["source"])
        .and_then(|source| source.entry("repoURL"));
    if let Some(entry) = source
        && let Some(key) = entry.node.text().and_then(crate::keys::repository)
    {
        said.relation(entry.lines(), &object.key, Predicate::DependsOn, &key);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_cron_workflow_has_tasks_that_wait() {
        assert_snapshot!(check("workflows/nightly.yaml", r####"apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly, namespace: data-platform}
spec:
  schedules:
    - "0 2 * * *"
  timezone: Europe/Rome
  workflowSpec:
    entrypoint: night
    onExit: report
    volumes:
      - name: warehouse
        persistentVolumeClaim: {claimName: warehouse}
    templates:
      - name: night
        dag:
          tasks:
            - name: snapshot
              template: python
              arguments: {parameters: [{name: script, value: ingestion/shop.py}]}
            - name: dbt-build
              template: dbt
              depends: "snapshot.Succeeded && !other"
      - name: python
        container:
          image: registry.example/python:3
          command: [python, "{{inputs.parameters.script}}"]
          envFrom: [{secretRef: {name: shop-db}}]
      - name: dbt
        container: {image: registry.example/dbt:2}
      - name: report
        script: {image: registry.example/dbt:2}
"####), @r####"
        [3] pipeline "nightly" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [3] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly .type = "CronWorkflow"
        [3] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly .namespace = "data-platform"
        [5-6] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly .schedule = ["0 2 * * *"]
        [7] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly .timezone = "Europe/Rome"
        [13] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly depends_on kubernetes:default/core/PersistentVolumeClaim/data-platform/warehouse {via="volume"}
        [18-20] task "snapshot" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot
        [18-20] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot part_of kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [26] image "registry.example/python" image:registry.example/python
        [26] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot runs_image image:registry.example/python {tag="3"}
        [28] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot depends_on kubernetes:default/core/Secret/data-platform/shop-db {via="environment"}
        [20] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot .parameters = ["script=ingestion/shop.py"]
        [21-23] task "dbt-build" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build
        [21-23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build part_of kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [30] image "registry.example/dbt" image:registry.example/dbt
        [30] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build runs_image image:registry.example/dbt {tag="2"}
        [23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build depends_on kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot
        [23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build depends_on kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#other
        [32] task "report" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report
        [32] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report part_of kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [32] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report runs_image image:registry.example/dbt {tag="2"}
        "####);
    }

    #[test]
    fn steps_wait_for_the_group_before() {
        assert_snapshot!(check("w.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: hello-}\nspec:\n  templates:\n    - name: main\n      steps:\n        - - {name: a, template: t}\n        - - {name: b, templateRef: {name: shared, template: x}}\n    - name: t\n      container: {image: busybox}\n"), @r####"
        [3] pipeline "hello-*" kubernetes:default/argoproj.io/Workflow/default/hello-*
        [3] kubernetes:default/argoproj.io/Workflow/default/hello-* .type = "Workflow"
        [8] task "a" kubernetes:default/argoproj.io/Workflow/default/hello-*#a
        [8] kubernetes:default/argoproj.io/Workflow/default/hello-*#a part_of kubernetes:default/argoproj.io/Workflow/default/hello-*
        [11] image "docker.io/library/busybox" image:docker.io/library/busybox
        [11] kubernetes:default/argoproj.io/Workflow/default/hello-*#a runs_image image:docker.io/library/busybox
        [9] task "b" kubernetes:default/argoproj.io/Workflow/default/hello-*#b
        [9] kubernetes:default/argoproj.io/Workflow/default/hello-*#b part_of kubernetes:default/argoproj.io/Workflow/default/hello-*
        [9] kubernetes:default/argoproj.io/Workflow/default/hello-*#b uses_template kubernetes:default/argoproj.io/WorkflowTemplate/default/shared
        [9] kubernetes:default/argoproj.io/Workflow/default/hello-*#b depends_on kubernetes:default/argoproj.io/Workflow/default/hello-*#a
        "####);
    }
}
