"""What is written to stderr: that something went wrong and where in the code, never the words of a request.

An exception's message may hold a text, so of a failure only its kind and the lines of code are told.
"""

import logging
import sys
import traceback
from types import TracebackType

from core.show import visible

_Info = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """One visible line a record, with the code's places below for a failure."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(visible(line) for line in super().format(record).splitlines())

    def formatException(self, ei: _Info) -> str:  # noqa: N802 (logging's name)
        kind, _error, trace = ei
        places = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([kind.__name__ if kind else "", *places])


def start() -> None:
    """Send warnings and errors of uvicorn and asyncio to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(levelname)s: %(message)s"))
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)
