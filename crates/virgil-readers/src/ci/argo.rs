//! Argo Workflows (<https://argo-workflows.readthedocs.io/en/latest/fields/>): `Workflow`, `CronWorkflow`,
//! `WorkflowTemplate`, `ClusterWorkflowTemplate`; also what Kubeflow Pipelines compiles for Argo.
//!
//! A workflow is a pipeline. The tasks of its DAGs and steps are tasks, and so are templates that run a container
//! without being a task of a DAG, such as the exit handler. A task is `workflow#task`, with its template in front
//! (`workflow#template/task`) where several tasks of the workflow have its name. It runs the images of the template it
//! names; where that is a DAG itself, the tasks of that DAG are part of it.

use std::collections::{BTreeMap, HashMap};

use virgil_model::{Key, LineSpan, Predicate, Value};

use crate::ci::{task, task_key};
use crate::cluster::{Object, attributes, container_of, volume};
use crate::statements::Said;
use crate::tree::{Entry, Node};

/// A step waits for no more of the steps before it than are stated.
const MAX_BEFORE: usize = 20;
/// More templates than this are not looked at.
const MAX_TEMPLATES: usize = 2_000;
/// A template that is a DAG is part of no more tasks than this.
const MAX_CALLS: usize = 200;

/// Whether an object is one of Argo's workflows.
pub(crate) fn is_workflow(object: &Object<'_>) -> bool {
    object.group == "argoproj.io"
        && matches!(
            object.kind,
            "Workflow" | "CronWorkflow" | "WorkflowTemplate" | "ClusterWorkflowTemplate"
        )
}

/// States schedule, tasks and images of a workflow, and what submits one.
pub(crate) fn state(object: &Object<'_>, said: &mut Said) {
    match object.kind {
        "WorkflowEventBinding" => {
            if let Some(reference) = object.spec(&["submit", "workflowTemplateRef"]) {
                refer(object, &object.key, Predicate::Triggers, reference, said);
            }
        }
        _ if is_workflow(object) => workflow(object, said),
        _ => {}
    }
}

fn workflow(object: &Object<'_>, said: &mut Said) {
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
        refer(
            object,
            &object.key,
            Predicate::UsesTemplate,
            reference,
            said,
        );
    }
    for item in spec.get("volumes").map_or(&[][..], Node::items) {
        volume(item, &object.key, &object.place, said);
    }
    let templates = spec.get("templates").map_or(&[][..], Node::items);
    let workflow = Workflow::of(object, &templates[..templates.len().min(MAX_TEMPLATES)]);
    for template in workflow.templates.values() {
        for step in &template.steps {
            workflow.step(template, step, said);
        }
    }
    for template in workflow.templates.values() {
        if workflow.is_alone(template) {
            let named = template.node.entry("name");
            let lines = named.map_or(template.node.lines(), |entry| {
                LineSpan::new(entry.line, template.node.end.max(entry.line))
            });
            let key = task(&object.key, template.name, lines, said);
            workflow.runs(template.node, &key, said);
        }
    }
}

/// One template with the tasks of its DAG or its steps.
struct Template<'a> {
    name: &'a str,
    node: &'a Node<'a>,
    steps: Vec<Step<'a>>,
}

/// A task of a DAG, or a step.
struct Step<'a> {
    name: &'a str,
    node: &'a Node<'a>,
    /// The tasks it waits for, with the lines that say so.
    before: Vec<(&'a str, LineSpan)>,
}

struct Workflow<'o, 'a> {
    object: &'o Object<'a>,
    /// By name, in the order of names.
    templates: BTreeMap<&'a str, Template<'a>>,
    /// How many tasks have a name.
    named: HashMap<&'a str, usize>,
    /// The templates that tasks name.
    used: HashMap<&'a str, usize>,
}

