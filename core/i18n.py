"""Every sentence meant for people goes through `_()`, so that a translation is one catalogue away."""

import gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).with_name("locales")


@cache
def _catalogue() -> gettext.NullTranslations:
    return gettext.translation("handful", LOCALES, fallback=True)


def _(message: str) -> str:
    """The message in the user's language; the English text itself is the key."""
    return _catalogue().gettext(message)


def counted(one: str, many: str, n: int, /, **words: str) -> str:
    """The message for this number, in the user's language, with `{n}` and `words` filled in: `1,204 texts`."""
    return _catalogue().ngettext(one, many, n).format(n=f"{n:,}", **words)
