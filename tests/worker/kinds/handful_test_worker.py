"""A worker like the real one, but with a duty that needs no torch: `python -m handful_test_worker DIR`.

It notes each call in `duty` and does what the file `orders` in the project says.
"""

import os
import sys
from pathlib import Path

from core.errors import RefusedError
from core.project import Project
from core.worker import launch
from core.worker.log import logger
from core.worker.process import serve


def main() -> None:
    project = Project(Path(sys.argv[1]))
    launch.MODULE = __spec__.name if __spec__ is not None else ""
    orders = project.root / "orders"

    def duty() -> bool:
        with (project.root / "duty").open("a") as out:
            out.write(f"{os.getpid()}\n")
        order = orders.read_text() if orders.exists() else ""
        if order == "refuse":
            raise RefusedError("The duty refuses.", "always")
        if order == "crash":
            raise ValueError("the duty crashed")
        return False

    code = 1
    try:
        code = serve(project, duty)
    finally:
        if sys.exc_info()[0] is not None:
            logger.critical("unexpected", exc_info=True)
        os._exit(code)


if __name__ == "__main__":
    main()
