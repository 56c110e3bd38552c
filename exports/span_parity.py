"""Whether a staged bundle marks what training marks, asked in a new process without torch.

`python -P -m exports.span_parity STAGE` sends the reference texts through the bundle's own `Predictor`, one window at a
time, by 8 and by 32. The bar, at each of these sizes: no logit of any word further off than 1e-4, no text with other
spans that are worse by more than 2e-4 for each word they change, and the same windows of tokens with the same words and
shapes. The numbers become `parity.json`; below the bar there is no bundle.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import clock
from core.errors import RefusedError
from core.i18n import _
from core.publish import publish_file
from core.records import JobEvent
from core.tags import Steps, best_tags, log_softmax, score_of, steps_in
from exports import child, probes, span_reference
from exports.parity import BATCHES_A_CALL, NEAR_TIE, RESULT, TICK, TOLERANCE, refusal
from exports.runtime.errors import BundleError
from exports.runtime.predictor import Predictor
from exports.span_reference import SpanReference

Logits = Sequence[NDArray[np.float32]]


def work(stage: Path) -> Iterator[JobEvent]:
    """Replay the references, write parity.json, and end with its content as `result`.

    Raises RefusedError with the numbers if the export is not faithful.
    """
    known = span_reference.read(stage)
    try:
        predictor = Predictor(stage, threads=known.threads)
    except BundleError as error:
        raise RefusedError(_("The exported model can't be loaded."), str(error), "") from error
    readings = predictor.readings(known.texts)
    found: list[Logits] = []
    for batch in known.batches:
        own: list[NDArray[np.float32]] = []
        ticked, size = clock.monotonic(), BATCHES_A_CALL * batch
        for start in range(0, len(readings), size):
            own += predictor.word_logits(readings[start : start + size], batch=batch)
            if clock.monotonic() - ticked > TICK:
                ticked = clock.monotonic()
                done = {"done": len(own), "total": len(readings)}
                yield JobEvent("progress", {"what": f"compare, {batch} at a time", **done})
        found.append(own)
    other = sum(
        not np.array_equal(span_reference.fingerprint(reading), known.tokens[i]) for i, reading in enumerate(readings)
    )
    result = summary(known, found, other, steps_in(predictor.manifest))
    result["windowed"] = sum(len(reading.windows) > 1 for reading in readings)
    publish_file(stage / RESULT, json.dumps(result, indent=1).encode())
    if not result["ok"]:
        raise refusal(result)
    probes.write(stage / probes.FILE, probes.made(predictor, probes.TOLERANCE))
    yield JobEvent("result", result)


def summary(
    known: SpanReference, found: Sequence[Logits], other_tokens: int, steps: Steps | None = None
) -> dict[str, Any]:
    """The evidence; `found`: for each size of batches the logits of every text; `steps`: as `best_tags` takes it."""
    worst, compared, flips = 0.0, 0, 0
    logp = [log_softmax(own) for own in known.logits]
    truth = best_tags(logp, steps)
    for own in found:
        said = best_tags([log_softmax(one) for one in own], steps)
        for place, (gold, one) in enumerate(zip(known.logits, own, strict=True)):
            same = gold.shape == one.shape
            far = float(np.abs(gold.astype(np.float64) - one).max(initial=0.0)) if same else np.inf
            worst, compared = max(worst, far if np.isfinite(far) else np.inf), compared + gold.size
            flips += same and worse(logp[place], truth[place], said[place], steps)
    return {
        "ok": bool(known.texts) and worst <= TOLERANCE and flips == 0 and other_tokens == 0,
        "texts": len(known.texts),
        "batches": list(known.batches),
        "compared": compared,
        "max_abs_diff": worst if np.isfinite(worst) else None,
        "flips": flips,
        "other_tokens": other_tokens,
        "tolerance": TOLERANCE,
        "near_tie": NEAR_TIE,
    }


def worse(logp: NDArray[np.float32], best: NDArray[np.int64], other: NDArray[np.int64], steps: Steps | None) -> bool:
    """Whether other tags [words] are clearly worse than the best ones by log-probabilities [words, tags].

    Rounding may turn round what is nearly equal: so much for each word that has another tag.
    """
    differing = int((best != other).sum())
    gap = score_of(logp, best, steps) - score_of(logp, other, steps)
    return differing > 0 and gap > NEAR_TIE * differing


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
