"""When work is due, in one place: the worker acts on it, and every screen and command explains it."""

from core import plugins
from core.connection import Connection
from core.i18n import _, counted
from core.settings import SHAPES_FEATURES, Settings
from core.store import classes, jobs, meta, models

MIN_PER_CLASS = 2


def wanted_key(con: Connection, settings: Settings) -> str:
    """What the features in force must have been made with; another key means that embedding is due."""
    return space_key(models.encoder_in_use(con), settings)


def space_key(ref: str, settings: Settings) -> str:
    """The same for the encoder `ref` (`base` or a round's number)."""
    return "|".join([ref, *(str(getattr(settings, name)) for name in SHAPES_FEATURES)])


def labels_since_round(con: Connection) -> int:
    """Labelled texts gained since the last round began."""
    done = meta.counters(con).get("pool.answered", 0)
    last = [r for r in models.rounds(con) if r.state in ("kept", "rejected")]
    return done - (last[-1].n_labels if last else 0)


def round_problem(con: Connection) -> str:
    """Why a round can't start at all, in words; empty if it can."""
    counts = classes.counts(con)
    ready = [n for n in counts.values() if n >= MIN_PER_CLASS]
    wanted = least_classes(con)
    if len(ready) < wanted == 1:
        return _("A round needs {least} texts in which something is marked.").format(least=MIN_PER_CLASS)
    if len(ready) < wanted:
        return _("A round needs two classes with {least} labels each; so far {have}.").format(
            least=MIN_PER_CLASS, have=_("one has that") if ready else _("none has that")
        )
    if any(job.kind == "round" for job in jobs.active(con)):
        return _("A round is under way or queued.")
    return ""


def least_classes(con: Connection) -> int:
    """How many classes must have labels before a round can start."""
    return int(plugins.load(plugins.TASKS, meta.get(con, "task")).least_classes)


def round_is_due(con: Connection, settings: Settings) -> bool:
    """Whether the rule asks for a round now."""
    return bool(settings.round_every and labels_since_round(con) >= settings.round_every and not round_problem(con))


def explain(con: Connection, settings: Settings) -> str:
    """Why a round starts or does not start now, in one sentence."""
    problem = round_problem(con)
    if problem:
        return problem
    if not settings.round_every:
        return _("Rounds start only when asked for (round_every is 0).")
    missing = settings.round_every - labels_since_round(con)
    if missing > 0:
        return counted(
            "The next round starts by itself after one more label.",
            "The next round starts by itself after {n} more labels.",
            missing,
        )
    return _("A round is due and starts with the worker.")
