"""From gold and predicted answers to additive counts, overall and by slice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from core.tasks.base import Cell, Task


def slice_of(meta: Mapping[str, Any], column: str) -> str:
    """The slice a text belongs to, such as `lang=zh`; empty if slicing is off or its row lacks the column."""
    return f"{column}={meta[column]}" if column and column in meta else ""


def collect(task: Task[Any], judged: Iterable[tuple[Any, Any, str]]) -> dict[str, dict[Cell, int]]:
    """Counts by slice from (gold answer, predicted answer, slice); the slice "" always holds all."""
    counts: dict[str, Counter[Cell]] = {"": Counter()}
    for gold, predicted, part in judged:
        for cell, n in task.compare(gold, predicted).items():
            for where in {"", part}:
                counts.setdefault(where, Counter())[cell] += n
    return {part: dict(cells) for part, cells in counts.items()}


def is_right(task: Task[Any], gold: Any, predicted: Any) -> bool:
    """Whether a text was answered entirely right; no answer (None) is not."""
    return predicted is not None and task.correct(task.compare(gold, predicted)) == 1
