"""What a disk may hold after the power went: rebuilt from every write and sync of a process, as strace saw them.

At each moment three states are tried: only what a sync has covered; that and a random half of the rest; and all of it.
"""

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ACK = 9
"""The descriptor on which the process says, after each commit, how many labels it has called saved."""
_CALL = re.compile(
    r'(?:\d+ +)?(?P<name>\w+)\((?:AT_FDCWD, "(?P<path>[^"]*)"|(?P<fd>\d+))(?:, "(?P<data>[^"]*)"\.*)?(?P<rest>.*)'
    r"\) += (?P<result>-?\d+)"
)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the process did to the disk, or said."""

    kind: str
    """write, sync, cut, or ack"""
    path: str = ""
    offset: int = 0
    data: bytes = b""


def record(command: Sequence[str | Path], database: Path) -> list[Act]:
    """Run a process and return what it did to the database and its log."""
    if shutil.which("strace") is None:
        pytest.fail("this check needs strace: apt-get install strace")
    trace = database.with_name("trace")
    watched = "trace=openat,close,pwrite64,write,fdatasync,fsync,ftruncate"
    shell = f'exec {ACK}>/dev/null; exec "$@"'
    done = ["strace", "-f", "-xx", "-s", "70000", "-o", str(trace), "-e", watched]
    subprocess.run([*done, "bash", "-c", shell, "bash", *map(str, command)], check=True, timeout=120)
    return list(_acts(trace, str(database)))


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _acts(trace: Path, database: str) -> Iterator[Act]:
    names: dict[int, str] = {}
    for line in trace.read_text(encoding="ascii", errors="replace").splitlines():
        call = _CALL.match(line)
        if call is None or call["result"].startswith("-"):
            continue
        if call["name"] == "openat":
            names[int(call["result"])] = os.fsdecode(_plain(call["path"]))
            continue
        fd = int(call["fd"] or -1)
        where = names.get(fd, "")
        if call["name"] == "close":
            names.pop(fd, None)
        elif call["name"] == "write" and fd == ACK:
            yield Act("ack", offset=int(_plain(call["data"])))
        elif where not in (database, f"{database}-wal"):
            continue
        elif call["name"] == "pwrite64":
            yield Act("write", where, int(call["rest"].rpartition(", ")[2]), _plain(call["data"]))
        elif call["name"] in ("fdatasync", "fsync"):
            yield Act("sync", where)
        elif call["name"] == "ftruncate":
            yield Act("cut", where, int(call["rest"].rpartition(", ")[2]))


def _apply(files: dict[str, bytearray], act: Act) -> None:
    content = files.setdefault(act.path, bytearray())
    end = act.offset + len(act.data)
    if act.kind == "cut":
        del content[end:]
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[act.offset : end] = act.data


def states(acts: Sequence[Act], before: dict[str, bytes], every: int = 3) -> Iterator[tuple[dict[str, bytearray], int]]:
    """(files, labels called saved) after a power loss, at every `every`th moment in three ways."""
    chance = random.Random(0)
    durable = {path: bytearray(content) for path, content in before.items()}
    pending: list[Act] = []
    acked = 0
    for moment, act in enumerate(acts):
        if act.kind == "ack":
            acked = act.offset
        elif act.kind == "sync":
            for one in [a for a in pending if a.path == act.path]:
                _apply(durable, one)
            pending = [a for a in pending if a.path != act.path]
        else:
            pending.append(act)
        if moment % every:
            continue
        for share in (0.0, 0.5, 1.0):
            files = {path: bytearray(content) for path, content in durable.items()}
            for one in pending:
                if chance.random() < share:
                    _apply(files, one)
            yield files, acked
