"""Prometheus rules, the operator's monitors, Grafana dashboards. Edges:

* alert part_of PrometheusRule; recording rule part_of PrometheusRule. An alert is known by object (or file), group and name, a
  recording rule by the metric it makes.
* alert, recording rule, dashboard monitors metric: every metric of an expression, whatever its matchers, as
  `metric:{cluster}/{name}`. Dashboards stand in JSON files, in ConfigMaps and in the operator's resources.
* alert documented_by `runbook_url`, `runbook`, `dashboard_url`; owned_by the labels or annotations `team` and `owner`.
* dashboard defined_in its file, or part_of the ConfigMap that holds it; owned_by a tag `team:x`.
* ServiceMonitor monitors the Services, PodMonitor the pods with its labels, in its namespace or the ones it names or in any.
* Prometheus, Alertmanager and ThanosRuler runs_image `image`, and the images of their containers.
"""

import kubernetes
import names
import promql
from tree import List, Map, Text, entries, get, items, line_of, load, string

MONITORS = {"ServiceMonitor": "services", "PodMonitor": "pods"}


def state(thing, edges, cluster, path):
    if thing.kind == "ConfigMap" and thing.group == "core":
        for key, line, value in entries(thing.node, "data"):
            if key.endswith(".json") and isinstance(value, Text):
                documents, _ = load(key, value)
                # A block scalar begins on the line behind its key.
                dashboards(edges, documents, path, value.line, thing.ref)
    if thing.group != "monitoring.coreos.com":
        return
    if thing.kind == "PrometheusRule":
        rules(edges, get(thing.node, "spec"), f"default/{thing.namespace}/{thing.name}", thing.ref, thing.namespace)
    elif thing.kind in MONITORS:
        labels = kubernetes.labels_of(thing.spec("selector", "matchLabels"))
        spaces = [str(name) for name in items(thing.node, "spec", "namespaceSelector", "matchNames")]
        line = thing.spec("selector", "matchLabels").line if labels else thing.line
        if string(thing.spec("namespaceSelector"), "any") == "true":
            spaces = ["*"]
        for space in spaces or [thing.namespace]:
            if labels:
                among = getattr(cluster, MONITORS[thing.kind])
                cluster.selecting.append((thing.ref, "monitors", space, labels, among, path, line))
    elif thing.kind in ("Prometheus", "Alertmanager", "ThanosRuler", "PrometheusAgent"):
        kubernetes.run(edges, thing.ref, thing.spec())


def watch(edges, subject, expression, line):
    for name in promql.metrics(expression):
        edges.add(subject, "monitors", f"metric:default/{name}", line)


def rules(edges, spec, system, holder, namespace):
    for group in items(spec, "groups"):
        for rule in items(group, "rules"):
            field = "alert" if string(rule, "alert") else "record"
            name = string(rule, field)
            if not name:
                continue
            key = f"metric:default/{name}"
            if field == "alert":
                key = f"alert:{system}/{string(group, 'name') or 'default'}/{name}"
            if holder:
                edges.add(key, "part_of", holder, line_of(rule, field))
            if string(rule, "expr"):
                watch(edges, key, string(rule, "expr"), line_of(rule, "expr"))
            for part in ("labels", "annotations"):
                for label, line, value in entries(rule, part):
                    if label in ("team", "owner") and isinstance(value, Text) and "{{" not in value:
                        edges.add(key, "owned_by", kubernetes.team(value), line)
                    elif label in ("runbook_url", "runbook", "dashboard_url") and names.uri(value, namespace):
                        edges.add(key, "documented_by", names.uri(value, namespace), line)


def files(documents, path, edges):
    """Rule files, and dashboards that are a file of their own."""
    for document in documents:
        if isinstance(get(document, "groups"), List) and get(document, "apiVersion") is None:
            rules(edges, document, f"./{path}", None, "default")
    if path.endswith(".json"):
        dashboards(edges, documents, path, None, None)


def dashboards(edges, documents, path, above, holder):
    for document in documents:
        inner = get(document, "dashboard") or get(document, "spec") or document
        if not isinstance(inner, Map) or "schemaVersion" not in inner or "title" not in inner:
            continue
        uid = string(inner, "uid") or string(document, "metadata", "name")
        key = f"dashboard:grafana/{uid}" if uid else f"dashboard:./{path}"

        def at(line):
            return line if above is None else above + line

        predicate, whole = ("part_of", holder) if holder else ("defined_in", names.file(path))
        edges.add(key, predicate, whole, at(line_of(inner, "title")))
        for tag in items(inner, "tags"):
            if isinstance(tag, Text) and tag.startswith("team:"):
                edges.add(key, "owned_by", kubernetes.team(tag[5:]), at(tag.line))
        panels(edges, inner, key, at)


def panels(edges, node, key, at):
    for field in ("panels", "rows"):
        for panel in items(node, field):
            for target in items(panel, "targets"):
                if string(target, "expr"):
                    watch(edges, key, string(target, "expr"), at(line_of(target, "expr")))
            panels(edges, panel, key, at)
