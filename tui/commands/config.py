"""`handful config`."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from core import intake
from core import project as projects
from core import settings as options
from core.i18n import _
from core.project import Project
from core.settings import Settings
from core.store import examples
from tui.commands import about
from tui.options import as_json, directory
from tui.output import data, data_json, paragraph, say

SAMPLE = 200
"""Texts whose columns are looked at."""


def _keys(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [
        CompletionItem(option.name, help=option.metadata["sentence"])
        for option in fields(Settings)
        if option.name.startswith(incomplete)
    ]


def _values(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    key = ctx.params.get("key")
    if key not in {option.name for option in fields(Settings)}:
        return []
    found: Sequence[str] = options.choices(key)
    return [CompletionItem(value) for value in found if value.startswith(incomplete)]


@click.command(
    "config",
    help=about(
        "config",
        _(
            "Without KEY all options, each with its meaning and range; with KEY one of them; with VALUE it is set. The"
            " options lie in handful.toml in the project's directory."
        ),
        "handful config mail",
        "handful config mail round_every 0",
        "handful config mail encoder intfloat/multilingual-e5-small",
    ),
    context_settings={"ignore_unknown_options": True},  # a negative VALUE is a value, if a wrong one
)
@directory
@click.argument("key", required=False, shell_complete=_keys)
@click.argument("value", required=False, shell_complete=_values)
@as_json
def config_command(directory: Path, key: str | None, value: str | None, *, as_json: bool) -> None:
    """Show what is in force; nothing is written without a VALUE that fits."""
    project = projects.find(directory)
    current = project.settings()
    if key is not None and value is not None:
        options.spec(key)
        current = options.changed(current, key, intake.encoder_name(value) if key == "encoder" else value)
        options.save(project.root, current)
        _say_what_follows(project, key, getattr(current, key))
    shown = [options.spec(key)] if key else list(fields(Settings))
    values = asdict(current)
    if as_json:
        data_json({option.name: values[option.name] for option in shown})
        return
    for option in shown:
        _print(option, values[option.name])


def _say_what_follows(project: Project, key: str, value: object) -> None:
    if key in options.SHAPES_FEATURES:
        say(_("The texts are embedded anew before the next ranking."))
    if key == "slice_by" and value:
        with project.open(readonly=True) as con:
            columns = dict.fromkeys(name for example in examples.after(con, 0, SAMPLE) for name in example.meta)
        if value not in columns:
            say(
                _("No text has a column called {name!r}; there are: {columns}.").format(
                    name=value, columns=", ".join(columns) or "—"
                )
            )


def _print(option: Any, value: object) -> None:
    source = _("default") if value == option.default else _("set in handful.toml")
    shown = options.plain(value) or '""'
    data(f"{option.name} = {shown}  ({source})")
    paragraph(f"{option.metadata['sentence']} {options.allowed(option.name)}".strip(), "    ")
