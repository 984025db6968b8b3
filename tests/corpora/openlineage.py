"""OpenLineage (OpenLineage: spec/OpenLineage.json, spec/facets): run, job and dataset events. Edges:

* run part_of job; run reads input, writes output. An event without a run states what its job reads and writes.
* column part_of dataset: the fields of the facet `schema`, nested ones as `a.b`, those of column lineage, and those that tags
  and assertions name.
* column, or whole dataset, derived_from column or dataset: facet `columnLineage` (`fields`, `dataset`), or `lineage`.
* parent run triggers run; job part_of parent job: facet `parent`.
* job, run or dataset owned_by the owners of `ownership`; job defined_in the repository of `sourceCodeLocation`;
  job depends_on job: `jobDependencies`.

The events of a file are merged in the order of `eventTime`: facets add up, of equal ones the last counts, `_deleted` removes.
The names of `symlinks` are the same dataset.
"""

import uuid

import names
from tree import List, entries, get, items, line_of, load, string


def is_event(node):
    is_run = get(node, "run", "runId") is not None and get(node, "job") is not None
    of_spec = "openlineage.io/spec" in (string(node, "schemaURL") or "")
    return is_run or of_spec and (get(node, "job") is not None or get(node, "dataset") is not None)


def state(documents, edges):
    events = [one for document in documents for one in (document if isinstance(document, List) else [document])]
    events = [event for event in events if is_event(event)]
    jobs, runs, datasets = {}, {}, {}
    for event in sorted(events, key=lambda event: string(event, "eventTime") or ""):
        line = event.line
        job = job_of(get(event, "job"))
        if job:
            merge(jobs.setdefault(job, {}), get(event, "job", "facets"))
        run = job and string(event, "run", "runId")
        if run:
            run = f"run:openlineage/{run}"
            merge(runs.setdefault(run, (job, {}))[1], get(event, "run", "facets"))
            edges.add(run, "part_of", runs[run][0], line)
        for field, predicate in (("inputs", "reads"), ("outputs", "writes")):
            for node in items(event, field):
                dataset = dataset_of(node)
                if dataset:
                    for part in ("facets", "inputFacets", "outputFacets"):
                        merge(datasets.setdefault(dataset, {}), get(node, part))
                    if run or job:
                        edges.add(run or job, predicate, dataset, line)
        dataset = dataset_of(get(event, "dataset"))
        if dataset:
            merge(datasets.setdefault(dataset, {}), get(event, "dataset", "facets"))
    for job, facets in jobs.items():
        of_job(edges, job, facets)
    for run, (job, facets) in runs.items():
        owners(edges, run, facets)
        parent = facets.get("parent")
        if string(parent, "run", "runId"):
            above = f"run:openlineage/{string(parent, 'run', 'runId')}"
            edges.add(above, "triggers", run, line_of(get(parent, "run"), "runId"))
        above = job_of(get(parent, "job"))
        if above and above != job:
            edges.add(job, "part_of", above, get(parent, "job").line)
    for dataset, facets in datasets.items():
        of_dataset(edges, dataset, facets)


ANY = "{{ any(result) }}"


def filled(path, content):
    """A fixture whose run ids may be anything, with an id for each job of the file in their place.

    Left as they are, all runs of all fixtures would be one.
    """
    if ANY not in content:
        return content
    documents, _ = load(path, content)
    lines = content.split("\n")
    for document in documents:
        for event in document if isinstance(document, List) else [document]:
            parent = get(event, "run", "facets", "parent")
            for run, job in ((get(event, "run"), get(event, "job")), (get(parent, "run"), get(parent, "job"))):
                if string(run, "runId") == ANY and job_of(job):
                    at = line_of(run, "runId") - 1
                    lines[at] = lines[at].replace(ANY, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path} {job_of(job)}")), 1)
    return "\n".join(lines)


def merge(facets, more):
    for name, _, facet in entries(more):
        if string(facet, "_deleted") == "true":
            facets.pop(name, None)
        else:
            facets[name] = facet


def job_of(node):
    namespace, name = string(node, "namespace"), string(node, "name")
    return f"job:{namespace}/{name}" if namespace and name else None


def dataset_of(node):
    namespace, name = string(node, "namespace"), string(node, "name")
    return names.dataset(namespace, name) if namespace and name else None


def owners(edges, key, facets):
    for owner in items(facets.get("ownership"), "owners"):
        if string(owner, "name"):
            name = names.owner(string(owner, "name"), "openlineage")
            edges.add(key, "owned_by", name, line_of(owner, "name"))


def of_job(edges, job, facets):
    owners(edges, job, facets)
    code = facets.get("sourceCodeLocation")
    address = string(code, "repoUrl") or string(code, "url")
    if address and names.repository(address):
        edges.add(job, "defined_in", names.repository(address), code.line)
    for side in ("upstream", "downstream"):
        for other in items(facets.get("jobDependencies"), side):
            key = job_of(get(other, "job"))
            if key:
                ends = (job, key) if side == "upstream" else (key, job)
                edges.add(ends[0], "depends_on", ends[1], get(other, "job").line)
    for target in items(facets.get("lineage"), "lineage") or items(facets.get("lineage"), "entries"):
        reader = job
        if string(target, "type") == "JOB":
            reader = job_of(target)
        else:
            dataset = dataset_of(target)
            edges.add(job, "writes", dataset, target.line)
            lineage(edges, dataset, target)
        for node in items(target, "inputs"):
            if string(node, "type") != "JOB":
                edges.add(reader, "reads", dataset_of(node), node.line)


def of_dataset(edges, dataset, facets):
    owners(edges, dataset, facets)
    columns(edges, dataset, items(facets.get("schema"), "fields"), "")
    for tag in items(facets.get("tags"), "tags"):
        if string(tag, "field"):
            edges.add(names.column(dataset, string(tag, "field")), "part_of", dataset, tag.line)
    for assertion in items(facets.get("dataQualityAssertions"), "assertions"):
        if string(assertion, "column") and string(assertion, "assertion"):
            edges.add(names.column(dataset, string(assertion, "column")), "part_of", dataset, assertion.line)
    for other in items(facets.get("symlinks"), "identifiers"):
        if dataset_of(other):
            edges.same(dataset, dataset_of(other))
    for name in ("columnLineage", "lineage"):
        if name in facets:
            lineage(edges, dataset, facets[name])


def columns(edges, dataset, fields, above):
    for field in fields:
        name = string(field, "name")
        if name:
            edges.add(names.column(dataset, above + name), "part_of", dataset, field.line)
            columns(edges, dataset, items(field, "fields"), f"{above}{name}.")


def lineage(edges, dataset, facet):
    for name, line, field in entries(facet, "fields"):
        column = names.column(dataset, name)
        edges.add(column, "part_of", dataset, line)
        for node in items(field, "inputFields") + items(field, "inputs"):
            derived(edges, column, node)
    for node in items(facet, "dataset") + items(facet, "inputs"):
        derived(edges, dataset, node)


def derived(edges, key, node):
    if string(node, "type") == "JOB":
        edges.add(job_of(node), "writes", key, node.line)
        return
    origin = dataset_of(node)
    if origin:
        field = string(node, "field")
        edges.add(key, "derived_from", names.column(origin, field) if field else origin, node.line)
