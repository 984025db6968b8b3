"""Kubernetes objects of any kind, and what the kinds of KServe, the Prometheus operator and their pods state.

Every document with `apiVersion` and `kind` is an object, also inside a `List`. Edges:

* object runs_image image: `image` of every container below `spec` (containers, initContainers, sidecars, ephemeralContainers);
  an image with a digest is also that digest, which is a version_of the image. A variable is no image.
* object depends_on Secret, ConfigMap, PersistentVolumeClaim: by environment, volume (projected ones too) or `imagePullSecrets`,
  in its namespace.
* object depends_on Service: by an environment variable whose value is an address `name.namespace.svc…`.
* object owned_by team or person: labels and annotations whose last part is owner, team, owned-by, owner-team, user or creator;
  documented_by: annotation runbook, runbook-url, runbook_url.
* object part_of the one that controls it: `ownerReferences`.
* Service depends_on whatever declares pods with its selector's labels, in its namespace; Ingress, route of the Gateway API and
  VirtualService of Istio depends_on the Services that they send requests to.
* autoscaler depends_on what it scales; Argo CD Application depends_on the repository it deploys.
"""

import re

import names
from tree import Map, Text, entries, get, items, line_of, string

CONTAINERS = ("containers", "initContainers", "sidecars", "ephemeralContainers")
HELM = re.compile(r"\{\{-?\s*(\.(Values|Release|Chart|Files|Capabilities)|(include|template|if|range|with|define)\s|end\b)")


class Object:
    def __init__(self, node, path):
        self.node = node
        self.group = names.group_of(string(node, "apiVersion"))
        self.kind = string(node, "kind")
        self.namespace = string(node, "metadata", "namespace") or "default"
        named = "name" if string(node, "metadata", "name") else "generateName"
        self.name = string(node, "metadata", named)
        self.is_prefix = named == "generateName"
        self.line = line_of(get(node, "metadata"), named) if self.name else 0
        self.ref = self.name and names.kubernetes(self.group, self.kind, self.namespace, self.name)
        if self.name and self.is_prefix:
            # Every creation is another object: the prefix identifies nothing outside its file.
            self.ref = f"manifest:./{path}#{self.group}/{self.kind}/{self.namespace}/{self.name}*"

    def of(self, group, kind, name):
        return names.kubernetes(group, kind, self.namespace, name)

    def spec(self, *path):
        return get(self.node, "spec", *path)

    def is_valid(self):
        parts = (self.group, self.kind, self.name, self.namespace)
        return all(part and not re.search(r"[\s{$/]", part) for part in parts)


def objects(documents, path):
    found, prefixes = [], {}
    for document in documents:
        inner = items(document, "items")
        is_list = (string(document, "kind") or "").endswith("List") and inner
        for node in inner if is_list else [document]:
            if string(node, "apiVersion") and string(node, "kind"):
                made = Object(node, path)
                if not made.is_valid():
                    continue
                if made.is_prefix:
                    count = prefixes[made.ref] = prefixes.get(made.ref, 0) + 1
                    made.ref += f"~{count}" if count > 1 else ""
                found.append(made)
    return found


class Cluster:
    """What selectors of labels pick, once all files are read."""

    def __init__(self, edges):
        self.edges, self.services, self.pods, self.selecting, self.runtimes, self.uses = edges, [], [], [], {}, []

    def pick(self):
        for subject, predicate, namespace, labels, among, path, line in self.selecting:
            self.edges.path = path
            for other, of_namespace, carried in among:
                if namespace in ("*", of_namespace) and labels.items() <= carried.items():
                    self.edges.add(subject, predicate, other, line)


def labels_of(node):
    return {key: str(value) for key, _, value in entries(node) if isinstance(value, Text)}


