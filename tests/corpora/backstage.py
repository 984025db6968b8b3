"""Backstage's catalogue (backstage: docs/features/software-catalog/{descriptor-format,well-known-annotations}.md). Edges:

* every reference in `spec`, with the default kind of its field and the namespace of its entity: owner, system, domain,
  subdomainOf, subcomponentOf, dependsOn, dependencyOf, providesApis, consumesApis, memberOf, members, parent, children; and those
  of `relations`, which only the catalogue's API writes.
* entity defined_in repository (`backstage.io/source-location`, `backstage.io/view-url`, `github.com/project-slug`, `gitlab.com/…`);
  documented_by the `mkdocs.yml` of `backstage.io/techdocs-ref` where it is a folder, else its URL.
* API defined_in the file or URL that its `definition` takes in (`$text`, `$json`, `$yaml`, `$openapi`).

A Location only says where to read on. Names with `${{ … }}` are those of a template.
"""

import posixpath

import names
from tree import Text, entries, get, items, line_of, string

FIELDS = (
    ("owner", "group", "owned_by", 1), ("system", "system", "part_of", 1), ("domain", "domain", "part_of", 1),
    ("subdomainOf", "domain", "part_of", 1), ("subcomponentOf", "component", "part_of", 1),
    ("dependsOn", None, "depends_on", 1), ("dependencyOf", None, "depends_on", -1),
    ("providesApis", "api", "provides_api", 1), ("consumesApis", "api", "consumes_api", 1),
    ("memberOf", "group", "member_of", 1), ("members", "user", "member_of", -1),
    ("parent", "group", "part_of", 1), ("children", "group", "part_of", -1),
)
RELATIONS = {
    "ownedBy": ("owned_by", 1), "ownerOf": ("owned_by", -1), "partOf": ("part_of", 1), "hasPart": ("part_of", -1),
    "childOf": ("part_of", 1), "parentOf": ("part_of", -1), "dependsOn": ("depends_on", 1), "dependencyOf": ("depends_on", -1),
    "providesApi": ("provides_api", 1), "apiProvidedBy": ("provides_api", -1), "consumesApi": ("consumes_api", 1),
    "apiConsumedBy": ("consumes_api", -1), "memberOf": ("member_of", 1), "hasMember": ("member_of", -1),
}


def reference(text, default_kind, namespace):
    kind, colon, rest = text.strip().partition(":")
    if not colon:
        kind, rest = default_kind, text.strip()
    space, slash, name = rest.partition("/")
    if not kind or not rest:
        return None
    return f"backstage:default/{kind}:{space if slash else namespace}/{name if slash else rest}".lower()


def state(documents, path, edges):
    for node in documents:
        group = (string(node, "apiVersion") or "").partition("/")[0]
        kind, name = string(node, "kind"), string(node, "metadata", "name")
        if group.split(".")[-2:] != ["backstage", "io"] or not kind or not name or kind == "Location" or "{{" in name:
            continue
        namespace = string(node, "metadata", "namespace") or "default"
        key = reference(f"{kind}:{namespace}/{name}", None, namespace)
        for field, default, predicate, way in FIELDS:
            value = get(node, "spec", field)
            for item in value if isinstance(value, list) else [value]:
                other = isinstance(item, Text) and "{{" not in item and reference(item, default, namespace)
                if other:
                    ends = (key, other)[::way]
                    edges.add(ends[0], predicate, ends[1], item.line)
        for relation in items(node, "relations"):
            predicate, way = RELATIONS.get(string(relation, "type"), (None, 1))
            if predicate and string(relation, "targetRef"):
                ends = (key, reference(string(relation, "targetRef"), None, namespace))[::way]
                edges.add(ends[0], predicate, ends[1], line_of(relation, "targetRef"))
        for field, line, value in entries(node, "spec", "definition"):
            if field.startswith("$") and isinstance(value, Text):
                beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
                edges.add(key, "defined_in", names.uri_of(value) if "://" in value else names.file(beside), line)
        for annotation, line, value in entries(node, "metadata", "annotations"):
            if annotation in ("backstage.io/source-location", "backstage.io/view-url"):
                repository = names.repository(value.removeprefix("url:"))
                if repository:
                    edges.add(key, "defined_in", repository, line)
                    slug = string(node, "metadata", "annotations", "github.com/project-slug")
                    if slug and repository.endswith(slug):
                        edges.same(repository, f"repository:forge/{slug.lower()}")
            elif annotation in ("github.com/project-slug", "gitlab.com/project-slug"):
                edges.add(key, "defined_in", f"repository:forge/{value.lower()}", line)
            elif annotation == "backstage.io/techdocs-ref" and value.startswith("dir:"):
                folder = posixpath.join(posixpath.dirname(path), value[4:], "mkdocs.yml")
                edges.add(key, "documented_by", names.file(posixpath.normpath(folder)), line)
            elif annotation == "backstage.io/techdocs-ref" and value.startswith("url:"):
                edges.add(key, "documented_by", names.uri_of(value[4:]), line)
