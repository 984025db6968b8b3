//! Tekton (<https://tekton.dev/docs/pipelines/pipelines/>): pipelines, tasks, runs and triggers.
//!
//! A pipeline's tasks are `pipeline#task`; a task that stands alone is an object of its own. Order comes from
//! `runAfter`, from resources of other tasks (`from`) and from results that are used, `$(tasks.x.results.y)`.

use virgil_model::{Attributes, Key, LineSpan, Predicate, Target, Value};

use crate::ci::{task, task_key};
use crate::cluster::{Object, container_of, volume};
use crate::statements::Said;
use crate::tree::{Node, Value as Tree};

/// States tasks, images and triggers of an object of Tekton.
pub(crate) fn state(object: &Object<'_>, said: &mut Said) {
    let Some(spec) = object.node.get("spec") else {
        return;
    };
    match object.kind {
        "Pipeline" => pipeline(object, spec, said),
        "Task" | "ClusterTask" => steps(object, &object.key, spec, said),
        "StepAction" => container_of(spec, &object.key, &object.place, said),
        "Condition" => {
            if let Some(check) = spec.get("check") {
                container_of(check, &object.key, &object.place, said);
            }
        }
        "PipelineRun" | "TaskRun" => {
            for (field, inline) in [("pipelineRef", "pipelineSpec"), ("taskRef", "taskSpec")] {
                if let Some(reference) = spec.get(field) {
                    refer(
                        object,
                        &object.key,
                        reference,
                        field,
                        Predicate::DependsOn,
                        said,
                    );
                }
                match (inline, spec.get(inline)) {
                    ("pipelineSpec", Some(node)) => pipeline(object, node, said),
                    (_, Some(node)) => steps(object, &object.key, node, said),
                    _ => {}
                }
            }
            for workspace in spec.get("workspaces").map_or(&[][..], Node::items) {
                volume(workspace, &object.key, &object.place, said);
            }
        }
        "TriggerTemplate" => {
            for template in spec.get("resourcetemplates").map_or(&[][..], Node::items) {
                for field in ["pipelineRef", "taskRef"] {
                    if let Some(reference) = template.at(&["spec", field]) {
                        let triggers = Predicate::Triggers;
                        refer(object, &object.key, reference, field, triggers, said);
                    }
                }
            }
        }
        "EventListener" => {
            for trigger in spec.get("triggers").map_or(&[][..], Node::items) {
                let name = trigger
                    .get("template")
                    .and_then(|node| node.entry("ref").or_else(|| node.entry("name")));
                if let Some(entry) = name
                    && let Some(name) = entry.node.text()
                {
                    let key = object
                        .place
                        .object("triggers.tekton.dev", "TriggerTemplate", name);
                    said.relation(entry.lines(), &object.key, Predicate::Triggers, &key);
                }
            }
        }
        _ => {}
    }
}

fn pipeline(object: &Object<'_>, spec: &Node<'_>, said: &mut Said) {
    for field in ["tasks", "finally"] {
        for node in spec.get(field).map_or(&[][..], Node::items) {
            let Some(name) = node.text_at(&["name"]) else {
                continue;
            };
            let key = task(&object.key, name, node.lines(), said);
            for field in ["taskRef", "pipelineRef"] {
                if let Some(reference) = node.get(field) {
                    let uses = Predicate::UsesTemplate;
                    refer(object, &key, reference, field, uses, said);
                }
            }
            if let Some(inline) = node.get("taskSpec") {
                steps(object, &key, inline, said);
            }
            let inputs = node.at(&["resources", "inputs"]);
            let from = inputs
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|input| input.get("from"));
            for after in node
                .get("runAfter")
                .into_iter()
                .chain(from)
                .flat_map(Node::items)
            {
                if let Some(name) = after.text() {
                    let before = task_key(&object.key, name);
                    said.relation(after.lines(), &key, Predicate::DependsOn, &before);
                }
            }
            results(node, &object.key, &key, said);
        }
    }
}

/// Tasks whose results a task uses.
fn results(node: &Node<'_>, pipeline: &Key, key: &Key, said: &mut Said) {
    match &node.value {
        Tree::Text(text) | Tree::Plain(text) => {
            for (at, found) in text.match_indices("$(tasks.") {
                let Some((name, rest)) = text[at + found.len()..].split_once('.') else {
                    continue;
                };
                // `$(tasks.x.status)` waits for nothing.
                let is_result = rest.starts_with("results.") || rest.starts_with("results[");
                if is_result && !name.is_empty() && name.len() <= 100 {
                    let before = task_key(pipeline, name);
                    said.relation(node.lines(), key, Predicate::DependsOn, &before);
                }
            }
        }
        Tree::List(items) => items
            .iter()
            .for_each(|item| results(item, pipeline, key, said)),
        Tree::Map(entries) => entries
            .iter()
            .for_each(|entry| results(&entry.node, pipeline, key, said)),
    }
}

