"""An encoder from a Hugging Face hub, by id, or by id and revision (`owner/name@revision`).

What is cached is used without a network call. Otherwise the three files are fetched by huggingface_hub, which honours
HF_TOKEN, HF_ENDPOINT, HF_HOME and the proxy variables; telemetry is switched off (`core.worker.environment`).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.show import shorten
from core.training.encoders.base import NEEDED, require_files

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(@[\w./-]+)?", re.ASCII)


class Hub:
    """The encoder source for ids such as `intfloat/multilingual-e5-small`."""

    order = 20

    def accepts(self, name: str) -> bool:
        return _ID.fullmatch(name) is not None

    def locate(self, name: str, report: Callable[[int, int], None]) -> Path:
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )

        try:
            return require_files(_cached(name) or _files(name, tqdm_class=_reporting_bar(report)))
        except LocalEntryNotFoundError as error:
            raise InputError(
                _("The encoder {name!r} is not on this machine, and there is no network to fetch it.").format(
                    name=name
                ),
                shorten(str(error), 200),
                _("Connect once, point HF_ENDPOINT to a mirror, or give a directory that holds the model."),
            ) from error
        except EntryNotFoundError as error:
            raise InputError(
                _("The encoder {name!r} lacks a file that is needed.").format(name=name),
                shorten(str(error), 200),
                _("Handful needs {files}; pickled weights are never loaded.").format(files=", ".join(NEEDED)),
            ) from error
        except (HfHubHTTPError, HFValidationError) as error:
            raise InputError(
                _("The encoder {name!r} can't be fetched.").format(name=name),
                shorten(str(error), 200),
                _("Check the spelling; private models need HF_TOKEN."),
            ) from error


def _cached(name: str) -> Path | None:
    """The directory in the local cache if all files are there; no network call is made."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return _files(name, local_files_only=True)
    except LocalEntryNotFoundError:
        return None


def _files(name: str, **options: Any) -> Path:
    from huggingface_hub import hf_hub_download

    repo, _at, revision = name.partition("@")
    found = [Path(hf_hub_download(repo, file, revision=revision or None, **options)) for file in NEEDED]
    return found[0].parent


def _reporting_bar(report: Callable[[int, int], None]) -> type[Any]:
    """A tqdm class that draws nothing and reports bytes instead; what `report` raises ends the download."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs["disable"] = True
            self.seen = 0
            self.expected = int(kwargs.get("total") or 0)
            super().__init__(*args, **kwargs)

        def update(self, n: float | None = 1) -> bool | None:
            self.seen += int(n or 0)
            report(self.seen, max(self.expected, self.seen))
            return None

    return Bar


HUB = Hub()
