#!/usr/bin/env python3
"""Measures the cache of written answers: how often it hits, what a hit saves, what forgets it, and what it takes of memory.

    cargo build --release --bin virgil
    python3 tests/bench_cache.py target/release/virgil data

The sample platform is read, and askers draw their questions by Zipf's law (the n-th most popular is asked 1/n as often as the first),
which is how often people ask the same. The gateway is played here: its first token comes after 200 ms, then 25 a second. The first
part says how many of the hits that were possible came, and how long hits and misses took until the whole answer; the second what makes
the same question a miss; the third how much memory a full cache takes and that it stays full, not fuller. Ends with a status that is not
zero when a figure is missed.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import bench_askers
from bench import Bench, Missed, say, table
from bench_askers import QUESTIONS, ROOT, Gateway

WORDINGS = 64
HIT_P50_MS = 10.0
HIT_SHARE = 0.9
ENTRIES = 500
MEMORY_PER_ENTRY_KB = 300


async def ask(port, question, model=None):
    """Asks and listens to the end: the milliseconds until the whole answer, and the answer."""
    body = {"question": question} | ({"model": model} if model else {})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = json.dumps(body).encode()
    head = (
        f"POST /api/v1/ask HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    sent = time.perf_counter()
    writer.write(head.encode() + data)
    answer = await reader.read()
    took = 1e3 * (time.perf_counter() - sent)
    writer.close()
    head, body = answer.split(b"\r\n\r\n", 1)
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise Missed(f"`{question}` got no answer: {answer[:500]!r}")
    return took, json.loads(body)


def is_hit(answer):
    return (answer["usage"] or {}).get("cache") == "virgil"


def resident_kb(child):
    status = Path(f"/proc/{child.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


class Server:
    """The program over the sample, with a cache of so many answers."""

    def __init__(self, bench, name, entries):
        self.bench, self.folder = bench, bench.folder / name
        self.config = self.folder / "config"
        self.config.mkdir(parents=True)
        for file in ["access.yaml", "sources.yaml"]:
            text = (ROOT / "ingest-config" / file).read_text()
            (self.config / file).write_text(text.replace("../examples", str(ROOT / "examples")))
        (self.config / "virgil.yaml").write_text(
            f"answer_cache: {{max_entries: {entries}}}\ngateway: {{models: [{{name: played}}, {{name: other}}]}}\n"
        )
        (self.folder / "prompts").mkdir()
        self.data = self.folder / "data"
        self.run("ingest")

    def run(self, *arguments):
        command = [self.bench.program, "--data-dir", str(self.data), "--config", str(self.config), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.bench.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missed(f"virgil {' '.join(arguments)} failed: {done.stderr[-500:]}")
        return done.stdout

    def start(self):
        command = [self.bench.program, "--data-dir", str(self.data), "--config", str(self.config), "serve", "--listen", "127.0.0.1:0"]
        self.child = self.bench.start(command, cwd=self.folder, stderr=subprocess.DEVNULL)
        return int(re.search(r":(\d+)\s*$", self.child.stdout.readline()).group(1))


async def written(port):
    """The questions that a model writes an answer to."""
    found = []
    for question in QUESTIONS:
        _, answer = await ask(port, question)
        if answer["mode"] == "model":
            found.append(question)
    if len(found) < len(QUESTIONS) / 2:
        raise Missed("too few questions reach the model")
    return found


async def popular(bench, port, questions, arguments):
    dice = random.Random(7)
    wordings = [questions[number % len(questions)] + "?" * (1 + number // len(questions)) for number in range(WORDINGS)]
    drawn = dice.choices(wordings, [1 / (1 + rank) for rank in range(WORDINGS)], k=arguments.asks)
    queue, hits, misses = list(reversed(drawn)), [], []

    async def asker():
        while queue:
            took, answer = await ask(port, queue.pop())
            (hits if is_hit(answer) else misses).append(took)

    await asyncio.gather(*(asker() for _ in range(arguments.askers)))
    possible = arguments.asks - len(set(drawn))
    share = len(hits) / possible
    bench.figure(
        f"{arguments.asks} questions of {len(set(drawn))} wordings, {arguments.askers} askers",
        f"> {HIT_SHARE:.0%} of the hits that were possible",
        f"{len(hits) / arguments.asks:.1%} hits, {share:.1%} of the possible", share > HIT_SHARE,
    )
    bench.figure("whole answer from the cache", "", f"p50 {percentile(hits, 50):.1f} ms, p99 {percentile(hits, 99):.1f} ms", None)
    alone = [(await ask(port, drawn[-1]))[0] for _ in range(200)]
    bench.figure(
        "the same, one asker at a time", f"p50 < {HIT_P50_MS:.0f} ms",
        f"p50 {percentile(alone, 50):.1f} ms, p99 {percentile(alone, 99):.1f} ms", percentile(alone, 50) < HIT_P50_MS,
    )
    bench.figure("whole answer that is written", "", f"p50 {percentile(misses, 50):.0f} ms, p99 {percentile(misses, 99):.0f} ms", None)


async def forgotten(bench, server, port, question):
    async def again(what, expect, *words):
        _, answer = await ask(port, *words)
        hit = is_hit(answer)
        bench.figure(f"the same question {what}", "hit" if expect else "miss", "hit" if hit else "miss", hit == expect)

    await ask(port, question)
    await again("again", True, question)
    await again("with other white space", True, f"  {question.replace(' ', '  ')} ")
    await again("with another capital letter", False, question.swapcase())
    await again("for another model", False, question, "other")
    server.run("ingest")
    await again("after a sync that found nothing new", True, question)
    prompt = (ROOT / "prompts" / "system.txt.tera").read_text()
    (server.folder / "prompts" / "system.txt.tera").write_text(prompt + "- Be brief.\n")
    deadline = time.monotonic() + 30
    while is_hit((await ask(port, question))[1]):
        if time.monotonic() > deadline:
            bench.figure("the same question after a change of a prompt", "miss", "hit", False)
            return
        await asyncio.sleep(0.2)
    bench.figure("the same question after a change of a prompt", "miss", "miss", True)


async def full(bench, server, port, questions, arguments):
    async def fill(numbers):
        queue = list(numbers)

        async def asker():
            while queue:
                number = queue.pop()
                await ask(port, questions[number % len(questions)] + "?" * (1 + number // len(questions)))

        await asyncio.gather(*(asker() for _ in range(arguments.askers)))
        return resident_kb(server.child)

    # What askers at once take is taken before anything is kept that counts.
    before = await fill(range(arguments.askers))
    filled = await fill(range(arguments.askers, ENTRIES))
    beyond = await fill(range(ENTRIES, ENTRIES + ENTRIES // 2))
    each = (filled - before) / (ENTRIES - arguments.askers)
    bench.figure(
        f"memory for each of {ENTRIES} answers", f"< {MEMORY_PER_ENTRY_KB} kB", f"{each:.0f} kB ({before >> 10} to {filled >> 10} MB)",
        each < MEMORY_PER_ENTRY_KB,
    )
    bench.figure(
        f"{ENTRIES // 2} more answers than there is room for", "no more memory", f"{(beyond - filled) / 1024:+.1f} MB",
        beyond - filled < (filled - before) / 4 + 8_192,
    )
    _, answer = await ask(port, questions[0] + "?")
    bench.figure("the answer that was used longest ago", "miss", "hit" if is_hit(answer) else "miss", not is_hit(answer))


async def measure(bench, arguments):
    gateway = Gateway(50)
    peer, gateway_port = await gateway.start()
    bench.environment |= {"VIRGIL_GATEWAY__URL": f"http://127.0.0.1:{gateway_port}/v1"}
    server = Server(bench, "cached", 1_000)
    port = server.start()
    say("which questions a model answers")
    questions = await written(port)
    say("questions as people ask them")
    await popular(bench, port, questions, arguments)
    say("what forgets an answer")
    await forgotten(bench, server, port, questions[0])
    say("a full cache")
    bench_askers.FIRST_TOKEN_SECONDS, bench_askers.TOKENS_PER_SECOND = 0.0, 1_000_000
    server = Server(bench, "full", ENTRIES)
    await full(bench, server, server.start(), questions, arguments)
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("virgil", help="the program, a release build")
    parser.add_argument("model_dir", help="the folder with models/ and onnxruntime/")
    parser.add_argument("--askers", type=int, default=16)
    parser.add_argument("--asks", type=int, default=1_000, help="questions in all (default: 1,000)")
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
