"""`handful package`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core import plugins
from core.i18n import _
from tui.commands import about
from tui.commands.predict import require_bundle
from tui.options import ANY_PATH, as_json
from tui.output import data, data_json, shown_path

if TYPE_CHECKING:
    from exports.layouts.base import Layout


def _known(_ctx: click.Context, _option: click.Parameter, value: str) -> "Layout":
    layout: Layout = plugins.load(plugins.LAYOUTS, value)
    return layout


@click.command(
    "package",
    help=about(
        "package",
        _(
            "docker and docker-gpu make a directory with a Dockerfile for handful serve, without torch; triton makes a"
            " model repository, transformers what its ExportedModel runs. The bundle is verified first, and copied."
        ),
        "handful package mail-model --for docker --to mail-image",
        "handful package mail-model --for triton --to models",
    ),
)
@click.argument("bundle", metavar="BUNDLE", type=ANY_PATH)
@click.option(
    "--for",
    "layout",
    metavar="NAME",
    required=True,
    callback=_known,
    help=_("docker, docker-gpu, triton, transformers, or a plug-in."),
)
@click.option("--to", "target", metavar="OUT", type=ANY_PATH, required=True, help=_("The directory to be made."))
@click.option("--force", is_flag=True, help=_("Replace a directory that this command made."))
@as_json
def package_command(bundle: Path, layout: "Layout", target: Path, *, force: bool, as_json: bool) -> None:
    """Files are copied and hashed here; nothing is loaded."""
    from exports.layouts.base import lay_out  # for the completion of options it is not needed

    require_bundle(bundle)
    lay_out(layout, bundle, target, force=force)
    use = layout.use(target)
    if as_json:
        data_json({"path": str(target.absolute()), "layout": layout.name, "use": use})
        return
    data(_("Made: {path}").format(path=shown_path(target)))
    data(_("Next: {command}").format(command=use))
