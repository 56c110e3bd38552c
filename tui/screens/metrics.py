"""How good the model is, class by class, and how sure that is; every number leads to the texts behind it."""

from collections.abc import Iterable
from typing import Any, ClassVar, get_args

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.getters import query_one
from textual.widget import Widget

from core import alone, judged, plugins, settings
from core.errors import InputError
from core.evaluation.intervals import ENOUGH, wilson
from core.evaluation.report import Report, reports
from core.i18n import _, counted
from core.inuse import called, source_name
from core.records import Evaluation, Source
from core.store import browse, models
from core.store.browse import TextFilter
from tui import keymap, told, views
from tui.dialogs.confirm import ConfirmDialog
from tui.output import percent
from tui.screens.base import HandfulScreen
from tui.views.balance import Balance
from tui.views.base import Behind, Explained, Facts, Labelled, LetAlone, Point, ViewKind
from tui.views.curve import Curve
from tui.views.table import ORDERS, ClassTable
from tui.views.trust import Trust
from tui.widgets.line import Line, Piece
from tui.widgets.row_list import RowList

SOURCES: tuple[Source, ...] = get_args(Source)
WIDE = 140
"""Columns from which the table stays beside the chosen view."""
TRUST = 6
"""The number of the last view, after those of the task, of which there are two at most."""
HIGH = 40
"""Rows from which, on a wide screen, four views are there at once."""
MEANING: dict[Source, str] = {  # each leaves room for how many texts, at eighty columns
    "test": _("your held-out texts, which the model never sees"),
    "audit": _("drawn at random, judged unseen: they stand for all open texts"),
    "out-of-fold": _("picked texts, each judged by a model that never saw it: a hint"),
}


