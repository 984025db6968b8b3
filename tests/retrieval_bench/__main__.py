"""Virgil's retrieval beside that of others, on the same files with the same embedding model: `make bench-retrieval` runs it.

    python3 tests/retrieval_bench website --corpus FOLDER --program PROGRAM --model DATA_DIR --work FOLDER
    python3 tests/retrieval_bench cookbook --corpus FOLDER …

`website`: FOLDER is a checkout of the repository that tests/questions/public.yaml names; its Markdown files are read, its questions with
evidence are asked. `cookbook`: FOLDER holds `anthropic_docs.json` and `docs_evaluation_dataset.json` of Anthropic's cookbook; each page
becomes one Markdown file. What is ranked are documents: a document stands where its first passage stands.

It runs inside the virtual environment that requirements.txt describes; the embedding model is the one that `make model` made.
"""

import argparse
import shutil
import sys
from pathlib import Path

import corpora
import figures
import pipelines
from virgil import Virgil

PASSAGES = 100


def main():
    parser = argparse.ArgumentParser(description="Compares retrieval on one corpus.")
    parser.add_argument("set", choices=corpora.SETS)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()

    work = arguments.work / arguments.set
    shutil.rmtree(work, ignore_errors=True)
    files = work / "files"
    questions = corpora.prepare(arguments.set, arguments.corpus, files)
    print(f"{arguments.set}: {len(list(files.rglob('*.md')))} files, {len(questions)} questions", flush=True)

    embedding = pipelines.Embedding(arguments.model)
    rankings = {}
    with Virgil(arguments.program, arguments.model, work, files) as virgil:
        found = [virgil.search(question.text, PASSAGES) for question in questions]
    rankings["Virgil"] = [documents(passages) for passages in found]
    rankings["BM25 alone"] = [documents(by(passages, "sparse_score")) for passages in found]
    rankings["dense alone"] = [documents(by(passages, "dense_score")) for passages in found]
    print("Virgil has answered", flush=True)
    for name, build in pipelines.QUICK_STARTS.items():
        search = build(files, embedding)
        rankings[name] = [first(search(question.text, PASSAGES)) for question in questions]
        print(f"{name} has answered", flush=True)
    figures.print_table(questions, rankings, "Virgil")
    return 0


def by(passages, score):
    """The passages that have a score of that name, by it: what one way of looking alone would give."""
    return sorted((passage for passage in passages if passage.get(score) is not None), key=lambda passage: -passage[score])


def documents(passages):
    return first(passage["path"] for passage in passages)


def first(paths):
    """Each path once, where it stands first."""
    return list(dict.fromkeys(paths))


if __name__ == "__main__":
    sys.exit(main())
