"""`python -P -m exports.apart FOLDER`: labelled texts to a file, in a process of its own.

The app writes them so: some formats load pyarrow, which the terminal process has no use for. FOLDER/request.json names
project and target.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from core.i18n import _
from core.project import Project
from core.publish import publish_file
from core.records import JobEvent
from exports import child
from exports.dataset import Written, write_labels

REQUEST = "request.json"


def written(project: Project, target: Path) -> Written:
    """Have `dataset.write_labels` done by a child; raises what it raises."""
    with TemporaryDirectory(prefix="handful-") as name:
        asked = {"project": str(project.root.absolute()), "target": str(target)}
        publish_file(Path(name) / REQUEST, json.dumps(asked).encode())
        for event in child.events_of("exports.apart", Path(name), what=_("labels")):
            if event.kind == "result":
                return Written(**event.payload)
    raise AssertionError("a child ends with a result or raises")


def work(folder: Path) -> Iterator[JobEvent]:
    """The child's side."""
    asked = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    project = Project(Path(asked["project"]))
    with project.open(readonly=True) as con:
        found = write_labels(project, con, Path(asked["target"]))
    yield JobEvent("result", found._asdict())


if __name__ == "__main__":
    sys.exit(child.main(work, sys.argv[1:]))
