"""The corpora and their questions: files in a folder, and which of them answer what."""

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml

QUESTIONS = Path(__file__).resolve().parent.parent / "questions" / "public.yaml"


@dataclass
class Question:
    """A question and the paths of the documents that answer it."""

    text: str
    documents: set[str]
    held_out: bool


def website(corpus, files):
    for source in corpus.rglob("*.md"):
        path = source.relative_to(corpus)
        if path.parts[0] != ".git":
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, files / path)
    questions = []
    for asked in yaml.safe_load(QUESTIONS.read_text()):
        if asked["expect"] != "abstain":
            paths = {evidence["path"] for evidence in asked["expect"]["evidence"]}
            questions.append(Question(asked["question"], paths, asked["split"] == "held_out"))
    missing = {path for question in questions for path in question.documents if not (files / path).is_file()}
    if missing:
        raise SystemExit(f"`{corpus}` is not the corpus of {QUESTIONS.name}: it lacks {sorted(missing)[0]}")
    return questions


def cookbook(corpus, files):
    pages = defaultdict(list)
    of_link = {}
    for section in json.loads((corpus / "anthropic_docs.json").read_text()):
        link = section["chunk_link"]
        page = link.split("#")[0].removeprefix("https://docs.claude.com/en/") + ".md"
        of_link[link] = page
        pages[page].append(f"## {section['chunk_heading']}\n\n{section['text']}\n")
    for page, sections in pages.items():
        (files / page).parent.mkdir(parents=True, exist_ok=True)
        (files / page).write_text("\n".join(sections))
    asked = json.loads((corpus / "docs_evaluation_dataset.json").read_text())
    return [Question(one["question"], {of_link[link] for link in one["correct_chunks"]}, True) for one in asked]


SETS = {"website": website, "cookbook": cookbook}


def prepare(name, corpus, files):
    """Writes the files of a set below `files` and gives its questions."""
    return SETS[name](corpus, files)
