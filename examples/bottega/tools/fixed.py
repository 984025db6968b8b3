"""Takes out of the tools' output what changes from run to run.

Everything in the sample platform happens around one night, 2026-11-20. Identifiers come from a seeded generator, times
are counted from that night in the order in which they really happened, and the scratch folder's path gives way to the
path that the company would have.
"""

import datetime
import json
import pathlib
import random
import re
import uuid

NIGHT = datetime.datetime(2026, 11, 20, 1, 14, 5, tzinfo=datetime.timezone.utc)
MOMENT = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
RUN_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")


def moment(start, seconds=0.0):
    """A moment this many seconds after `start`, as dbt and OpenLineage write it."""
    written = (start + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def uuids(seed):
    """An endless, repeatable row of version 4 UUIDs."""
    generator = random.Random(seed)
    while True:
        yield uuid.UUID(int=generator.getrandbits(128), version=4)


def retime(text, start=NIGHT, step=0.2):
    """Moves every moment of the text to the night, one step apart, and keeps their order."""
    found = sorted(set(MOMENT.findall(text)), key=lambda written: datetime.datetime.fromisoformat(written))
    moved = {written: moment(start, rank * step) for rank, written in enumerate(found)}
    return MOMENT.sub(lambda match: moved[match[0]], text)


def rename_uuids(text, seed):
    """Gives every identifier that the tool drew the next one of ours, first come first served."""
    fresh = uuids(seed)
    renamed = {}
    return RUN_UUID.sub(lambda match: renamed.setdefault(match[0], str(next(fresh))), text)


def replace_paths(text, paths):
    """Writes the platform's paths instead of this machine's, longest first."""
    for here, there in sorted(paths.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(here, there)
    return text


def write_json(path, value, indent=None):
    """Writes JSON, compact unless an indent is asked for, with a newline at the end."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    separators = (",", ":") if indent is None else None
    path.write_text(json.dumps(value, indent=indent, separators=separators, ensure_ascii=False) + "\n")
