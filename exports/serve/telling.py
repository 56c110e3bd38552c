"""What a served model tells of itself: numbers of requests, texts, batches and answers, never what was asked."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.i18n import _
from exports.serve.metrics import SECONDS, TEXTS, Counter, Gauge, Histogram, page

_STATM = Path("/proc/self/statm")


class Telling:
    """All metrics of one server; changed by the event loop's thread alone."""

    def __init__(self) -> None:
        self._requests = Counter("handful_requests_total", _("Requests answered."), ("path", "status"))
        self._seconds = Histogram(
            "handful_request_seconds", _("Seconds from a request's first byte to its answer."), SECONDS
        )
        self._batches = Histogram("handful_batch_texts", _("Texts that the model read at once."), TEXTS)
        self._model = Histogram("handful_model_seconds", _("Seconds that the model took for a batch."), SECONDS)
        self._answers = Counter(
            "handful_answers_total", _("Classes given to texts, or to stretches of them."), ("label",)
        )
        self._reloads = Counter("handful_reloads_total", _("Times another bundle was to be taken."), ("result",))
        self._gauges: list[Gauge] = []

    def gauge(self, name: str, help: str, now: Callable[[], float]) -> None:  # noqa: A002
        """Show a number that is asked for when the page is made."""
        self._gauges.append(Gauge(name, help, now))

    def show_model(self, model_id: Callable[[], str]) -> None:
        """Show which model answers."""
        said = Gauge("handful_model_info", _("The model that answers."), lambda: 1.0, ("model",), lambda: (model_id(),))
        self._gauges.append(said)

    def request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.add(path, str(status))
        self._seconds.see(seconds)

    def batch(self, n: int, seconds: float, answers: Sequence[Mapping[str, Any]]) -> None:
        """The model has read `n` texts."""
        self._batches.see(n)
        self._model.see(seconds)
        for answer in answers:
            for label in _labels(answer):
                self._answers.add(label)

    def reload(self, result: str) -> None:
        """Another bundle was `taken` or `refused`."""
        self._reloads.add(result)

    def page(self) -> str:
        """All of it as Prometheus reads it."""
        shown: list[Counter | Gauge | Histogram] = [
            self._requests,
            self._seconds,
            self._batches,
            self._model,
            self._answers,
            self._reloads,
        ]
        return page([*shown, *self._gauges, *_process()])


def _labels(answer: Mapping[str, Any]) -> Iterator[str]:
    """The classes an answer gives, whatever the task."""
    yield from answer.get("labels", ())
    yield from (span["label"] for span in answer.get("spans", ()))
    if "label" in answer:
        yield answer["label"]


def _process() -> list[Gauge | Counter]:
    times = os.times()
    used = Counter("process_cpu_seconds_total", _("Seconds of CPU this process has used."))
    used.add(n=times.user + times.system)
    found: list[Gauge | Counter] = [used]
    if _STATM.exists():
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        found.append(
            Gauge("process_resident_memory_bytes", _("Memory of this process, in bytes."), lambda: float(resident))
        )
    return found
