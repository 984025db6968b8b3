"""Kubeflow Pipelines, compiled to IR (kubeflow/pipelines: api/v2alpha1/pipeline_spec.proto). Edges:

* pipeline defined_in file; a pipeline is known by `pipelineInfo.name`, so that two files with one name are one pipeline.
* task part_of pipeline, also the tasks of conditions and loops, which are named below the task that holds them: `pipeline#a/b`.
* task depends_on task: `dependentTasks`, and the producers of its inputs.
* task runs_image image: the container of its component's executor.
* task reads URI: the constant URI of an importer.
* task writes artifact: every output artifact of its component that an executor makes, as `artifact:kfp/pipeline#task/output`.
* task reads artifact: every input artifact, followed through the inputs and outputs of the tasks that hold others to the
  executor that made it. What the pipeline itself is given is no artifact of a task.

Left out: Secrets and volumes of the platform's document, because a compiled file names no namespace.
"""

import kubernetes
import names
from tree import entries, get, items, line_of, string


def state(documents, path, edges):
    for document in documents:
        name = string(document, "pipelineInfo", "name")
        if name and get(document, "root") is not None:
            Pipeline(document, name, edges).state(path)


class Pipeline:
    def __init__(self, node, name, edges):
        self.node, self.name, self.edges = node, name, edges
        self.ref = f"pipeline:kfp/{name}"

    def state(self, path):
        self.edges.add(self.ref, "defined_in", names.file(path), line_of(get(self.node, "pipelineInfo"), "name"))
        self.dag(get(self.node, "root"), "", {}, 0)

    def component(self, task):
        return get(self.node, "components", string(task, "componentRef", "name") or "")

    def dag(self, component, above, given, depth):
        """States the tasks of a DAG; `given` are the artifacts that its inputs stand for."""
        tasks = get(component, "dag", "tasks")
        if depth > 12:
            return
        for name, line, task in entries(tasks):
            key = f"{self.ref}#{above}{name}"
            self.edges.add(key, "part_of", self.ref, line)
            for other in items(task, "dependentTasks"):
                self.edges.add(key, "depends_on", f"{self.ref}#{above}{other}", other.line)
            inner = self.component(task)
            passed = {}
            for part, field in (("artifacts", "taskOutputArtifact"), ("parameters", "taskOutputParameter")):
                for port, at, value in entries(task, "inputs", part):
                    producer = string(value, field, "producerTask")
                    if producer:
                        where = line_of(get(value, field), "producerTask")
                        self.edges.add(key, "depends_on", f"{self.ref}#{above}{producer}", where)
                    if part == "artifacts":
                        passed[port] = self.sources(component, above, given, value, 0)
                        if get(inner, "dag") is None:
                            for artifact in passed[port]:
                                self.edges.add(key, "reads", artifact, at)
            label = string(inner, "executorLabel")
            executor = label and get(self.node, "deploymentSpec", "executors", label)
            if executor is not None:
                if get(executor, "container") is not None:
                    kubernetes.run(self.edges, key, get(executor, "container"))
                address = string(executor, "importer", "artifactUri", "constant")
                uri = address and names.uri(address)
                if uri:
                    at = line_of(get(executor, "importer", "artifactUri"), "constant")
                    self.edges.add(key, "reads", uri, at)
                for output, at, _ in entries(inner, "outputDefinitions", "artifacts"):
                    self.edges.add(key, "writes", f"artifact:kfp/{self.name}#{above}{name}/{output}", at)
            if get(inner, "dag") is not None:
                self.dag(inner, f"{above}{name}/", passed, depth + 1)

    def sources(self, component, above, given, value, depth):
        """The artifacts that an input of a task of `component` stands for."""
        port = string(value, "componentInputArtifact")
        if port:
            return given.get(port, set())
        made = get(value, "taskOutputArtifact")
        return self.output(component, above, string(made, "producerTask"), string(made, "outputArtifactKey"), depth)

    def output(self, component, above, task, output, depth):
        node = get(component, "dag", "tasks", task or "")
        inner = self.component(node)
        if inner is None or not output or depth > 12:
            return set()
        if string(inner, "executorLabel"):
            return {f"artifact:kfp/{self.name}#{above}{task}/{output}"}
        found = set()
        for selector in items(inner, "dag", "outputs", "artifacts", output, "artifactSelectors"):
            producer, key = string(selector, "producerSubtask"), string(selector, "outputArtifactKey")
            found |= self.output(inner, f"{above}{task}/", producer, key, depth + 1)
        return found
