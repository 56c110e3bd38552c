"""`handful open`: the app. `handful` alone opens its home screen, `handful DIR` a project."""

from pathlib import Path

import click

from core import project as projects
from core.i18n import _
from tui.commands import about
from tui.options import ANY_PATH, annotator
from tui.terminal.check import require_terminal


@click.command(
    "open",
    help=about(
        "open",
        _(
            "Without DIR it begins with the recent projects, a guided new one, and the demo. `handful DIR` does the"
            " same in fewer letters. Every key is shown by `?`."
        ),
        "handful open mail",
        "handful mail --as ada",
    ),
)
@click.argument("directory", metavar="[DIR]", type=ANY_PATH, required=False)
@annotator
def open_command(directory: Path | None, annotator: str) -> None:
    """Raises InputError, before anything is drawn, for a terminal or a project that can't be used."""
    run(directory, annotator)


def run(root: Path | None, annotator: str, *, screen: str = "") -> None:
    """Open the app and return when it is left; ends the process with the app's exit code."""
    if root is not None:
        with projects.find(root).open(readonly=True):
            pass  # what is no project, or a newer one, is told before what the terminal lacks
    require_terminal()
    from tui.app import HandfulApp
    from tui.terminal import signals

    app = HandfulApp(root, annotator, screen=screen)
    signals.install(app)
    app.run()
    raise SystemExit(app.return_code or 0)
