#!/usr/bin/env python3
"""Measures what Virgil promises about speed and size, with the real program on made-up repositories.

    cargo build --release --bin virgil
    cargo bench -p virgil-index --bench embed --no-run
    python3 tests/bench.py target/release/virgil data --embed-bench target/release/deps/embed-HASH

Machines are noisy, so embedding is judged against ONNX Runtime alone on the same texts in the same run (that is what
`--embed-bench` is for). Ends with a table and a status that is not zero when a figure is missed.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from pathlib import Path

SHARE_OF_RUNTIME = 0.85
CHUNKS_PER_SECOND = 80
SECOND_SYNC_CPU = 1.0
QUERY_MS = 15.0
RESIDENT_MB = 400
FILL_SECONDS = 15 * 60
MOST_TOKENS = 256

WORDS = """
service order invoice payment customer ledger table column index cluster topic queue event message consumer producer
schema migration deployment pipeline repository branch commit release rollback latency retry timeout token gateway
proxy warehouse snapshot partition replica leader consensus checkpoint offset retention archive handler parser
registry config variable environment container image volume batch stream window metric alert dashboard incident owner
team river mountain harbor garden window bridge castle forest island valley market village station engine signal
pattern color shadow mirror letter number record chapter lesson reason answer question problem method theory example
account budget contract agreement partner supplier delivery shipment address country region office department manager
analyst engineer operator auditor reviewer author reader writer teacher student doctor driver pilot captain soldier
""".split()
VERBS = """
reads writes updates deletes inserts merges splits validates rejects accepts returns raises follows leads keeps drops
holds moves copies stores loads sends receives counts measures reports checks signs opens closes starts stops
""".split()
SMALL = "the a of to and in is for it with on as by that this from are be which when not only after before".split()


class Missed(Exception):
    """The program did not do what it was asked to."""


class Writer:
    """Makes text: the same for the same seed, and no passage twice."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0

    def identifier(self):
        return f"{self.random.choice(WORDS)}_{self.random.choice(WORDS)}"

    def sentence(self):
        pick = self.random.choice
        words = []
        for _ in range(self.random.randint(2, 4)):
            words += [pick(SMALL), pick(WORDS), pick(VERBS), pick(SMALL), pick(WORDS)]
        if self.random.random() < 0.3:
            words.append(f"`{self.identifier()}`")
        return " ".join(words).capitalize() + "."

    def prose(self, characters):
        # The number makes every passage one of its own, whatever the dice say.
        self.number += 1
        sentences = [f"Item {self.number}."]
        while sum(map(len, sentences)) < characters:
            sentences.append(self.sentence())
        lines, line = [], ""
        for word in " ".join(sentences).split():
            if len(line) + len(word) > 100:
                lines.append(line.rstrip())
                line = ""
            line += word + " "
        return "\n".join([*lines, line.rstrip()])

    def section(self):
        heading = f"{self.random.choice(WORDS)} {self.random.choice(WORDS)}".capitalize()
        return f"## {heading}\n\n{self.prose(self.random.randint(350, 1030))}\n"

    def markdown(self, sections):
        title = f"{self.random.choice(WORDS)} {self.random.choice(WORDS)}".capitalize()
        return f"# {title}\n\n" + "\n".join(self.section() for _ in range(sections))

    def function(self):
        self.number += 1
        name = f"{self.random.choice(VERBS)}_{self.identifier()}_{self.number}"
        arguments = [self.random.choice(WORDS) for _ in range(2)]
        body = "\n".join(
            f"    {self.identifier()} = {self.random.choice(arguments)}.{self.random.choice(VERBS)}({self.number + step})"
            for step in range(self.random.randint(2, 7))
        )
        words = "\n    ".join(self.prose(self.random.randint(100, 350)).splitlines())
        return f'def {name}({arguments[0]}, other_{arguments[1]}):\n    """{words}"""\n{body}\n    return {arguments[0]}\n'

    def python(self, functions):
        return '"""Tools."""\n\nimport json\n\n\n' + "\n\n".join(self.function() for _ in range(functions))

    def question(self):
        pick = self.random.choice
        return f"which {pick(WORDS)} {pick(VERBS)} the {pick(WORDS)} of {self.identifier()} {pick(SMALL)} {pick(WORDS)}?"


