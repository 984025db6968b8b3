#!/usr/bin/env python3
"""Compares Virgil's graph with what the files of eight public repositories state, edge by edge.

    git clone https://github.com/tektoncd/catalog FOLDER/catalog      # and so on for the table CORPORA below
    cargo build --bin virgil && make model
    make corpora CORPORA=FOLDER                                       # or: python3 tests/corpora FOLDER --only tekton

Every corpus is copied out of its repository at the commit of the table (clones may be bare), read by Virgil as a folder of its
own, and asked for over HTTP: all relations of all entities, with their evidence. The same files are read here by plain Python
that knows nothing of Virgil's readers; each module's head says which edges its format states, and what it leaves out. Names
follow DESIGN section 4. An edge is (subject, predicate, object); things that files declare to be one are one.

Prints what is missing, what is extra and what has wrong evidence (an edge must rest on the lines that this script found, and on no
other file), with counts per format, and ends with status 1 on any difference. Embedding takes most of the time (minutes); a
second run with the same `--work` folder takes seconds. `--relations` compares what an earlier run saved by `--save`.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import backstage
import dbt
import kfp
import kserve
import kubernetes
import monitoring
import openlineage
import virgil
from edges import Edges
from tree import load

# Name, repository, commit, the files that are read.
CORPORA = {
    "openlineage": (
        "OpenLineage/OpenLineage",
        "8f02abfb7a252783b95df79f443edb13959bf52c",
        r"integration/common/tests/dbt/.*(manifest|result|_ol_events)\.json|integration/common/tests/dbt/.*dbt_project\.yml"
        r"|spec/tests/.*\.json|client/python/tests/serde_example_.*\.json",
    ),
    "marquez": (
        "MarquezProject/marquez",
        "a89b89cad27f87c90dd964c40dae8dfb3f64031f",
        r"docker/metadata\.template\.json|api/src/test/resources/open_lineage/.*\.json",
    ),
    "backstage": (
        "backstage/demo",
        "ece9e44788caed0139092d61b0cc5a1256411586",
        r"catalog-info\.yaml|mkdocs\.yml|examples/.*\.yaml|demo-template/template/template\.yaml",
    ),
    "kfp": ("kubeflow/pipelines", "7b70c7b95f6832772efd6fd0029a4024491a0f44", r"test_data/sdk_compiled_pipelines/.*\.yaml"),
    "kserve": ("kserve/kserve", "aaac4e294dae2c7b1aa1886447793f3aa1c30912", r"docs/samples/.*\.ya?ml|config/runtimes/.*\.yaml"),
    "kube-prometheus": (
        "prometheus-operator/kube-prometheus",
        "4d719f1dea8853540b3823ab1fbe6be74a9953b3",
        r"manifests/[^/]*\.yaml|examples/.*\.(yaml|json)",
    ),
    "tekton": ("tektoncd/catalog", "55dd80ef1b83861613dce9080dfdf6656f1aecd4", r"(task|pipeline|stepaction)/.*\.ya?ml"),
    "argo": ("argoproj/argo-workflows", "f016ad89eb269d282aec06dc491c29f396a38df4", r"examples/.*\.ya?ml"),
}
SHOWN = 40


def repository(folder, name):
    owner, _, short = name.partition("/")
    for candidate in (f"{owner}+{short}/repo", f"{owner}+{short}", f"{owner}/{short}", short, f"{short}.git"):
        if (folder / candidate).is_dir():
            return folder / candidate
    raise SystemExit(f"{folder} holds no clone of github.com/{name}: git clone https://github.com/{name} {folder / short}")


def copied(clone, commit, pattern, into):
    """The files of a commit whose path matches, written below a folder; their paths."""

    def git(*arguments, **more):
        return subprocess.run(["git", "-C", str(clone), *arguments], check=True, stdout=subprocess.PIPE, **more).stdout

    try:
        listing = git("ls-tree", "-r", "-z", commit).decode().split("\0")
    except subprocess.CalledProcessError:
        raise SystemExit(f"{clone} does not hold the commit {commit}: git -C {clone} fetch origin {commit}") from None
    paths = []
    for entry in filter(None, listing):
        head, _, path = entry.partition("\t")
        if head.startswith("100") and re.fullmatch(pattern, path):
            target = into / path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                content = git("cat-file", "blob", head.split()[2]).decode()
                target.write_text(openlineage.filled(path, content), encoding="utf-8", newline="")
            paths.append(path)
    return paths


def expected(tree, paths):
    """The edges that the files of a tree state, and how many documents could not be read."""
    edges, bad = Edges(), 0
    cluster = kubernetes.Cluster(edges)
    for path in paths:
        content = (tree / path).read_text(encoding="utf-8")
        documents, damaged = load(path, content)
        bad += damaged
        edges.path = path
        for edges.format, state in (
            ("openlineage", lambda: path.endswith(".json") and openlineage.state(documents, edges)),
            ("dbt", lambda: dbt.state(documents, path, edges, lambda other: (tree / other).exists())),
            ("backstage", lambda: backstage.state(documents, path, edges)),
            ("kfp", lambda: kfp.state(documents, path, edges)),
            ("monitoring", lambda: monitoring.files(documents, path, edges)),
            ("kubernetes", lambda: kubernetes.state(documents, path, content, edges, cluster)),
        ):
            state()
    cluster.pick()
    kserve.runtimes(edges, cluster)
    edges.join_sole_systems()
    return edges, bad


def supports(edge, places, spans):
    """What is wrong with the evidence of an edge: files whose lines it does not cover, files it should not name."""
    paths = {path for path, _ in places}
    covered = {path for path, line in places for at, first, last in spans if path == at and first <= line <= last}
    if covered and edge[0].startswith("column:") and edge[1] == "part_of":
        # That a column's name contains its table's rests on one use of it, whichever file that is in.
        covered = paths
    return sorted(paths - covered), sorted({path for path, _, _ in spans} - paths)


def compare(name, edges, relations, columns_of_sql):
    wanted = edges.merged()
    found = {}
    for (subject, predicate, obj), spans in relations.items():
        found.setdefault((edges.root(subject), predicate, edges.root(obj)), set()).update(map(tuple, spans))

    def format_of(places):
        return min((edges.formats.get(place[0], "other") for place in places), default="other")

    left_out = {edge for edge, spans in found.items() if edge not in wanted and columns_of_sql(edge, spans)}
    counts = Counter()
    differences = []
    for edge in sorted(wanted.keys() | found.keys() - left_out):
        kind = format_of(wanted.get(edge) or found[edge])
        counts[kind, "expected"] += edge in wanted
        counts[kind, "found"] += edge in found
        counts[kind, "both"] += edge in wanted and edge in found
        if edge not in found:
            differences.append(("missing", edge, sorted(wanted[edge])[0]))
        elif edge not in wanted:
            differences.append(("extra", edge, sorted(found[edge])[0]))
        else:
            uncovered, strange = supports(edge, wanted[edge], found[edge])
            for path in uncovered:
                lines = sorted(line for at, line in wanted[edge] if at == path)
                differences.append(("evidence", edge, f"{path}:{lines[0]} is not in {sorted(found[edge])[:3]}"))
            # SQL may say what events say too.
            for path in (path for path in strange if not columns_of_sql(edge, [(path, 0, 0)])):
                differences.append(("evidence", edge, f"{path} does not state it"))
    for kind in sorted({kind for kind, _ in counts}):
        said, got, both = counts[kind, "expected"], counts[kind, "found"], counts[kind, "both"]
        print(
            f"{name:16} {kind:12} {said:6} edges expected, {got:6} found, precision {both / max(got, 1):.4f}, "
            f"recall {both / max(said, 1):.4f}"
        )
    if left_out:
        print(f"{name:16} {len(left_out)} edges between columns that only SQL states are left out")
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="holds a clone of each repository, bare or not")
    parser.add_argument("--virgil", type=Path, default=Path("target/debug/virgil"), help="the program")
    parser.add_argument("--model", type=Path, default=Path("data"), help="the folder of `make model`")
    parser.add_argument("--work", type=Path, default=Path("target/corpora"), help="where trees and data directories are kept")
    parser.add_argument("--only", action="append", choices=CORPORA, help="only this corpus; may be repeated")
    parser.add_argument("--all", action="store_true", help=f"show every difference, not {SHOWN}")
    parser.add_argument("--save", type=Path, help="a folder to save the relations in")
    parser.add_argument("--relations", type=Path, help="a folder with saved relations; the program is not asked")
    arguments = parser.parse_args()
    is_different = False
    for name in arguments.only or CORPORA:
        started = time.monotonic()
        repo, commit, pattern = CORPORA[name]
        tree = (arguments.work / name / "tree").resolve()
        paths = copied(repository(arguments.folder, repo), commit, pattern, tree)
        edges, bad = expected(tree, paths)
        if arguments.relations:
            saved = json.loads((arguments.relations / f"{name}.json").read_text())
            relations = {}
            for subject, predicate, obj, spans in saved:
                relations.setdefault((subject, predicate, obj), set()).update(map(tuple, spans))
        else:
            data = (arguments.work / name / "data").resolve()
            program = virgil.Virgil(arguments.virgil.resolve(), arguments.model.resolve(), data, name, tree)
            program.ingest()
            with program.server() as address:
                relations = virgil.relations(address, program.source)
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            listed = [[*edge, sorted(spans)] for edge, spans in sorted(relations.items())]
            (arguments.save / f"{name}.json").write_text(json.dumps(listed))
        print(f"{name:16} {len(paths)} files of {repo}, {bad} documents that are not YAML or JSON")
        differences = compare(name, edges, relations, dbt.is_of_sql)
        if name == "openlineage":
            differences += dbt.against_events(name, tree, paths, edges, relations)
        kinds = Counter(kind for kind, _, _ in differences)
        for kind, edge, where in differences if arguments.all else differences[:SHOWN]:
            print(f"  {kind}: {' '.join(edge)}\n      {where}")
        summary = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no difference"
        print(f"{name:16} {summary} ({time.monotonic() - started:.0f} s)\n", flush=True)
        is_different |= bool(differences)
    return 1 if is_different else 0


if __name__ == "__main__":
    sys.exit(main())
