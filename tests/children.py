"""Forked children for tests that kill, race and crash: cheap, for nothing is imported again."""

import os
from collections.abc import Callable
from functools import partial


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked child, which ends without any clean-up; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def exit_code(pid: int) -> int:
    """Wait for a child: 0 if its work came to its end, minus the signal's number if it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def told_by(*works: Callable[[int], None]) -> list[list[str]]:
    """Run works at the same time, each with a descriptor to write lines to; returns the lines of each."""
    pipes = [os.pipe() for _work in works]
    pids = [in_child(partial(work, write_end)) for work, (_read, write_end) in zip(works, pipes, strict=True)]
    said = []
    for read_end, write_end in pipes:
        os.close(write_end)
        with os.fdopen(read_end, encoding="utf-8") as lines:
            said.append(lines.read().splitlines())
    assert [exit_code(pid) for pid in pids] == [0] * len(pids)
    return said
