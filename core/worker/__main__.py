"""`python -P -m core.worker DIR`: the background worker of one project; ends at once if there is one already."""

import os
import sys
from pathlib import Path

from core import project as projects
from core.errors import HandfulError
from core.project import Project
from core.show import visible
from core.worker.log import logger
from core.worker.loop import Duty
from core.worker.process import serve


class _Refreshing:
    """The duty; the libraries it needs are loaded after the lock is held and the heartbeat beats."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._tick: Duty | None = None

    def __call__(self) -> bool:
        if self._tick is None:
            from core.worker.refresh import Refresher

            self._tick = Refresher(self.project).tick
        return self._tick()


def main(arguments: list[str]) -> int:
    """Be the worker of the project in the one directory that is named; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -P -m core.worker DIR\n")
        return 2
    try:
        project = projects.find(Path(arguments[0]))
        return serve(project, _Refreshing(project))
    except HandfulError as error:
        sys.stderr.write(f"{visible(str(error))}\n")
        return error.exit_code


def run() -> None:
    """End the process with the code of `main`, whatever threads are left; an unforeseen error is logged first."""
    code = 1
    try:
        code = main(sys.argv[1:])
    finally:
        if sys.exc_info()[0] is not None:
            logger.critical("unexpected", exc_info=True)
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    run()
