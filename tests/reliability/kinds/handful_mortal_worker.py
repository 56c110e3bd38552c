"""The worker, but a lost terminal ends it as it ends any program: `python -m handful_mortal_worker DIR`."""

import signal

from core.worker import process
from core.worker.__main__ import run
from core.worker.watch import Watch

listen = process._listen


def mortal(watch: Watch) -> None:
    """Signals as they are, hang-ups too."""
    listen(watch)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


if __name__ == "__main__":
    process._listen = mortal
    run()
