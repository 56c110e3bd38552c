"""The answers that people gave to one text, each with its key and with those who gave it, beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from tui.show import fit
from tui.widgets.lines import LineWidget

NARROW = 18
"""Columns narrower than this would tell nothing; then answers stand below each other."""
MOST = 9
"""As many answers have a key."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    answer: str
    """In words."""
    people: tuple[str, ...]
    """Who gave it, each with what is to say about it."""
    counts: bool = True
    """False: it was overruled."""


class WhoSaid(LineWidget):
    """`show` replaces all of it."""

    COMPONENT_CLASSES = {"said--key", "said--answer", "said--people", "said--past", "said--rule"}
    DEFAULT_CSS = """
    WhoSaid { height: 7; padding: 0 2; }
    WhoSaid > .said--key { color: $key; text-style: bold; }
    WhoSaid > .said--answer { color: $given; text-style: bold; }
    WhoSaid > .said--people { color: $text; }
    WhoSaid > .said--past { color: $muted; }
    WhoSaid > .said--rule { color: $rule; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._said: Sequence[Said] = ()

    def show(self, said: Sequence[Said]) -> None:
        """Show other answers."""
        self._said = said[:MOST]
        self.redraw()

    def build(self, width: int, height: int) -> list[list[Segment]]:
        if not self._said:
            return []
        wide = (width - 3 * (len(self._said) - 1)) // len(self._said)
        return self._beside(wide, height) if wide >= NARROW else self._below(width)

    def _beside(self, wide: int, height: int) -> list[list[Segment]]:
        rule = Segment(" │ ", self.component("said--rule"))
        lines: list[list[Segment]] = []
        for y in range(min(height, 1 + max(len(one.people) for one in self._said))):
            line: list[Segment] = []
            for number, one in enumerate(self._said, 1):
                line += [rule] if line else []
                line += self._head(number, one, wide) if y == 0 else self._person(one, y, wide, height)
            lines.append(line)
        return lines

    def _head(self, number: int, one: Said, wide: int) -> list[Segment]:
        style = self.component("said--answer" if one.counts else "said--past")
        return [Segment(f"{number} ", self.component("said--key")), Segment(fit(one.answer, wide - 2), style)]

    def _person(self, one: Said, y: int, wide: int, height: int) -> list[Segment]:
        style = self.component("said--people" if one.counts else "said--past")
        last = y == height - 1 and len(one.people) > y
        text = f"… {len(one.people) - y + 1}" if last else one.people[y - 1] if y <= len(one.people) else ""
        return [Segment(fit(f"  {text}", wide), style)]

    def _below(self, width: int) -> list[list[Segment]]:
        half = width // 2
        lines = []
        for number, one in enumerate(self._said, 1):
            style = self.component("said--people" if one.counts else "said--past")
            lines.append(
                [*self._head(number, one, half), Segment(fit("  " + ", ".join(one.people), width - half), style)]
            )
        return lines
