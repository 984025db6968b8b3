"""The manifest of dbt (schemas.getdbt.com/dbt/manifest, v9 to v12). Edges:

* model, seed, snapshot or source derived_from what it depends on (`depends_on.nodes`); column part_of it (`columns`). A relation
  is `table:{adapter}/{database.schema.identifier}` and `dbt:./{folder of the manifest}/{unique_id}`, an ephemeral model the second
  only.
* exposure reads, metric, semantic model and saved query derived_from, unit test monitors what it depends on.
* test monitors its column (`attached_node`, `column_name`), else its node, else what it depends on.
* relation, test or exposure defined_in its file (`original_file_path`) where the project's folder is known; owned_by its group, the
  group's owner, its own `owner`, and `meta.owner`.
* MLflow model depends_on exposure whose address names it; a Grafana dashboard that an exposure's address names is the exposure.

Left out: column lineage out of SQL, which this script does not parse.
"""

import posixpath
import re

import names
from tree import List, Text, entries, get, items, load, string

RELATIONS = ("model", "seed", "snapshot", "source")
# Where a fixture's events contradict themselves, so that no graph can have both: the file, the table, why.
SLIPS = {
    ("alias/result.json", "random-gcp-project.dbt_test1.test_model"): "START leaves out the alias that COMPLETE has",
    ("compiled_code/result.json", "random-gcp-project.dbt_test1.my_first_dbt_model"): "COMPLETE of the second model names the first",
    ("test/result.json", "random-gcp-project.dbt_test1.test_second_parallel_dbt_model.test"): "START names the job, not the table",
}
USERS = {
    "exposures": "reads", "metrics": "derived_from", "semantic_models": "derived_from", "saved_queries": "derived_from",
    "unit_tests": "monitors",
}


def is_manifest(document):
    return "/manifest/" in (string(document, "metadata", "dbt_schema_version") or "")


def by_id(folder, unique_id):
    """Identifiers are unique inside one manifest: two targets of one project have the same ones."""
    return f"dbt:./{posixpath.join(folder, unique_id)}"


def relation(node):
    """The name of a node's table in its warehouse: database, schema and identifier; None for what has none there."""
    parts = [string(node, "database"), string(node, "schema")]
    parts.append(string(node, "identifier") or string(node, "alias") or string(node, "name"))
    if string(node, "config", "materialized") == "ephemeral" or not parts[1] or not parts[2]:
        return None
    return ".".join(part for part in parts if part)


def owners_of(node):
    """The owners of an exposure or group: its addresses, else its name."""
    mail = get(node, "owner", "email")
    mail = mail if isinstance(mail, List) else [mail]
    mail = [f"email:{one.lower()}" for one in mail if isinstance(one, Text) and names.EMAIL.fullmatch(one)]
    name = string(node, "owner", "name")
    return mail or ([names.owner(name, "dbt")] if name else [])


class Manifest:
    def __init__(self, node, edges, root, folder):
        self.node, self.edges, self.root, self.folder = node, edges, root, folder
        self.adapter = string(node, "metadata", "adapter_type") or "dbt"
        self.keys, self.groups = {}, {}
        for part in ("nodes", "sources"):
            for unique_id, _, one in entries(node, part):
                named = relation(one)
                if string(one, "resource_type") in RELATIONS and named:
                    self.keys[unique_id] = names.table(self.adapter, named)
                    edges.same(self.keys[unique_id], by_id(self.folder, unique_id))
        for unique_id, _, group in entries(node, "groups"):
            self.groups[string(group, "name")] = owners_of(group)
            catalogued = string(group, "config", "meta", "backstage") or string(group, "meta", "backstage")
            if catalogued and catalogued.startswith("group:") and "/" in catalogued:
                edges.same(by_id(self.folder, unique_id), f"backstage:default/{catalogued.lower()}")

    def key(self, unique_id):
        return self.keys.get(unique_id, by_id(self.folder, unique_id))

    def common(self, key, node, line):
        path = string(node, "original_file_path")
        if path and self.root is not None:
            self.edges.add(key, "defined_in", names.file(posixpath.join(self.root, path)), line)
        owners = owners_of(node)
        group = string(node, "group") or string(node, "config", "group")
        if group:
            owners += [by_id(self.folder, f"group.{string(node, 'package_name')}.{group}")] + self.groups.get(group, [])
        for place in (node, get(node, "config")):
            if string(place, "meta", "owner"):
                owners = owners + [names.owner(string(place, "meta", "owner"), "dbt")]
        for owner in owners:
            self.edges.add(key, "owned_by", owner, line)

    def state(self):
        for part in ("nodes", "sources"):
            for unique_id, line, node in entries(self.node, part):
                kind, key = string(node, "resource_type"), self.key(unique_id)
                needs = [self.key(other) for other in items(node, "depends_on", "nodes")]
                if kind in RELATIONS:
                    self.common(key, node, line)
                    for other in needs:
                        self.edges.add(key, "derived_from", other, line)
                    for name, at, column in entries(node, "columns"):
                        self.edges.add(names.column(key, string(column, "name") or name), "part_of", key, at)
                elif kind == "test":
                    self.common(key, node, line)
                    attached, column = string(node, "attached_node"), string(node, "column_name")
                    if attached:
                        on = self.key(attached)
                        needs = [names.column(on, column) if column else on]
                    for other in needs:
                        self.edges.add(key, "monitors", other, line)
        for part, predicate in USERS.items():
            for unique_id, line, node in entries(self.node, part):
                key = by_id(self.folder, unique_id)
                self.common(key, node, line)
                for other in items(node, "depends_on", "nodes"):
                    self.edges.add(key, predicate, self.key(other), line)
                address = string(node, "url") or ""
                dashboard, model = re.search(r"/d/([^/?#&]+)", address), re.search(r"/#/models/([^/?#&]+)", address)
                if part == "exposures" and dashboard and string(node, "type") == "dashboard":
                    self.edges.same(key, f"dashboard:grafana/{dashboard[1]}")
                if part == "exposures" and model:
                    self.edges.add(f"model:mlflow/{model[1]}", "depends_on", key, line)