def pod_labels(node):
    """The labels of every pod template below a node."""
    found = []
    if isinstance(node, Map):
        for key, _, value in entries(node):
            if key == "template" and get(value, "metadata", "labels"):
                found.append(labels_of(get(value, "metadata", "labels")))
            if key == "podMetadata" and get(value, "labels"):
                found.append(labels_of(get(value, "labels")))
            found += pod_labels(value)
    elif isinstance(node, list):
        for item in node:
            found += pod_labels(item)
    return found


def run(edges, subject, container):
    reference = string(container, "image")
    named = reference and names.image(reference)
    if named:
        line = line_of(container, "image")
        edges.add(subject, "runs_image", named[0], line)
        if named[1]:
            edges.add(subject, "runs_image", named[1], line)
            edges.add(named[1], "version_of", named[0], line)


NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")


def refer(edges, owner, subject, kind, node, field):
    name = string(node, field)
    if name and NAME.fullmatch(name):
        edges.add(subject, "depends_on", owner.of("core", kind, name), line_of(node, field))


def environment(edges, owner, subject, variables):
    for variable in variables:
        source = get(variable, "valueFrom") or variable
        for field, kind in (("secretKeyRef", "Secret"), ("secretRef", "Secret"), ("configMapKeyRef", "ConfigMap"),
                            ("configMapRef", "ConfigMap")):
            refer(edges, owner, subject, kind, get(source, field), "name")
        host = re.split("[/:?,]", (string(variable, "value") or "").split("://")[-1])[0].split(".")
        if len(host) > 2 and host[2] == "svc" and NAME.fullmatch(host[0]) and NAME.fullmatch(host[1]):
            service = names.kubernetes("core", "Service", host[1], host[0])
            edges.add(subject, "depends_on", service, line_of(variable, "value"))


def volume(edges, owner, subject, node):
    refer(edges, owner, subject, "PersistentVolumeClaim", get(node, "persistentVolumeClaim"), "claimName")
    refer(edges, owner, subject, "ConfigMap", get(node, "configMap"), "name")
    refer(edges, owner, subject, "Secret", get(node, "secret"), "secretName")
    for source in items(node, "projected", "sources"):
        refer(edges, owner, subject, "ConfigMap", get(source, "configMap"), "name")
        refer(edges, owner, subject, "Secret", get(source, "secret"), "name")


def container(edges, owner, subject, node):
    run(edges, subject, node)
    environment(edges, owner, subject, items(node, "env"))
    environment(edges, owner, subject, items(node, "envFrom"))


def pods(edges, owner, subject, node):
    """Everything below a node that a pod would run or need."""
    for item in node if isinstance(node, list) else []:
        pods(edges, owner, subject, item)
    for key, _, value in entries(node):
        if key in CONTAINERS and isinstance(value, list):
            for one in value:
                container(edges, owner, subject, one)
        elif key == "volumes" and isinstance(value, list):
            for one in value:
                volume(edges, owner, subject, one)
        elif key in ("env", "envFrom") and isinstance(value, list):
            environment(edges, owner, subject, value)
        elif key == "imagePullSecrets":
            for one in value if isinstance(value, list) else []:
                refer(edges, owner, subject, "Secret", one, "name")
        else:
            pods(edges, owner, subject, value)


def team(name):
    return names.owner(name, "label") if ":" in name or names.EMAIL.fullmatch(name) else f"team:label/{name.lstrip('@')}"


def owners(edges, thing):
    for part in ("labels", "annotations"):
        for key, line, value in entries(thing.node, "metadata", part):
            last = key.rsplit("/", 1)[-1]
            if not isinstance(value, Text) or not value.strip():
                continue
            if last in ("owner", "team", "owned-by", "owner-team"):
                edges.add(thing.ref, "owned_by", team(value.strip()), line)
            elif last in ("user", "creator"):
                person = value.strip()
                person = f"email:{person.lower()}" if names.EMAIL.fullmatch(person) else names.owner(f"user:{person}", "label")
                edges.add(thing.ref, "owned_by", person, line)
            elif last in ("runbook", "runbook-url", "runbook_url") and names.uri(value):
                edges.add(thing.ref, "documented_by", names.uri(value), line)


ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "VirtualService")
ROUTERS = ("networking.k8s.io", "extensions", "gateway.networking.k8s.io", "networking.istio.io")


