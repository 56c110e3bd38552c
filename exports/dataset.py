"""The labelled data leaves: who gave each answer, when, how the text was picked, and what the model thinks of it.

Formats that any task can be written to are found in the group `handful.label_formats`; tasks bring further ones: one of
the task `x` for files that end in `.y` is the entry point `x.y` in the group `handful.files`. What is read is of one
moment; the file appears whole or not at all.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args

from core import clock, judged, plugins
from core.connection import Connection, one_moment
from core.errors import InputError
from core.i18n import _
from core.predictions import Predictions
from core.project import Project
from core.records import LabelledExample, Source
from core.show import visible
from core.store import classes, examples, guidelines, models
from core.tasks.base import Task
from exports.formats.base import LabelFormat, LabelTable
from exports.formats.task_file import TaskFile


class Written(NamedTuple):
    """What became of the labelled texts."""

    texts: int
    left: int
    """Texts that the format has no way to say."""


def write_labels(
    project: Project, con: Connection, target: Path, *, force: bool = False, kind: str | None = None
) -> Written:
    """Write every labelled text, in the order the answers were given, in the format `kind` or as the ending asks.

    Raises InputError if this project's task has no such format, or if there is something and not `force`.
    """
    chosen = format_of(target, project.task(con), kind)
    check_free(target, chosen, force=force)
    with one_moment(con):
        found = read(project, con)
    left = chosen.write(target, found)
    return Written(len(found.rows) - left, left)


def formats(task: Task[Any]) -> list[LabelFormat]:
    """All formats that answers of this task can be written in."""
    general = [plugins.load(plugins.LABEL_FORMATS, name) for name in plugins.names(plugins.LABEL_FORMATS)]
    names = [name for name in plugins.names(plugins.FILES) if name.startswith(f"{task.name}.")]
    own = [TaskFile(name, plugins.load(plugins.FILES, name)) for name in names]
    return [*general, *own]


def format_of(target: Path, task: Task[Any], kind: str | None) -> LabelFormat:
    """The format of this name, else the one that the target's ending asks for; raises InputError if there is none."""
    if kind is not None:
        chosen: LabelFormat = plugins.load(plugins.LABEL_FORMATS, kind)
        return chosen
    known = {one.ending: one for one in formats(task)}
    if target.suffix.lower() not in known:
        raise InputError(
            _("The ending of the file does not say what to write."),
            visible(os.fspath(target)),
            _("Name a file that ends in {endings}, or a directory without an ending.").format(
                endings=_(" or ").join(ending for ending in known if ending)
            ),
        )
    return known[target.suffix.lower()]


def check_free(target: Path, chosen: LabelFormat, *, force: bool) -> None:
    """Raises InputError unless the labels may be written there."""
    shown = visible(os.fspath(target))
    if "\0" in os.fspath(target) or not target.parent.is_dir():
        raise InputError(_("There is no such directory."), visible(os.fspath(target.parent)), _("Make it first."))
    if not target.is_symlink() and not target.exists():
        return
    empty = target.is_dir() and not any(target.iterdir()) and not chosen.ending
    if target.is_symlink() or not (empty or chosen.may_replace(target)):
        raise InputError(
            _("The labels can't be written there."),
            _("{path} is something else, and is left as it is.").format(path=shown),
            _("Name another place, no link."),
        )
    if not empty and not force:
        raise InputError(_("There is a file already."), shown, _("Name another, or add --force to replace it."))


def read(project: Project, con: Connection) -> LabelTable:
    """Everything that is labelled; to be called within one moment."""
    task, names = project.task(con), classes.names(con)
    items = sorted([*examples.labelled(con), *examples.labelled(con, "test")], key=lambda item: item.seq)
    counts = {split: classes.counts(con, split) for split in ("pool", "test")}
    there = [
        {
            "name": item.name,
            "description": item.description,
            **{split: found.get(item.id, 0) for split, found in counts.items()},
        }
        for item in classes.all_classes(con)
        if item.active or any(found.get(item.id) for found in counts.values())
    ]
    with ExitStack() as stack:
        said = Predictions.open(project, con)
        opinions = _Opinions(con, task, stack.enter_context(said) if said else None, _unseen(project, con), names)
        rows = [_row(task, names, item) | opinions.of(item.example.id) for item in items]
    return LabelTable(task.name, task.field, [_in_order(row) for row in rows], there, guidelines.current(con))


@dataclass(frozen=True, slots=True)
class _Opinions:
    """What the model in use thinks of texts."""

    con: Connection
    task: Task[Any]
    said: Predictions | None
    unseen: Mapping[int, str]
    """Text → answer in stored form, of a model that had not learnt from it."""
    names: Mapping[int, str]

    def of(self, example_id: int) -> dict[str, Any]:
        """Its columns for one text; one that had not seen the text speaks first."""
        found = {"model": None, "model_answer": None, "model_score": None, "model_unseen": None}
        if self.said is None:
            return found
        if example_id in self.unseen:
            answer = self.task.to_file(self.task.decode(self.unseen[example_id]), self.names)
            return found | {"model": self.said.source, "model_answer": answer, "model_unseen": True}
        thought = self.said.suggestion(self.con, self.task, example_id)
        if thought is None:
            return found
        return {
            "model": thought.source,
            "model_answer": thought.value,
            "model_score": thought.score,
            "model_unseen": False,
        }


def _unseen(project: Project, con: Connection) -> dict[int, str]:
    """What the model in use answered to texts it was judged on."""
    ranking = models.newest_ranking(con)
    if ranking is None:
        return {}
    sources: tuple[Source, ...] = get_args(Source)
    bodies = [judged.load(project, str(ranking.info.get("source", "")), source) for source in sources]
    return {text.example_id: text.predicted for body in bodies if body is not None for text in body.texts}


def _row(task: Task[Any], names: Mapping[int, str], item: LabelledExample) -> dict[str, Any]:
    return {
        "text": item.example.text,
        task.field: task.to_file(task.decode(item.stored), names),
        "id": item.example.id,
        "annotator": item.annotator,
        "given": clock.iso(item.given),
        "split": item.example.split,
        "seq": item.seq,
        "picked": item.pick.get("strategy"),
        "probability": item.pick.get("probability"),
        "meta": dict(item.example.meta),
    }


def _in_order(row: dict[str, Any]) -> dict[str, Any]:
    """What the import brought comes last."""
    return {**{name: value for name, value in row.items() if name != "meta"}, "meta": row["meta"]}
