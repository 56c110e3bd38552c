"""A new project: made in a staging directory with its texts in it, and renamed into place when it is whole.

Called by `handful new` and the demo. Whatever goes wrong, the target is as it was.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from core import plugins, settings
from core import project as projects
from core.connection import transaction
from core.errors import InputError, RefusedError
from core.i18n import _
from core.importing import columns, labels_file
from core.importing.columns import Label
from core.importing.importer import Progress, columns_of, import_file
from core.project import Project
from core.publish import publish_dir
from core.records import ImportReport
from core.show import visible
from core.store import classes
from core.store.imports import ANNOTATOR
from core.training.encoders.base import require_files

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?(@[\w./-]{1,95})?", re.ASCII)


def new_project(  # noqa: PLR0913 (the options of `handful new`)
    root: Path,
    *,
    data: Path,
    task: str = "classify",
    text: str | None = None,
    label: Label = None,
    labels: str | None = None,
    test: Path | None = None,
    encoder: str | None = None,
    progress: Progress | None = None,
) -> tuple[Project, list[ImportReport]]:
    """Make a project at `root`, which is missing or an empty directory, and import `data`, then `test` as held out.

    `labels` lists the classes (`a,b,c`, or a TOML or CSV file) and closes the list: other labels are refused. The test
    file's columns are called like those of `data`, or its label column like the task's field.

    Raises InputError or RefusedError; nothing is left behind then.
    """
    target = _free_target(root)
    listed = labels_file.parse(labels) if labels is not None else []
    options = settings.Settings()
    if encoder is not None:
        options = settings.changed(options, "encoder", encoder_name(encoder))
    if listed:
        options = replace(options, open_classes=False)
    with _published(target) as stage:
        project = projects.create(stage, task)
        settings.save(stage, options)
        with project.open() as con:
            if listed:
                with transaction(con):
                    classes.add(con, listed, ANNOTATOR)
            reports = [import_file(project, con, data, text=text, label=label, progress=progress)]
            if test is not None:
                test_text, test_label = _test_columns(test, text, label, task)
                reports.append(
                    import_file(project, con, test, split="test", text=test_text, label=test_label, progress=progress)
                )
    return Project(target), reports


def _test_columns(test: Path, text: str | None, label: Label, task: str) -> tuple[str | None, Label]:
    """The columns of the test file: those named for the pool, else the task's own field if the file has it."""
    if test.exists() and not test.is_dir() and not test.is_file():  # it would be empty when it is read again
        raise InputError(_("The test file can't be a pipe."), visible(str(test)), _("Write it to a file first."))
    found = columns_of(test)
    field: str = plugins.load(plugins.TASKS, task).field
    named = columns.named(label)
    if not named or (not set(named) <= set(found) and field in found):
        label = field if field in found else None
    return text if text in found else None, label


@contextmanager
def _published(target: Path) -> Iterator[Path]:
    """A staging directory that becomes the target; on failure the parents made for it go too."""
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        with publish_dir(target) as stage:
            yield stage
            _free_target(target)  # somebody may have made a project there meanwhile
    except BaseException as error:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        if isinstance(error, OSError):
            raise RefusedError(
                _("The project could not be written."),
                f"{visible(str(target))}: {error.strerror or error}",
                _("See whether the disk has room (df -h) and the directory is yours."),
            ) from error
        raise


def _free_target(root: Path) -> Path:
    """The absolute path, if a project can be made there; raises InputError if not."""
    target = Path(os.path.realpath(root))
    try:
        _require_free(target)
    except OSError as error:
        raise _no_place(target, error.strerror or str(error)) from error
    return target


def _require_free(target: Path) -> None:
    shown = visible(str(target))
    if target.is_dir():
        if any(target.iterdir()):
            raise InputError(
                _("There is something in this directory already."),
                shown,
                _("Name a new one; to add texts to a project: handful import {path} FILE").format(path=shown),
            )
        if target == Path.cwd():
            raise InputError(
                _("The current directory can't become a project."),
                shown,
                _("Name a new one inside it: handful new NAME"),
            )
    elif target.exists():
        raise InputError(_("This is no directory."), shown, _("Name a new directory."))
    parent = next(parent for parent in target.parents if parent.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise _no_place(parent, _("no directory that you may write to"))


def _no_place(path: Path, why: str) -> InputError:
    return InputError(
        _("A project can't be made here."),
        _("{path}: {why}").format(path=visible(str(path)), why=why),
        _("Name another place."),
    )


def encoder_name(name: str) -> str:
    """The encoder's name as it is stored: a directory by its absolute path; raises InputError for what can't be one."""
    if name == settings.Settings().encoder:
        return name
    path = Path(name).expanduser()
    if name.startswith((".", "~", os.sep)) or path.exists():
        if not (path / "config.json").is_file():
            raise InputError(
                _("This is no encoder."),
                _("{path} is no directory with a config.json.").format(path=visible(str(path))),
                _("Give the directory that holds config.json and model.safetensors, or a Hugging Face id."),
            )
        from core import tokenizing  # for `handful config`, which seldom needs it

        tokenizing.load(require_files(path.absolute()) / "tokenizer.json", None)
        return str(path.absolute())
    if not _HUB_ID.fullmatch(name):
        raise InputError(
            _("There is no encoder called {name!r}.").format(name=visible(name)),
            _("It is neither `minilm`, nor a directory, nor an id such as owner/name."),
            _("Check the spelling."),
        )
    return name
