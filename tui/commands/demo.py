"""`handful demo`."""

import sys
from pathlib import Path

import click

from core.demo import making
from core.demo.making import make
from core.errors import InputError
from core.i18n import _
from core.project import is_project
from tui import auto, child
from tui.commands import about
from tui.commands.open import run
from tui.options import ANY_PATH, as_json, login
from tui.output import data, data_json, say, shown_path


@click.command(
    "demo",
    help=about(
        "demo",
        _(
            "720 support messages to a shop, a bank and an internet provider, one in eight in Chinese. With --auto the"
            " corpus's own answers stand in for yours; that takes about five minutes on two cores. On a terminal the"
            " app opens."
        ),
        "handful demo",
        "handful demo --auto --dir try",
        "handful demo --task multilabel",
    ),
)
@click.option("--auto", "automatic", is_flag=True, help=_("Run the whole loop, the corpus's gold answering for you."))
@click.option("--task", metavar="NAME", default="classify", show_default=True, help=_("What an answer is."))
@click.option("--dir", "directory", metavar="DIR", type=ANY_PATH, help=_("Where to make the project."))
@as_json
def demo_command(directory: Path | None, task: str, *, automatic: bool, as_json: bool) -> None:
    """The project stays, so that one can go on with it by hand."""
    name = making.about(task).directory
    if automatic:
        root = directory or _free(Path(name))
        say(_("Making the demo project in {path}").format(path=shown_path(root)))
        summary = auto.run(make(root, task))
        if as_json:
            data_json(summary.as_json())
        else:
            auto.show(summary)
        return
    root = directory or Path(name)
    opens = not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    if not is_project(root):
        if opens:  # in a process of its own, for the app does without the libraries that it takes
            child.demo(root.absolute(), task).run(lambda _done, _total: None)
        else:
            make(root, task)
    if as_json:
        data_json({"project": str(root.absolute())})
        return
    if opens:
        run(root, login())
    data(_("The demo project lies in {path}.").format(path=shown_path(root)))
    say(_("See what it would ask: handful next {path}").format(path=shown_path(root)))
    say(_("Or watch the whole loop: handful demo --auto"))


def _free(wanted: Path) -> Path:
    """`wanted`, or the first of wanted-2, wanted-3 … that is not there: an automatic run starts from nothing."""
    for number in range(1, 1000):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        if not path.exists():
            return path
    raise InputError(
        _("There are too many demo projects here."), str(wanted), _("Remove some, or name one with --dir.")
    )
