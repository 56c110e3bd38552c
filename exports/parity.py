"""Whether a staged bundle gives what training gave, asked in a new process without torch.

`python -P -m exports.parity STAGE` sends the reference texts through the bundle's own `Predictor` (its tokenizer, its
windows, its batching): all of them one by one, by 8 and by 32, long and short ones mixed. The bar, at each of these
sizes: no logit further off than 1e-4, no other answer where the reference's best two classes are more than 2e-4 apart
(of classes that don't exclude each other: where a logit is more than 1e-4 from its threshold), and the same windows of
token ids.
The numbers become `parity.json`; below the bar there is no bundle. What a faithful one answers to the probes is kept.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.errors import RefusedError
from core.i18n import _
from core.publish import publish_file
from core.records import JobEvent
from exports import child, probes, reference
from exports.reference import Reference
from exports.runtime.answers import over
from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from exports.runtime.sealed import SIGMOID

RESULT = "parity.json"
TOLERANCE = 1e-4
"""Largest difference of a logit that passes."""
NEAR_TIE = 2e-4
"""Distance of the best two logits below which another answer is no error: each may be off by the tolerance."""
BATCHES_A_CALL = 4
"""Texts of so many batches are sorted by length together: some padding is needed, but not at each length."""
TICK = 0.3


def work(stage: Path) -> Iterator[JobEvent]:
    """Replay the references, write parity.json, and end with its content as `result`.

    Raises RefusedError with the numbers if the export is not faithful.
    """
    known = reference.read(stage)
    try:
        predictor = Predictor(stage, threads=known.threads)
    except BundleError as error:
        raise RefusedError(_("The exported model can't be loaded."), str(error), "") from error
    found = np.full((len(known.batches), *known.logits.shape), np.nan, np.float32)
    for logits, batch in zip(found, known.batches, strict=True):
        yield from _replay(predictor, known, batch, logits)
    windows = predictor.windows(known.texts)
    result = summary(known, found, count_other_tokens(windows, known), predictor.manifest)
    result["windowed"] = sum(len(text) > 1 for text in windows)
    publish_file(stage / RESULT, json.dumps(result, indent=1).encode())
    if not result["ok"]:
        raise refusal(result)
    probes.write(stage / probes.FILE, probes.made(predictor, probes.TOLERANCE))
    yield JobEvent("result", result)


def ticking(what: str, total: int) -> Callable[[int], Iterator[JobEvent]]:
    """What is called with how many are done, and yields progress only as often as anybody can see it."""
    told = clock.monotonic()

    def tick(done: int) -> Iterator[JobEvent]:
        nonlocal told
        if clock.monotonic() - told > TICK:
            told = clock.monotonic()
            yield JobEvent("progress", {"what": what, "done": done, "total": total})

    return tick


def _replay(predictor: Predictor, known: Reference, batch: int, found: NDArray[np.float32]) -> Iterator[JobEvent]:
    """Fill `found` [texts, classes] with logits, `batch` texts at a time, a few batches a call."""
    size, total = BATCHES_A_CALL * batch, len(known.texts)
    tick = ticking(f"compare, {batch} at a time", total)
    for start in range(0, total, size):
        found[start : start + size] = predictor.logits(known.texts[start : start + size], batch=batch)
        yield from tick(min(start + size, total))


def count_other_sets(
    truth: NDArray[np.float32], found: NDArray[np.float32], classes: Sequence[Mapping[str, Any]]
) -> int:
    """Texts with another set of classes, not counting those whose logit is next to the threshold."""
    expected, said = over(truth, classes), over(found, classes)
    clear = np.abs(expected) > TOLERANCE
    return int(np.sum((clear & ((expected >= 0.0) != (said >= 0.0))).any(axis=1)))


def count_flips(truth: NDArray[np.float32], found: NDArray[np.float32]) -> int:
    """Texts with another answer though the best two logits of the truth are clearly apart; both [texts, classes]."""
    best = np.sort(truth.astype(np.float64), axis=1)[:, -2:]
    clear = best[:, -1] - best[:, 0] > NEAR_TIE if truth.shape[1] > 1 else np.zeros(len(truth), bool)
    return int(np.sum(clear & (truth.argmax(axis=1) != found.argmax(axis=1))))


def count_other_tokens(windows: Sequence[Sequence[Sequence[int]]], known: Reference) -> int:
    """Texts for which the bundle's tokenizer gives other ids, or other windows, than training used."""
    return sum(not np.array_equal(reference.fingerprint(one), known.tokens[i]) for i, one in enumerate(windows))


def summary(
    known: Reference, found: NDArray[np.float32], other_tokens: int, manifest: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The evidence; `found` [sizes of batches, texts, classes] is what the bundle with this `manifest` gave."""
    about = manifest or {}
    differences = np.abs(found.astype(np.float64) - known.logits)
    worst = float(differences.max(initial=0.0))
    if about.get("activation") == SIGMOID:
        flips = sum(count_other_sets(known.logits, logits, about["classes"]) for logits in found)
    else:
        flips = sum(count_flips(known.logits, logits) for logits in found)
    return {
        "ok": bool(len(known.texts)) and worst <= TOLERANCE and flips == 0 and other_tokens == 0,
        "texts": len(known.texts),
        "batches": list(known.batches),
        "compared": differences.size,
        "max_abs_diff": worst if np.isfinite(worst) else None,
        "flips": flips,
        "other_tokens": other_tokens,
        "tolerance": TOLERANCE,
        "near_tie": NEAR_TIE,
    }


def refusal(result: dict[str, Any]) -> RefusedError:
    """Why there is no bundle, with the numbers."""
    return RefusedError(
        _("The exported model does not give what the model gives here; no bundle was made."),
        _(
            "Over {texts} texts the logits differ by up to {diff} (allowed: {tolerance:.0e}), {flips} answers change,"
            " {tokens} texts have other tokens."
        ).format(
            texts=result["texts"],
            diff="?" if result["max_abs_diff"] is None else f"{result['max_abs_diff']:.2e}",
            tolerance=result["tolerance"],
            flips=result["flips"],
            tokens=result["other_tokens"],
        ),
        _("This encoder can't be exported faithfully; choose another: handful config DIR encoder NAME"),
    )


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
