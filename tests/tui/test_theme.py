"""Both themes can be read: by contrast, and with sixteen colours."""

import itertools

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from tui.theme import HUES, THEMES

SAID_IN = (
    *("text", "key", "guess", "given", "sure", "unsure", "wrong", "muted"),
    *(f"hue-{n}" for n in range(1, HUES + 1)),
)
READABLE, AT_A_GLANCE = 4.5, 3.0
"""WCAG 2.2, 1.4.3: text, and what is there if one looks for it (or large)."""


def colours(theme: Theme) -> dict[str, str]:
    return {
        **theme.variables,
        "text": str(theme.foreground),
        "ground": str(theme.background),
        "raised": str(theme.surface),
        "bar": str(theme.panel),
    }


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    first, second = sorted(map(_luminance, (one, other)))
    return (second + 0.05) / (first + 0.05)


def _luminance(name: str) -> float:
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in Color.parse(name).normalized)
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_meaning_can_be_read_on_every_ground(theme: Theme) -> None:
    named = colours(theme)
    for meaning, ground in itertools.product(SAID_IN, ("ground", "raised", "bar", "chosen")):
        least = AT_A_GLANCE if meaning == "muted" or ground == "chosen" else READABLE
        assert contrast(named[meaning], named[ground]) >= least, (meaning, ground)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_T10_with_sixteen_colours_nothing_falls_together_with_its_ground(theme: Theme) -> None:
    named = {
        name: RichColor.parse(Color.parse(value).hex6).downgrade(ColorSystem.STANDARD).number
        for name, value in colours(theme).items()
        if name in (*SAID_IN, "ground", "raised", "bar", "chosen")
    }
    for meaning, ground in itertools.product(SAID_IN, ("ground", "raised", "bar", "chosen")):
        assert named[meaning] != named[ground], (meaning, ground)
