"""The model leaves: as an ONNX bundle that was proven to answer alike, and the labels as a file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Input, Static

from core import clock, inuse
from core.errors import HandfulError
from core.evaluation.report import Report
from core.i18n import _
from core.show import visible
from core.store import jobs, models
from exports import apart
from tui import encoders, keymap, production, requests
from tui.commands.labels import written
from tui.commands.metrics import SOURCES, collect
from tui.dialogs.choose import ChooseDialog
from tui.dialogs.drift import DriftDialog
from tui.dialogs.precisions import MEASURE, PrecisionsDialog
from tui.dialogs.prompt import PromptDialog
from tui.output import percent, size
from tui.refusals import attempt
from tui.screens.base import HandfulScreen
from tui.show import content
from tui.widgets.line import Line, Piece
from tui.widgets.progress import ProgressLine
from tui.widgets.row_list import Cell, Column, ListRows, RowList


class ExportScreen(HandfulScreen):
    """What would be exported, where to, how far it is, and what was made before."""

    ID = "export"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("export")
    DEFAULT_CSS = """
    ExportScreen #facts { padding: 0 2; height: auto; }
    ExportScreen #precisions { padding: 0 2; height: 1; }
    ExportScreen .field { color: $muted; padding: 1 2 0 2; height: 2; }
    ExportScreen Input { border: none; height: 1; padding: 0 2; background: $background; }
    ExportScreen Input:focus { background: $chosen; }
    ExportScreen ProgressLine { padding: 0 2; margin-top: 1; height: 2; }
    ExportScreen RowList { padding: 0 1; margin-top: 1; min-height: 3; }
    ExportScreen #code { padding: 0 2; height: auto; margin: 1 0; }
    """

    rows = query_one(RowList)
    target = query_one(Input)

    def __init__(self) -> None:
        super().__init__()
        self._bundles: list[tuple[str, Mapping[str, Any], float]] = []
        self._job: int | None = None
        self._problem = ""

    def body(self) -> Iterable[Widget]:
        columns = (
            Column(_("bundle")),
            Column(_("model"), 13),
            Column(_("size"), 9, right=True),
            Column(_("made"), 17, least=100),
            Column(_("logits differ"), 13, right=True),
        )
        yield Line(id="model")
        yield Static(id="facts", markup=False)
        yield Line(id="precisions")
        yield Static(
            content(
                _("goes to the directory ({key} changes it)").format(
                    key=keymap.first("export.target", self.handful.overrides)
                )
            ),
            classes="field",
            markup=False,
        )
        yield Input(placeholder=_("a new one in the project's bundles/"), compact=True)
        yield ProgressLine()
        yield RowList(columns, empty=_("No bundle was made yet.\nx exports the model in use."))
        yield Static(id="code", markup=False)

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.rows)
        self.moved()

    def moved(self) -> None:
        session = self.session
        self._bundles = models.bundles(session.con)
        root = session.project.root.absolute()
        self.rows.show(ListRows([_row(bundle, root) for bundle in self._bundles]))
        self._facts()
        self._precisions()
        self._follow()
        self._code()

    def worker_moved(self) -> None:
        self._follow()

    def _facts(self) -> None:
        session = self.session
        line, facts = self.query_one("#model", Line), self.query_one("#facts", Static)
        try:
            model = inuse.model_in_use(session.project, session.con)
        except HandfulError as error:
            line.show([(error.title, "unsure")])
            facts.update(content("\n".join(part for part in (error.what, error.hint) if part), multiline=True))
            return
        line.show(
            [
                (_("model in use: "), "muted"),
                (inuse.called(model.name), "guess"),
                (_(" · {n} labels").format(n=model.head["n_labels"]), "muted"),
            ]
        )
        found = collect(session.project, session.con, model.name, SOURCES)
        whole = [report for report in found if not report.slice]
        facts.update(content("\n".join(_metrics(report) for report in whole), multiline=True))

    def _compared(self) -> tuple[list[Mapping[str, Any]], bool] | None:
        """(rows of the newest comparison of the model in use, whether decisions were made since); None without one."""
        session = self.session
        job = jobs.newest_done(session.con, "precisions")
        ranking = models.newest_ranking(session.con)
        if job is None or job.result is None or ranking is None or job.result["model"] != ranking.info.get("source"):
            return None
        return list(job.result["rows"]), job.result["event_seq"] != ranking.event_seq

    def _precisions(self) -> None:
        """One line on what other formats of numbers would give."""
        line, found = self.query_one("#precisions", Line), self._compared()
        if found is None:
            line.show([(_("precisions: not compared yet (p)"), "muted")])
            return
        pieces: list[Piece] = [(_("precisions: "), "muted")]
        for row in found[0]:
            if row["passed"]:
                said = f"{row['name']} {size(row['bytes'])}"
                same = _(" same {share:.1%}").format(share=row["agreement"]["share"]) if "agreement" in row else ""
                pieces.append((f"{said}{same}  ", "text"))
            else:
                pieces.append((_("{name} refused  ").format(name=row["name"]), "wrong"))
        line.show([*pieces, (_("(p)"), "muted")])

    def _follow(self) -> None:
        """How far the export is, or why there is none."""
        session = self.session
        job = requests.running(session, "export", "precisions")
        bar = self.query_one(ProgressLine)
        if job is None and self._job is not None:
            over = jobs.get(session.con, self._job)
            error = over.error if over is not None else None
            self._problem = "\n".join(error[k] for k in ("title", "what", "hint") if error.get(k)) if error else ""
            self._job = None
        bar.display = job is not None
        if job is not None:
            self._job, self._problem = job.id, ""
            bar.show(*requests.progress(job, requests.told(session, job)))

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Show how the bundle under the cursor is loaded."""
        message.stop()
        self._code()

    def _code(self) -> None:
        if self._problem:
            self.query_one("#code", Static).update(content(self._problem, "$wrong", multiline=True))
            return
        self.query_one("#code", Static).update(content(self._snippet(), multiline=True))

    def _snippet(self) -> str:
        if not self._bundles:
            return ""
        path = self._bundles[self.rows.cursor][0]
        return (
            f"import sys; sys.path.insert(0, bundle := {path!r})\n"
            "from predict import Predictor\n"
            'print(Predictor(bundle).predict(["Where is my parcel?"]))'
        )

    # What keys do

    def action_start(self) -> None:
        """Export in fp32; what speaks against it is said."""
        self._export("fp32")

    def action_precisions(self) -> None:
        """Compare formats of numbers, or show what was compared and export in one of them."""
        if requests.running(self.session, "export", "precisions") is not None:
            self.handful.say(_("An export or a comparison is under way."), "warning")
            return
        found = self._compared()
        if found is None:
            requests.submit(self, "precisions")
            return

        def chosen(name: str | None) -> None:
            if name == MEASURE:
                requests.submit(self, "precisions")
            elif name is not None:
                self._export(name)

        self.app.push_screen(PrecisionsDialog(found[0], stale=found[1]), chosen)

    def _export(self, precision: str) -> None:
        typed = self.target.value.strip()
        target = str(Path(typed).expanduser().absolute()) if typed else None
        if requests.running(self.session, "export", "precisions") is not None:
            self.handful.say(_("An export or a comparison is under way."), "warning")
            return
        requests.submit(self, "export", {"to": target, "force": False, "precision": precision})

    def action_model(self) -> None:
        """Choose the model that is exported; it becomes the one in use."""
        session = self.session
        found = encoders.usable(session)
        here = models.encoder_in_use(session.con)
        cursor = next((i for i, encoder in enumerate(found) if encoder.ref == here), 0)

        def chosen(position: int | None) -> None:
            if position is None or found[position].ref == here:
                return
            if not attempt(self.handful, lambda: encoders.use(session, found[position].ref)):
                return
            said = _("{name} is in use as soon as the texts are embedded with it; x exports it then.")
            self.handful.say(said.format(name=found[position].name))

        names = [(encoder.name, encoder.about) for encoder in found]
        self.app.push_screen(ChooseDialog(_("Export and use which model?"), names, cursor=cursor), chosen)

    def action_cancel(self) -> None:
        """Stop the export or the comparison that is under way."""
        job = requests.running(self.session, "export", "precisions")
        if job is not None:
            attempt(self.handful, lambda: requests.cancel(self.session, job.id))

    def action_target(self) -> None:
        """Type another directory."""
        self.set_focus(self.target)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the list."""
        event.stop()
        self.set_focus(self.rows)

    def key_escape(self) -> None:
        """Leave the field."""
        self.set_focus(self.rows)

    def action_copy(self) -> None:
        """Copy the lines that load the bundle."""
        if self._bundles:
            self.app.copy_to_clipboard(self._snippet())
            self.handful.say(_("Copied, if your terminal lets programs copy."))

    def action_drift(self) -> None:
        """Ask for a file of new texts, and say whether they have changed."""
        if not self._bundles:
            self.handful.say(_("No bundle was made yet: x exports the model in use."), "warning")
            return
        about = _(
            "JSONL as `handful predict` reads it, or .txt with a text a line. The bundle under the cursor reads it."
        )
        self.app.push_screen(PromptDialog(_("Compare which texts with the pool?"), about=about), self._drift)

    def _drift(self, typed: str | None) -> None:
        if not typed:
            return
        path, bundle = Path(typed).expanduser().absolute(), Path(self._bundles[self.rows.cursor][0])
        app, project = self.handful, self.session.project

        def run() -> None:
            try:
                found = production.drift(project, bundle, path, told=told)
            except OSError as error:
                app.call_from_thread(app.say, f"{visible(str(path))}: {error.strerror}", "warning")
            except HandfulError as error:
                app.call_from_thread(app.show_error, error)
            else:
                app.call_from_thread(app.push_screen, DriftDialog(path.name, found))
            app.call_from_thread(self._told, None)

        def told(n: int) -> None:
            app.call_from_thread(self._told, n)

        self._told(0)
        self.run_worker(run, thread=True, group="drift", exclusive=True)

    def _told(self, n: int | None) -> None:
        """How many texts were read for a comparison with the pool; None: it is over."""
        if not self.is_attached:
            return
        if n is None:
            self._precisions()
        else:
            self.query_one("#precisions", Line).show([(_("drift: {n} texts read").format(n=n), "muted")])

    def action_labels(self) -> None:
        """Write the labelled texts to a file."""
        proposed = str(self.session.project.root.absolute().with_suffix(".labels.jsonl"))
        about = _("A .jsonl, .csv or .parquet file, or a directory: a data set with its card.")
        self.app.push_screen(PromptDialog(_("Labelled texts to which file?"), proposed, about=about), self._write)

    def _write(self, typed: str | None) -> None:
        if not typed:
            return
        path = Path(typed).expanduser().absolute()
        app, project = self.handful, self.session.project

        def run() -> None:
            try:
                found = apart.written(project, path)
            except HandfulError as error:
                app.call_from_thread(app.show_error, error)
            else:
                app.call_from_thread(app.say, written(found, path))

        self.run_worker(run, thread=True, group="labels")


def _metrics(report: Report) -> str:
    if not report.enough:
        return _("{source} {n} texts, too few to tell").format(source=f"{report.source:<12}", n=report.n)
    return _("{source} accuracy {accuracy}  macro-F1 {f1}  {n} texts").format(
        source=f"{report.source:<12}",
        accuracy=percent(report.accuracy, report.accuracy_interval),
        f1=percent(report.macro_f1, report.macro_f1_interval),
        n=report.n,
    )


def _model(info: Mapping[str, Any]) -> str:
    """Which model, and in which precision where it is not the usual one."""
    name = str(info.get("precision", {}).get("name", "fp32"))
    return inuse.called(str(info.get("model", ""))) + ("" if name == "fp32" else f" {name}")


def _row(bundle: tuple[str, Mapping[str, Any], float], root: Path) -> tuple[Cell, ...]:
    """One bundle; its path begins at the project where it lies below it."""
    path, info, created = bundle
    shown = str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path
    parity = info.get("parity", {})
    diff = parity.get("max_abs_diff")
    return (
        (shown, "text"),
        (_model(info), "guess"),
        (size(info["size_bytes"]) if "size_bytes" in info else "", "muted"),
        (clock.iso(created)[:16].replace("T", " "), "muted"),
        (_("{d:.0e} on {n}").format(d=diff, n=parity.get("texts", 0)) if diff is not None else "", "sure"),
    )
