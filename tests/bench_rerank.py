#!/usr/bin/env python3
"""Measures what a reranking model costs: CPU time for each passage that it reads, and how long a search takes with it.

    cargo build --release --bin virgil
    python3 tests/bench_rerank.py target/release/virgil data FOLDER

FOLDER holds a cross-encoder as `ingest-config/examples/rerank.yaml` says. The sample platform is read once; the same searches are then made
of a server without the model and of one with it, one after the other. CPU time is that of the server, so that other work on the machine
disturbs it little; what a model costs is the difference. How much it helps is not measured here: `virgil eval` does that.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import Bench, Missed, say, table
from bench_askers import QUESTIONS, ROOT, cpu_seconds

CANDIDATES = [5, 10, 20, 40]


def search(port, question):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    started = time.perf_counter()
    connection.request("POST", "/api/v1/search", json.dumps({"query": question, "limit": 10}), {"content-type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    took = 1e3 * (time.perf_counter() - started)
    if response.status != 200:
        raise Missed(f"`{question}` was not searched for: {body[:300]!r}")
    return took, [passage["path"] for passage in json.loads(body)["passages"]]


def searched(bench, data, config, candidates, folder, rounds):
    """CPU milliseconds and middle wall milliseconds of a search, and what the first search of each question found."""
    text = f"rerank: {{folder: '{folder}', candidates: {candidates}, time_budget_ms: 60000}}\n" if candidates else ""
    (config / "virgil.yaml").write_text(text or "# nothing\n")
    command = [bench.program, "--data-dir", str(data), "--config", str(config), "serve", "--listen", "127.0.0.1:0"]
    child = bench.start(command, stderr=subprocess.DEVNULL)
    try:
        line = child.stdout.readline()
        if not line:
            raise Missed("the server does not start: try `virgil doctor` with this configuration")
        port = int(re.search(r":(\d+)\s*$", line).group(1))
        found = [search(port, question)[1] for question in QUESTIONS]
        before, took = cpu_seconds(child), []
        for _ in range(rounds):
            took += [search(port, question)[0] for question in QUESTIONS]
        return 1e3 * (cpu_seconds(child) - before) / len(took), statistics.median(took), found
    finally:
        child.terminate()
        child.wait()


def measure(bench, arguments):
    config = bench.folder / "config"
    config.mkdir()
    for name in ["access.yaml", "sources.yaml"]:
        text = (ROOT / "ingest-config" / name).read_text()
        (config / name).write_text(text.replace("../examples", str(ROOT / "examples")))
    data = bench.folder / "sample-data"
    bench.run("--data-dir", data, "--config", config, "ingest")
    folder = Path(arguments.folder).resolve(strict=True)
    plain, wall, before = searched(bench, data, config, 0, folder, arguments.rounds)
    bench.figure("search without the model", "", f"{plain:.1f} ms of CPU, {wall:.1f} ms", None)
    for candidates in CANDIDATES:
        cpu, wall, after = searched(bench, data, config, candidates, folder, arguments.rounds)
        changed = sum(one != other for one, other in zip(before, after))
        bench.figure(
            f"search with {candidates} passages read", "",
            f"{(cpu - plain) / candidates:.1f} ms of CPU each, {wall:.0f} ms in all, another order for {changed} of {len(before)} questions", None,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("virgil", help="the program, a release build")
    parser.add_argument("model_dir", help="the folder with models/ and onnxruntime/")
    parser.add_argument("folder", help="the folder of the cross-encoder")
    parser.add_argument("--rounds", type=int, default=3, help="how often each question is searched for (default: 3)")
    arguments = parser.parse_args()
    bench = Bench(arguments.virgil, arguments.model_dir)
    try:
        measure(bench, arguments)
    except Missed as failure:
        bench.rows.append(("the benchmark broke off", "", str(failure)[:300], "missed"))
    finally:
        bench.close()
    say()
    table(bench.rows)
    return 1 if any(row[3] == "missed" for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
