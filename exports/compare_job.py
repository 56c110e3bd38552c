"""The job `precisions`: tries the model in use in other formats of numbers, side by side, without shipping anything."""

from collections.abc import Iterator

from core import plugins
from core.publish import recover, scratch_dir
from core.records import JobEvent
from core.worker.protocol import JobContext
from exports import staging
from exports.job import first_model
from exports.precision import choosing


class Precisions:
    """The job kind `precisions`.

    Arguments: `names` (precisions; without it all that are installed). The result has the model, the number of the last
    decision it has seen, and a row for each: size, speed, agreement, what was lost, whether it passed and why not.
    """

    name = "precisions"

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        project = context.project
        names = list(context.job.args.get("names") or plugins.names(plugins.PRECISIONS))
        yield from first_model(context)
        yield JobEvent("phase", {"name": "load"})
        recover(project.bundles)
        subject = staging.subject(project, context.settings, project.bundles)
        with scratch_dir(project.bundles) as stage:
            yield from staging.staged(subject, stage)
            rows = yield from choosing.table(stage, names)
        model = subject.facts.model
        yield JobEvent("result", {"model": model.name, "event_seq": int(model.head["event_seq"]), "rows": rows})


PRECISIONS = Precisions()
