"""Argo Workflows: Workflow, CronWorkflow, WorkflowTemplate, ClusterWorkflowTemplate (argo-workflows: docs/fields.md). Edges:

* task part_of workflow: every task of a DAG and every step; also a template that runs a container and that no task or step
  names (an entrypoint, an exit handler). A task is `workflow#task`, or `workflow#template/task` where several tasks of the
  workflow have its name.
* task part_of task: the tasks of a template that is itself a DAG or steps, of the task that names the template.
* task depends_on task: `dependencies`, the tasks named in `depends`, and for steps those of the group before.
* task runs_image image, depends_on Secret and so on: the container, script, container set, init containers and sidecars of its
  template, or of the template written in place (`inline`); the volumes of the template.
* task uses_template WorkflowTemplate or ClusterWorkflowTemplate: `templateRef`; workflow uses_template: `workflowTemplateRef`.
* WorkflowEventBinding triggers the template that it submits.

Left out: artifacts (buckets may come from a repository configured elsewhere), manifests of `resource` templates, and images or
templates that a parameter names.
"""

import re

import kubernetes
from tree import get, items, line_of, string

KINDS = ("Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate")


def is_workflow(thing):
    return thing.group == "argoproj.io" and thing.kind in KINDS


def state(thing, edges):
    if thing.group != "argoproj.io":
        return
    if thing.kind == "WorkflowEventBinding":
        template(thing, edges, thing.ref, "triggers", thing.spec("submit", "workflowTemplateRef"))
    if not is_workflow(thing):
        return
    spec = thing.spec("workflowSpec") if thing.kind == "CronWorkflow" else thing.spec()
    template(thing, edges, thing.ref, "uses_template", get(spec, "workflowTemplateRef"))
    for volume in items(spec, "volumes"):
        kubernetes.volume(edges, thing, thing.ref, volume)
    templates = {string(node, "name"): node for node in reversed(items(spec, "templates")) if string(node, "name")}
    inside = {name: list(tasks(node)) for name, node in templates.items()}
    used = {string(task, "template") for found in inside.values() for task, _ in found}
    alone = {name for name, node in templates.items() if name not in used and containers(node)}
    written = [string(task, "name") for found in inside.values() for task, _ in found] + sorted(alone)

    def ref(holder, name):
        many = written.count(name) > 1
        return f"{thing.ref}#{holder}/{name}" if many else f"{thing.ref}#{name}"

    for holder, found in inside.items():
        for task, before in found:
            name = string(task, "name")
            key, line = ref(holder, name), line_of(task, "name")
            edges.add(key, "part_of", thing.ref, line)
            for other, at in before:
                edges.add(key, "depends_on", ref(holder, other), at)
            template(thing, edges, key, "uses_template", get(task, "templateRef"))
            called = string(task, "template")
            for node in (templates.get(called), get(task, "inline")):
                if node is not None:
                    runs(thing, edges, key, node)
            for inner, _ in inside.get(called, []):
                name = ref(called, string(inner, "name"))
                if name != key:
                    edges.add(name, "part_of", key, line_of(task, "template"))
    for name in alone:
        key = f"{thing.ref}#{name}"
        edges.add(key, "part_of", thing.ref, line_of(templates[name], "name"))
        runs(thing, edges, key, templates[name])


def tasks(node):
    """The tasks of a template, each with those it waits for and the lines that say so."""
    for task in items(node, "dag", "tasks"):
        if string(task, "name"):
            before = [(str(name), name.line) for name in items(task, "dependencies")]
            depends = string(task, "depends") or ""
            for word in re.findall(r"[A-Za-z0-9_.-]+", depends):
                before.append((word.split(".")[0], line_of(task, "depends")))
            yield task, before
    earlier = []
    for group in items(node, "steps"):
        group = group if isinstance(group, list) else items(group, "steps") or [group]
        for step in group:
            if string(step, "name"):
                yield step, [(name, line_of(step, "name")) for name in earlier]
        earlier = [string(step, "name") for step in group if string(step, "name")]


def containers(node):
    found = [get(node, field) for field in ("container", "script") if get(node, field) is not None]
    return found + list(items(node, "containerSet", "containers"))


def runs(thing, edges, key, node):
    if not containers(node):
        return
    for one in containers(node) + list(items(node, "initContainers")) + list(items(node, "sidecars")):
        kubernetes.container(edges, thing, key, one)
    for volume in items(node, "volumes"):
        kubernetes.volume(edges, thing, key, volume)


def template(thing, edges, subject, predicate, reference):
    name = string(reference, "name")
    if name:
        kind = "ClusterWorkflowTemplate" if string(reference, "clusterScope") == "true" else "WorkflowTemplate"
        edges.add(subject, predicate, thing.of("argoproj.io", kind, name), line_of(reference, "name"))
