"""Asking the worker for something from a screen: it is started in a thread, and what it refuses is shown."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core import clock, forecast, work
from core.errors import HandfulError
from core.forecast import Told
from core.i18n import _
from core.records import Job
from core.store import jobs
from core.worker.state import effective_jobs
from tui.session import Session

if TYPE_CHECKING:
    from tui.screens.base import HandfulScreen


_DOING = {
    "embed": _("reading the texts"),
    "round": _("fine-tuning"),
    "export": _("export"),
    "precisions": _("comparing precisions"),
}


def doing(kind: str) -> str:
    """What a job of this kind does, in a word or two; a kind of another package is called by its name."""
    return _DOING.get(kind, kind)


def submit(
    screen: "HandfulScreen", kind: str, args: Mapping[str, Any] | None = None, then: Callable[[], None] | None = None
) -> None:
    """Queue a job and see to it that a worker runs."""
    app, session = screen.handful, screen.session

    def run() -> None:
        try:
            with session.project.open() as con:
                work.submit(session.project, con, kind, args)
        except HandfulError as error:
            app.call_from_thread(app.show_error, error)
        else:
            app.call_from_thread(session.touched)
            if then is not None:
                app.call_from_thread(then)

    screen.run_worker(run, thread=True, group="submit")


def cancel(session: Session, job_id: int) -> str:
    """Ask for a job to stop; returns its state then."""
    state = jobs.request_cancel(session.con, job_id)
    session.touched()
    return state


def running(session: Session, *kinds: str) -> Job | None:
    """The job of these kinds (none: of any) that is at work or waits, the one at work first."""
    found = [
        job
        for job in effective_jobs(session.project, session.con, jobs.active(session.con))
        if not kinds or job.kind in kinds
    ]
    return next((job for job in found if job.state == "running"), found[0] if found else None)


def told(session: Session, job: Job | None) -> list[Told]:
    """What a job has said so far."""
    return [] if job is None else jobs.events(session.con, job.id)


def progress(job: Job, events: list[Told]) -> tuple[float | None, str]:
    """(share of the phase, what it does and how long it still takes, in words)."""
    if job.state == "queued":
        return None, _("{what}: waits for the worker").format(what=doing(job.kind))
    if job.state == "interrupted":
        return None, _("{what}: cut off; the next worker takes it up again").format(what=doing(job.kind))
    name, number, of = forecast.phase_of(events)
    left = forecast.seconds_left(events, clock.now())
    phase = _("{name} ({n} of {of})").format(name=name, n=number, of=of) if of else name or doing(job.kind)
    return forecast.share_of(events), phase + ("" if left is None else " · " + in_time(left))


def in_time(seconds: float) -> str:
    """A span that is still ahead."""
    if seconds < 90:
        return _("{s:.0f} s left").format(s=max(1.0, seconds))
    return _("{m:.0f} min left").format(m=seconds / 60)
