"""Rounds of fine-tuning: what was tried and kept, what runs now, when the next one starts, which model is in use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Static

from core import clock, forecast, settings
from core.errors import HandfulError
from core.evaluation import paying
from core.i18n import _
from core.inuse import called, source_name
from core.records import Job, RoundSummary
from core.store import jobs, meta, models
from core.worker import log, rule
from core.worker.state import effective_jobs
from tui import encoders, keymap, requests
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.prompt import PromptDialog
from tui.refusals import attempt
from tui.screens.base import HandfulScreen
from tui.show import content
from tui.widgets.line import Kind, Line
from tui.widgets.progress import ProgressLine
from tui.widgets.row_list import Cell, Column, ListRows, RowList
from tui.widgets.spark import Spark

_MARKS: dict[str, tuple[str, Kind]] = {
    "kept": ("✓", "sure"),
    "rejected": ("–", "unsure"),
    "failed": ("✗", "wrong"),
    "running": ("▸", "key"),
    "queued": ("…", "muted"),
    "interrupted": ("!", "unsure"),
    "cancelled": ("✗", "muted"),
    "done": ("✓", "sure"),
    "base": (" ", "muted"),
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row: the untouched encoder, a round, or a job that is no round."""

    title: str
    state: str
    labels: str
    said: str
    ref: str = ""
    """The encoder it stands for; empty if there is none to use."""
    job: int | None = None


class RoundsScreen(HandfulScreen):
    """Lines on the model and the rule, what runs, and the list."""

    ID = "rounds"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("rounds")
    DEFAULT_CSS = """
    RoundsScreen ProgressLine { padding: 0 2; margin-top: 1; height: 2; }
    RoundsScreen #why { padding: 0 2; height: auto; max-height: 2; color: $muted; }
    RoundsScreen Spark { padding: 0 2; }
    RoundsScreen RowList { padding: 0 1; margin-top: 1; }
    RoundsScreen #detail { padding: 0 3; height: auto; max-height: 8; min-height: 3; color: $muted; margin: 1 0; }
    """

    rows = query_one(RowList)

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[_Entry] = []

    def body(self) -> Iterable[Widget]:
        columns = (
            Column(width=1),
            Column(_("round"), 20),
            Column(_("state"), 12),
            Column(_("labels"), 7, right=True),
            Column(_("verdict")),
        )
        yield Line(id="model")
        yield Static(id="why", markup=False)
        yield Line(id="rule")
        yield Line(id="picking")
        yield ProgressLine()
        yield Spark(_("loss"))
        yield RowList(columns)
        yield Static(id="detail", markup=False)

    def on_mount(self) -> None:
        """The list has the keys."""
        self.rows.focus()
        self.moved()

    def moved(self) -> None:
        session = self.session
        self._entries = [*_jobs(self), *reversed([_round(r) for r in models.rounds(session.con)]), _base(self)]
        self.rows.show(ListRows([_row(entry) for entry in self._entries]))
        self._facts()
        self._detail()

    def worker_moved(self) -> None:
        self._facts()

    def _facts(self) -> None:
        session = self.session
        ranking = models.newest_ranking(session.con)
        trained = ranking is not None and ranking.trained
        name = called(source_name(models.encoder_in_use(session.con))) if trained else _("none yet")
        why = meta.get(session.con, "encoder_why", "") or _("no round was kept yet, so the untouched encoder answers")
        if not trained:
            why = _("the first comes when two classes have a label each")
        worker: Kind = "wrong" if session.worker.state == "stalled" else "muted"
        self.query_one("#model", Line).show(
            [(_("model in use: "), "muted"), (name, "guess")],
            [(_("worker {said}").format(said=session.worker.said), worker)],
        )
        self.query_one("#why", Static).update(content(why))
        job = requests.running(session)
        events = requests.told(session, job)
        self.query_one("#rule", Line).show([(rule.explain(session.con, session.settings), "text")])
        found = paying.from_json(meta.get(session.con, models.PAYING))
        self.query_one("#picking", Line).show([(paying.words(found), "muted")])
        bar = self.query_one(ProgressLine)
        bar.display = job is not None
        if job is not None:
            share, said = requests.progress(job, events)
            bar.show(share, said)
        losses = forecast.loss_history(events)
        spark = self.query_one(Spark)
        spark.display = len(losses) > 1
        spark.show(losses)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Say more of the row under the cursor."""
        message.stop()
        self._detail()

    def _detail(self) -> None:
        found = self._entries[self.rows.cursor] if self._entries else None
        self.query_one("#detail", Static).update(content(found.said if found else "", multiline=True))

    # What keys do

    def action_start(self) -> None:
        """Start a round, or say why none can start."""
        active = requests.running(self.session, "round")
        if active is not None and active.state == "interrupted":
            self.session.wake()
            self.handful.say(_("The round that was cut off is taken up again."))
            return
        problem = rule.round_problem(self.session.con)
        if problem:
            self.handful.say(problem, "warning")
            return
        requests.submit(self, "round", then=lambda: self.handful.say(_("A round is queued.")))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter on a round that can be used offers to use it."""
        message.stop()
        self.action_use()

    def action_cancel(self) -> None:
        """Stop a job, after a question."""
        here = self._entries[self.rows.cursor] if self._entries else None
        active = requests.running(self.session)
        job_id = here.job if here and here.job else active.id if active else None
        if job_id is None:
            self.handful.say(_("Nothing runs that could be stopped."), "warning")
            return

        def confirmed(yes: bool | None) -> None:
            if yes:
                attempt(self.handful, lambda: requests.cancel(self.session, job_id))

        said = _("What it has not finished is thrown away.")
        self.app.push_screen(ConfirmDialog(_("Stop job {id}?").format(id=job_id), said), confirmed)

    def action_rule(self) -> None:
        """Change after how many labels a round starts by itself."""
        session = self.session

        def typed(value: str | None) -> None:
            if value is None:
                return
            try:
                settings.save(session.project.root, settings.changed(session.settings, "round_every", value))
                session.reload_settings()
            except HandfulError as error:
                self.handful.show_error(error)
                return
            session.touched()

        about = str(settings.spec("round_every").metadata["sentence"])
        self.app.push_screen(PromptDialog(_("Start rule"), str(session.settings.round_every), about=about), typed)

    def action_use(self) -> None:
        """Use another encoder, after a question."""
        found = self._entries[self.rows.cursor] if self._entries else None
        session = self.session
        if found is None or not found.ref or found.ref == models.encoder_in_use(session.con):
            said = _("It is in use already.") if found and found.ref else _("There is no encoder of this one to use.")
            self.handful.say(said, "warning")
            return
        if not encoders.files_there(session.project, found.ref):
            self.handful.say(_("Its files were cleaned away."), "warning")
            return
        chosen = found.ref

        def confirmed(yes: bool | None) -> None:
            if yes:
                attempt(self.handful, lambda: encoders.use(session, chosen))

        title = _("Use {name}?").format(name=found.title)
        self.app.push_screen(
            ConfirmDialog(title, _("The texts are embedded anew with it, then it answers.")), confirmed
        )

    def action_log(self) -> None:
        """Read the worker's log."""
        from tui.dialogs.log import LogDialog

        self.app.push_screen(LogDialog(log.tail(self.session.project, 500)))


