"""Errors as clients see them: application/problem+json (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.i18n import _
from exports.serve.openapi import PROBLEM, TITLES


def response(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """One problem; without a detail the title says it all."""
    said = {"type": "about:blank", "title": TITLES.get(status, detail), "status": status}
    return JSONResponse(said | ({"detail": detail} if detail else {}), status, headers, media_type=PROBLEM)


async def refused(_request: Request, error: Exception) -> Response:
    """What a page, or the lack of one, has refused."""
    assert isinstance(error, HTTPException)  # noqa: S101 (the only kind this is registered for)
    own = error.detail != HTTPStatus(error.status_code).phrase  # Starlette's own words say no more than the title
    return response(error.status_code, error.detail if own else "", error.headers)


async def failed(_request: Request, _error: Exception) -> Response:
    """What the model could not do; what it was is for the log."""
    return response(500, _("The model could not answer this."))
