"""`handful serve`."""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from core.errors import InputError
from core.i18n import _
from exports.serve.options import Flag, as_args, flags
from tui.commands import about
from tui.commands.predict import require_bundle
from tui.options import ANY_PATH

NEEDED = ("starlette", "uvicorn")
"""What the extra `serve` brings."""


def _click_type(one: Flag) -> Any:
    if one.choices:
        return click.Choice(one.choices)
    if one.kind is Path:
        return ANY_PATH
    if one.kind is int and (one.low or one.high):
        return click.IntRange(int(one.low), int(one.high))
    return click.FloatRange(one.low, one.high) if one.kind is float else one.kind


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of `exports.serve.options`, in their order."""
    for one in reversed(list(flags())):
        more: dict[str, Any] = {"is_flag": True} if one.kind is bool else {"type": _click_type(one)}
        shown = one.kind is not bool and one.default is not None
        command = click.option(one.flag, default=one.default, show_default=shown, help=one.help, **more)(command)
    return command


@click.command(
    "serve",
    help=about(
        "serve",
        _(
            'POST /predict takes {"text": …} or {"texts": […]}; /health, /ready, /metrics and /openapi.json say the'
            " rest. SIGTERM lets running requests finish; SIGHUP takes the bundle that lies at BUNDLE now, so that a"
            " link can be turned to a new one without a dropped request. No text is ever logged."
        ),
        "handful serve mail-model",
        "handful serve mail-model --host 0.0.0.0 --token-file token --feedback spool",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@_options
def serve_command(bundle: Path, **given: Any) -> None:
    """Hand over to a process that never loads the terminal's libraries, nor torch."""
    require_bundle(bundle)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            _("Serving needs packages that are not installed."),
            ", ".join(missing),
            _("Install them: pip install 'handful[serve]'"),
        )
    os.execv(  # noqa: S606 (no shell, fixed program)
        sys.executable, [sys.executable, "-P", "-m", "exports.serve", *as_args(given), "--", str(bundle)]
    )
