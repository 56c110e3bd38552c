"""A bar in one line: how much is done, in a picture, a number and words."""

from rich.segment import Segment

from tui.show import clip
from tui.widgets.lines import LineWidget

BAR = 32
_EIGHTHS = " ▏▎▍▌▋▊▉"


class ProgressLine(LineWidget):
    """Redrawn when it is told something new, never by itself."""

    COMPONENT_CLASSES = {"progress--bar", "progress--rest", "progress--said"}
    DEFAULT_CSS = """
    ProgressLine { height: 1; }
    ProgressLine > .progress--bar { color: $key; background: $rule; }
    ProgressLine > .progress--rest { background: $rule; }
    ProgressLine > .progress--said { color: $text; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self._said = ""

    def show(self, share: float | None, said: str = "") -> None:
        """`share` in 0..1, None while it can't be known."""
        self._share, self._said = share, said
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        said = self.component("progress--said")
        if self._share is None:
            return [[Segment(clip(self._said, width), said)]]
        wide = min(BAR, max(4, width // 2))
        eighths = round(max(0.0, min(1.0, self._share)) * wide * 8)
        full = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
        text = clip(f" {100 * self._share:3.0f} %  {self._said}", width - wide)
        return [
            [
                Segment(full, self.component("progress--bar")),
                Segment(" " * (wide - len(full)), self.component("progress--rest")),
                Segment(text, said),
            ]
        ]
