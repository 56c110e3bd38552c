"""Texts that travel with a bundle and what it answers to them, so that it can be tried again anywhere.

None is the project's: its texts are private. They are the demo's, some that are hard to tokenize, and a long one.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import demo
from core.publish import publish_file
from exports.runtime.predictor import Predictor

FILE = "probes.json"
PROBES = 16
HARD = ("", "👩‍👩‍👧‍👦 🇨🇭 x̂ ﬀ", "我的快递现在在哪里？", "¿Dónde está mi paquete?", "\u202eabc\u200b\x00", "a" * 300)
TOLERANCE = 1e-3
"""Difference of a probability that passes: another processor rounds otherwise."""
ROUNDED = 2e-2
"""The same where weights or products were rounded to eight or sixteen bits."""
CLEAR = 2.5
"""A probe's answer must not depend on less than so many tolerances."""


def candidates(max_length: int) -> list[str]:
    """More texts than are needed, the hard ones and one longer than a window first."""
    texts = demo.texts()
    long = " ".join(texts[i % len(texts)] for i in range(max(2, max_length // 6)))
    return [*HARD, long, *texts[:: max(1, len(texts) // (3 * PROBES))]]


def made(predictor: Predictor, tolerance: float) -> dict[str, Any]:
    """What goes into handful.json: texts answered clearly enough that the answer is no matter of rounding."""
    texts = candidates(int(predictor.manifest["max_length"]))
    answers = predictor.predict(texts, batch=1)  # by itself: rounding may depend on what a text is read with
    classes = predictor.manifest["classes"]
    clear = [
        {"text": text, "answer": answer}
        for text, answer in zip(texts, answers, strict=True)
        if margin(answer, classes) >= CLEAR * tolerance
    ]
    return {"tolerance": tolerance, "texts": clear[:PROBES]}


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Leave the probes for whoever seals the bundle."""
    publish_file(file, json.dumps(content).encode())


def read(file: Path) -> dict[str, Any]:
    """What `write` left."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def margin(answer: Mapping[str, Any], classes: Sequence[Mapping[str, Any]]) -> float:
    """How much a probability has to move before the answer changes; 1 where that is not about single probabilities."""
    scores: Mapping[str, float] = answer.get("scores", {})
    if "label" in answer and len(scores) > 1:
        second, best = sorted(scores.values())[-2:]
        return (best - second) / 2
    if "labels" in answer:
        return min((abs(scores[item["name"]] - item.get("threshold", 0.5)) for item in classes), default=1.0)
    return 1.0
