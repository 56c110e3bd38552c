"""The job `embed`: locate the encoder in use, and give every text its features."""

import queue
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from core import tokenizing
from core.connection import transaction
from core.errors import CancelledError
from core.i18n import _
from core.project import Project
from core.records import JobEvent
from core.settings import Settings
from core.store import examples, meta, models
from core.training import device, space
from core.training.embed import embed_pool
from core.training.encoders.base import locate
from core.vectors import VectorStore
from core.windows import Windows
from core.worker import learners
from core.worker.protocol import JobContext
from core.worker.rule import wanted_key

SAMPLE = 2000


class Embed:
    """The job kind `embed`."""

    name = "embed"

    def run(self, context: JobContext) -> Iterator[JobEvent]:
        project, settings = context.project, context.settings
        with project.open() as con:
            if meta.get(con, "encoder_name") not in (None, settings.encoder):
                models.use_encoder(con, models.BASE, _("The encoder was changed."))
            with transaction(con):
                meta.put(con, "encoder_name", settings.encoder)
            ref, key = models.encoder_in_use(con), wanted_key(con, settings)
        encoder_dir = yield from encoder_directory(project, settings, ref)
        yield from fill(project, settings, ref, encoder_dir, key)


def encoder_directory(project: Project, settings: Settings, ref: str) -> Generator[JobEvent, None, Path]:
    """Yield progress while the encoder is located (and fetched if need be); returns its directory."""
    if ref != models.BASE:
        return project.rounds / f"{int(ref):03d}" / "encoder"
    return (yield from located(settings.encoder))


def fill(project: Project, settings: Settings, ref: str, encoder_dir: Path, key: str) -> Iterator[JobEvent]:
    """Embed what is missing in the space of this encoder, then make that space the one in force."""
    device.limit_threads(settings)
    compute = device.choose(settings)
    with project.open(readonly=True) as con:
        sample = examples.sample_texts(con, SAMPLE)
    made = space.prepare(project, settings, ref, encoder_dir, sample)
    yield JobEvent("phase", {"name": "embed", "device": compute.name})
    yield from embed_pool(project, made, settings, compute)
    with project.open(readonly=True) as con:
        learner = learners.own(con)
    if learner is not None:
        yield from learner.prepare(project, made, settings, compute)
    facts = reading_facts(made.info, encoder_dir, sample)
    count = VectorStore(made.directory, made.dim).count
    with project.open() as con, transaction(con):
        meta.put(con, "space", made.fingerprint)
        meta.put(con, "embedded", count)
        meta.put(con, "space_key", key)
        meta.put(con, "readability", facts)
    yield JobEvent("result", {"texts": count, "space": made.fingerprint, "device": compute.name, **facts})


def reading_facts(info: Mapping[str, Any], encoder_dir: Path, sample: list[str]) -> dict[str, object]:
    """How well an encoder reads the project's writing, and how much is longer than a window, or cut.

    `info`: content of its space.json.
    """
    whole = tokenizing.load(encoder_dir / "tokenizer.json", None)
    windows = Windows.of(info)
    longer, cut = tokenizing.cut_share(whole, sample, windows.length, windows.reach(whole))
    known = info["lexical"]["vocab_size"] if info["lexical"] else None
    return {
        "unknown": {r.script: round(r.unknown_share, 4) for r in tokenizing.readability(whole, sample, known)},
        "windowed": round(longer, 4),
        "cut": round(cut, 4),
        "lexical": info["lexical"] is not None,
    }


def located(name: str) -> Generator[JobEvent, None, Path]:
    """Run `locate` in a thread, so that a download shows its bytes and can be cancelled."""
    told: queue.Queue[tuple[int, int]] = queue.Queue()
    stop = threading.Event()

    def report(done: int, total: int) -> None:
        if stop.is_set():
            raise CancelledError(_("The download was cancelled."))
        told.put((done, total))

    pool = ThreadPoolExecutor(1)
    future = pool.submit(locate, name, report)
    try:
        while not wait([future], 0.3).done:
            progress = _newest(told)
            yield JobEvent("progress", {"what": "download" if progress else "locate encoder"} | progress)
    finally:
        stop.set()
        pool.shutdown(wait=False)
    return future.result()


def _newest(told: "queue.Queue[tuple[int, int]]") -> dict[str, Any]:
    last: dict[str, Any] = {}
    while not told.empty():
        done, total = told.get()
        last = {"done": done, "total": total, "bytes": done}
    return last


EMBED = Embed()
