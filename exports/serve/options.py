"""What can be set when a bundle is served: one typed record, from which both command lines are made.

`handful serve` (tui) and `python -m exports.serve` (a container) read the same fields. Standard library only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from core.i18n import _


@dataclass(frozen=True, slots=True)
class Flag:
    """One option of a command line."""

    name: str
    """Field of `Options`; the flag is `--` and the name with hyphens."""
    kind: type
    """bool (a switch), int, float, str or Path."""
    default: Any
    help: str
    low: float = 0
    high: float = 0
    """Both 0: no limits."""
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """As it is written on a command line."""
        return "--" + self.name.replace("_", "-")


def _option(default: Any, help: str, low: float = 0, high: float = 0, choices: tuple[str, ...] = ()) -> Any:  # noqa: A002
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True, slots=True)
class Options:
    """How a bundle is served."""

    bundle: Path
    """The bundle's directory, or a link to one; it is resolved again when another bundle is to be taken."""
    host: str = _option("127.0.0.1", _("Address to listen at."))
    port: int = _option(8000, _("Port to listen at; 0 takes a free one."), 0, 65535)
    token_file: Path | None = _option(  # noqa: RUF009 (it makes a field)
        None, _("File with the token that clients must send; yours alone (mode 0600).")
    )
    without_token: bool = _option(False, _("Listen beyond this machine though nobody has to show a token."))
    max_batch: int = _option(32, _("Texts the model reads at once."), 1, 1024)
    max_delay: float = _option(2.0, _("Milliseconds a text waits at most for others to share its batch."), 0, 1000)
    max_queue: int = _option(1024, _("Texts that may wait; more are refused with 503."), 1, 1_000_000)
    max_texts: int = _option(256, _("Texts of one request."), 1, 100_000)
    max_chars: int = _option(20_000, _("Characters of one text."), 1, 10_000_000)
    max_body: int = _option(1_048_576, _("Bytes of one request's body."), 100, 1_000_000_000)
    threads: int = _option(0, _("CPU threads of the model; 0 leaves it to onnxruntime."), 0, 1024)
    device: str = _option("cpu", _("Where the model runs."), choices=("cpu", "cuda"))
    grace: int = _option(30, _("Seconds that running requests get to finish at the end."), 0, 3600)
    feedback: Path | None = _option(  # noqa: RUF009 (it makes a field)
        None, _("Directory that /feedback appends to; without it there is no /feedback.")
    )
    feedback_mb: int = _option(100, _("Megabytes of feedback that are kept; more is refused."), 1, 100_000)


def flags() -> Iterator[Flag]:
    """All options but the bundle, in the order they are shown."""
    hints = get_type_hints(Options)
    for one in fields(Options):
        if one.default is not MISSING:
            kind = Path if hints[one.name] == Path | None else hints[one.name]
            yield Flag(one.name, kind, one.default, **one.metadata)


def as_args(given: Mapping[str, Any]) -> list[str]:
    """The command line that says what differs from the defaults."""
    args: list[str] = []
    for one in flags():
        value = given[one.name]
        if value != one.default:
            args += [one.flag] if one.kind is bool else [one.flag, str(value)]
    return args