class Bench:
    """A temporary folder, the program, and what it has started."""

    def __init__(self, program, model_dir):
        self.program = str(Path(program).resolve(strict=True))
        self.folder = Path(tempfile.mkdtemp(prefix="virgil-bench-"))
        self.children = []
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "VIRGIL_MODEL_DIR": str(Path(model_dir).resolve(strict=True)),
        }
        self.rows = []

    def close(self):
        for child in self.children:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, **more):
        settings = {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **more}
        child = subprocess.Popen(command, text=True, **settings)
        self.children.append(child)
        return child

    def run(self, *arguments, command=None, tell=False, seconds=None, statuses=(0,)):
        """Runs the program to its end (or for so many seconds): wall seconds, CPU seconds, output."""
        with open(self.folder / "stderr", "w+") as stderr:
            started = time.monotonic()
            child = self.start(command or [self.program, *map(str, arguments)], stderr=stderr)
            alarm = threading.Timer(seconds, os.kill, (child.pid, signal.SIGKILL)) if seconds else None
            if alarm:
                alarm.start()
            output = []
            for line in child.stdout:
                output.append(line)
                if tell:
                    say("   ", line.rstrip())
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - started
            if alarm:
                alarm.cancel()
            cut_off = seconds is not None and child.returncode == -signal.SIGKILL
            if child.returncode not in statuses and not cut_off:
                stderr.seek(0)
                raise Missed(f"{command or arguments} ended with {child.returncode}: {stderr.read()[-2000:]}")
        return wall, used.ru_utime + used.ru_stime, "".join(output)

    def ingest(self, data, *what):
        """Reads a source: wall seconds, CPU seconds, the numbers of the sync."""
        wall, cpu, output = self.run("--data-dir", data, "ingest", *what, "--json")
        numbers = json.loads(output.strip().splitlines()[-1])
        if numbers["failed"]:
            raise Missed(f"files could not be read: {numbers}")
        return wall, cpu, numbers

    def repository(self, name, files):
        folder = self.folder / name
        for path, text in files:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.run(command=["git", "-c", "init.defaultBranch=main", "init", "-q", str(folder)])
        self.commit(folder)
        return folder

    def commit(self, folder):
        git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@bottega.example"]
        self.run(command=[*git, "add", "--all"])
        self.run(command=[*git, "commit", "-q", "-m", "work"])

    def figure(self, name, target, measured, ok):
        """Notes a figure; `ok` is none for one that has no target."""
        self.rows.append((name, target, measured, {True: "ok", False: "missed", None: ""}[ok]))
        say("  ", name, measured, self.rows[-1][3])


def say(*what):
    print(*what, flush=True)


def machine_busy():
    """CPU seconds of the whole machine so far, of this program and of everything else."""
    ticks = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def files(writer, chunks):
    """Files of about so many chunks: two thirds Markdown, one third Python."""
    made, number = 0, 0
    while made < chunks:
        count = min(writer.random.randint(4, 12), chunks - made)
        if number % 3 < 2:
            yield f"docs/{number % 17}/{number}.md", writer.markdown(count)
        else:
            yield f"src/{number % 13}/part_{number}.py", writer.python(count)
        made += count
        number += 1


class WordPieces:
    """Counts tokens as the model's tokenizer does, well enough for a ratio."""

    def __init__(self, model_dir):
        path = next(Path(model_dir).glob("models/all-MiniLM-L6-v2/tokenizer.json"))
        self.vocabulary = json.loads(path.read_text())["model"]["vocab"]
        self.known = {}

    def count(self, text):
        words = re.findall(r"[^\W_]+|[^\w\s]|_", unicodedata.normalize("NFD", text.lower()))
        return min(2 + sum(map(self.of_word, words)), MOST_TOKENS)

    def of_word(self, word):
        if word not in self.known:
            self.known[word] = self.cut(word)
        return self.known[word]

    def cut(self, word):
        pieces, start = 0, 0
        while start < len(word):
            prefix = "##" if start else ""
            end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in self.vocabulary), None)
            if end is None:
                return 1
            start, pieces = end, pieces + 1
        return pieces


