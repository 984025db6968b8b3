#!/usr/bin/env python3
"""Measures how long askers wait until their question is on its way to the language model.

    cargo build --release --bin virgil
    python3 tests/bench_askers.py target/release/virgil data

The sample platform is read, and 32 askers ask and listen at the same time, each through its own connection. The gateway is played
here: its first token comes after 200 ms, then 25 a second. What counts is the time from an asker's request to the first byte of
Virgil's request at the gateway, both seen by this program's clock. Ends with a status that is not zero when a figure is missed.
"""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

from bench import Bench, Missed, say, table

ROOT = Path(__file__).resolve().parent.parent
P50_MS = 40.0
P99_MS = 150.0
FIRST_TOKEN_SECONDS = 0.2
TOKENS_PER_SECOND = 25

QUESTIONS = """
How do I deploy a model with KServe?
How do I get a notebook with a GPU?
What is the policy for payment thresholds?
Above which score is a payment rejected?
How are the database credentials rotated?
How do I backfill orders?
What happened on 5 August 2026 when orders were imported twice?
What happened on 27 June 2026 when guest orders were rejected?
What are the known weaknesses of the fraud-detector model?
Why was Feast chosen as the feature store?
Why was DuckDB chosen as the warehouse?
What do I do when the feature store is stale?
What do I do when the warehouse build failed?
What do I do when fraud-detector is slow?
How is data classified?
How are models approved?
How do I promote a version of a model?
How do I schedule a pipeline with Airflow?
How do I schedule a pipeline with Argo Workflows?
How do I ask for access to data?
What do I do in my first week?
How long are base images supported?
Which personal data was in the churn model until March?
How is churn-predictor trained?
How do I work on the dbt models?
Which metrics does the fraud-detector model report?
How does a night of the data platform go?
How do I get a database password?
Where do the numbers of the fraud-detector model card come from?
Who owns the fraud-detector model?
Which features does the churn-predictor use?
Which alerts watch the fraud gateway?
""".strip().splitlines()


class Gateway:
    """A chat API that answers slowly, and notes when each question reached it."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.arrived = {}

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while first := await reader.read(1):
                now = time.perf_counter()
                head = first + await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE).group(1))
                body = json.loads(await reader.readexactly(length))
                question = body["messages"][-1]["content"].rsplit("Question: ", 1)[1].strip()
                self.arrived[question] = now
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            # The server hangs up, or the measurement is over.
            pass
        finally:
            writer.close()

    async def answer(self, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        await asyncio.sleep(FIRST_TOKEN_SECONDS)
        for number in range(self.tokens):
            self.chunk(writer, {"model": "played", "choices": [{"delta": {"content": f"word{number} "}}]})
            await writer.drain()
            await asyncio.sleep(1 / TOKENS_PER_SECOND)
        self.chunk(writer, {"choices": [{"delta": {}, "finish_reason": "stop"}]})
        data = b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
        await writer.drain()

    @staticmethod
    def chunk(writer, value):
        data = b"data: " + json.dumps(value).encode() + b"\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def ask(port, question):
    """Asks and listens to the end: when the request was sent, and the last event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"question": question}).encode()
    head = (
        f"POST /api/v1/ask HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/event-stream\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    sent = time.perf_counter()
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    events = re.findall(rb"event: (\w+)", answer)
    if not events or events[-1] != b"answer":
        raise Missed(f"`{question}` got no answer: {answer[-500:]!r}")
    return sent


async def asker(port, gateway, question, rounds, length, waits):
    # Askers do not begin all at once, and not one with another.
    await asyncio.sleep(random.uniform(0, length))
    for _ in range(rounds):
        gateway.arrived.pop(question, None)
        sent = await ask(port, question)
        waits.append(1e3 * (gateway.arrived[question] - sent))


def cpu_seconds(child):
    fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(bench, arguments):
    config = bench.folder / "config"
    config.mkdir()
    for name in ["access.yaml", "sources.yaml"]:
        text = (ROOT / "ingest-config" / name).read_text()
        (config / name).write_text(text.replace("../examples", str(ROOT / "examples")))
    (config / "virgil.yaml").write_text("answer_cache: {max_entries: 0}\n")
    data = bench.folder / "sample-data"
    bench.run("--data-dir", data, "--config", config, "ingest")

    gateway = Gateway(arguments.tokens)
    peer, gateway_port = await gateway.start()
    bench.environment |= {"VIRGIL_GATEWAY__URL": f"http://127.0.0.1:{gateway_port}/v1", "VIRGIL_GATEWAY__MODEL": "played"}
    command = [bench.program, "--data-dir", str(data), "--config", str(config), "serve", "--listen", "127.0.0.1:0"]
    child = bench.start(command, stderr=subprocess.DEVNULL)
    port = int(re.search(r":(\d+)\s*$", child.stdout.readline()).group(1))

    say("every question once, one after the other")
    asked, alone = [], []
    for question in QUESTIONS:
        sent = await ask(port, question)
        if question in gateway.arrived:
            asked.append(question)
            alone.append(1e3 * (gateway.arrived[question] - sent))
        else:
            say(f"    not for the model: {question}")
    if len(asked) < len(QUESTIONS) / 2:
        raise Missed("too few questions reach the model")
    alone.sort()
    bench.figure("one asker at a time", "", f"p50 {alone[len(alone) // 2]:.1f} ms", None)

    say(f"{arguments.askers} askers, {arguments.rounds} questions each")
    waits, length = [], FIRST_TOKEN_SECONDS + arguments.tokens / TOKENS_PER_SECOND
    before, started = cpu_seconds(child), time.perf_counter()
    # Two of the same question at once would be told apart by nothing: a full stop more for each turn through the list.
    questions = [asked[number % len(asked)] + "?" * (number // len(asked)) for number in range(arguments.askers)]
    await asyncio.gather(*(asker(port, gateway, question, arguments.rounds, length, waits) for question in questions))
    took = time.perf_counter() - started
    used = cpu_seconds(child) - before
    waits.sort()
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    bench.figure(
        f"request to first upstream byte, {arguments.askers} askers", f"p50 < {P50_MS:.0f} ms, p99 < {P99_MS:.0f} ms",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {waits[-1]:.1f} ms", p50 < P50_MS and p99 < P99_MS,
    )
    bench.figure(
        "what that took", "", f"{len(waits) / took:.1f} answers/s, {1e3 * used / len(waits):.1f} ms of CPU each, load {os.getloadavg()[0]:.1f}",
        None,
    )
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("virgil", help="the program, a release build")
    parser.add_argument("model_dir", help="the folder with models/ and onnxruntime/")
    parser.add_argument("--askers", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=20, help="questions of each asker (default: 20)")
    parser.add_argument("--tokens", type=int, default=50, help="tokens of each answer (default: 50, two seconds)")
    arguments = parser.parse_args()
    bench = Bench(arguments.virgil, arguments.model_dir)
    try:
        asyncio.run(measure(bench, arguments))
    except Missed as failure:
        bench.rows.append(("the benchmark broke off", "", str(failure)[:300], "missed"))
    finally:
        bench.close()
    say()
    table(bench.rows)
    return 1 if any(row[3] == "missed" for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