fn steps(object: &Object<'_>, key: &Key, spec: &Node<'_>, said: &mut Said) {
    for field in ["steps", "sidecars"] {
        for step in spec.get(field).map_or(&[][..], Node::items) {
            container_of(step, key, &object.place, said);
            if let Some(action) = step.get("ref") {
                refer(object, key, action, "ref", Predicate::UsesTemplate, said);
            }
        }
    }
    if let Some(template) = spec.get("stepTemplate") {
        container_of(template, key, &object.place, said);
    }
    for item in spec.get("volumes").map_or(&[][..], Node::items) {
        volume(item, key, &object.place, said);
    }
}

fn refer(
    object: &Object<'_>,
    subject: &Key,
    reference: &Node<'_>,
    field: &str,
    predicate: Predicate,
    said: &mut Said,
) {
    // A resolver fetches what it names from elsewhere.
    let Some(name) = reference
        .text_at(&["name"])
        .filter(|name| !name.contains('$'))
    else {
        return;
    };
    let kind = match field {
        "pipelineRef" => "Pipeline",
        "ref" => "StepAction",
        _ => reference.text_at(&["kind"]).unwrap_or("Task"),
    };
    // Custom tasks have a group of their own.
    let group = reference
        .text_at(&["apiVersion"])
        .and_then(|version| version.split_once('/'))
        .map_or("tekton.dev", |(group, _)| group);
    let target = Target::Key(object.place.object(group, kind, name));
    let line = reference
        .entry("name")
        .map_or(reference.line, |entry| entry.line);
    let bundle = reference.text_at(&["bundle"]);
    let attributes: Attributes = bundle
        .map(|bundle| ("bundle".to_owned(), Value::Text(bundle.to_owned())))
        .into_iter()
        .collect();
    said.relation_with(LineSpan::line(line), subject, predicate, target, attributes);
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn a_pipeline_orders_its_tasks() {
        assert_snapshot!(check("ci/build.yaml", r####"apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: build}
spec:
  tasks:
    - name: clone
      taskRef: {name: git-clone}
    - name: image
      runAfter: [clone]
      params: [{name: sha, value: "$(tasks.clone.results.commit)"}]
      taskSpec:
        steps:
          - {name: kaniko, image: "gcr.io/kaniko-project/executor:v1.9.0"}
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: git-clone}
spec: {steps: [{image: "alpine/git:2"}]}
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {generateName: build-}
spec: {pipelineRef: {name: build}}
---
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: hook}
spec: {triggers: [{template: {ref: run-build}}]}
"####), @r####"
        [3] pipeline "build" kubernetes:default/tekton.dev/Pipeline/default/build
        [3] kubernetes:default/tekton.dev/Pipeline/default/build .type = "Pipeline"
        [6-7] task "clone" kubernetes:default/tekton.dev/Pipeline/default/build#clone
        [6-7] kubernetes:default/tekton.dev/Pipeline/default/build#clone part_of kubernetes:default/tekton.dev/Pipeline/default/build
        [7] kubernetes:default/tekton.dev/Pipeline/default/build#clone uses_template kubernetes:default/tekton.dev/Task/default/git-clone
        [8-13] task "image" kubernetes:default/tekton.dev/Pipeline/default/build#image
        [8-13] kubernetes:default/tekton.dev/Pipeline/default/build#image part_of kubernetes:default/tekton.dev/Pipeline/default/build
        [13] image "gcr.io/kaniko-project/executor" image:gcr.io/kaniko-project/executor
        [13] kubernetes:default/tekton.dev/Pipeline/default/build#image runs_image image:gcr.io/kaniko-project/executor {container="kaniko", tag="v1.9.0"}
        [13] kubernetes:default/tekton.dev/Pipeline/default/build#image .image = "gcr.io/kaniko-project/executor:v1.9.0"
        [9] kubernetes:default/tekton.dev/Pipeline/default/build#image depends_on kubernetes:default/tekton.dev/Pipeline/default/build#clone
        [17] task "git-clone" kubernetes:default/tekton.dev/Task/default/git-clone
        [17] kubernetes:default/tekton.dev/Task/default/git-clone .type = "Task"
        [18] image "docker.io/alpine/git" image:docker.io/alpine/git
        [18] kubernetes:default/tekton.dev/Task/default/git-clone runs_image image:docker.io/alpine/git {tag="2"}
        [18] kubernetes:default/tekton.dev/Task/default/git-clone .image = "docker.io/alpine/git:2"
        [22] pipeline "build-*" manifest:./ci/build.yaml#tekton.dev/PipelineRun/default/build-*
        [22] manifest:./ci/build.yaml#tekton.dev/PipelineRun/default/build-* .type = "PipelineRun"
        [23] manifest:./ci/build.yaml#tekton.dev/PipelineRun/default/build-* depends_on kubernetes:default/tekton.dev/Pipeline/default/build
        [27] resource "hook" kubernetes:default/triggers.tekton.dev/EventListener/default/hook
        [27] kubernetes:default/triggers.tekton.dev/EventListener/default/hook .type = "EventListener"
        [28] kubernetes:default/triggers.tekton.dev/EventListener/default/hook triggers kubernetes:default/triggers.tekton.dev/TriggerTemplate/default/run-build
        "####);
    }

    #[test]
    fn tasks_use_actions_volumes_and_each_other() {
        assert_snapshot!(check("ci/all.yaml", r####"apiVersion: tekton.dev/v1beta1
kind: Pipeline
metadata: {name: release}
spec:
  tasks:
    - name: build
      taskRef: {apiVersion: example.dev/v0, kind: Builder, name: fast}
    - name: push
      resources: {inputs: [{name: image, resource: image, from: [build]}]}
      params: [{name: state, value: "$(tasks.build.status)"}]
      pipelineRef: {name: push-all}
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: scan}
spec:
  stepTemplate: {image: "r.example/base:1", envFrom: [{secretRef: {name: login}}]}
  steps: [{name: a, ref: {name: clone}}]
  volumes: [{name: certificates, configMap: {name: ca}}]
---
apiVersion: tekton.dev/v1beta1
kind: StepAction
metadata: {name: clone}
spec: {image: "r.example/git:2"}
---
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: scan-now}
spec:
  taskRef: {name: scan}
  workspaces: [{name: w, persistentVolumeClaim: {claimName: disk}}, {name: e, emptyDir: {}}]
"####), @r####"
        [3] pipeline "release" kubernetes:default/tekton.dev/Pipeline/default/release
        [3] kubernetes:default/tekton.dev/Pipeline/default/release .type = "Pipeline"
        [6-7] task "build" kubernetes:default/tekton.dev/Pipeline/default/release#build
        [6-7] kubernetes:default/tekton.dev/Pipeline/default/release#build part_of kubernetes:default/tekton.dev/Pipeline/default/release
        [7] kubernetes:default/tekton.dev/Pipeline/default/release#build uses_template kubernetes:default/example.dev/Builder/default/fast
        [8-11] task "push" kubernetes:default/tekton.dev/Pipeline/default/release#push
        [8-11] kubernetes:default/tekton.dev/Pipeline/default/release#push part_of kubernetes:default/tekton.dev/Pipeline/default/release
        [11] kubernetes:default/tekton.dev/Pipeline/default/release#push uses_template kubernetes:default/tekton.dev/Pipeline/default/push-all
        [9] kubernetes:default/tekton.dev/Pipeline/default/release#push depends_on kubernetes:default/tekton.dev/Pipeline/default/release#build
        [15] task "scan" kubernetes:default/tekton.dev/Task/default/scan
        [15] kubernetes:default/tekton.dev/Task/default/scan .type = "Task"
        [18] kubernetes:default/tekton.dev/Task/default/scan uses_template kubernetes:default/tekton.dev/StepAction/default/clone
        [17] image "r.example/base" image:r.example/base
        [17] kubernetes:default/tekton.dev/Task/default/scan runs_image image:r.example/base {tag="1"}
        [17] kubernetes:default/tekton.dev/Task/default/scan .image = "r.example/base:1"
        [17] kubernetes:default/tekton.dev/Task/default/scan depends_on kubernetes:default/core/Secret/default/login {via="environment"}
        [19] kubernetes:default/tekton.dev/Task/default/scan depends_on kubernetes:default/core/ConfigMap/default/ca {via="volume"}
        [23] resource "clone" kubernetes:default/tekton.dev/StepAction/default/clone
        [23] kubernetes:default/tekton.dev/StepAction/default/clone .type = "StepAction"
        [24] image "r.example/git" image:r.example/git
        [24] kubernetes:default/tekton.dev/StepAction/default/clone runs_image image:r.example/git {tag="2"}
        [24] kubernetes:default/tekton.dev/StepAction/default/clone .image = "r.example/git:2"
        [28] task "scan-now" kubernetes:default/tekton.dev/TaskRun/default/scan-now
        [28] kubernetes:default/tekton.dev/TaskRun/default/scan-now .type = "TaskRun"
        [30] kubernetes:default/tekton.dev/TaskRun/default/scan-now depends_on kubernetes:default/tekton.dev/Task/default/scan
        [31] kubernetes:default/tekton.dev/TaskRun/default/scan-now depends_on kubernetes:default/core/PersistentVolumeClaim/default/disk {via="volume"}
        "####);
    }
}
