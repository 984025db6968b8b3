"""KServe (kserve/kserve: pkg/apis/serving). Images and volumes come from the pods of the object. Edges:

* InferenceService serves URI: `storageUri` of the model, of a framework's own field (`sklearn`, `triton`, …) or of the transformer
  and explainer, every `uri` of `storageUris`, and a `storage` whose bucket is given. A place inside the container
  (`/mnt/models`) is none. The oldest ones (`serving.kubeflow.org`) have their components below `default` and `canary`.
* InferenceService uses_template ClusterServingRuntime: the `runtime` of its model; also a ServingRuntime of that name in its
  namespace, where one is declared, because KServe looks there first.
* Service part_of InferenceService: KServe gives the Service the name of the InferenceService.
* InferenceGraph depends_on InferenceService (`serviceName` of the steps of its nodes) or Service (`serviceUrl`).
* TrainedModel serves URI (`model.storageUri`) and is part_of its `inferenceService`.
* LLMInferenceService serves URI (`model.uri`, adapters' `uri`) and uses_template LLMInferenceServiceConfig (`baseRefs`).
"""

import re

import kubernetes
import names
from tree import Map, entries, get, items, line_of, string


def state(thing, edges, cluster):
    if thing.group not in ("serving.kserve.io", "serving.kubeflow.org"):
        return
    if thing.kind == "ServingRuntime":
        cluster.runtimes[(thing.namespace, str(thing.name))] = thing.ref
    if thing.kind == "InferenceService":
        service(thing, edges, cluster)
    elif thing.kind == "InferenceGraph":
        for _, _, node in entries(thing.spec("nodes")):
            for step in items(node, "steps"):
                name = string(step, "serviceName")
                if name:
                    other = thing.of("serving.kserve.io", "InferenceService", name)
                    edges.add(thing.ref, "depends_on", other, line_of(step, "serviceName"))
                address = string(step, "serviceUrl") or ""
                host = re.sub("^[a-z]+://", "", address).split("/")[0].split(":")[0].split(".")
                if host[2:3] == ["svc"]:
                    other = names.kubernetes("core", "Service", host[1], host[0])
                elif names.uri(address):
                    other = names.uri(address)
                else:
                    continue
                edges.add(thing.ref, "depends_on", other, line_of(step, "serviceUrl"))
    elif thing.kind == "TrainedModel":
        serve(thing, edges, thing.spec("model"), "storageUri")
        name = string(thing.spec(), "inferenceService")
        if name:
            other = thing.of("serving.kserve.io", "InferenceService", name)
            edges.add(thing.ref, "part_of", other, line_of(thing.spec(), "inferenceService"))
    elif thing.kind in ("LLMInferenceService", "LLMInferenceServiceConfig"):
        serve(thing, edges, thing.spec("model"), "uri")
        for adapter in items(thing.spec("model"), "lora", "adapters"):
            serve(thing, edges, adapter, "uri")
        for base in items(thing.node, "spec", "baseRefs"):
            name = string(base, "name")
            if name:
                other = thing.of("serving.kserve.io", "LLMInferenceServiceConfig", name)
                edges.add(thing.ref, "uses_template", other, line_of(base, "name"))


def service(thing, edges, cluster):
    places = [(above, part) for above in ((), ("default",), ("canary",)) for part in ("predictor", "transformer", "explainer")]
    for above, component in places:
        component = (*above, component)
        for field, _, node in entries(thing.spec(*component)):
            if not isinstance(node, Map):
                continue
            serve(thing, edges, node, "storageUri")
            bucket, path = string(node, "storage", "parameters", "bucket"), string(node, "storage", "path")
            if bucket and path:
                scheme = string(node, "storage", "parameters", "type") or "s3"
                line = line_of(get(node, "storage"), "path")
                edges.add(thing.ref, "serves", names.uri(f"{scheme}://{bucket}/{path}"), line)
            kubernetes.run(edges, thing.ref, node)
            runtime = string(node, "runtime")
            if field == "model" and runtime:
                line = line_of(node, "runtime")
                other = names.kubernetes("serving.kserve.io", "ClusterServingRuntime", "default", runtime)
                edges.add(thing.ref, "uses_template", other, line)
                cluster.uses.append((thing.ref, thing.namespace, str(runtime), edges.path, line))
        for one in items(thing.spec(*component), "storageUris"):
            serve(thing, edges, one, "uri")
    edges.add(thing.of("core", "Service", thing.name), "part_of", thing.ref, thing.line)
    label = {"serving.kserve.io/inferenceservice": str(thing.name)}
    cluster.pods.append((thing.ref, thing.namespace, label))


def runtimes(edges, cluster):
    """The runtimes of a namespace that services of it name."""
    for service_ref, namespace, name, path, line in cluster.uses:
        if (namespace, name) in cluster.runtimes:
            edges.path = path
            edges.add(service_ref, "uses_template", cluster.runtimes[(namespace, name)], line)


def serve(thing, edges, node, field):
    address = string(node, field)
    key = address and names.uri(address, thing.namespace)
    if key:
        edges.add(thing.ref, "serves", key, line_of(node, field))
