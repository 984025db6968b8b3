"""Prepares the embedding model and its runtime, once: `python3 deploy/model/setup.py --data-dir DIR`.

Neither can be had from a package registry in the form that the program loads, so they are made here: the runtime's
shared library is taken out of its wheel, and the published weights are converted to ONNX and compared with the vectors
of the published implementation. It needs nothing but Python's standard library; what the conversion needs goes into a
virtual environment.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import environment
import manifest
from environment import SetupError

RUNTIME = Path("onnxruntime")
MODEL = Path("models", "all-MiniLM-L6-v2")
PARTIAL = ".partial"
PLATFORM = f"{sys.platform}-{platform.machine()}"
# Measured: what pip unpacks, and the finished files with a second copy while they are being replaced.
ENVIRONMENT_BYTES = 700 << 20
DATA_BYTES = 400 << 20
# The largest of the files: with less than this left after a failure, the next one had no room.
DISK_FULL_BYTES = 100 << 20


def main() -> int:
    parser = argparse.ArgumentParser(description="Prepares the embedding model and its runtime.")
    parser.add_argument("--data-dir", type=Path, required=True, help="where the result goes")
    parser.add_argument("--cache", type=Path, help="where the converter is installed (default: DATA_DIR/venv)")
    arguments = parser.parse_args()
    data = arguments.data_dir.resolve()
    venv = (arguments.cache.resolve() if arguments.cache else data) / "venv"
    try:
        prepare(data, venv)
    except SetupError as error:
        return complain(str(error))
    except OSError as error:
        return complain(explain(error))
    except KeyboardInterrupt:
        return complain("interrupted; run it again to go on", exit_code=130)
    return 0


def prepare(data: Path, venv: Path) -> None:
    if is_current(data):
        print(f"up to date: {data / MODEL} and {data / RUNTIME}")
        return
    environment.demand_platform()
    with contextlib.ExitStack() as locks:
        for folder in sorted({data, venv.parent}):
            locks.enter_context(locked(folder))
        # Another run may have finished while this one waited.
        if is_current(data):
            print(f"up to date: {data / MODEL} and {data / RUNTIME}")
            return
        demand_space(data, venv)
        shutil.rmtree(data / PARTIAL, ignore_errors=True)
        try:
            make(data, venv)
        finally:
            shutil.rmtree(data / PARTIAL, ignore_errors=True)
    print(f"ready: {data / MODEL} and {data / RUNTIME}")


def make(data: Path, venv: Path) -> None:
    python = environment.prepare(venv)
    make_runtime(data, venv)
    if make_model(data, python):
        return
    print("environment: damaged, making it again", flush=True)
    environment.discard(venv)
    if not make_model(data, environment.prepare(venv)):
        raise SetupError(f"`{venv}` is damaged again after a new installation\ncheck the disk")


def is_current(data: Path) -> bool:
    return runtime_fault(data) is None and model_fault(data) is None


def runtime_fault(data: Path) -> str | None:
    fault = manifest.fault(data / RUNTIME, manifest.RUNTIME_RECIPE)
    if fault is None and manifest.read(data / RUNTIME).get("platform") != PLATFORM:
        return "made for another kind of machine"
    return fault


def model_fault(data: Path) -> str | None:
    return manifest.fault(data / MODEL, manifest.MODEL_RECIPE)


def make_runtime(data: Path, venv: Path) -> None:
    fault = runtime_fault(data)
    if fault is None:
        return
    print(f"runtime: {fault}; taking it out of its wheel", flush=True)
    package = only_match(venv, "lib/python*/site-packages/onnxruntime")
    library = only_match(package, "capi/libonnxruntime.so.*")
    partial = begin(data, RUNTIME)
    for source in [library, package / "LICENSE", package / "ThirdPartyNotices.txt"]:
        shutil.copyfile(source, partial / source.name)
    # For who does not read the manifest.
    (partial / "libonnxruntime.so").symlink_to(library.name)
    facts = {
        "name": "onnxruntime",
        "version": loaded_version(partial / library.name),
        "library": library.name,
        "platform": PLATFORM,
        "recipe_sha256": manifest.recipe_sha256(manifest.RUNTIME_RECIPE),
    }
    manifest.write(partial, facts)
    finish(data, RUNTIME, partial)


def loaded_version(library: Path) -> str:
    """Asks the library itself, which also shows that this machine can load it."""

    class ApiBase(ctypes.Structure):
        # The two members of OrtApiBase in onnxruntime_c_api.h.
        _fields_ = [("get_api", ctypes.c_void_p), ("get_version", ctypes.CFUNCTYPE(ctypes.c_char_p))]

    try:
        loaded = ctypes.CDLL(str(library))
        loaded.OrtGetApiBase.restype = ctypes.POINTER(ApiBase)
        return loaded.OrtGetApiBase().contents.get_version().decode()
    except (OSError, AttributeError) as error:
        raise SetupError(f"the runtime cannot be loaded: {error}\napt-get install libstdc++6") from error


def make_model(data: Path, python: Path) -> bool:
    """Converts the model; false when the environment, not the conversion, is at fault."""
    fault = model_fault(data)
    if fault is None:
        return True
    print(f"model: {fault}; converting it", flush=True)
    partial = begin(data, MODEL)
    script = Path(__file__).resolve().with_name("convert.py")
    command = [str(python), str(script), "--target", str(partial), "--runtime", str(data / RUNTIME)]
    # Its warnings are about how the quantiser likes its input; its own errors come last.
    completed = environment.run(command, stdout=None, stderr=subprocess.PIPE)
    if completed.returncode == environment.EXIT_DAMAGED:
        return False
    if completed.returncode < 0:
        raise SetupError(f"the conversion was stopped by signal {-completed.returncode}\ngive it 1 GB of memory")
    if completed.returncode != 0:
        # Native code writes part of the files, and a full disk shows there as any odd error.
        if shutil.disk_usage(data).free < DISK_FULL_BYTES:
            raise SetupError(environment.DISK_FULL)
        raise SetupError(f"the conversion failed: {environment.last_line(completed)}")
    finish(data, MODEL, partial)
    return True


def begin(data: Path, name: Path) -> Path:
    """Gives an empty folder to work in, on the same file system as the result."""
    partial = data / PARTIAL / name.name
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def finish(data: Path, name: Path, partial: Path) -> None:
    """Puts the finished folder in place; a kill between the two renames leaves none, never half of one."""
    final = data / name
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        final.rename(partial.with_name(partial.name + ".old"))
    partial.rename(final)


@contextlib.contextmanager
def locked(folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".setup.lock", "w") as file:
        # So that what this run starts keeps the lock, should this run be killed.
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another set-up of the same folder", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def demand_space(data: Path, venv: Path) -> None:
    needed = {data: DATA_BYTES}
    if not environment.is_ready(venv):
        needed[venv.parent] = needed.get(venv.parent, 0) + ENVIRONMENT_BYTES
    for folder, size in needed.items():
        free = shutil.disk_usage(folder).free
        if free < size:
            raise SetupError(
                f"`{folder}` has {free >> 20} MB free, {size >> 20} MB are needed\n"
                "free some, or name another folder with --data-dir or --cache"
            )


def only_match(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SetupError(
            f"`{folder}` has {len(found)} files like `{pattern}`, not one\nremove `{folder}` and run this again"
        )
    return found[0]


def explain(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return environment.DISK_FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"`{error.filename}` cannot be written by user {os.getuid()}\nchange its owner, or name another folder"
    return f"`{error.filename}`: {error.strerror}" if error.filename else str(error)


def complain(message: str, exit_code: int = 1) -> int:
    what, *remedies = message.splitlines()
    print("\n".join([f"setup: {what}", *(f"  {remedy}" for remedy in remedies)]), file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
