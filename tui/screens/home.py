"""Where one begins: recent projects, a new one from a file, the demo."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Static

from core import checking, clock
from core import project as projects
from core.errors import HandfulError
from core.i18n import _
from core.inuse import called, source_name
from core.store import meta, models
from tui import child, keymap, preferences
from tui.child import Look
from tui.dialogs import new_project
from tui.dialogs.file import FileDialog
from tui.dialogs.importing import ImportDialog
from tui.dialogs.looking import LookDialog
from tui.dialogs.source import SourceDialog
from tui.screens.base import HandfulScreen
from tui.show import content
from tui.widgets.row_list import Cell, Column, ListRows, RowList

DEMO = "handful-demo"
WELCOME = _(
    "A few dozen labels become a text model you can deploy.\n\n"
    "Handful picks the texts that are worth asking about. You answer, one key each. In the background it learns,"
    " tells how good it is, and hands you the model as ONNX."
)


class HomeScreen(HandfulScreen):
    """Recent projects under a few words."""

    ID = "home"
    SHARED = (keymap.LIST,)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings("home")
    DEFAULT_CSS = """
    HomeScreen #welcome { padding: 1 2; height: auto; max-width: 84; color: $muted; }
    HomeScreen RowList { padding: 0 1; }
    """

    rows = query_one(RowList)

    def __init__(self) -> None:
        super().__init__()
        self._recent: list[Path] = []

    def body(self) -> Iterable[Widget]:
        columns = (
            Column(_("project"), 24, least=100),
            Column(_("project"), most=99),
            Column(_("labelled"), 13, right=True),
            Column(_("model"), 12, least=70),
            Column(_("check"), 5, right=True, least=80),
            Column(_("changed"), 16, least=80),
            Column(_("where"), least=100),
        )
        yield Static(content(WELCOME, multiline=True), id="welcome", markup=False)
        yield RowList(
            columns, empty=_("No project yet.\n\nn  makes one from CSV, JSON, Parquet, texts …\nd  opens the demo")
        )

    def on_mount(self) -> None:
        """The list has the keys."""
        self.rows.focus()
        self.moved()

    def moved(self) -> None:
        self._recent = preferences.recent()
        self.rows.show(ListRows([_row(root) for root in self._recent]))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Open it."""
        message.stop()
        self.action_choose()

    def action_choose(self) -> None:
        """Open the project under the cursor."""
        if self._recent:
            self.handful.enter_project(self._recent[self.rows.cursor])

    def action_other(self) -> None:
        """Open a project by its path."""
        self.app.push_screen(FileDialog(_("Open which project?"), directories=True), self._enter)

    def _enter(self, root: Path | None) -> None:
        if root is not None:
            self.handful.enter_project(root)

    def action_new(self) -> None:
        """A file first, then the rest."""
        self.app.push_screen(SourceDialog(_("Texts from which file?")), self._from_source)

    def _from_source(self, data: Path | None) -> None:
        if data is not None:
            self.app.push_screen(LookDialog(data, new_project.ROWS), lambda seen: self._seen(data, seen))

    def _seen(self, data: Path, seen: Look | None) -> None:
        if seen is not None:
            self.app.push_screen(new_project.NewProjectDialog(data, seen), self._make)

    def _make(self, wanted: new_project.Wanted | None) -> None:
        if wanted is not None:
            root = Path(wanted.root)
            work = child.new_project(root, **new_project.options(wanted))
            self._wait(work, root, _("Making {name}").format(name=root.name))

    def action_demo(self) -> None:
        """Open the demo; make it if it is not here."""
        root = Path(DEMO).absolute()
        if projects.is_project(root):
            self.handful.enter_project(root)
        else:
            self._wait(child.demo(root), root, _("Making the demo in {path}").format(path=root))

    def _wait(self, work: child.Child, root: Path, title: str) -> None:
        dialog = ImportDialog(root, None, work=work, title=title)
        self.app.push_screen(dialog, lambda done: self._enter(root if done else None))


def _row(root: Path) -> tuple[Cell, ...]:
    """What a recent project is like; what can't be read is said."""
    try:
        with projects.Project(root).open(readonly=True) as con:
            counters = meta.counters(con)
            ranking = models.newest_ranking(con)
            trained = ranking is not None and ranking.trained
            suspects = len(checking.overview(projects.Project(root), con).suspects)
            model = called(source_name(models.encoder_in_use(con))) if trained else "—"
    except HandfulError as error:
        return (
            (root.name, "text"),
            (f"{root.name}: {error.title}", "wrong"),
            ("", "muted"),
            ("", "muted"),
            ("", "muted"),
            ("", "muted"),
            (error.title, "wrong"),
        )
    changed = max(path.stat().st_mtime for path in root.glob("labels.db*"))
    when = clock.local(changed)
    labelled = f"{counters.get('pool.answered', 0):,} / {counters.get('pool', 0):,}"
    return (
        (root.name, "text"),
        (root.name, "text"),
        (labelled, "given"),
        (model, "guess"),
        (str(suspects) if suspects else "", "unsure"),
        (when, "muted"),
        (str(root.parent), "muted"),
    )
