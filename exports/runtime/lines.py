"""Lines of input: JSON, or texts as they are."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from exports.runtime.errors import LineError

MAX_LINE = 10_000_000


def parse(raw: bytes, *, text_lines: bool) -> tuple[str, dict[str, Any]]:
    """The text of one line, and what of it is kept for the output; raises LineError."""
    if len(raw) > MAX_LINE:
        raise LineError("longer than {limit} bytes", limit=MAX_LINE)
    try:
        line = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
        if text_lines:
            return line, {}
        value = json.loads(line)
        given = value if isinstance(value, dict) else {"text": value}
        text, kept = given.get("text"), {name: given[name] for name in ("id",) if name in given}
        json.dumps(kept, allow_nan=False)
    except UnicodeDecodeError as error:
        raise LineError("no UTF-8 at byte {place}", place=error.start + 1) from error
    except json.JSONDecodeError as error:
        raise LineError("no JSON at column {place}", place=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise LineError("no JSON that can be used: {why}", why=error) from error
    if not isinstance(text, str):
        raise LineError("it must be {form}", form='{"text": "…"} or a JSON string')
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise LineError("the text holds half a character (a lone surrogate)")
    return text, kept


def blocks(stream: BinaryIO, size: int, *, text_lines: bool) -> Iterator[tuple[list[tuple[str, dict[str, Any]]], str]]:
    """(parsed lines, problem) for every `size` lines; the problem of a bad line ends it, else it is empty."""
    block: list[tuple[str, dict[str, Any]]] = []
    number = 0
    while raw := stream.readline(MAX_LINE + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not text_lines and not raw.strip():
            continue
        try:
            block.append(parse(raw, text_lines=text_lines))
        except LineError as error:
            yield block, f"line {number} can't be used: {error}"
            return
        if len(block) == size:
            yield block, ""
            block = []
    if block:
        yield block, ""