impl<'o, 'a> Workflow<'o, 'a> {
    fn of(object: &'o Object<'a>, nodes: &'a [Node<'a>]) -> Workflow<'o, 'a> {
        let mut workflow = Workflow {
            object,
            templates: BTreeMap::new(),
            named: HashMap::new(),
            used: HashMap::new(),
        };
        for node in nodes {
            let Some(name) = node.text_at(&["name"]).filter(|name| !name.is_empty()) else {
                continue;
            };
            let template = || Template {
                name,
                node,
                steps: steps(node),
            };
            workflow.templates.entry(name).or_insert_with(template);
        }
        for step in workflow
            .templates
            .values()
            .flat_map(|template| &template.steps)
        {
            *workflow.named.entry(step.name).or_default() += 1;
            if let Some(used) = step.node.text_at(&["template"]) {
                *workflow.used.entry(used).or_default() += 1;
            }
        }
        for template in workflow.templates.values() {
            if workflow.is_alone(template) {
                *workflow.named.entry(template.name).or_default() += 1;
            }
        }
        workflow
    }

    /// Whether a template runs something although no task names it.
    fn is_alone(&self, template: &Template<'_>) -> bool {
        !self.used.contains_key(template.name) && containers(template.node).next().is_some()
    }

    /// The name of a task of a template inside the workflow.
    fn name_of(&self, template: &str, step: &str) -> String {
        match self.named.get(step) {
            Some(count) if *count > 1 => format!("{template}/{step}"),
            _ => step.to_owned(),
        }
    }

    fn step(&self, template: &Template<'a>, step: &Step<'a>, said: &mut Said) {
        let node = step.node;
        let named = node.entry("name").map_or(node.line, |entry| entry.line);
        let lines = LineSpan::new(named, node.end.max(named));
        let workflow = &self.object.key;
        let key = task(
            workflow,
            &self.name_of(template.name, step.name),
            lines,
            said,
        );
        for (before, lines) in &step.before {
            let before = task_key(workflow, &self.name_of(template.name, before));
            said.relation(*lines, &key, Predicate::DependsOn, &before);
        }
        if let Some(reference) = node.get("templateRef") {
            refer(self.object, &key, Predicate::UsesTemplate, reference, said);
        }
        if let Some(inline) = node.get("inline") {
            self.runs(inline, &key, said);
        }
        let called = node
            .entry("template")
            .and_then(|entry| Some((entry.lines(), self.templates.get(entry.node.text()?)?)));
        if let Some((lines, called)) = called {
            self.runs(called.node, &key, said);
            let calls = self.used.get(called.name).copied().unwrap_or_default();
            for inner in called.steps.iter().filter(|_| calls <= MAX_CALLS) {
                let inner = task_key(workflow, &self.name_of(called.name, inner.name));
                // A template may name itself.
                if inner != key {
                    said.relation(lines, &inner, Predicate::PartOf, &key);
                }
            }
        }
        parameters(node, &key, said);
    }

    /// States what the containers of a template run and need.
    fn runs(&self, template: &Node<'_>, key: &Key, said: &mut Said) {
        if containers(template).next().is_none() {
            return;
        }
        let place = &self.object.place;
        let beside = ["initContainers", "sidecars"]
            .into_iter()
            .filter_map(|field| template.get(field));
        for node in containers(template).chain(beside.flat_map(Node::items)) {
            container_of(node, key, place, said);
        }
        for item in template.get("volumes").map_or(&[][..], Node::items) {
            volume(item, key, place, said);
        }
    }
}

/// The containers that a template runs one after the other or together.
fn containers<'n, 'a>(template: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    let one = ["container", "script"]
        .into_iter()
        .filter_map(|field| template.get(field));
    let set = template.at(&["containerSet", "containers"]);
    one.chain(set.map_or(&[][..], Node::items))
}

