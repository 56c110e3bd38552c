"""One import at a time per project: a POSIX record lock on the project's `import.lock`.

The kernel frees it when the process ends, however it ends, so a held lock means a living import. Closing any other
descriptor of the file would drop it; so it is opened here alone, and a process imports one file at a time.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.publish import FILE_MODE

_IN_THIS_PROCESS = threading.Lock()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock, after waiting for whoever has it."""
    with _IN_THIS_PROCESS:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)
