"""What a layout is: a bundle arranged as some other server, or a container, wants to find it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from core.errors import InputError
from core.i18n import _
from core.publish import make_dir, publish_dir, publish_file
from core.show import visible
from exports.runtime.errors import BundleError
from exports.runtime.sealed import MANIFEST, verified

MARK = ".handful-layout"
"""A file that says which layout a directory holds: only such a directory is ever replaced."""


class Layout(Protocol):
    """One way to lay out a bundle."""

    name: str

    def write(self, bundle: Path, manifest: Mapping[str, Any], stage: Path) -> None:
        """Fill the empty directory `stage`.

        Raises InputError if this bundle can't be laid out so.
        """
        ...

    def use(self, target: Path) -> str:
        """The command that starts it, with `target` as it can be pasted into a shell."""
        ...


def lay_out(layout: Layout, bundle: Path, target: Path, *, force: bool) -> None:
    """Verify the bundle and lay it out at `target`, whole or not at all.

    Raises InputError if the bundle is not whole, or there is something else at `target`.
    """
    try:
        manifest = verified(bundle)
    except BundleError as error:
        raise InputError(_("The bundle can't be used."), str(error), _("Make another: handful export DIR")) from error
    target = target.absolute()
    _require_free(target, force=force)
    with publish_dir(target) as stage:
        layout.write(bundle, manifest, stage)
        publish_file(stage / MARK, layout.name.encode() + b"\n")


def _require_free(target: Path, *, force: bool) -> None:
    shown = visible(str(target))
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(_("This is no directory."), shown, _("Name a new directory with --to."))
    if not target.is_dir() or not any(target.iterdir()):
        return
    if not (target / MARK).is_file():
        raise InputError(
            _("There is something else in this place already."), shown, _("Name a new directory with --to.")
        )
    if not force:
        raise InputError(
            _("There is a layout in this place already."),
            shown,
            _("Name a new directory, or add --force to replace it."),
        )


def copy_bundle(bundle: Path, manifest: Mapping[str, Any], target: Path) -> None:
    """The bundle's own files, and nothing else that may lie beside them."""
    make_dir(target)
    for name in (MANIFEST, *manifest["files"]):
        shutil.copyfile(bundle / name, target / name)