/// The tasks of the DAG of a template, or its steps, which wait for the group of steps before.
fn steps<'a>(template: &'a Node<'a>) -> Vec<Step<'a>> {
    let mut all = Vec::new();
    for node in template.at(&["dag", "tasks"]).map_or(&[][..], Node::items) {
        let Some(name) = node.text_at(&["name"]) else {
            continue;
        };
        let mut before = Vec::new();
        for other in node.get("dependencies").map_or(&[][..], Node::items) {
            before.extend(other.text().map(|name| (name, other.lines())));
        }
        if let Some(depends) = node.entry("depends") {
            before.extend(depended(depends).map(|name| (name, depends.lines())));
        }
        all.push(Step { name, node, before });
    }
    let mut earlier: Vec<&str> = Vec::new();
    for group in template.get("steps").map_or(&[][..], Node::items) {
        let mut names = Vec::new();
        let group = group.get("steps").unwrap_or(group);
        for node in group.one_or_many() {
            let Some(name) = node.text_at(&["name"]) else {
                continue;
            };
            let before = earlier.iter().map(|earlier| (*earlier, node.lines()));
            let before = before.collect();
            all.push(Step { name, node, before });
            names.push(name);
        }
        names.truncate(MAX_BEFORE);
        earlier = names;
    }
    all
}

/// The task names of a condition such as `(a.Succeeded && !b.Failed) || c`.
fn depended<'a>(depends: &'a Entry<'_>) -> impl Iterator<Item = &'a str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    depends
        .node
        .text()
        .unwrap_or_default()
        .split(move |c| !is_word(c))
        .filter_map(|word| word.split('.').next().filter(|name| !name.is_empty()))
}