def _row(entry: _Entry) -> tuple[Cell, ...]:
    mark, kind = _MARKS.get(entry.state, (" ", "muted"))
    state = "" if entry.state == "base" else entry.state
    said = entry.said.removeprefix("kept: ").removeprefix("not kept: ")  # the state says it
    return ((mark, kind), (entry.title, "text"), (state, kind), (entry.labels, "muted"), (said, "muted"))


def _base(screen: RoundsScreen) -> _Entry:
    encoder = screen.session.settings.encoder
    return _Entry(
        _("untouched encoder"),
        "base",
        "",
        _("{name}, as it came; every round starts from it.").format(name=encoder),
        models.BASE,
    )


def _round(found: RoundSummary) -> _Entry:
    spent = found.info.get("seconds")
    took = _(" · took {m:.1f} min").format(m=spent / 60) if spent else ""
    ref = str(found.number) if found.state == "kept" else ""
    return _Entry(
        _("round {n}").format(n=found.number), found.state, str(found.n_labels), (found.verdict or "") + took, ref
    )


def _jobs(screen: RoundsScreen) -> list[_Entry]:
    """Jobs that are not over, and those that failed last."""
    session = screen.session
    found = effective_jobs(session.project, session.con, jobs.recent(session.con, 30))
    active = [job for job in found if job.state in ("queued", "running", "interrupted")]
    failed = [job for job in found if job.state == "failed" and job.kind != "round"][:3]
    return [_job(job) for job in [*active, *failed]]


def _job(job: Job) -> _Entry:
    error = job.error or {}
    said = "\n".join(error[key] for key in ("title", "what", "hint") if error.get(key))
    waited = _("asked for {s:.0f} s ago").format(s=max(0.0, clock.now() - job.created)) if job.state == "queued" else ""
    over = job.state == "failed"
    return _Entry(
        requests.doing(job.kind),
        job.state,
        "",
        said or waited or _("job {id}").format(id=job.id),
        job=None if over else job.id,
    )
