"""What the worker found out about going on, in words, for screens and commands alike."""

from collections.abc import Sequence
from typing import Any

from core import alone
from core import judged as judged_texts
from core.connection import Connection
from core.evaluation import calibration, outlook, paying, stopping
from core.evaluation.outlook import Gain, Past
from core.evaluation.stopping import Advice, Look
from core.i18n import _
from core.project import Project
from core.records import Source
from core.store import labels, meta, models


def past(con: Connection) -> Past | None:
    """What is known of the learning curve."""
    said = meta.get(con, models.PAST)
    return Past.from_json(said) if said else None


def gain(con: Connection) -> Gain | None:
    """What the next labels would bring."""
    found = past(con)
    return outlook.gain(found, outlook.step(found.labels)) if found else None


def advice(con: Connection) -> Advice:
    """Whether to stop labelling."""
    return stopping.advise([Look.from_json(one) for one in meta.get(con, models.LOOKS) or []], gain(con))


def forecast(con: Connection, seconds: float | None) -> str:
    """What the next labels would bring; `seconds`: what one takes, None: not known."""
    found = past(con)
    return outlook.words(gain(con), found.n if found else 0, seconds)


def drawing(con: Connection) -> str:
    """How the head in use learns from texts without a label, in words; empty if it does not."""
    ranking = models.newest_ranking(con)
    how = (ranking.info.get("recipe") or {}).get("unlabelled") if ranking is not None else ""
    ways = {
        "propagated": _("labels flow to texts near them"),
        "self-trained": _("from its own surest answers"),
    }
    if not how:
        return ""
    return _("It learns from texts without a label, too ({how}): held-out labels speak for that.").format(
        how=ways.get(how, how)
    )


def more(con: Connection, annotator: str) -> list[str]:
    """What more labels would bring at this person's pace, whether to stop, and whether picking pays."""
    return [
        forecast(con, labels.pace(con, annotator)),
        stopping.words(advice(con)),
        paying.words(paying.from_json(meta.get(con, models.PAYING))),
    ]


def confidence(project: Project, subject: str, source: Source) -> dict[str, Any] | None:
    """Whether a model's confidence means what it says, as plain values; None where that is not known."""
    found = alone.evidence(project, judged_texts.load(project, subject, source), subject, source)
    plain = calibration.expected_error(found.judged)
    if plain is None:
        return None
    return _calibration(found.judged) | {
        "alone": [found.alone(limit).as_json() for limit in calibration.LIMITS],
        "pieces": _calibration(found.pieces) if found.pieces else None,
    }


def _calibration(judged: Sequence[calibration.Judged]) -> dict[str, Any]:
    off = calibration.off(judged)
    return {
        "n": len(judged),
        "off": None if off is None else off.as_json(),
        "error": calibration.expected_error(judged),
        "brier": calibration.brier(judged),
        "bins": [
            {"low": b.low, "high": b.high, "n": b.n, "confidence": b.confidence, "right": b.share}
            for b in calibration.reliability(judged)
        ],
    }
