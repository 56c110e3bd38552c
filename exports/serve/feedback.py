"""What is kept of a request to /feedback: a text, and what is right for it, if somebody knows better."""

from collections.abc import Callable, Mapping
from typing import Any

from core.i18n import _
from exports.serve import asking
from exports.serve.openapi import MAX_LABEL, MAX_LABELS, MAX_PLACE


def kept(said: Mapping[str, Any], max_chars: int) -> dict[str, Any]:
    """The text, and one of `label`, `labels` and `spans`. Raises the refusal of what is neither.

    Whether spans lie within the text is no matter here: they are shown beside it, and compared, never taken over.
    """
    if not {"text"} <= said.keys() <= {"text", *_WAYS} or len(said) > 2:
        raise asking.refused(
            422, _('Send {"text": "…"}, with "label": "…", "labels": ["…"] or "spans": [{…}] if you know better.')
        )
    right = {name: _WAYS[name](value) for name, value in said.items() if name != "text"}
    return {"text": asking.checked(said["text"], max_chars)} | right


def _label(said: object) -> str:
    return asking.checked(said, MAX_LABEL)


def _labels(said: object) -> list[str]:
    if not isinstance(said, list) or len(said) > MAX_LABELS:
        raise asking.refused(422, _("labels must be a list of names."))
    return [_label(name) for name in said]


def _spans(said: object) -> list[dict[str, Any]]:
    if not isinstance(said, list) or len(said) > MAX_LABELS or not all(map(_is_span, said)):
        raise asking.refused(422, _('spans must be a list of {"start": 0, "end": 4, "label": "…"}.'))
    return [{"start": int(one["start"]), "end": int(one["end"]), "label": _label(one["label"])} for one in said]


def _is_span(one: object) -> bool:
    return isinstance(one, dict) and one.keys() == {"start", "end", "label"} and all(map(_is_place, _places(one)))


def _places(one: Mapping[str, Any]) -> tuple[Any, Any]:
    return one["start"], one["end"]


def _is_place(value: object) -> bool:
    """A whole number, as JSON writes it: 4.0 is one, true is none."""
    return type(value) in {int, float} and 0 <= value <= MAX_PLACE and value == int(value)  # type: ignore[operator, call-overload]


_WAYS: Mapping[str, Callable[[object], Any]] = {"label": _label, "labels": _labels, "spans": _spans}
