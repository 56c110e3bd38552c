"""An encoder in a directory of the user's: safetensors weights, config.json and a fast tokenizer's tokenizer.json."""

import os
from collections.abc import Callable
from pathlib import Path

from core.errors import InputError
from core.i18n import _
from core.training.encoders.base import require_files


class Directory:
    """The encoder source for paths."""

    order = 10

    def accepts(self, name: str) -> bool:
        return name.startswith((".", "~", os.sep)) or Path(name).is_dir()

    def locate(self, name: str, report: Callable[[int, int], None]) -> Path:  # noqa: ARG002 (nothing is fetched)
        path = Path(name).expanduser().absolute()
        if not path.is_dir():
            raise InputError(
                _("There is no encoder in this place."),
                _("{path} is no directory.").format(path=path),
                _("Give the directory that holds config.json and model.safetensors."),
            )
        return require_files(path)


DIRECTORY = Directory()
