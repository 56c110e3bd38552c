"""What a class can be called, in files and on screen; the same for every task."""

import json
import re

from core.errors import InputError
from core.i18n import _
from core.show import shorten

MAX_NAME = 200
_BARRED = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of characters (lone surrogates) can't be stored."""


def class_name(raw: object) -> str:
    """The name without blanks around it; raises InputError for what can't be one."""
    if not isinstance(raw, str) or not raw.strip() or len(raw) > MAX_NAME or _BARRED.search(raw):
        raise InputError(
            _("This is no class name: {value}").format(value=shorten(json.dumps(raw, ensure_ascii=False), 60)),
            _("A label is a text of 1 to {max} characters.").format(max=MAX_NAME),
        )
    return raw.strip()
