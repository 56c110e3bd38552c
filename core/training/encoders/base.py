"""What an encoder source is, and how the right one is found for a name."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from core import plugins
from core.errors import InputError
from core.i18n import _

NEEDED = ("config.json", "model.safetensors", "tokenizer.json")


class EncoderSource(Protocol):
    """One way to turn the `encoder` option into a directory of files."""

    order: int
    """Sources are asked in ascending order; the first that accepts a name takes it."""

    def accepts(self, name: str) -> bool:
        """Whether this source knows what to do with the name; asked without touching the network."""
        ...

    def locate(self, name: str, report: Callable[[int, int], None]) -> Path:
        """The directory with config.json, model.safetensors and tokenizer.json.

        `report(done, total)` is called with bytes while something is fetched; it may raise to cancel. Raises
        InputError if there is no such encoder or it can't be had.
        """
        ...


def locate(name: str, report: Callable[[int, int], None]) -> Path:
    """The directory of the encoder called `name`; see EncoderSource.locate."""
    sources: list[EncoderSource] = [plugins.load(plugins.ENCODERS, n) for n in plugins.names(plugins.ENCODERS)]
    for source in sorted(sources, key=lambda s: s.order):
        if source.accepts(name):
            return source.locate(name, report)
    raise InputError(
        _("There is no encoder called {name!r}.").format(name=name),
        _("It is neither `minilm`, nor a directory, nor an id such as owner/name."),
        _("Set another: handful config DIR encoder NAME"),
    )


def require_files(directory: Path) -> Path:
    """The directory, if it holds what an encoder needs; raises InputError that lists what is missing."""
    missing = [name for name in NEEDED if not (directory / name).is_file()]
    if not missing:
        return directory
    raise InputError(
        _("This directory is no encoder that can be used."),
        _("{path} lacks {files}.").format(path=directory, files=", ".join(missing)),
        _("Save the model with save_pretrained (safetensors) and its fast tokenizer into it."),
    )
