"""A new project, step by step: the file, its columns, the classes, a test set, the place."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from core import plugins
from core.errors import InputError
from core.i18n import _
from core.importing import columns, formats, labels_file
from tui.child import Look
from tui.dialogs.base import Dialog
from tui.dialogs.file import FileDialog
from tui.dialogs.source import SourceDialog
from tui.show import content
from tui.widgets.row_list import Cell, Column, ListRows, RowList

COLUMNS = 8
"""Columns of the file that are shown."""
ROWS = 6
"""Rows of the file that are shown."""
NONE = _("none")


@dataclass(slots=True)
class Wanted:
    """What was chosen so far."""

    data: Path
    columns: list[str]
    rows: list[dict[str, Any]]
    text: str = ""
    label: str = ""
    labels: str = ""
    test: str = ""
    root: str = ""
    encoder: str = ""
    task: str = "classify"


class NewProjectDialog(Dialog[Wanted]):
    """One field after another, each with a guess that enter accepts; returns what to make."""

    KEYS = _("↑↓ field · ↵ next · ^f pick a file · ^s make it · esc leaves")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "previous", show=False, priority=True),
        Binding("down", "following", show=False, priority=True),
        Binding("ctrl+s", "make", show=False, priority=True),
        Binding("ctrl+f", "pick", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    NewProjectDialog > #box { width: 100; height: auto; }
    NewProjectDialog RowList { height: 8; margin-bottom: 1; }
    NewProjectDialog Static.field { color: $muted; height: 1; }
    NewProjectDialog Input { border: none; height: 1; background: $background; padding: 0 1; margin: 0; }
    NewProjectDialog Input:focus { background: $chosen; }
    NewProjectDialog #problem { color: $wrong; height: auto; }
    """

    def __init__(self, data: Path, seen: Look) -> None:
        """`seen`: the columns and some rows of the source, as a first look has found them."""
        super().__init__()
        self.wanted = Wanted(data, list(seen.columns), list(seen.rows), seen.text)
        self.wanted.root = str(Path.cwd() / _name(data))
        self._fields = _fields(self.wanted)

    def heading(self) -> str:
        return _("A new project from {name}").format(name=self.wanted.data.name)

    def body(self) -> Iterable[Widget]:
        wanted = self.wanted
        names = wanted.columns or [_("text")]
        shown = names[:COLUMNS]
        rows: list[list[Cell]] = [[(str(row.get(name, "")), "text") for name in shown] for row in wanted.rows]
        yield RowList([Column(name) for name in shown], ListRows(rows), empty=_("lines of text"))
        for name, title, value in self._fields:
            yield Static(content(title), classes="field", markup=False)
            yield Input(value, id=f"field-{name}", compact=True, select_on_focus=False)
        yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.query_one("RowList").can_focus = False
        self.query(Input).first().focus()

    def _move(self, by: int) -> None:
        inputs = list(self.query(Input))
        here = next((i for i, field in enumerate(inputs) if field.has_focus), 0)
        if here + by >= len(inputs):
            self.action_make()
        else:
            inputs[max(0, here + by)].focus()

    def action_previous(self) -> None:
        """The field above."""
        self._move(-1)

    def action_following(self) -> None:
        """The field below."""
        inputs = list(self.query(Input))
        if not inputs[-1].has_focus:
            self._move(1)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on; on the last field it makes the project."""
        event.stop()
        self._move(1)

    def action_pick(self) -> None:
        """Choose a file for the field, where one is meant."""
        field = next((f for f in self.query(Input) if f.has_focus and f.id in ("field-test", "field-labels")), None)
        if field is not None:
            kind = SourceDialog if field.id == "field-test" else FileDialog
            self.app.push_screen(kind(_("Which file?")), lambda path: _set(field, path))

    def action_make(self) -> None:
        """Check everything, and make the project if it holds."""
        values = {name: self.query_one(f"#field-{name}", Input).value.strip() for name, _t, _v in self._fields}
        try:
            self.wanted = _checked(self.wanted, values)
        except InputError as error:
            said = "\n".join(part for part in (error.title, error.what, error.hint) if part)
            self.query_one("#problem", Static).update(content(said, multiline=True))
            return
        self.dismiss(self.wanted)


def options(wanted: Wanted) -> dict[str, Any]:
    """What was chosen, as `core.intake.new_project` takes it."""
    return {
        "data": str(wanted.data),
        "text": wanted.text or None,
        "label": wanted.label or None,
        "labels": wanted.labels or None,
        "test": wanted.test or None,
        "encoder": wanted.encoder or None,
        "task": wanted.task,
    }


def _set(field: Input, path: Path | None) -> None:
    if path is not None:
        field.value = str(path)


def _fields(wanted: Wanted) -> list[tuple[str, str, str]]:
    names = ", ".join(wanted.columns)
    found = [
        ("text", _("Column of the texts ({names})").format(names=names), wanted.text),
        ("label", _("Column that holds answers already; empty: none"), wanted.label),
    ]
    return [
        *(found if wanted.columns else []),
        ("task", _("What an answer is ({names})").format(names=", ".join(plugins.names(plugins.TASKS))), wanted.task),
        ("labels", _("Classes: a, b, c, or a TOML or CSV file; empty: they come as you label"), wanted.labels),
        ("test", _("File of held-out texts with answers; empty: none"), wanted.test),
        ("encoder", _("Encoder: a Hugging Face id or a directory; empty: the embedded one"), wanted.encoder),
        ("root", _("Directory of the project"), wanted.root),
    ]


def _checked(wanted: Wanted, values: dict[str, str]) -> Wanted:
    """The choices, if they can be made; raises InputError for the first that can't."""
    for name in ("text", "label"):
        chosen = values.get(name, "")
        if chosen and chosen not in wanted.columns:
            raise columns.missing(chosen, wanted.columns, wanted.data.name)
    plugins.load(plugins.TASKS, values["task"])
    if values["labels"]:
        labels_file.parse(values["labels"])
    if values["test"] and not _is_there(Path(values["test"]).expanduser()):
        raise InputError(_("There is no test file."), values["test"], _("Leave it empty, or pick one with ^f."))
    root = Path(values["root"]).expanduser()
    if not values["root"] or (root.exists() and (not root.is_dir() or any(root.iterdir()))):
        raise InputError(_("The project needs a new directory."), values["root"], _("Name one that is not there yet."))
    for name, value in values.items():
        setattr(wanted, name, str(root) if name == "root" else value)
    if wanted.test:
        wanted.test = str(Path(wanted.test).expanduser())
    return wanted


def _is_there(source: Path) -> bool:
    return formats.is_address(source) or source.exists()


def _name(source: Path) -> str:
    """What a project from this source may be called: its name without endings, and without the split of a data set."""
    name = source.name.partition(":")[0].partition("@")[0] or "texts"
    stem = name.removesuffix(".gz").rpartition(".")[0] if "." in name.strip(".") else name
    return stem or name
