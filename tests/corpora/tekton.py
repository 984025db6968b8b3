"""Tekton (tektoncd/pipeline: pkg/apis/pipeline/v1) and its triggers. Edges:

* task part_of pipeline (or of the PipelineRun that writes it in place): `tasks` and `finally`, as `pipeline#task`.
* task uses_template Task, ClusterTask or custom task: `taskRef`; or Pipeline: `pipelineRef`. What a resolver fetches is not here.
* task depends_on task: `runAfter`, `from` of resources, and every `$(tasks.x.results.y)` in it.
* Task, TaskRun or task with a `taskSpec` runs_image image and depends_on Secret and so on: steps, sidecars, the step template,
  volumes; uses_template StepAction: `ref` of a step. StepAction, and the check of a Condition, run_image too.
* TaskRun and PipelineRun depends_on Task or Pipeline (`taskRef`, `pipelineRef`), and on the claims, Secrets and ConfigMaps of
  their workspaces.
* TriggerTemplate triggers Pipeline or Task: those of the runs it makes; EventListener triggers TriggerTemplate.

An image or name that holds a parameter (`$(params.x)`) is no edge.
"""

import re

import kubernetes
import names
from tree import Map, Text, entries, get, items, line_of, string

RESULT = re.compile(r"\$\(tasks\.([^.()]{1,100})\.results[.\[]")


def state(thing, edges):
    if thing.group not in ("tekton.dev", "triggers.tekton.dev"):
        return
    kind = thing.kind
    if kind == "Pipeline":
        pipeline(thing, edges, thing.spec())
    elif kind in ("Task", "ClusterTask"):
        steps(thing, edges, thing.ref, thing.spec())
    elif kind == "StepAction":
        kubernetes.container(edges, thing, thing.ref, thing.spec())
    elif kind == "Condition":
        kubernetes.container(edges, thing, thing.ref, thing.spec("check"))
    elif kind in ("PipelineRun", "TaskRun"):
        refer(thing, edges, thing.ref, "depends_on", thing.spec(), "pipelineRef")
        refer(thing, edges, thing.ref, "depends_on", thing.spec(), "taskRef")
        pipeline(thing, edges, thing.spec("pipelineSpec"))
        steps(thing, edges, thing.ref, thing.spec("taskSpec"))
        for workspace in items(thing.node, "spec", "workspaces"):
            kubernetes.volume(edges, thing, thing.ref, workspace)
    elif kind == "TriggerTemplate":
        for template in items(thing.node, "spec", "resourcetemplates"):
            refer(thing, edges, thing.ref, "triggers", get(template, "spec"), "pipelineRef")
            refer(thing, edges, thing.ref, "triggers", get(template, "spec"), "taskRef")
    elif kind == "EventListener":
        for trigger in items(thing.node, "spec", "triggers"):
            for field in ("ref", "name"):
                name = string(trigger, "template", field)
                if name:
                    other = thing.of("triggers.tekton.dev", "TriggerTemplate", name)
                    edges.add(thing.ref, "triggers", other, line_of(get(trigger, "template"), field))


def pipeline(thing, edges, spec):
    for node in list(items(spec, "tasks")) + list(items(spec, "finally")):
        name = string(node, "name")
        if not name:
            continue
        key = f"{thing.ref}#{name}"
        edges.add(key, "part_of", thing.ref, line_of(node, "name"))
        refer(thing, edges, key, "uses_template", node, "taskRef")
        refer(thing, edges, key, "uses_template", node, "pipelineRef")
        steps(thing, edges, key, get(node, "taskSpec"))
        before = [(str(other), other.line) for other in items(node, "runAfter") if isinstance(other, Text)]
        for resource in items(node, "resources", "inputs"):
            before += [(str(other), other.line) for other in items(resource, "from")]
        for other, line in before + list(results(node)):
            edges.add(key, "depends_on", f"{thing.ref}#{other}", line)


def results(node):
    if isinstance(node, Text):
        for name in RESULT.findall(node):
            yield name, node.line
    for value in node if isinstance(node, list) else [value for _, _, value in entries(node)]:
        yield from results(value)


def steps(thing, edges, key, spec):
    if not isinstance(spec, Map):
        return
    for step in list(items(spec, "steps")) + list(items(spec, "sidecars")):
        kubernetes.container(edges, thing, key, step)
        name = string(step, "ref", "name")
        if name and "$" not in name:
            action = thing.of("tekton.dev", "StepAction", name)
            edges.add(key, "uses_template", action, line_of(get(step, "ref"), "name"))
    kubernetes.container(edges, thing, key, get(spec, "stepTemplate"))
    for volume in items(spec, "volumes"):
        kubernetes.volume(edges, thing, key, volume)


def refer(thing, edges, subject, predicate, node, field):
    reference = get(node, field)
    name = string(reference, "name")
    if not name or "$" in name:
        return
    kind = "Pipeline" if field == "pipelineRef" else string(reference, "kind") or "Task"
    version = string(reference, "apiVersion") or "tekton.dev/v1"
    other = thing.of(names.group_of(version), kind, name)
    edges.add(subject, predicate, other, line_of(reference, "name"))
