"""`handful config`."""

from dataclasses import asdict, fields
from pathlib import Path

import click

from core import project as projects
from core import settings as options
from core.i18n import _
from core.settings import Settings
from tui.commands import sentence
from tui.options import as_json, directory
from tui.output import data, data_json


@click.command("config", help=sentence("config"))
@directory
@click.argument("key", required=False)
@click.argument("value", required=False)
@as_json
def config_command(directory: Path, key: str | None, value: str | None, *, as_json: bool) -> None:
    """Without KEY all options; with KEY one of them; with VALUE it is set."""
    project = projects.find(directory)
    current = project.settings()
    if key is not None and value is not None:
        current = options.changed(current, key, value)
        options.save(project.root, current)
    shown = [options.spec(key)] if key else list(fields(Settings))
    values = asdict(current)
    if as_json:
        data_json({option.name: values[option.name] for option in shown})
        return
    for option in shown:
        source = _("default") if values[option.name] == option.default else _("set in handful.toml")
        data(f"{option.name} = {_plain(values[option.name])}  ({source})")
        data(f"    {option.metadata['sentence']} {options.allowed(option.name)}")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
