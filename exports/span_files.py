"""Marked texts in the formats other programs read: CoNLL-2003 columns, and JSON that spaCy's `Doc.from_json` takes.

Neither knows of a text that was answered in part, and CoNLL of no spans that share characters: such texts are left out
of the one and the other, and counted, for written they would say what nobody said.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.conll import TEXT, escaped, tagged, tokens_of
from core.show import json_line
from core.spans import Span, touching
from core.words import Stretch

Row = Mapping[str, Any]


def _complete(field: str, rows: Sequence[Row]) -> Iterator[tuple[str, list[Span[str]]]]:
    """(text, spans) of the rows whose answer is complete: a list, where one in part is an object."""
    for row in rows:
        if isinstance(row[field], list):
            yield row["text"], [Span(s["start"], s["end"], s["label"]) for s in row[field]]


def conll(field: str, rows: Sequence[Row]) -> tuple[str, int]:
    """(the file, texts left out): a word, `-X-`, `-X-` and its tag in each line; BIO."""
    found = []
    for text, spans in _complete(field, rows):
        if touching(spans) is not None:
            continue
        tokens = tokens_of(text, spans)
        lines = [
            f"{escaped(text[start:end])} -X- -X- {tag}"
            for (start, end), tag in zip(tokens, tagged(tokens, spans), strict=True)
        ]
        found.append("\n".join([TEXT + json.dumps(text), *lines]) + "\n")
    return "\n".join(found), len(rows) - len(found)


def spacy(field: str, rows: Sequence[Row]) -> tuple[str, int]:
    """(a JSON list of documents, texts left out); spans that share characters are in the group `sc`, not in `ents`."""
    docs = [json_line(_doc(text, spans)) for text, spans in _complete(field, rows)]
    return "[\n" + ",\n".join(docs) + "\n]\n", len(rows) - len(docs)


def _doc(text: str, spans: Sequence[Span[str]]) -> Mapping[str, Any]:
    said = [{"start": s.start, "end": s.end, "label": s.label} for s in spans]
    tokens = [{"id": i, "start": a, "end": b} for i, (a, b) in enumerate(_covering(text, tokens_of(text, spans)))]
    apart = touching(spans) is None
    doc: dict[str, Any] = {"text": text, "ents": said if apart else [], "tokens": tokens}
    if not apart:
        doc["spans"] = {"sc": [{**one, "kb_id": ""} for one in said]}
    return doc


def _covering(text: str, tokens: Sequence[Stretch]) -> list[Stretch]:
    """The tokens, and between them what is more than one blank: spaCy's tokens, each with a blank, make up the text."""
    found: list[Stretch] = []
    at = 0
    for start, end in [*tokens, (len(text), len(text))]:
        gap = at + (1 if found and text[at:start].startswith(" ") else 0)
        if gap < start:
            found.append((gap, start))
        if start < end:
            found.append((start, end))
        at = end
    return found