def state(documents, path, edges, exists):
    for document in documents[:1]:
        if path.endswith(".json") and is_manifest(document):
            folder, root = posixpath.dirname(path), None
            while root is None:
                if exists(posixpath.join(folder, "dbt_project.yml")):
                    root = folder
                elif not folder:
                    break
                folder = posixpath.dirname(folder)
            Manifest(document, edges, root, posixpath.dirname(path)).state()


def is_of_sql(edge, spans):
    """Whether an edge is column lineage that a manifest's SQL states, or a column that only that names."""
    of_columns = edge[0].startswith("column:") and edge[1] in ("derived_from", "part_of")
    return of_columns and all(path.endswith("manifest.json") for path, _, _ in spans)


def names_of(document, *kinds):
    """The tables of a manifest's nodes of some kinds."""
    adapter = string(document, "metadata", "adapter_type") or "dbt"
    found = [relation(node) for _, _, node in entries(document, "nodes") if string(node, "resource_type") in kinds]
    return {names.table(adapter, name).rpartition("/")[2] for name in found if name}


def against_events(name, tree, paths, edges, relations):
    """The tables and edges of each manifest against those of the events that running it made, both as Virgil's graph has them.

    Every table of the events is one of the manifest's, and what flows into a table by the runs that wrote it is what the
    manifest derives it from. Two things are left out, because events and manifests differ there by themselves: the tables that
    dbt names for tests (they are made only where failures are stored), and seeds as inputs (events that are made from
    artifacts, not from logs, do not list them). `SLIPS` are three mistakes in the fixtures.
    """
    tables = {}
    for key in edges.names():
        if key.startswith("table:"):
            tables.setdefault(edges.root(key), set()).add(key.rpartition("/")[2])

    def named(reference):
        return tables.get(edges.root(reference), set())

    stated = {}
    for (subject, predicate, obj), spans in relations.items():
        for path in {path for path, _, _ in spans}:
            stated.setdefault(path, []).append((subject, predicate, obj))
    differences, compared = [], [0, 0, 0]
    for path in (path for path in paths if path.endswith("target/manifest.json")):
        fixture = posixpath.dirname(posixpath.dirname(path))
        events = [other for other in paths if re.fullmatch(rf"{re.escape(fixture)}/(result|results/.*)\.json", other)]
        document = load(path, (tree / path).read_text(encoding="utf-8"))[0][0]
        tests, seeds = names_of(document, "test"), names_of(document, "seed")
        derived, known = {}, set(tests)
        for subject, predicate, obj in stated.get(path, []):
            known |= named(subject) | named(obj)
            if predicate == "derived_from" and not subject.startswith("column:"):
                for output in named(subject):
                    derived.setdefault(output, set()).update(named(obj))
        for other in events:
            into, written = {}, {}
            for subject, predicate, obj in stated.get(other, []):
                if predicate in ("reads", "writes"):
                    (into if predicate == "reads" else written).setdefault(subject, set()).update(named(obj))
            listed = set().union(*into.values(), *written.values())
            slips = {table for (of, table) in SLIPS if f"/{of}" in other[-len(of) - 1 :]}
            for table in sorted(listed - known - slips):
                differences.append(("manifest", (table, "is", "unknown"), f"{other} against {path}"))
            flows = {}
            for run, outputs in written.items():
                for output in outputs:
                    flows.setdefault(output, set()).update(into.get(run, set()))
            compared[0] += 1
            compared[1] += len(listed - tests)
            for output, inputs in sorted(flows.items()):
                if output in tests | slips:
                    continue
                compared[2] += len(inputs)
                unlisted = set() if inputs & seeds else seeds
                for table in sorted((inputs ^ derived.get(output, set())) - unlisted):
                    differences.append(("manifest", (output, "derived_from", table), f"only one of {other} and {path} says so"))
    print(f"{name:16} {compared[0]} files of events against their manifests: {compared[1]} tables, {compared[2]} edges")
    return differences
