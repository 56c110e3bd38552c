"""What stands before every page: who may ask, how many at once, and how long it took."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import clock
from exports.serve import access, openapi, problems
from exports.serve.telling import Telling

AT_ONCE = 1024
"""Requests under way; what they bring lies in memory."""


class Counting:
    """Middleware: refuse whoever shows no token, or comes when too many are there; count everybody."""

    def __init__(self, app: ASGIApp, *, telling: Telling, token: str, paths: frozenset[str]) -> None:
        self._app, self._telling, self._token, self._paths = app, telling, token, paths
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = clock.monotonic(), 500
        path = scope["path"] if scope["path"] in self._paths else "other"

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._under_way += 1
        try:
            await self._inner(scope)(scope, receive, sending)
        finally:
            self._under_way -= 1
            self._telling.request(path, status, clock.monotonic() - start)

    def _inner(self, scope: Scope) -> ASGIApp:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["path"] not in openapi.FREE and not access.may(headers, self._token):
            return problems.response(401, "", {"WWW-Authenticate": "Bearer"})
        if self._under_way > AT_ONCE and scope["path"] not in openapi.FREE:
            return problems.response(503, "", {"Retry-After": "1"})
        return self._app
