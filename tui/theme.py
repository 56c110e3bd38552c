"""All colours of the app, by what they mean. No other file names a colour.

Two themes of our own. Whatever a colour says is said by a word or a mark, too, for terminals with sixteen colours or
none.
"""

from textual.theme import Theme

DARK, LIGHT = "handful-dark", "handful-light"

MEANINGS = (
    "muted",  # what is there if one looks for it
    "key",  # something that can be pressed
    "guess",  # what a model says
    "given",  # what a person said
    "sure",
    "unsure",
    "wrong",
    "chosen",  # the row or field that keys act on
    "rule",  # lines between parts
)
"""Style sheets use them as `$muted`, `$key` …"""
HUES = 8
"""Colours that tell classes apart where several stand in one text: `$hue-1` …; of more classes, some share one."""


def _theme(name: str, colours: dict[str, str], *, dark: bool) -> Theme:
    return Theme(
        name,
        primary=colours["key"],
        secondary=colours["guess"],
        accent=colours["key"],
        warning=colours["unsure"],
        error=colours["wrong"],
        success=colours["sure"],
        foreground=colours["text"],
        background=colours["ground"],
        surface=colours["raised"],
        panel=colours["bar"],
        dark=dark,
        text_alpha=1.0,
        variables={
            **{meaning: colours[meaning] for meaning in MEANINGS},
            **{f"hue-{n}": colours[f"hue-{n}"] for n in range(1, HUES + 1)},
            "block-cursor-background": colours["chosen"],
            "block-cursor-foreground": colours["text"],
            "block-cursor-text-style": "none",
            "input-cursor-background": colours["key"],
            "input-cursor-text-style": "underline",
            "input-selection-background": colours["chosen"],
            "scrollbar": colours["rule"],
            "scrollbar-hover": colours["muted"],
            "scrollbar-active": colours["key"],
            "scrollbar-background": colours["ground"],
            "scrollbar-background-hover": colours["ground"],
            "scrollbar-background-active": colours["ground"],
            "border": colours["key"],
            "border-blurred": colours["rule"],
        },
    )


THEMES = (
    _theme(
        DARK,
        {
            "ground": "#14171c",
            "raised": "#1b1f26",
            "bar": "#20252d",
            "text": "#dde1e6",
            "muted": "#868e9b",
            "key": "#e5b567",
            "guess": "#7aa6da",
            "given": "#8fbf7f",
            "sure": "#8fbf7f",
            "unsure": "#d9a05b",
            "wrong": "#e07a75",
            "chosen": "#2c3644",
            "rule": "#3a424e",
            "hue-1": "#6fb3e0",
            "hue-2": "#8fc97f",
            "hue-3": "#e5b567",
            "hue-4": "#d98fd0",
            "hue-5": "#62c7b8",
            "hue-6": "#e78a6d",
            "hue-7": "#b3a1f0",
            "hue-8": "#c9c46a",
        },
        dark=True,
    ),
    _theme(
        LIGHT,
        {
            "ground": "#fbfaf7",
            "raised": "#f3f1ec",
            "bar": "#e9e6df",
            "text": "#22262b",
            "muted": "#6b7078",
            "key": "#8a5a00",
            "guess": "#1f5fa8",
            "given": "#2f6f2f",
            "sure": "#2f6f2f",
            "unsure": "#8f5400",
            "wrong": "#b3261e",
            "chosen": "#dbe4ee",
            "rule": "#c5c1b8",
            "hue-1": "#1f5fa8",
            "hue-2": "#2f6f2f",
            "hue-3": "#8a5a00",
            "hue-4": "#9a2f86",
            "hue-5": "#0f6b62",
            "hue-6": "#a83a1e",
            "hue-7": "#5b45b5",
            "hue-8": "#66620a",
        },
        dark=False,
    ),
)
