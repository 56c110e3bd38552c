"""The job `export`: runs an exporter in the worker and writes down what it made."""

import os
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from core import inuse, plugins
from core.connection import Connection
from core.errors import InputError
from core.i18n import _
from core.project import Project
from core.records import JobEvent
from core.show import visible
from core.store import examples, models
from core.worker.protocol import JobContext, JobKind
from exports.base import WHOLE, Exporter, ExportRequest
from exports.contract import encoder_name
from exports.plan import Student

FORMAT = "onnx"


class Export:
    """The job kind `export`.

    Arguments: `to` (absolute path; None: a new directory in the project's `bundles/`), `force` (replace a bundle that
    is there), `format` (an exporter's name; without it `onnx`), `precision` (a format of numbers; without it fp32),
    `layers` (of a student that is taught first) or `student` (an encoder that is taught first, named as the option
    `encoder` is); without either the model as it is.
    """

    name = "export"

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        project, args = context.project, context.job.args
        exporter: Exporter = plugins.load(plugins.EXPORTERS, str(args.get("format") or FORMAT))
        student = yield from _student(args)
        yield from first_model(context)
        with project.open(readonly=True) as con:
            target = _given(str(args["to"])) if args.get("to") else free_name(project, con)
        request = ExportRequest(
            project,
            context.settings,
            target,
            force=bool(args.get("force")),
            precision=str(args.get("precision") or WHOLE),
            student=student,
        )
        for event in exporter.export(request):
            if event.kind == "result":
                with project.open() as con:
                    models.add_bundle(con, os.fspath(target), context.job.id, event.payload)
            yield event


EXPORT = Export()


def first_model(context: JobContext) -> Iterator[JobEvent]:
    """Make the first model of a project that has labels enough but was not embedded yet; else do nothing."""
    project = context.project
    with project.open(readonly=True) as con:
        ranking, task = models.newest_ranking(con), project.task(con)
        answers = [task.decode(item.stored) for item in examples.labelled(con, learnable=True)]
    if ranking is not None or task.training_problem(answers):
        return  # there is a model, or the exporter says why there is none
    from core.worker.learners import refresh  # with torch behind it, which is seldom needed here

    kind: JobKind = plugins.load(plugins.JOBS, "embed")
    yield from (event for event in kind.run(context) if event.kind != "result")
    with project.open() as con:
        refresh(project, con)


def _student(args: Mapping[str, Any]) -> Generator[JobEvent, None, Student | None]:
    """The student that is asked for, its encoder found (and fetched if need be) before anything is computed."""
    layers, name = int(args.get("layers") or 0), str(args.get("student") or "")
    if layers and name:
        raise InputError(
            _("A student has some layers of the model in use, or is another encoder."),
            _("--layers {layers}, --student {name}").format(layers=layers, name=visible(name)),
            _("Leave one of them out."),
        )
    if layers:
        return Student(layers)
    if not name:
        return None
    from core.worker.jobs.embed import located  # with torch behind it, which is seldom needed here

    directory = yield from located(name)
    return Student(encoder=encoder_name(name), encoder_dir=os.fspath(directory))


def _given(path: str) -> Path:
    if not Path(path).is_absolute():
        raise InputError(_("The place of a bundle must be an absolute path."), visible(path), _("Name it in full."))
    return Path(path)


def free_name(project: Project, con: Connection) -> Path:
    """A directory in `bundles/` that does not exist yet, named after the model and the decisions it has seen."""
    model = inuse.model_in_use(project, con)
    name = re.sub(r"[^a-z0-9]+", "-", f"{model.name} {model.head['event_seq']}".lower()).strip("-")
    number = 1
    while (target := project.bundles / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return target
