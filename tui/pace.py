"""What the label screen says in its lines: why a text was picked, how far one is, how fast, what the worker does."""

from core.i18n import _
from core.querying.reasons import words
from core.store import jobs, labels
from core.worker import rule
from tui import requests
from tui.desk import Desk
from tui.session import Session
from tui.texts import in_words
from tui.widgets.line import Piece

PACE_FROM = 8
"""Decisions before a pace is told."""


def why(desk: Desk) -> list[Piece]:
    """Where one is, and why this text is shown."""
    shown = desk.shown
    if shown is None:
        return [(_("The queue is empty."), "text")]
    if shown.given is not None or shown.skipped:
        answered = _("skipped") if shown.skipped else _("answered: {answer}").format(answer=in_words(shown.given))
        return [(_("text {id} · ").format(id=shown.example.id), "muted"), (answered, "given")]
    reason = shown.reason
    said = words(reason) if reason else _("chosen by hand")
    return [(_("text {id} · ").format(id=shown.example.id), "muted"), (said, "text")]


def marks(desk: Desk) -> list[Piece]:
    """Flag, note, and whether this is a look back."""
    shown = desk.shown
    if shown is None:
        return []
    found: list[Piece] = []
    if desk.in_the_past:
        back = shown.given is not None or shown.skipped
        found.append((_("looking back · → ") if back else _("→ to the queue "), "unsure"))
    if shown.mark.note:
        found.append((_("✎ note "), "key"))
    if shown.mark.flagged:
        found.append((_("⚑ flagged "), "key"))
    return found


def progress(session: Session, done: int) -> list[Piece]:
    """How many labels there are, and how far the target and the next round are off."""
    target, missing = session.settings.target, until_round(session)
    seconds = labels.pace(session.con, session.annotator) if done >= PACE_FROM else None
    said = _("{n} of {target} labelled") if done < target else _("{n} labelled")
    pieces: list[Piece] = [(said.format(n=done, target=target), "text")]
    if done < target and seconds:
        pieces.append((_(" · about {m:.0f} min to go").format(m=minutes(target - done, seconds)), "muted"))
    if missing:
        pieces.append((_(" · next round in {n}").format(n=missing), "muted"))
        if seconds and not done < target:
            pieces.append((_(" (about {m:.0f} min)").format(m=minutes(missing, seconds)), "muted"))
    return pieces


def minutes(n: int, seconds: float) -> float:
    """How long so many labels take, at least a minute."""
    return max(1.0, n * seconds / 60)


def until_round(session: Session) -> int:
    """Labels until a round starts by itself; 0 if none will, or one is due."""
    every = session.settings.round_every
    return max(0, every - rule.labels_since_round(session.con)) if every else 0


def worker(session: Session) -> list[Piece]:
    """What the background worker does, in a few words."""
    state = session.worker
    if session.wake_error is not None:
        return [(session.wake_error.title, "wrong")]
    if state.state == "stalled":
        return [(_("worker: no sign of life"), "wrong")]
    active = requests.running(session)
    if active is not None and active.state == "running":
        return [(f"{requests.doing(active.kind)}{_progress(session, active.id)}", "key")]
    if state.state == "running":  # it follows each label within a moment; telling so would cost a line each time
        return [(_("worker: ready"), "muted")]
    return [(_("worker: asleep"), "muted")]


def _progress(session: Session, job_id: int) -> str:
    last = jobs.last_progress(session.con, job_id)
    if last is None or not last.payload.get("total"):
        return " …"
    return f" {100 * last.payload['done'] / last.payload['total']:.0f} %"