class MetricsScreen(HandfulScreen):
    """Two lines of what the numbers are, and one view of them."""

    ID = "metrics"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("metrics")
    DEFAULT_CSS = """
    MetricsScreen #views { height: 1fr; margin-top: 1; }
    MetricsScreen #views > * { width: 1fr; }
    MetricsScreen #views.four { layout: grid; grid-size: 2 2; grid-gutter: 1 2; }
    MetricsScreen RowList { padding: 0 1; }
    MetricsScreen #ways { margin-bottom: 1; }
    """

    head = query_one("#head", Line)
    meaning = query_one("#meaning", Line)

    def __init__(self) -> None:
        super().__init__()
        self._kinds: list[ViewKind] = []
        self._view = 0
        self._source: Source | None = None
        self._part = ""
        self._order = 0
        self._evaluation: Evaluation | None = None
        self._subject = ""

    def body(self) -> Iterable[Widget]:
        self._kinds = [
            ViewKind(_("classes"), ClassTable),
            ViewKind(_("curve"), Curve),
            ViewKind(_("balance"), Balance),
            *self._of_task(),
            ViewKind(_("trust"), Trust),
        ]
        yield Line(id="head")
        yield Line(id="more")
        yield Line(id="meaning")
        with Horizontal(id="views"):
            for number, kind in enumerate(self._kinds):
                view = kind.make()
                view.id = f"view-{number}"
                yield view
        yield Line(id="figures")
        yield Line(id="ways")

    def _of_task(self) -> tuple[ViewKind, ...]:
        try:
            found: tuple[ViewKind, ...] = plugins.load(views.GROUP, self.session.task.name)
        except InputError:  # a task need not bring any
            return ()
        return found

    def footer_keys(self) -> tuple[keymap.Key, ...]:
        kinds = 3 + len(self._of_task())
        own = [k for k in keymap.of("metrics") if k.action not in {f"view_{n}" for n in range(kinds + 1, TRUST)}]
        return (*own, *keymap.of(keymap.APP))

    def on_mount(self) -> None:
        """Begin with the classes."""
        self._arrange()
        self.moved()

    def on_resize(self, event: events.Resize) -> None:
        """Wide screens show two views."""
        self._arrange()

    def _views(self) -> list[Any]:
        return [self.query_one(f"#view-{number}") for number in range(len(self._kinds))]

    def _arrange(self) -> None:
        """Show the chosen view, and the table beside it where there is room."""
        if not self.is_mounted:
            return
        both = self.size.width >= WIDE
        four = both and self.size.height >= HIGH and len(self._kinds) > 3
        chosen = self._view or (3 if both and len(self._kinds) > 3 else 0)
        shown = {0, 1, 2, max(3, chosen)} if four else {0, chosen} if both else {chosen}
        self.query_one("#views").set_class(four, "four")
        for number, view in enumerate(self._views()):
            view.display = number in shown
        here = self._views()[self._view]
        if here.can_focus:
            here.focus()
        self._explain()

    def _explain(self) -> None:
        """What the cursor is on, and the keys to the texts behind it."""
        here = self._views()[self._view]
        figures, ways = here.explain() if isinstance(here, Explained) else ([], [])
        for name, pieces in (("#figures", figures), ("#ways", ways)):
            line = self.query_one(name, Line)
            line.display = bool(pieces)
            line.show(pieces)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor is on something else."""
        message.stop()
        self._explain()

    # What is shown

    def moved(self) -> None:
        session = self.session
        self._subject = source_name(models.encoder_in_use(session.con))
        found = {s: e for s in SOURCES if (e := models.newest_evaluation(session.con, self._subject, s)) is not None}
        source = self._source or _best(found)
        self._evaluation = found.get(source)
        beside = judged.beside(judged.behind(session.project, self._evaluation)) if self._evaluation else ()
        parts = reports(session.task, self._evaluation, session.names(), *beside) if self._evaluation else []
        report = next((r for r in parts if r.slice == self._part), parts[0] if parts else None)
        self._say(source, report)
        facts = Facts(
            session.task,
            session.classes(),
            session.names(),
            session.class_counts(),
            report,
            self._evaluation,
            self._curve(source),
            models.rounds(session.con),
            self._trust(source),
            told.more(session.con, session.annotator),
            ORDERS[self._order],
        )
        for view in self._views():
            view.show_facts(facts)
        self._explain()

    def _trust(self, source: Source) -> alone.Evidence:
        project = self.session.project
        found = judged.behind(project, self._evaluation) if self._evaluation else None
        return alone.evidence(project, found, self._subject, source)

    def _curve(self, source: Source) -> list[Point]:
        task = self.session.task
        points: dict[int, Point] = {}  # the last judgement counts where there are several at one number of labels
        for evaluation, n_labels in models.curve(self.session.con, source):
            hits, n = task.correct(evaluation.counts[""]), evaluation.n
            interval = wilson(hits, n)
            if interval is not None:
                points[n_labels] = Point(n_labels, hits / n, interval[0], interval[1], n >= ENOUGH)
        return [points[n_labels] for n_labels in sorted(points)]

    def _say(self, source: Source, report: Report | None) -> None:
        ranking = models.newest_ranking(self.session.con)
        if self._evaluation is None and (ranking is None or not ranking.trained):
            self.head.show([(_("There is no model yet."), "text")])
            self._say_more(None)
            self.meaning.show([(_("It comes by itself when two classes have a label each."), "muted")])
            return
        pieces: list[Piece] = [(called(self._subject), "guess"), (f" · {source}", "key")]
        if report is not None and report.slice:
            pieces.append((f" · {report.slice}", "key"))
        if report is None:
            pieces.append((_(" · nothing judged yet"), "muted"))
        elif not report.enough:
            pieces.append((_(" · {n} texts, too few to tell").format(n=report.n), "unsure"))
        else:
            accuracy = percent(report.accuracy, report.accuracy_interval)
            f1 = percent(report.macro_f1, report.macro_f1_interval)
            pieces.append((_(" · accuracy {a} · macro-F1 {f}").format(a=accuracy, f=f1), "text"))
        n: list[Piece] = [] if report is None else [(counted("{n} text", "{n} texts", report.n), "muted")]
        self.head.show(pieces)
        self._say_more(report)
        self.meaning.show([(_meaning(source, report), "muted")], n)

    def _say_more(self, report: Report | None) -> None:
        """What all labels, or entities, come to together, of a task that counts them; on a line of its own."""
        line = self.query_one("#more", Line)
        line.display = report is not None and report.enough and bool(report.means or report.ratios)
        if report is not None and line.display:
            name = _("entity F1") if report.ratios else _("micro-F1")
            said = [f"{name} {percent(report.micro_f1, report.micro_f1_interval)}"]
            said += [f"{name.replace('_f1', '-F1')} {percent(m.value, m.interval)}" for name, m in report.means.items()]
            line.show([(" · ".join(said), "text")])

    # What keys do

    def _choose(self, number: int) -> None:
        if number < len(self._kinds):
            self._view = number
            self._arrange()

    def action_view_1(self) -> None:
        """The classes."""
        self._choose(0)

    def action_view_2(self) -> None:
        """The learning curve."""
        self._choose(1)

    def action_view_3(self) -> None:
        """Labels per class."""
        self._choose(2)

    def action_view_4(self) -> None:
        """The task's first view."""
        self._choose(3)

    def action_view_5(self) -> None:
        """The task's second view."""
        self._choose(4)

    def action_view_6(self) -> None:
        """Whether confidence means what it says."""
        self._choose(len(self._kinds) - 1)

    def action_source(self) -> None:
        """The next evidence."""
        con = self.session.con
        there = [s for s in SOURCES if models.newest_evaluation(con, self._subject, s) is not None]
        if not there:
            self.handful.say(_("Nothing was judged yet."), "warning")
            return
        here = self._evaluation.source if self._evaluation else there[-1]
        self._source = there[(there.index(here) + 1) % len(there)] if here in there else there[0]
        self.moved()

    def action_part(self) -> None:
        """The next slice."""
        if self._evaluation is None:
            return
        parts = sorted(self._evaluation.counts)
        self._part = parts[(parts.index(self._part) + 1) % len(parts)] if self._part in parts else parts[0]
        if len(parts) == 1:
            self.handful.say(_("There are no slices: the option slice_by names a column."), "warning")
        self.moved()

    def action_errors(self) -> None:
        """Where it fails."""
        self.handful.go("errors")

    def action_sort(self) -> None:
        """The next order."""
        self._order = (self._order + 1) % len(ORDERS)
        self.moved()

    def action_of_class(self) -> None:
        """What people gave the class under the cursor."""
        self._behind_class("said")

    def action_answered(self) -> None:
        """What the model gave the class under the cursor."""
        self._behind_class("answered")

    def _behind_class(self, part: str) -> None:
        table = self.query_one(ClassTable)
        message = table.behind(part) if table.display else None
        if message is None:
            self.handful.say(_("1 shows the classes; then choose one."), "warning")
        else:
            self._show_behind(message)

    def action_wrong(self) -> None:
        """Every wrong answer."""
        self._show_behind(Behind(lambda text: text.gold != text.predicted, _("answered wrongly")))

    def on_labelled(self, message: Labelled) -> None:
        """Show the texts that people gave a class."""
        message.stop()
        self.handful.open_texts(browse.ids(self.session.con, TextFilter(class_id=message.class_id)), message.title)

    def on_let_alone(self, message: LetAlone) -> None:
        """Ask whether the model may answer by itself from some confidence on, and set the options so."""
        message.stop()
        session, limit = self.session, message.found.limit

        def confirmed(yes: bool | None) -> None:
            if yes:
                settings.save(session.project.root, settings.changed(session.settings, "answer_above", limit))
                session.reload_settings()
                session.touched()
                self.handful.say(_("handful answers DIR prints what it answers by itself."))

        said = _("Such texts are no longer asked, but for audits and spot checks. 0 in Settings takes it back.")
        self.app.push_screen(ConfirmDialog(_("Answer by itself from {p:.2f} on?").format(p=limit), said), confirmed)

    def on_behind(self, message: Behind) -> None:
        """Show the texts behind a number."""
        message.stop()
        self._show_behind(message)

    def _show_behind(self, message: Behind) -> None:
        """Show the texts behind a number, if they are those that were counted."""
        if self._evaluation is None:
            self.handful.say(_("Nothing was judged yet."), "warning")
            return
        found = judged.load(self.session.project, self._subject, self._evaluation.source)
        if found is None or found.event_seq != self._evaluation.event_seq:
            self.handful.say(_("The texts behind this number are being judged anew; try again in a moment."), "warning")
            return
        texts = [text for text in found.texts if message.wanted(text)]
        self.handful.open_texts(
            [text.example_id for text in texts], message.title, {text.example_id: text.predicted for text in texts}
        )


def _meaning(source: Source, report: Report | None) -> str:
    """What the evidence is; how many open texts it stands for, where it does."""
    if report is None or report.pool is None:
        return MEANING[source]
    return _("drawn at random, they stand for {n:,} open texts; {m:,} labelled count").format(
        n=report.pool.open, m=report.pool.labelled
    )


def _best(found: dict[Source, Evaluation]) -> Source:
    """The best evidence there is: a test set, an audit that is large enough, else what there is."""
    for source in SOURCES:
        if source in found and found[source].n >= ENOUGH:
            return source
    return next(iter(found), "out-of-fold")
