#!/usr/bin/env python3
"""Writes the generated files of the sample platform in place, with the tools that would have written them.

    python3 examples/bottega/generate.py

The tools (requirements.txt, all from PyPI) go into a virtual environment in the cache folder, once for each version of
that file. Each script in tools/ runs one tool in a scratch folder and copies what is kept; identifiers, times and paths are
fixed there, so that a second run changes nothing. Needs Python 3.11, as MLflow writes the version down.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements.txt"

# In this order: lineage needs dbt's catalog and MLflow's versions.
TOOLS = ["dbt_artifacts", "mlflow_export", "lineage", "drift_report"]
PIPELINES = {
    "ml-risk/fraud_detector/pipeline.py": "ml-risk/pipelines/fraud-detector-training.yaml",
    "ml-growth/churn/pipeline.py": "ml-growth/churn/compiled.yaml",
}


def environment():
    """The Python of a virtual environment with the pinned tools, made when it is missing."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = cache / "bottega" / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    python = folder / "bin/python"
    complete = folder / "complete"
    if not complete.exists():
        print(f"installing the tools into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
        complete.touch()
    return python


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"this needs Python 3.11, not {sys.version.split()[0]}")
    python = environment()
    quiet = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore")
    for tool in TOOLS:
        print(tool, flush=True)
        with tempfile.TemporaryDirectory(prefix="bottega-") as scratch:
            run([python, ROOT / "tools" / f"{tool}.py", ROOT, scratch], quiet)
    for source, compiled in PIPELINES.items():
        print(source, flush=True)
        run([python, ROOT / source, ROOT / compiled], quiet)
    run([python, ROOT / "check.py"], quiet)


def run(command, environ):
    finished = subprocess.run([str(part) for part in command], env=environ, capture_output=True, text=True)
    if finished.returncode != 0:
        sys.exit(f"`{command[1].name}` failed:\n{finished.stdout[-2000:]}{finished.stderr[-4000:]}")
    if command[1].name == "check.py":
        print(finished.stdout, end="")


if __name__ == "__main__":
    main()