def routes(edges, thing, node):
    for item in node if isinstance(node, list) else []:
        routes(edges, thing, item)
    for key, line, value in entries(node):
        if key in ("backend", "defaultBackend"):
            name = string(value, "service", "name") or string(value, "serviceName")
            if name:
                edges.add(thing.ref, "depends_on", thing.of("core", "Service", name), line)
        elif key == "backendRefs":
            for one in value:
                kind, space = string(one, "kind") or "Service", string(one, "namespace") or thing.namespace
                other = names.kubernetes(string(one, "group") or "core", kind, space, string(one, "name"))
                edges.add(thing.ref, "depends_on", other, line_of(one, "name"))
        elif key == "destination":
            host = (string(value, "host") or "").split(".")
            if len(host) == 1 and host[0] or host[2:3] == ["svc"]:
                space = host[1] if len(host) > 1 else thing.namespace
                other = names.kubernetes("core", "Service", space, host[0])
                edges.add(thing.ref, "depends_on", other, line)
        else:
            routes(edges, thing, value)


def state(documents, path, content, edges, cluster):
    import argo
    import kserve
    import monitoring
    import tekton

    if "apiVersion" not in content or HELM.search(content):
        return
    for thing in objects(documents, path):
        if thing.group.endswith("backstage.io") or thing.group == "kustomize.config.k8s.io":
            continue
        owners(edges, thing)
        for other in items(thing.node, "metadata", "ownerReferences"):
            if string(other, "name") and string(other, "kind"):
                group = names.group_of(string(other, "apiVersion") or "")
                above = thing.of(group, string(other, "kind"), string(other, "name"))
                edges.add(thing.ref, "part_of", above, line_of(other, "name"))
        if thing.kind in ROUTES and thing.group in ROUTERS:
            routes(edges, thing, get(thing.node, "spec"))
        spec = get(thing.node, "spec")
        is_plain = thing.kind not in ("Secret", "ConfigMap", "CustomResourceDefinition", "SealedSecret")
        is_own = thing.group in ("tekton.dev", "triggers.tekton.dev") or argo.is_workflow(thing)
        if is_plain and not is_own and isinstance(spec, Map):
            pods(edges, thing, thing.ref, spec)
            if thing.kind == "Pod":
                declared = [labels_of(get(thing.node, "metadata", "labels"))]
            else:
                declared = pod_labels(spec)
            cluster.pods += [(thing.ref, thing.namespace, labels) for labels in declared]
        if thing.group == "core" and thing.kind == "Service":
            cluster.services.append((thing.ref, thing.namespace, labels_of(get(thing.node, "metadata", "labels"))))
            wanted = labels_of(thing.spec("selector"))
            if wanted:
                line = thing.spec("selector").line
                cluster.selecting.append((thing.ref, "depends_on", thing.namespace, wanted, cluster.pods, path, line))
        if thing.group in ("autoscaling", "keda.sh") and string(thing.spec("scaleTargetRef"), "name"):
            target = thing.spec("scaleTargetRef")
            version = string(target, "apiVersion")
            group = names.group_of(version) if version else "apps"
            scaled = thing.of(group, string(target, "kind"), string(target, "name"))
            edges.add(thing.ref, "depends_on", scaled, line_of(target, "name"))
        if thing.group == "argoproj.io" and thing.kind == "Application":
            address = string(thing.spec("source"), "repoURL")
            if address and names.repository(address):
                line = line_of(thing.spec("source"), "repoURL")
                edges.add(thing.ref, "depends_on", names.repository(address), line)
        argo.state(thing, edges)
        tekton.state(thing, edges)
        kserve.state(thing, edges, cluster)
        monitoring.state(thing, edges, cluster, path)
