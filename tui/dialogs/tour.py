"""Five steps through the screen on which one spends the day. Meanwhile no key labels."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from core.i18n import _
from tui.dialogs.base import Dialog
from tui.show import content

STEPS = (
    (
        _("The text, and why it is asked"),
        _(
            "Handful picks the texts worth asking about. The line above says why this one: it stands for many like it,"
            " the model hesitates, or it was drawn at random, as an audit, to keep the numbers honest."
        ),
    ),
    (
        _("One key answers"),
        _(
            "Press a choice's digit or letter, and the next text is there; with many classes, type a few letters."
            " ↵ takes the model's suggestion, ␣ puts a text aside."
        ),
    ),
    (
        _("Nothing is lost"),
        _(
            "Each answer is on the disk before the next text appears. ⌫ takes back, ^y brings back, without limit, also"
            " tomorrow. ← looks back, and another key changes an old answer."
        ),
    ),
    (
        _("It learns while you label"),
        _(
            "After every answer a small model is fitted; after some dozens a round fine-tunes the encoder in the"
            " background. Rounds and Metrics say what came of it, with intervals, or that it is too few to tell."
        ),
    ),
    (
        _("It leaves as ONNX"),
        _(
            "Export makes a bundle, and only if it answers as the trained model does. ^o goes to any screen, ? shows"
            " every key of the one you are on."
        ),
    ),
)


class TourDialog(Dialog[None]):
    """A box above the choices; what it speaks of stays visible."""

    KEYS = _("↵ or n next · p back · esc leaves the tour")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,n,space,right", "following", show=False),
        Binding("p,left", "previous", show=False),
    ]
    DEFAULT_CSS = """
    TourDialog { align: center bottom; background: $background 0%; }
    TourDialog > #box { margin-bottom: 7; border: round $key; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._step = 0

    def heading(self) -> str:
        return _("{n} of {of} · {title}").format(n=self._step + 1, of=len(STEPS), title=STEPS[self._step][0])

    def body(self) -> Iterable[Widget]:
        yield Static(content(STEPS[0][1]), id="step", markup=False)

    def _show(self) -> None:
        self.query_one("#dialog-title", Static).update(content(self.heading()))
        self.query_one("#step", Static).update(content(STEPS[self._step][1]))

    def action_following(self) -> None:
        """The next step; the last one ends it."""
        if self._step + 1 == len(STEPS):
            self.dismiss(None)
            return
        self._step += 1
        self._show()

    def action_previous(self) -> None:
        """The step before."""
        self._step = max(0, self._step - 1)
        self._show()
