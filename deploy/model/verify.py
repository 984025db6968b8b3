"""Compares a converted model with vectors of the published implementation.

The texts go through the files as they were written, `tokenizer.json` included: a wrong truncation in it shows as well
as a wrong weight.
"""

import json
import math
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer


def load_reference(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["texts"]


def worst_cosine(folder: Path, model_file: str, reference: list[dict], texts_per_run: int) -> tuple[float, str]:
    """Gives the smallest cosine and the name of its text. More than one text per run also tests the mask."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    session = open_session(folder / model_file)
    found = []
    for start in range(0, len(reference), texts_per_run):
        entries = reference[start : start + texts_per_run]
        vectors = embed(session, tokenizer, [entry["text"] for entry in entries])
        for entry, vector in zip(entries, vectors):
            expected = numpy.array(entry["vector"])
            cosine = float(vector @ expected / numpy.linalg.norm(expected))
            # A NaN compares as neither smaller nor greater and would get lost in `min`.
            found.append((cosine if math.isfinite(cosine) else -1.0, entry["name"]))
    return min(found)


def open_session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def embed(session: onnxruntime.InferenceSession, tokenizer: Tokenizer, texts: list[str]) -> numpy.ndarray:
    """Gives for each text the mean of its token vectors, scaled to length 1."""
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(texts)
    ids = numpy.array([encoding.ids for encoding in encodings], numpy.int64)
    mask = numpy.array([encoding.attention_mask for encoding in encodings], numpy.int64)
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
    hidden = session.run(None, inputs)[0].astype(numpy.float64)
    means = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return means / numpy.linalg.norm(means, axis=1, keepdims=True)