/// Arguments of a task keep their names, so that a script given as one can be found.
fn parameters(step: &Node<'_>, key: &Key, said: &mut Said) {
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

/// States an edge to the template of the cluster or namespace that a reference names.
fn refer(
    object: &Object<'_>,
    subject: &Key,
    predicate: Predicate,
    reference: &Node<'_>,
    said: &mut Said,
) {
    if let Some(name) = reference.text_at(&["name"]) {
        let kind = match reference.text_at(&["clusterScope"]) {
            Some("true") => "ClusterWorkflowTemplate",
            _ => "WorkflowTemplate",
        };
        let key = object.place.object("argoproj.io", kind, name);
        said.relation(reference.lines(), subject, predicate, &key);
    }
}

/// An application of Argo CD: the repository, folder and revision it deploys.
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
        [26] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot .image = "registry.example/python:3"
        [28] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot depends_on kubernetes:default/core/Secret/data-platform/shop-db {via="environment"}
        [20] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot .parameters = ["script=ingestion/shop.py"]
        [21-23] task "dbt-build" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build
        [21-23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build part_of kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build depends_on kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#snapshot
        [23] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build depends_on kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#other
        [30] image "registry.example/dbt" image:registry.example/dbt
        [30] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build runs_image image:registry.example/dbt {tag="2"}
        [30] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#dbt-build .image = "registry.example/dbt:2"
        [31-32] task "report" kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report
        [31-32] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report part_of kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly
        [32] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report runs_image image:registry.example/dbt {tag="2"}
        [32] kubernetes:default/argoproj.io/CronWorkflow/data-platform/nightly#report .image = "registry.example/dbt:2"
        "####);
    }

    #[test]
    fn steps_wait_for_the_group_before() {
        assert_snapshot!(check("w.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: hello-}\nspec:\n  templates:\n    - name: main\n      steps:\n        - - {name: a, template: t}\n        - - {name: b, templateRef: {name: shared, template: x}}\n    - name: t\n      container: {image: busybox}\n"), @r####"
        [3] pipeline "hello-*" manifest:./w.yaml#argoproj.io/Workflow/default/hello-*
        [3] manifest:./w.yaml#argoproj.io/Workflow/default/hello-* .type = "Workflow"
        [8] task "a" manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#a
        [8] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#a part_of manifest:./w.yaml#argoproj.io/Workflow/default/hello-*
        [11] image "docker.io/library/busybox" image:docker.io/library/busybox
        [11] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#a runs_image image:docker.io/library/busybox
        [11] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#a .image = "docker.io/library/busybox"
        [9] task "b" manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#b
        [9] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#b part_of manifest:./w.yaml#argoproj.io/Workflow/default/hello-*
        [9] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#b depends_on manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#a
        [9] manifest:./w.yaml#argoproj.io/Workflow/default/hello-*#b uses_template kubernetes:default/argoproj.io/WorkflowTemplate/default/shared
        "####);
    }

    #[test]
    fn tasks_of_one_name_are_told_apart_by_their_template() {
        assert_snapshot!(check("w.yaml", r####"apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: nested}
spec:
  templates:
    - name: outer
      dag:
        tasks:
          - {name: a, template: inner}
          - {name: b, dependencies: [a], inline: {script: {image: "r.example/b:1"}}}
    - name: inner
      steps:
        - - {name: a, template: leaf}
        - - {name: c, template: inner}
    - name: leaf
      containerSet:
        containers: [{image: "r.example/one:1"}, {image: "r.example/two:1"}]
      initContainers: [{image: "r.example/init:1"}]
      volumes: [{name: v, secret: {secretName: s}}]
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: {name: hook}
spec: {submit: {workflowTemplateRef: {name: nested}}}
"####), @r####"
        [3] pipeline "nested" kubernetes:default/argoproj.io/Workflow/default/nested
        [3] kubernetes:default/argoproj.io/Workflow/default/nested .type = "Workflow"
        [13] task "inner/a" kubernetes:default/argoproj.io/Workflow/default/nested#inner/a
        [13] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a part_of kubernetes:default/argoproj.io/Workflow/default/nested
        [17] image "r.example/one" image:r.example/one
        [17] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a runs_image image:r.example/one {tag="1"}
        [17] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a .image = "r.example/one:1"
        [17] image "r.example/two" image:r.example/two
        [17] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a runs_image image:r.example/two {tag="1"}
        [17] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a .image = "r.example/two:1"
        [18] image "r.example/init" image:r.example/init
        [18] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a runs_image image:r.example/init {tag="1"}
        [18] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a .image = "r.example/init:1"
        [19] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a depends_on kubernetes:default/core/Secret/default/s {via="volume"}
        [14] task "c" kubernetes:default/argoproj.io/Workflow/default/nested#c
        [14] kubernetes:default/argoproj.io/Workflow/default/nested#c part_of kubernetes:default/argoproj.io/Workflow/default/nested
        [14] kubernetes:default/argoproj.io/Workflow/default/nested#c depends_on kubernetes:default/argoproj.io/Workflow/default/nested#inner/a
        [14] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a part_of kubernetes:default/argoproj.io/Workflow/default/nested#c
        [9] task "outer/a" kubernetes:default/argoproj.io/Workflow/default/nested#outer/a
        [9] kubernetes:default/argoproj.io/Workflow/default/nested#outer/a part_of kubernetes:default/argoproj.io/Workflow/default/nested
        [9] kubernetes:default/argoproj.io/Workflow/default/nested#inner/a part_of kubernetes:default/argoproj.io/Workflow/default/nested#outer/a
        [9] kubernetes:default/argoproj.io/Workflow/default/nested#c part_of kubernetes:default/argoproj.io/Workflow/default/nested#outer/a
        [10] task "b" kubernetes:default/argoproj.io/Workflow/default/nested#b
        [10] kubernetes:default/argoproj.io/Workflow/default/nested#b part_of kubernetes:default/argoproj.io/Workflow/default/nested
        [10] kubernetes:default/argoproj.io/Workflow/default/nested#b depends_on kubernetes:default/argoproj.io/Workflow/default/nested#outer/a
        [10] image "r.example/b" image:r.example/b
        [10] kubernetes:default/argoproj.io/Workflow/default/nested#b runs_image image:r.example/b {tag="1"}
        [10] kubernetes:default/argoproj.io/Workflow/default/nested#b .image = "r.example/b:1"
        [23] resource "hook" kubernetes:default/argoproj.io/WorkflowEventBinding/default/hook
        [23] kubernetes:default/argoproj.io/WorkflowEventBinding/default/hook .type = "WorkflowEventBinding"
        [24] kubernetes:default/argoproj.io/WorkflowEventBinding/default/hook triggers kubernetes:default/argoproj.io/WorkflowTemplate/default/nested
        "####);
    }
}
