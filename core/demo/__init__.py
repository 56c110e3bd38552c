"""The embedded demo corpus: support messages with gold for every task. See README.md beside it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CORPUS = HERE / "corpus.jsonl"
CLASSES = HERE / "classes.toml"
TAGS = HERE / "tags.toml"


@dataclass(frozen=True, slots=True)
class DemoText:
    """One message and everything that is known of it."""

    text: str
    split: str
    """`pool` or `test`."""
    lang: str
    """`en` or `zh`."""
    company: str
    """`shop`, `bank` or `internet`."""
    intent: str
    tags: tuple[str, ...]
    subject: str
    spans: tuple[Mapping[str, Any], ...]
    """{start, end, label, text}: code points, end exclusive, `text` the slice itself."""


@dataclass(frozen=True, slots=True)
class DemoTask:
    """What the corpus is for one task; found by the task's name through the entry-point group `handful.demos`."""

    classes: Path
    """The labels file."""
    gold: Callable[[DemoText], Any]
    """A message's answer in file form."""
    directory: str
    """What the project's directory is called if nobody says."""


@cache
def corpus() -> tuple[DemoText, ...]:
    """All messages, in a fixed order."""
    with CORPUS.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple(
        DemoText(
            row["text"],
            row["split"],
            row["lang"],
            row["company"],
            row["intent"],
            tuple(row["tags"]),
            row["subject"],
            tuple(row["spans"]),
        )
        for row in rows
    )


def texts() -> list[str]:
    """The texts alone."""
    return [item.text for item in corpus()]
