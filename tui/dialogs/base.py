"""What all dialogs share: a titled box over the screen, closed by escape."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui.show import content

if TYPE_CHECKING:
    from tui.app import HandfulApp

R = TypeVar("R")


class Dialog(ModalScreen[R]):
    """A box with a title and a line that says which keys there are. Subclasses give `title_text`, `body()`, `keys`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", _("close"), show=False)]
    KEYS: ClassVar[str] = ""
    """What the last line says."""
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > #box {
        width: 76; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $rule; padding: 0 2;
    }
    Dialog #dialog-title { color: $key; text-style: bold; height: auto; margin-bottom: 1; }
    Dialog #dialog-keys { color: $muted; height: auto; margin-top: 1; }
    """

    @property
    def handful(self) -> "HandfulApp":
        """The app, with its type."""
        return cast("HandfulApp", self.app)

    def heading(self) -> str:
        """The title; may hold data."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """What lies between the title and the keys."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Container(id="box"):
            yield Static(content(self.heading()), id="dialog-title", markup=False)
            yield from self.body()
            yield Static(content(self.KEYS or _("esc closes"), multiline=True), id="dialog-keys", markup=False)

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close with a result; a key that comes when it is closed or covered already does nothing."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def action_close(self) -> None:
        """Leave without a result."""
        self.dismiss(None)
