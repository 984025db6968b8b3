"""The `manifest.json` beside finished files: what they are, and the SHA-256 and size by which to know them again.

A folder counts as finished only when its manifest fits every file in it and the recipe that would make it today.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FORMAT = 1
NAME = "manifest.json"
HERE = Path(__file__).resolve().parent
RUNTIME_RECIPE = ["requirements.txt"]
MODEL_RECIPE = ["requirements.txt", "graph.py", "convert.py", "verify.py", "reference.json"]


def write(folder: Path, facts: dict) -> None:
    """Describes every plain file in `folder`; links are left out, as they only repeat one."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink() and path.name != NAME)
    files = {path.name: {"sha256": sha256(path), "size_bytes": path.stat().st_size} for path in paths}
    text = json.dumps({"format": FORMAT, **facts, "files": files}, indent=2, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> dict:
    return json.loads((folder / NAME).read_text(encoding="utf-8"))


def fault(folder: Path, recipe: list[str]) -> str | None:
    """Says why `folder` cannot be used as it is, or nothing when it can."""
    if not folder.is_dir():
        return "not made yet"
    try:
        manifest = read(folder)
        if manifest["format"] != FORMAT:
            return f"`{NAME}` has format {manifest['format']}, not {FORMAT}"
        if manifest["recipe_sha256"] != recipe_sha256(recipe):
            return "made with another version of this set-up"
        files = manifest["files"].items()
        # All sizes before any hash: a file that was cut short shows at once.
        for name, expected in files:
            if not (folder / name).is_file():
                return f"`{name}` is missing"
            if (folder / name).stat().st_size != expected["size_bytes"]:
                return f"`{name}` has another size than when it was made"
        for name, expected in files:
            if sha256(folder / name) != expected["sha256"]:
                return f"`{name}` has changed since it was made"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return f"`{NAME}` cannot be read"
    return None


def recipe_sha256(names: list[str]) -> str:
    """Changes with any file that the result depends on, so that an update of the program remakes what it must."""
    total = hashlib.sha256()
    for name in names:
        total.update(f"{name} {sha256(HERE / name)}\n".encode())
    return total.hexdigest()


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
