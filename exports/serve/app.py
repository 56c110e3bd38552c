"""The application: its pages, and the exchange of the model behind them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from core import clock
from core.i18n import _
from core.show import visible
from exports.runtime.errors import BundleError
from exports.serve import asking, feedback, metrics, model, openapi, problems
from exports.serve.batching import Batcher, FullError
from exports.serve.counting import Counting
from exports.serve.options import Options
from exports.serve.spool import Spool, SpoolFullError
from exports.serve.telling import Telling


@dataclass(slots=True)
class Service:
    """One served bundle: what the pages need."""

    options: Options
    token: str
    batcher: Batcher
    telling: Telling
    spool: Spool | None = None
    reloading: asyncio.Lock = field(default_factory=asyncio.Lock)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def predict(self, request: Request) -> Response:
        """POST /predict."""
        texts = asking.texts(await asking.body(request, self.options.max_body), self.options)
        try:
            found = await self.batcher.ask(texts)
        except FullError as error:
            detail = _("Too many texts are waiting.")
            raise asking.refused(503, detail, {"Retry-After": str(error.retry_after)}) from error
        return JSONResponse({"model": found.model, "predictions": found.answers})

    async def feedback(self, request: Request) -> Response:
        """POST /feedback; there is such a page only with a spool."""
        said = feedback.kept(await asking.body(request, self.options.max_body), self.options.max_chars)
        assert self.spool is not None  # noqa: S101 (the route is there only then)
        said |= {"model": self.batcher.model.id, "received": clock.iso(clock.now())}
        async with self.writing:
            try:
                await asyncio.to_thread(self.spool.add, said)
            except SpoolFullError as error:
                raise asking.refused(507, _("There is no room for more feedback.")) from error
        return JSONResponse({"stored": True}, 202)

    async def health(self, _request: Request) -> Response:
        """GET /health: the process is alive."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> Response:
        """GET /ready: a request would be answered now."""
        if self.batcher.is_full:
            raise asking.refused(503, _("Too many texts are waiting."), {"Retry-After": "1"})
        return JSONResponse({"status": "ready", "model": self.batcher.model.id})

    async def metrics(self, _request: Request) -> Response:
        """GET /metrics."""
        return PlainTextResponse(self.telling.page(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def openapi(self, _request: Request) -> Response:
        """GET /openapi.json."""
        return JSONResponse(openapi.document(self.options, secured=bool(self.token), feedback=self.spool is not None))

    async def exchange(self, _request: Request) -> Response:
        """POST /reload; there is such a page only with a token."""
        why = await self.reload()
        if why:
            raise asking.refused(409, _("The new bundle was refused, the old one goes on: {why}").format(why=why))
        return JSONResponse({"model": self.batcher.model.id})

    async def reload(self) -> str:
        """Take the bundle that lies at the path now; the old one answers until it is ready, and on if it is damaged.

        Returns what is wrong with the new one, empty if nothing is.
        """
        async with self.reloading:
            try:
                self.batcher.model = await asyncio.to_thread(model.load, self.options)
            except (BundleError, OSError) as error:
                self.telling.reload("refused")
                say(_("The new bundle was refused, the old one goes on: {why}").format(why=error))
                return str(error)
        self.telling.reload("taken")
        say(_("Now serving {path} (model {id}).").format(path=self.batcher.model.path, id=self.batcher.model.id))
        return ""


def say(line: str) -> None:
    """One line of narration; no text of a request ever goes through here."""
    sys.stderr.write(visible(line) + "\n")
    sys.stderr.flush()


Page = Callable[[Request], Awaitable[Response]]


def build(service: Service, lifespan: "Lifespan[Starlette]") -> Starlette:
    """All of it as one ASGI application."""
    pages: list[tuple[str, str, Page]] = [
        ("POST", "/predict", service.predict),
        ("GET", "/health", service.health),
        ("GET", "/ready", service.ready),
        ("GET", "/metrics", service.metrics),
        ("GET", "/openapi.json", service.openapi),
    ]
    if service.spool is not None:
        pages.append(("POST", "/feedback", service.feedback))
    if service.token:
        pages.append(("POST", "/reload", service.exchange))
    app = Starlette(
        routes=[Route(path, page, methods=[method]) for method, path, page in pages],
        lifespan=lifespan,
        exception_handlers={HTTPException: problems.refused, 500: problems.failed},
    )
    app.add_middleware(
        Counting, telling=service.telling, token=service.token, paths=frozenset(path for _m, path, _p in pages)
    )
    return app
