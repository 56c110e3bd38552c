"""The OpenAPI description of what is served, kept by hand: what the pages take, give and refuse, and no more."""

from collections.abc import Mapping
from typing import Any

from core import __version__
from core.i18n import _
from exports.serve.options import Options

PROBLEM = "application/problem+json"
JSON = "application/json"
FREE = frozenset({"/health", "/ready", "/openapi.json"})
"""Pages for which nobody has to show a token."""
MAX_LABEL, MAX_LABELS = 200, 1000
"""Characters of a label's name, and labels or spans of a text, in feedback."""
MAX_PLACE = 10_000_000
"""The furthest that a span may end there."""
TITLES: Mapping[int, str] = {
    400: _("Bad request"),
    401: _("The token is missing or wrong"),
    404: _("There is no such page"),
    405: _("This page does not take this method"),
    408: _("Too slow"),
    409: _("The new bundle can't be served"),
    413: _("Too long"),
    415: _("Not JSON"),
    422: _("Not what this page takes"),
    500: _("The model failed"),
    503: _("Busy: try again later"),
    507: _("No room"),
}
_BODY = (400, 408, 413, 415, 422)
"""What any page that reads a body may answer."""


def document(options: Options, *, secured: bool, feedback: bool) -> dict[str, Any]:
    """The whole description of this server as it was started."""
    paths: dict[str, Any] = {
        "/predict": {"post": _operation("predict", _("Label one text or several."), _predict(), secured)},
        "/health": {"get": _operation("health", _("Whether the process is alive."), _answer(200, "Health"), False)},
        "/ready": {"get": _operation("ready", _("Whether a request would be answered now."), _ready(), False)},
        "/metrics": {"get": _operation("metrics", _("Numbers for Prometheus."), _text(), secured)},
        "/openapi.json": {"get": _operation("openapi", _("This description."), _answer(200, "Any"), False)},
    }
    if feedback:
        said = _("Keep a text, and what would have been right for it, to learn from later.")
        paths["/feedback"] = {"post": _operation("feedback", said, _feedback(), secured)}
    if secured:
        said = _("Take the bundle that lies at the path now.")
        paths["/reload"] = {"post": _operation("reload", said, _reload(), secured)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Handful",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(options),
            "headers": {"RetryAfter": {"description": _("Seconds to wait."), "schema": {"type": "integer"}}},
            **({"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if secured else {}),
        },
    }


def _operation(name: str, summary: str, rest: Mapping[str, Any], secured: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": name, "summary": summary, **rest}
    if secured:
        found["security"] = [{"token": []}]
        found["responses"] = found["responses"] | _problems(401)
    if f"/{name}" not in FREE:
        found["responses"] = found["responses"] | _problems(503)
    return found


def _predict() -> dict[str, Any]:
    return _taking("Texts") | {"responses": _good(200, "Predictions") | _problems(*_BODY, 500)}


def _feedback() -> dict[str, Any]:
    return _taking("Feedback") | {"responses": _good(202, "Stored") | _problems(*_BODY, 507)}


def _reload() -> dict[str, Any]:
    return {"responses": _good(200, "Reloaded") | _problems(409)}


def _taking(schema: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {JSON: {"schema": _ref(schema)}}}}


def _answer(status: int, schema: str) -> dict[str, Any]:
    return {"responses": _good(status, schema)}


def _ready() -> dict[str, Any]:
    return {"responses": _good(200, "Ready") | _problems(503)}


def _text() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {"responses": {"200": {"description": _("All numbers."), "content": content}}}


def _good(status: int, schema: str) -> dict[str, Any]:
    return {str(status): {"description": _("Done."), "content": {JSON: {"schema": _ref(schema)}}}}


def _problems(*statuses: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in statuses:
        found[str(status)] = {"description": TITLES[status], "content": {PROBLEM: {"schema": _ref("Problem")}}}
        if status == 503:
            found["503"]["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return found


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None, *, closed: bool = True
) -> dict[str, Any]:
    found = {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}
    return found | ({"additionalProperties": False} if closed else {})


def _schemas(options: Options) -> dict[str, Any]:
    text = {"type": "string", "maxLength": options.max_chars}
    name = {"type": "string", "maxLength": MAX_LABEL}
    place = {"type": "integer", "minimum": 0, "maximum": MAX_PLACE}
    marked = _object({"start": place, "end": place, "label": name})
    texts = {"type": "array", "items": text, "minItems": 1, "maxItems": options.max_texts}
    model = {"type": "string", "description": _("Which bundle answered.")}
    return {
        "Texts": {"oneOf": [_object({"text": text}), _object({"texts": texts})]},
        "Predictions": _object(
            {
                "model": model,
                "predictions": {"type": "array", "items": _ref("Answer"), "description": _("In the texts' order.")},
            }
        ),
        "Answer": _object(
            {},
            {
                "label": {"type": "string", "description": _("The class, where a text has exactly one.")},
                "labels": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": _("The classes, where it may have several."),
                },
                "spans": {"type": "array", "items": _ref("Span"), "description": _("The stretches that are marked.")},
                "scores": {
                    "type": "object",
                    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
                    "description": _("The probability of each class."),
                },
            },
            closed=False,
        ),
        "Span": _object(
            {
                "start": {"type": "integer", "minimum": 0, "description": _("First code point.")},
                "end": {"type": "integer", "minimum": 0, "description": _("The code point after the last.")},
                "label": {"type": "string"},
                "text": {"type": "string"},
                "score": {"type": "number", "minimum": 0, "maximum": 1},
            }
        ),
        "Feedback": {
            "oneOf": [
                _object({"text": text}, {"label": name}),
                _object({"text": text, "labels": {"type": "array", "items": name, "maxItems": MAX_LABELS}}),
                _object({"text": text, "spans": {"type": "array", "items": marked, "maxItems": MAX_LABELS}}),
            ]
        },
        "Stored": _object({"stored": {"const": True}}),
        "Health": _object({"status": {"const": "ok"}}),
        "Ready": _object({"status": {"const": "ready"}, "model": model}),
        "Reloaded": _object({"model": model}),
        "Any": {"type": "object"},
        "Problem": _object(
            {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}},
            {"detail": {"type": "string"}},
        ),
    }
