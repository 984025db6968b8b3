"""Virgil as its users have it: configured, fed with a folder, started, and asked over HTTP."""

import contextlib
import json
import os
import re
import signal
import subprocess
import urllib.request

PREDICATES = """
reads writes derived_from trains trained_on version_of stored_at serves runs_image builds triggers part_of depends_on provides_api
consumes_api owned_by member_of monitors documented_by uses_template defined_in
""".split()
PAGE = 1000
MOST_BYTES = 8_000_000


class Failed(Exception):
    """The program did not do what it was asked to."""


class Virgil:
    def __init__(self, program, model, data, name, tree):
        self.program, self.data, self.source = program, data, f"corpus-{name}"
        self.environment = {**os.environ, "VIRGIL_MODEL_DIR": str(model)}
        self.config = data.parent / "ingest-config"
        self.config.mkdir(parents=True, exist_ok=True)
        source = {"name": self.source, "kind": "folder", "path": str(tree), "access": "everyone", "max_file_bytes": MOST_BYTES}
        written = {"access": {"labels": {"everyone": ["everyone"]}}, "sources": [source]}
        # JSON is YAML too.
        (self.config / "sources.yaml").write_text(json.dumps(written, indent=1))

    def command(self, *arguments):
        return [str(self.program), "--data-dir", str(self.data), "--config", str(self.config), *arguments]

    def ingest(self):
        done = subprocess.run(self.command("ingest"), env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"virgil ingest failed: {done.stderr[-2000:]}")

    @contextlib.contextmanager
    def server(self):
        process = subprocess.Popen(
            self.command("serve", "--listen", "127.0.0.1:0"), env=self.environment, stdout=subprocess.PIPE, text=True
        )
        try:
            for line in process.stdout:
                found = re.search(r"listens on (http://\S+)", line)
                if found:
                    yield found[1]
                    return
            raise Failed("virgil serve ended before it listened")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            process.stdout.close()


def ask(address, query):
    request = urllib.request.Request(
        f"{address}/api/v1/query", data=json.dumps(query).encode(), headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as response:
        return json.load(response)


def relations(address, source):
    """All relations as {(subject, predicate, object): {(path, first line, last line)}}, page by page in the order of references."""
    columns = [{"linked": {"along": {"relations": [{"predicate": predicate}]}}} for predicate in PREDICATES]
    found, last, seen = {}, "", set()
    while True:
        test = {"attribute": {"name": "reference", "op": "ge", "value": last}}
        query = {
            "set": {"where": {"set": {"all": []}, "test": test}},
            "columns": columns,
            "order": {"by": {"attribute": "reference"}},
            "limit": PAGE,
        }
        answer = ask(address, query)
        # Things that no file declares are named all the same; anything else is missing.
        for why in answer["completeness"].get("why", []):
            if why["reason"] != "unresolved":
                raise Failed(f"the answer is not whole: {answer['completeness']}")
        rows = [row for row in answer["rows"] if row["reference"] not in seen]
        if not rows:
            if answer["total"] > len(answer["rows"]):
                raise Failed(f"more than {PAGE} references differ in case only, at `{last}`")
            return found
        for row in rows:
            seen.add(row["reference"])
            for predicate, column in zip(PREDICATES, row["columns"]):
                for value in column["values"]:
                    entity = value["entity"]
                    edge = (local(row["reference"], source), predicate, local(entity["entity"]["reference"], source))
                    places = {(at["path"], at["start_line"], at["end_line"]) for at in entity["evidence"][-1]["evidence"]}
                    found.setdefault(edge, set()).update(places)
        last = answer["rows"][-1]["reference"]


def local(reference, source):
    """A reference with `.` for the only source."""
    return re.sub(rf"^(\w+):{re.escape(source)}(?=/|$)", r"\1:.", reference)
