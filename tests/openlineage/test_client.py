"""The OpenLineage Python client against the real server: what it emits becomes lineage; then how many events fit a minute.

Usage: test_client.py VIRGIL MODEL_DIR ENVIRONMENT. ENVIRONMENT is a folder that keeps the virtual environment with the
client between runs. Prints the figures and exits with 1 when something is not as it should be.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEY = "vk-openlineage-client-0123456789"
EVENTS = 2_000
WRITERS = 8
DEADLINE_S = 600


def environment(folder):
    """The Python of a virtual environment with the client in it."""
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return python


class Virgil:
    """The program in a folder of its own, with a server."""

    def __init__(self, program, model_dir, folder):
        self.program = Path(program).resolve()
        self.folder = folder
        self.variables = {"HOME": str(folder), "PATH": os.environ["PATH"], "VIRGIL_MODEL_DIR": str(Path(model_dir).resolve())}
        config = folder / "ingest-config"
        config.mkdir()
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        (config / "sources.yaml").write_text(
            f"sources:\n- name: lineage\n  kind: openlineage\n  key_sha256: [{digest}]\n  keep_runs: 5\n"
        )

    def json(self, *arguments):
        done = subprocess.run(
            [self.program, *arguments, "--json"], cwd=self.folder, env=self.variables, capture_output=True, text=True
        )
        return json.loads(done.stdout) if done.returncode == 0 else None

    def serve(self):
        self.server = subprocess.Popen(
            [self.program, "serve", "--listen", "127.0.0.1:0"],
            cwd=self.folder, env=self.variables, stdout=subprocess.PIPE, text=True,
        )
        return self.server.stdout.readline().split()[-1]

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def wait_for(self, arguments, is_there):
        start = time.monotonic()
        while time.monotonic() - start < DEADLINE_S:
            found = self.json(*arguments)
            if found is not None and is_there(found):
                return found, time.monotonic() - start
            time.sleep(0.2)
        sys.exit(f"virgil {' '.join(arguments)} never answered as it should: {found}")


def check_lineage(virgil, python, url):
    # A loopback address needs no proxy.
    variables = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [python, HERE / "emit.py", url, KEY]
    run = subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout.split()[-1]
    table, _ = virgil.wait_for(
        ["lineage", "exports/customers.parquet"],
        lambda found: any(node["reference"].endswith("shop.public.customers") for node in found["nodes"]),
    )
    places = {place["path"] for edge in table["edges"] for place in edge["relation"]["evidence"]}
    expected = f"jobs/nightly/export_customers/runs/{run}.ndjson"
    assert places == {expected}, places
    column, _ = virgil.wait_for(["lineage", "column:s3://lake/exports/customers.parquet#address"], lambda found: True)
    references = [node["reference"] for node in column["nodes"]]
    assert "column:postgres://db.shop.example:5432/shop.public.customers#email" in references, references
    runs = virgil.json("list", "run")
    assert runs["total"] == 1, "START and COMPLETE are one run"
    wrong = post(url, {"eventTime": "2026-11-20T03:00:00Z", "run": {"runId": run}})
    assert wrong[0] == 422 and "producer" in wrong[1]["detail"], wrong
    print("the client's START and COMPLETE are one run, with table and column lineage")


def post(url, body, connection=None):
    own = connection or http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    own.request(
        "POST", "/api/v1/lineage", json.dumps(body),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    response = own.getresponse()
    return response.status, json.loads(response.read())


def event(number, state):
    """Half of the events begin a run, the others end it; fifty jobs take turns."""
    run, job = number // 2, (number // 2) % 50
    columns = [{"name": f"column_{index}", "type": "VARCHAR"} for index in range(12)]
    facet = {"_producer": "https://producer.example", "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json"}
    return {
        "eventType": state, "eventTime": f"2026-11-20T03:{run // 60 % 60:02}:{run % 60:02}.{number % 2}Z",
        "producer": "https://producer.example",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, str(run)))},
        "job": {"namespace": "load", "name": f"job_{job}"},
        "inputs": [{"namespace": "postgres://db:5432", "name": f"shop.public.table_{job}", "facets": {"schema": {**facet, "fields": columns}}}],
        "outputs": [{"namespace": "s3://lake", "name": f"table_{job}.parquet", "facets": {"schema": {**facet, "fields": columns}}}],
    }


def measure(virgil, url):
    events = [event(number, ("START", "COMPLETE")[number % 2]) for number in range(EVENTS)]

    def write(part):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        times = []
        for one in part:
            start = time.monotonic()
            status, answer = post(url, one, connection)
            times.append(time.monotonic() - start)
            assert status == 201, answer
        return times

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        times = sorted(sum(pool.map(write, [events[index::WRITERS] for index in range(WRITERS)]), []))
    accepted = time.monotonic() - start
    # Fifty jobs keep five runs each, and the client's run is there.
    _, _ = virgil.wait_for(["list", "run"], lambda found: found["total"] == 251)
    visible = time.monotonic() - start
    print(
        f"{EVENTS} events of {len(json.dumps(events[0]))} bytes, one a request, {WRITERS} writers: "
        f"{EVENTS / accepted:.0f} events/s accepted, p50 {times[len(times) // 2] * 1000:.1f} ms, "
        f"p99 {times[len(times) * 99 // 100] * 1000:.1f} ms; all read {visible:.1f} s after the first"
    )
    assert EVENTS / accepted > 1_000 / 60, "a thousand events a minute must be fine"


def main():
    program, model_dir, folder = sys.argv[1:]
    python = environment(Path(folder))
    with tempfile.TemporaryDirectory() as home:
        virgil = Virgil(program, model_dir, Path(home))
        url = virgil.serve()
        try:
            check_lineage(virgil, python, url)
            measure(virgil, url)
        finally:
            virgil.stop()


if __name__ == "__main__":
    main()