def embedded_texts(data):
    """The texts that were embedded, straight from the store."""
    with contextlib.closing(sqlite3.connect(f"file:{data}/virgil.db?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT breadcrumb, body FROM chunks ORDER BY id").fetchall()
    texts = {}
    for breadcrumb, body in rows:
        parts = json.loads(breadcrumb)
        texts[" > ".join(parts) + "\n" + body if parts else body] = None
    return list(texts)


def median(figures):
    figures = list(figures)
    return sorted(figures)[len(figures) // 2]


def cold(bench, arguments, start_seconds, start_cpu):
    say(f"cold sync of {arguments.cold_chunks} chunks, twice")
    repository = bench.repository("cold", files(Writer(1), arguments.cold_chunks))
    pieces = WordPieces(arguments.model_dir)
    speeds, tokens_per_second, busy, per_cpu, others = [], [], [], [], []
    plain, plain_cpu, tokens_per_cpu = arguments.plain, None, []
    for attempt in range(2):
        data = bench.folder / f"cold-data-{attempt}"
        before = machine_busy()
        wall, cpu, numbers = bench.ingest(data, repository, "--name", "cold")
        others.append((machine_busy() - before - cpu) / wall)
        texts = embedded_texts(data)
        if len(texts) != numbers["embedded"]:
            raise Missed(f"{numbers['embedded']} texts were embedded, {len(texts)} are in the store")
        tokens = sum(map(pieces.count, texts))
        speeds.append(numbers["chunks"] / wall)
        busy.append(cpu / wall)
        per_cpu.append(numbers["chunks"] / cpu)
        tokens_per_cpu.append(tokens / (cpu - start_cpu))
        tokens_per_second.append(tokens / (wall - start_seconds))
        say(
            f"    {numbers['chunks']} chunks of {tokens / len(texts):.0f} tokens in {wall:.1f} s, "
            f"{speeds[-1]:.1f} chunks/s, {tokens_per_second[-1]:.0f} tokens/s, {100 * busy[-1]:.0f} % CPU, "
            f"{per_cpu[-1]:.1f} chunks per CPU second; everything else took {100 * others[-1]:.0f} % CPU"
        )
        if attempt == 0 and arguments.embed_bench:
            say("    ONNX Runtime alone on the same texts")
            sample = bench.folder / "texts.json"
            sample.write_text(json.dumps(texts))
            # Its status says whether the embedder alone was fast enough; what is judged here is the whole sync.
            command = [str(Path(arguments.embed_bench).resolve()), str(sample)]
            _, _, said = bench.run(command=command, tell=True, statuses=(0, 1))
            plain = float(re.search(r"median: ONNX Runtime alone (\d+)", said).group(1))
            plain_cpu = float(re.search(r"per CPU second: ONNX Runtime alone (\d+)", said).group(1))
        shutil.rmtree(data)
    speed = sum(speeds) / len(speeds)
    cpu = f"{100 * sum(busy) / len(busy):.0f} % CPU, {sum(per_cpu) / len(per_cpu):.0f} per CPU second"
    if max(others) > 0.1:
        cpu += f" (others took {100 * max(others):.0f} % CPU)"
    bench.figure(
        "cold sync, start and commit included", f">= {CHUNKS_PER_SECOND} chunks/s", f"{speed:.1f} chunks/s, {cpu}",
        speed >= CHUNKS_PER_SECOND,
    )
    if plain:
        share = sum(tokens_per_second) / len(tokens_per_second) / plain
        by_cpu = f", by CPU time {100 * sum(tokens_per_cpu) / len(tokens_per_cpu) / plain_cpu:.1f} %" if plain_cpu else ""
        bench.figure(
            "tokens/s of a sync against ONNX Runtime", f">= {100 * SHARE_OF_RUNTIME:.0f} %",
            f"{100 * share:.1f} % of {plain:.0f} tokens/s{by_cpu}", share >= SHARE_OF_RUNTIME,
        )
    if arguments.repository:
        wall, cpu, numbers = bench.ingest(bench.folder / "real-data", Path(arguments.repository).resolve(), "--name", "real")
        bench.figure(
            f"cold sync of {Path(arguments.repository).name}", "",
            f"{numbers['chunks']} chunks, {numbers['embedded'] / wall:.1f} embedded/s, {100 * cpu / wall:.0f} % CPU", None,
        )


def second_sync(bench, arguments):
    say(f"a repository of {arguments.files} files")
    writer = Writer(2)
    small = [(f"notes/{number % 50}/{number}.md", f"# Note {number}\n\n{writer.prose(120)}\n") for number in range(arguments.files - 1)]
    sections = [writer.section() for _ in range(8)]
    repository = bench.repository("many", [*small, ("changed.md", "# Changed\n\n" + "\n".join(sections))])
    data = bench.folder / "many-data"
    wall, cpu, numbers = bench.ingest(data, repository, "--name", "many")
    say(f"    first sync: {numbers['read']} files, {numbers['chunks']} chunks, {wall:.1f} s, {cpu:.1f} s of CPU")

    again, listing = [], []
    for _ in range(3):
        wall, cpu, numbers = bench.ingest(data, "many")
        if numbers["read"] or numbers["embedded"]:
            raise Missed(f"a sync without news read something: {numbers}")
        again.append(cpu)
        listing.append(bench.run("--data-dir", data, "sources")[1])
    bench.figure(
        "second sync, nothing new, whole process", f"< {SECOND_SYNC_CPU} s CPU",
        f"{median(again):.2f} s CPU ({median(listing):.2f} s of it to start: `sources`)", median(again) < SECOND_SYNC_CPU,
    )

    sections[3] = writer.section()
    (repository / "changed.md").write_text("# Changed\n\n" + "\n".join(sections))
    bench.commit(repository)
    wall, cpu, numbers = bench.ingest(data, "many")
    bench.figure(
        "one of eight passages of a file changed", "1 embedded", f"{numbers['embedded']} embedded, {numbers['cached']} known, "
        f"{wall:.2f} s, {cpu:.2f} s CPU", numbers["embedded"] == 1 and numbers["read"] == 1,
    )


def memory(child):
    status = Path(f"/proc/{child.pid}/status").read_text()
    found = dict(re.findall(r"^(VmRSS|RssAnon|RssFile):\s+(\d+) kB", status, re.MULTILINE))
    return {name: int(kilobytes) * 1024 / 1e6 for name, kilobytes in found.items()}


@contextlib.contextmanager
def server(bench, data):
    child = bench.start([bench.program, "--data-dir", str(data), "serve", "--listen", "127.0.0.1:0"], stderr=subprocess.DEVNULL)
    try:
        line = child.stdout.readline()
        found = re.search(r"http://(\S+)", line)
        if not found:
            raise Missed(f"the server does not say where it listens: {line!r}")
        yield child, http.client.HTTPConnection(found.group(1), timeout=600)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()


def post(connection, path, body=None):
    started = time.monotonic()
    connection.request("POST", path, json.dumps(body or {}), {"content-type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    took = time.monotonic() - started
    if response.status != 200:
        raise Missed(f"{path}: {response.status} {answer[:500]!r}")
    return 1e3 * took, json.loads(answer)


def latencies(connection, writer, count):
    took = []
    for number in range(count + 20):
        milliseconds, answer = post(connection, "/api/v1/search", {"query": writer.question(), "limit": 10})
        if not answer["passages"]:
            raise Missed("a query found nothing")
        if number >= 20:
            took.append(milliseconds)
    took.sort()
    return took[len(took) // 2], took[len(took) * 95 // 100]


def queries(bench, arguments):
    say(f"filling {arguments.chunks} chunks, for {FILL_SECONDS // 60} minutes at most")
    data = bench.folder / "full-data"
    repository = bench.repository("full", files(Writer(3), round(1.05 * arguments.chunks)))
    wall, _, _ = bench.run("--data-dir", data, "ingest", repository, "--name", "full", tell=True, seconds=FILL_SECONDS)
    chunks = len(embedded_texts(data))
    say(f"    {chunks} chunks in {wall:.0f} s, {chunks / wall:.1f} chunks/s")
    writer = Writer(4)
    with server(bench, data) as (child, connection):
        before = memory(child)
        p50, p95 = latencies(connection, writer, arguments.queries)
        time.sleep(5)
        after = memory(child)
        bench.figure(
            f"a query over {chunks} chunks, by HTTP", f"p50 < {QUERY_MS:.0f} ms", f"p50 {p50:.1f} ms, p95 {p95:.1f} ms", p50 < QUERY_MS
        )
        bench.figure(
            "the idle server after them", f"< {RESIDENT_MB} MB resident",
            f"{after['VmRSS']:.0f} MB ({after['RssAnon']:.0f} MB anonymous; {before['VmRSS']:.0f} MB before any query)",
            after["VmRSS"] < RESIDENT_MB,
        )
        if arguments.rebuild:
            took, _ = post(connection, "/api/v1/maintenance/rebuild")
            p50, p95 = latencies(connection, writer, arguments.queries)
            bench.figure("the same after a rebuild", "", f"p50 {p50:.1f} ms, p95 {p95:.1f} ms ({took / 1e3:.1f} s to rebuild)", None)
    if chunks < 0.98 * arguments.chunks:
        bench.figure("chunks in the index", f">= {arguments.chunks}", f"{chunks}", False)


def table(rows):
    head = ("figure", "target", "measured", "")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    for row in [head, tuple("-" * width for width in widths), *rows]:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("virgil", help="the program, a release build")
    parser.add_argument("model_dir", help="the folder with models/ and onnxruntime/")
    parser.add_argument("repository", nargs="?", help="a real git repository to read as well")
    parser.add_argument("--chunks", type=int, default=50_000, help="chunks that are searched (default: 50000, ten minutes)")
    parser.add_argument("--cold-chunks", type=int, default=1_500, help="chunks of the cold sync (default: 1500)")
    parser.add_argument("--files", type=int, default=4_000, help="files of the second sync (default: 4000)")
    parser.add_argument("--queries", type=int, default=200, help="how many are timed (default: 200)")
    parser.add_argument("--plain", type=float, metavar="TOKENS_PER_SECOND", help="what ONNX Runtime alone reaches")
    parser.add_argument("--embed-bench", metavar="PROGRAM", help="the embed benchmark of virgil-index, which finds that out")
    parser.add_argument("--rebuild", action="store_true", help="time queries on a rebuilt index as well")
    parser.add_argument("--only", choices=["cold", "second", "queries"], action="append", help="only this part")
    arguments = parser.parse_args()
    parts = arguments.only or ["cold", "second", "queries"]

    # A plain kill cleans up like Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(arguments.virgil, arguments.model_dir)
    try:
        empty = bench.folder / "empty-data"
        bench.run("--data-dir", empty, "sources")
        starts = [bench.run("--data-dir", empty, "sources") for _ in range(3)]
        start_seconds, start_cpu = median(start[0] for start in starts), median(start[1] for start in starts)
        say(f"the program starts in {start_seconds:.2f} s, {start_cpu:.2f} s of CPU")
        if "cold" in parts:
            cold(bench, arguments, start_seconds, start_cpu)
        if "second" in parts:
            second_sync(bench, arguments)
        if "queries" in parts:
            queries(bench, arguments)
    except Missed as failure:
        bench.rows.append(("the benchmark broke off", "", str(failure)[:300], "missed"))
    except KeyboardInterrupt:
        say("stopped")
        return 130
    finally:
        bench.close()
    say()
    table(bench.rows)
    return 1 if any(row[3] == "missed" for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
