"""Texts of many requests share the model's batches, and no more of them wait than was allowed.

While the model works, what arrives collects; when it is free, the oldest requests are taken until the batch is full.
Fewer texts than were there last time (answered, or waiting by then) wait a moment for the others, so that clients who
answer in step stay in step, and one that is alone never waits.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from core import clock
from exports.serve.model import Model
from exports.serve.telling import Telling

_SMOOTH = 0.1
"""Weight of the newest batch in the pace that waiting times are told from."""
_LONGEST_RETRY = 60


class FullError(Exception):
    """Too many texts are waiting already."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after
        """Seconds after which there should be room."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What one request gets."""

    model: str
    """The id of the model that answered all of it."""
    answers: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    texts: Sequence[str]
    answered: "asyncio.Future[Answered]"


class Batcher:
    """The queue before one model; used by the event loop's thread, the model runs in a thread of its own."""

    def __init__(self, model: Model, *, max_batch: int, max_delay: float, max_queue: int, telling: Telling) -> None:
        """`max_delay` in seconds; `max_batch` and `max_queue` in texts."""
        self.model = model
        """Who answers from the next batch on; may be exchanged at any time."""
        self.waiting_texts = 0
        self._max_batch, self._max_delay, self._max_queue = max_batch, max_delay, max_queue
        self._telling = telling
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._enough: asyncio.Future[None] | None = None
        self._expected = max_batch
        """Texts for which it is worth to wait: as many as were there when the last batch was answered."""
        self._pace = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")

    @property
    def is_full(self) -> bool:
        """Whether a request would be refused now."""
        return self.waiting_texts >= self._max_queue

    async def ask(self, texts: Sequence[str]) -> Answered:
        """The answers to these texts, all by one model, or what the model raised.

        Raises FullError if others wait and there is no room beside them.
        """
        if self._waiting and self.waiting_texts + len(texts) > self._max_queue:
            raise FullError(self._retry_after())
        one = _Waiting(texts, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self.waiting_texts += len(texts)
        self._arrived.set()
        if self._enough is not None and self.waiting_texts >= self._expected:
            _done(self._enough)
        return await one.answered

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            if self.waiting_texts < self._expected and self._max_delay:
                await self._for_others()
            await self._answer(self._taken(), self.model)

    async def _for_others(self) -> None:
        """Wait until as many are there as are expected, or for as long as a text may be delayed."""
        loop = asyncio.get_running_loop()
        self._enough = enough = loop.create_future()
        timer = loop.call_later(self._max_delay, _done, enough)
        await enough
        timer.cancel()
        self._enough = None

    def _taken(self) -> list[_Waiting]:
        """The oldest requests that fit into a batch; at least one, whatever its size. Who has gone away is left out."""
        taken: list[_Waiting] = []
        n = 0
        while self._waiting and (not n or n + len(self._waiting[0].texts) <= self._max_batch):
            one = self._waiting.popleft()
            self.waiting_texts -= len(one.texts)
            if not one.answered.cancelled():
                taken.append(one)
                n += len(one.texts)
        return taken

    async def _answer(self, taken: list[_Waiting], model: Model) -> None:
        """Answer them together; should the model fail, one by one, so that nobody suffers for another's text."""
        texts = [text for one in taken for text in one.texts]
        if not texts:
            return
        since = clock.monotonic()
        work = asyncio.get_running_loop().run_in_executor(self._thread, model.answers, texts, self._max_batch)
        await asyncio.wait([work])
        failure = work.exception()
        if failure is None:
            self._deliver(taken, model, work.result(), clock.monotonic() - since)
        elif len(taken) == 1:
            if not taken[0].answered.cancelled():
                taken[0].answered.set_exception(failure)
        else:
            for one in taken:
                await self._answer([one], model)

    def _deliver(self, taken: list[_Waiting], model: Model, answers: list[dict[str, Any]], seconds: float) -> None:
        pace = len(answers) / max(seconds, 1e-6)
        self._pace = pace if not self._pace else (1 - _SMOOTH) * self._pace + _SMOOTH * pace
        self._expected = min(self._max_batch, len(answers) + self.waiting_texts)
        self._telling.batch(len(answers), seconds, answers)
        start = 0
        for one in taken:
            end = start + len(one.texts)
            if not one.answered.cancelled():
                one.answered.set_result(Answered(model.id, answers[start:end]))
            start = end

    def _retry_after(self) -> int:
        seconds = self.waiting_texts / self._pace if self._pace else 1.0
        return min(_LONGEST_RETRY, max(1, math.ceil(seconds)))

    def close(self) -> None:
        """Wait for the model's thread."""
        self._thread.shutdown(wait=True)


def _done(enough: "asyncio.Future[None]") -> None:
    if not enough.done():
        enough.set_result(None)
