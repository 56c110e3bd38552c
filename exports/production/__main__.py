"""`python -P -m exports.production FOLDER`: the work of `handful drift` and `handful predict --into`.

FOLDER/request.json says what: the project, the bundle, the file, and for texts that shall come into the pool, how many
at most and where the answers go.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core import clock
from core.evaluation import drift
from core.importing.importer import import_file
from core.project import Project, find
from core.publish import publish_file
from core.records import ImportReport, JobEvent
from core.show import json_line
from exports import child
from exports.production import bringing
from exports.production.bringing import Candidate, Limits
from exports.production.reading import BLOCK, Line, Read, Reader, count, lines

REQUEST, ANSWERS, CHOSEN = "request.json", "answers.jsonl", "chosen.jsonl"
TICK = 0.3


def _all(asked: Mapping[str, Any], reader: Reader) -> Iterator[tuple[list[Line], Read]]:
    with Path(asked["file"]).open("rb") as stream:
        coming = lines(stream, text_lines=bool(asked["text_lines"]), fields=reader.fields)
        while block := list(islice(coming, BLOCK)):
            yield block, reader.read(block)


def work(folder: Path) -> Iterator[JobEvent]:
    """Read all texts and compare them with the pool; the last event is the result."""
    asked = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    project = find(Path(asked["project"]))
    with project.open(readonly=True) as con:
        reader = Reader(Path(asked["bundle"]), con, int(asked["threads"]))
    limits, about = Limits.of(reader.pool), {"source": str(asked["source"])}
    distances: list[Any] = [np.empty(0, np.float32)]
    now, found, n, told = Counter[str](), list[Candidate](), 0, clock.monotonic()
    answers: list[bytes] = []
    for block, read in _all(asked, reader):
        distances.append(read.distances)
        now += count(read.classes)
        if asked["most"]:
            found = bringing.first([*found, *bringing.candidates(n, block, read, limits, about)], int(asked["most"]))
            answers += [
                (json_line({**line.kept, **answer}) + "\n").encode()
                for line, answer in zip(block, read.answers, strict=True)
            ]
        n += len(block)
        if clock.monotonic() - told > TICK:
            told = clock.monotonic()
            yield JobEvent("progress", {"what": "texts", "done": n})
    said = drift.compare(
        reader.pool.distances, np.concatenate(distances), reader.classes, count(reader.pool.classes), now
    )
    result: dict[str, Any] = {"drift": said.as_json()}
    if asked["most"]:
        publish_file(folder / ANSWERS, b"".join(answers))
        result["why"] = dict(Counter(why for one in found for why in str(one.row["chosen"]).split(", ")))
        result["report"] = asdict(_bring(project, folder, str(asked["source"]), found)) if found else None
    yield JobEvent("result", result)


def _bring(project: Project, folder: Path, source: str, found: list[Candidate]) -> ImportReport:
    """Import the chosen texts, under the name of what they come from."""
    file = folder / CHOSEN
    publish_file(file, b"".join((json_line(dict(one.row)) + "\n").encode() for one in found))
    with project.open() as con:
        return import_file(project, con, file, text="text", chosen=source)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(child.main(work, sys.argv[1:]))
