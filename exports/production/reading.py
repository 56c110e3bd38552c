"""Texts read by a bundle: what it answers, how sure it is, and how far each text lies from the project's pool."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.connection import Connection
from core.errors import InputError, RefusedError
from core.evaluation.drift import nearest
from core.i18n import _
from core.show import visible
from core.store import examples
from exports.production.looking import opened
from exports.runtime.errors import BundleError, LineError
from exports.runtime.lines import MAX_LINE, parse

POOL = 1000
"""Texts of the pool that others are compared with."""
BLOCK = 256
"""Texts read at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text that came in."""

    text: str
    kept: Mapping[str, Any]
    """What of the line goes with the answer (an id)."""
    said: Any = None
    """What somebody said is right for it (`label`, `labels` or `spans`); None if nobody did."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a bundle makes of some texts."""

    answers: list[dict[str, Any]]
    classes: list[tuple[str, ...]]
    """Those that each answer gives, each once."""
    corrected: list[bool]
    """Whether the line of the text says that something else is right."""
    sure: NDArray[np.float32]
    """[n] in 0..1, as `exports.production.looking` says."""
    distances: NDArray[np.float32]
    """[n]: to the nearest text of the pool."""


def lines(stream: BinaryIO, *, text_lines: bool, fields: Sequence[str]) -> Iterator[Line]:
    """The texts of a file; `fields`: where a line may say what is right.

    Raises InputError at the first line that can't be used.
    """
    number = 0
    while raw := stream.readline(MAX_LINE + 2):
        number += 1
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if text_lines or raw.strip():
            try:
                text, kept = parse(raw, text_lines=text_lines)
            except LineError as error:
                what = _("line {number}: {why}").format(number=number, why=visible(str(error)))
                raise InputError(_("A line of the texts can't be used."), what) from error
            whole = {} if text_lines else json.loads(raw)
            said = [whole[name] for name in fields if name in whole] if isinstance(whole, dict) else []
            yield Line(text, kept, said[0] if said else None)


class Reader:
    """A bundle beside the pool of a project."""

    def __init__(self, bundle: Path, con: Connection, threads: int) -> None:
        """Raises InputError if the bundle can't be used, RefusedError if there is nothing to compare with."""
        try:
            predictor, look = opened(bundle, threads)
        except (BundleError, OSError) as error:
            raise InputError(_("The bundle can't be used."), visible(str(error))) from error
        if look is None:
            raise RefusedError(_("The answers of this bundle are neither classes nor spans."))
        self._look, self.fields = look, look.fields
        self.classes = predictor.labels
        """Names of the bundle's classes."""
        texts = examples.original_texts(con, POOL)
        if len(texts) < 2:
            raise RefusedError(_("The pool has no texts to compare with."))
        seen = [look.see(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
        self._pool = np.concatenate([features for features, _answers, _sure in seen])
        answers = [answer for _features, said, _sure in seen for answer in said]
        sure = np.concatenate([own for _features, _answers, own in seen])
        own = nearest(self._pool, self._pool, same=True)
        self.pool = Read(answers, list(map(look.classes_of, answers)), [False] * len(texts), sure, own)
        """The pool's own texts, each against the others."""

    def read(self, some: Sequence[Line]) -> Read:
        """What the bundle makes of up to some hundred texts."""
        features, answers, sure = self._look.see([line.text for line in some])
        corrected = [
            line.said is not None and self._look.corrected(line.said, answer)
            for line, answer in zip(some, answers, strict=True)
        ]
        return Read(answers, list(map(self._look.classes_of, answers)), corrected, sure, nearest(features, self._pool))


def count(classes: Sequence[Sequence[str]]) -> Counter[str]:
    """Class → answers that give it."""
    return Counter(name for own in classes for name in own)
