"""Tests of the set-up on a folder that it has prepared: `VIRGIL_DATA_DIR=DIR python3 deploy/model/test_setup.py`.

The folder itself is only read. Its files are linked into another one, which is then damaged.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import manifest
import setup

SETUP = Path(__file__).resolve().with_name("setup.py")
if "VIRGIL_DATA_DIR" not in os.environ:
    sys.exit("set VIRGIL_DATA_DIR to a folder prepared by `python3 deploy/model/setup.py --data-dir DIR`")
PREPARED = Path(os.environ["VIRGIL_DATA_DIR"]).resolve()


def command(data: Path, *options: str) -> list[str]:
    return [sys.executable, str(SETUP), "--data-dir", str(data), *options]


def run(data: Path, *options: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **variables}
    return subprocess.run(command(data, *options), env=environment, capture_output=True, text=True, timeout=600)


def link_prepared(target: Path) -> None:
    """Repeats the prepared folder without its bytes; falls back to bytes where the disk is another one."""

    def link(source: str, destination: str) -> None:
        try:
            os.link(source, destination)
        except OSError:
            shutil.copyfile(source, destination)

    for name in [setup.RUNTIME, setup.MODEL]:
        shutil.copytree(PREPARED / name, target / name, symlinks=True, copy_function=link)


def flip_byte(path: Path) -> None:
    """Changes one byte in the middle, in a copy: the file may share its bytes with the prepared folder."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


class PreparedFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name, "data")

    def test_second_run_does_nothing_and_is_fast(self) -> None:
        before = {path: path.stat().st_mtime_ns for path in (PREPARED / setup.MODEL).iterdir()}
        start = time.monotonic()
        completed = run(PREPARED)
        seconds = time.monotonic() - start
        self.assertEqual(completed.returncode, 0, completed.stderr)
        self.assertRegex(completed.stdout, r"\Aup to date: .*\n\Z")
        self.assertLess(seconds, 2)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in (PREPARED / setup.MODEL).iterdir()})

    def test_damage_is_found_and_repaired_even_after_a_kill_half_way(self) -> None:
        link_prepared(self.data)
        flip_byte(self.data / setup.MODEL / "model.onnx")
        self.kill_half_way()
        self.assertIsNotNone(setup.model_fault(self.data))

        completed = run(self.data, "--cache", str(PREPARED))
        self.assertEqual(completed.returncode, 0, completed.stderr)
        self.assertIn("`model.onnx` has changed since it was made", completed.stdout)
        self.assertRegex(completed.stdout, r"fp32: smallest cosine (1\.0|0\.999)")
        self.assertRegex(completed.stdout, r"int8: smallest cosine 0\.9[89]")
        self.assertNotIn("runtime:", completed.stdout)
        made, original = manifest.read(self.data / setup.MODEL), manifest.read(PREPARED / setup.MODEL)
        self.assertEqual(made["files"], original["files"], "the conversion gives the same bytes each time")
        self.assertFalse((self.data / setup.PARTIAL).exists())

    def kill_half_way(self) -> None:
        words = command(self.data, "--cache", str(PREPARED))
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)
        while running.poll() is None and not list((self.data / setup.PARTIAL).glob("*/model.onnx")):
            time.sleep(0.01)
        self.assertIsNone(running.poll(), "it ended before it could be killed")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()

    def test_every_kind_of_damage_has_a_name(self) -> None:
        def check(damage, expected: str) -> None:
            shutil.rmtree(self.data, ignore_errors=True)
            link_prepared(self.data)
            damage(self.data / setup.MODEL)
            self.assertEqual(setup.model_fault(self.data), expected)
            self.assertIsNone(setup.runtime_fault(self.data))

        def cut_short(folder: Path) -> None:
            (folder / "tokenizer.json").unlink()
            (folder / "tokenizer.json").write_text("{}")

        def replace_manifest(folder: Path, content: str) -> None:
            (folder / manifest.NAME).unlink()
            (folder / manifest.NAME).write_text(content)

        prepared = (PREPARED / setup.MODEL / manifest.NAME).read_text()
        recipe = manifest.recipe_sha256(manifest.MODEL_RECIPE)
        check(shutil.rmtree, "not made yet")
        check(lambda folder: (folder / "config.json").unlink(), "`config.json` is missing")
        check(lambda folder: flip_byte(folder / "config.json"), "`config.json` has changed since it was made")
        check(cut_short, "`tokenizer.json` has another size than when it was made")
        check(lambda folder: replace_manifest(folder, prepared[:100]), "`manifest.json` cannot be read")
        check(lambda folder: replace_manifest(folder, "[]"), "`manifest.json` cannot be read")
        check(
            lambda folder: replace_manifest(folder, prepared.replace(recipe, "0")),
            "made with another version of this set-up",
        )

    def test_without_a_package_index_it_says_so_once(self) -> None:
        completed = run(
            self.data,
            PIP_INDEX_URL="http://127.0.0.1:9/",
            PIP_EXTRA_INDEX_URL="",
            PIP_FIND_LINKS="",
            PIP_CONFIG_FILE=os.devnull,
            PIP_NO_CACHE_DIR="1",
        )
        self.assertEqual(completed.returncode, 1)
        self.assertRegex(completed.stderr, r"\Asetup: no package index can be reached\n(  .*\n)+\Z")
        self.assertIn("PIP_INDEX_URL", completed.stderr)
        self.assertEqual(setup.model_fault(self.data), "not made yet")
        self.assertEqual(setup.runtime_fault(self.data), "not made yet")

    def test_a_folder_that_cannot_be_made_is_named(self) -> None:
        self.data.parent.mkdir(exist_ok=True)
        self.data.write_text("a file in its place")
        completed = run(self.data)
        self.assertEqual(completed.returncode, 1)
        self.assertRegex(completed.stderr, r"\Asetup: `.*data`: File exists\n\Z")


if __name__ == "__main__":
    unittest.main()
