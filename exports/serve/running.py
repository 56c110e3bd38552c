"""From options to a running server and to its end: port, model, signals.

SIGTERM and SIGINT end it once the running requests are answered; SIGHUP takes the bundle that lies at its path now.
"""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import uvicorn
from starlette.applications import Starlette

from core.errors import InputError
from core.i18n import _
from core.show import visible
from exports.runtime.errors import BundleError
from exports.serve import access, app, log, model
from exports.serve.app import Service, say
from exports.serve.batching import Batcher
from exports.serve.model import Model
from exports.serve.options import Options
from exports.serve.spool import FILE, Spool
from exports.serve.telling import Telling

_BACKLOG = 2048


def run(options: Options) -> None:
    """Serve until a signal ends it.

    Raises InputError if bundle, token, port or feedback directory can't be used, RefusedError as `access.token`.
    """
    log.start()
    token, spool = access.token(options), _spool(options)
    listening = _listening(options)  # before the model is loaded: a port that is taken is told at once
    with listening:
        loaded = _loaded(options)
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again at the end: it was meant
            signal.signal(number, lambda _number, _frame: None)
        server = uvicorn.Server(_config(options, token, spool, loaded, listening))
        server.run([listening])


def _config(
    options: Options, token: str, spool: Spool | None, loaded: Model, listening: socket.socket
) -> uvicorn.Config:
    return uvicorn.Config(
        partial(_application, options, token, spool, loaded, listening),
        factory=True,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=options.grace,
    )


def _application(
    options: Options, token: str, spool: Spool | None, loaded: Model, listening: socket.socket
) -> Starlette:
    """Made inside the event loop; its lifespan is that of the batcher."""
    telling = Telling()
    batcher = Batcher(
        loaded,
        max_batch=options.max_batch,
        max_delay=options.max_delay / 1000,
        max_queue=options.max_queue,
        telling=telling,
    )
    telling.gauge("handful_waiting_texts", _("Texts that wait for the model."), lambda: float(batcher.waiting_texts))
    telling.show_model(lambda: batcher.model.id)
    service = Service(options, token, batcher, telling, spool)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        answering = loop.create_task(batcher.run())
        reloads: set[asyncio.Task[str]] = set()

        def reload() -> None:
            task = loop.create_task(service.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        listening.listen(_BACKLOG)  # who reads the next line may ask at once
        say(_("Serving {path} (model {id}) at {url}").format(path=loaded.path, id=loaded.id, url=_url(listening)))
        yield
        loop.remove_signal_handler(signal.SIGHUP)
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
        batcher.close()

    return app.build(service, lifespan)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _loaded(options: Options) -> Model:
    try:
        return model.load(options)
    except (BundleError, OSError) as error:
        raise InputError(
            _("The bundle can't be served."), visible(str(error)), _("Make another: handful export DIR")
        ) from error


def _spool(options: Options) -> Spool | None:
    if options.feedback is None:
        return None
    try:
        return Spool(options.feedback, options.feedback_mb * 1_000_000)
    except OSError as error:
        where = visible(str(options.feedback / FILE))
        raise InputError(_("Feedback can't be kept here."), f"{where}: {error.strerror}") from error


def _listening(options: Options) -> socket.socket:
    shown = f"{visible(options.host)}:{options.port}"
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise InputError(
            _("The server can't listen there."),
            f"{shown}: {error.strerror}",
            _("Name another with --port; 0 takes a free one."),
        ) from error
    return listening
