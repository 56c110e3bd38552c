"""What a request says: its body read within limits, and the texts in it; whatever is wrong is said by its status."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from core.i18n import _
from exports.serve.options import Options

BODY_SECONDS = 30.0
"""In which a body must have come whole."""
_HEARD_OUT = 8
"""Times the allowed length that is read before the connection is cut."""
_LAST_WORD = {"Connection": "close"}
"""For answers to requests whose body was not read to its end."""


def refused(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """The error that is shown as a problem (`app.problem`)."""
    return HTTPException(status, detail, dict(headers or {}))


async def body(request: Request, limit: int) -> dict[str, Any]:
    """The JSON object a request brings, of at most `limit` bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # a page in somebody's browser can't send this kind to another site unasked
        raise refused(415, _("Send Content-Type: application/json."))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await _read(request, limit)
    except TimeoutError as error:
        raise refused(408, _("The body did not come in time."), _LAST_WORD) from error
    except ClientDisconnect as error:
        raise refused(400, _("The body is not whole."), _LAST_WORD) from error
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise refused(400, _("The body is no JSON in UTF-8.")) from error
    if not isinstance(said, dict):
        raise refused(422, _("The body must be a JSON object."))
    return said


async def _read(request: Request, limit: int) -> bytes:
    """The body; what is longer is read on for a while and dropped, for who is cut off while sending hears no reason."""
    too_long = _("The body is longer than {limit} bytes.").format(limit=limit)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _HEARD_OUT * limit:
        raise refused(413, too_long, _LAST_WORD)
    parts, n = bytearray(), 0
    async for part in request.stream():
        n += len(part)
        if n > _HEARD_OUT * limit:
            raise refused(413, too_long, _LAST_WORD)
        if n <= limit:
            parts += part
        else:
            parts.clear()
    if n > limit:
        raise refused(413, too_long)
    return bytes(parts)


def texts(said: Mapping[str, Any], options: Options) -> list[str]:
    """The texts of a request to /predict: {"text": one} or {"texts": [several]}."""
    if said.keys() == {"text"}:
        found = [said["text"]]
    elif said.keys() == {"texts"} and isinstance(said["texts"], list):
        found = said["texts"]
    else:
        raise refused(422, _('Send {"text": "…"} or {"texts": ["…", …]}, and nothing else.'))
    if not 1 <= len(found) <= options.max_texts:
        raise refused(422, _("Send 1 to {most} texts in a request.").format(most=options.max_texts))
    return [checked(text, options.max_chars) for text in found]


def checked(text: object, most: int) -> str:
    """A text that the model can read."""
    if not isinstance(text, str):
        raise refused(422, _("A text must be a string."))
    if len(text) > most:
        raise refused(422, _("A text may have {most} characters.").format(most=most))
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise refused(422, _("A text holds half a character (a lone surrogate)."))
    return text
