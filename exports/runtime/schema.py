"""What handful.json has to hold, as a JSON Schema, and a check by the few words of that language it uses.

docs/bundle.schema.json is this value; whoever has a validator can use it instead. Fields that are not named here may be
there, so that later versions of the same format can say more.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_RATIO = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_PAIR = {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_SHA = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}


def _record(required: Mapping[str, Any], optional: Mapping[str, Any] = {}, **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}, **more}


def _table(values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values, **more}


_TENSORS = _table(
    _record({"type": _TEXT, "shape": {"type": "array", "items": {"type": ["string", "integer"]}}}), minProperties=1
)
_CLASS = _record(
    {"id": {"type": "integer"}, "name": _TEXT},
    {
        "threshold": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "group": _TEXT,
        "description": _TEXT,
        "implies": {"type": "array", "items": _TEXT},
    },
)
_STUDENT = _record(
    {"texts": _COUNT, "loss": {"type": "number", "minimum": 0}},
    {"encoder": _TEXT, "layers": _COUNT, "of": _COUNT, "agreement": {"type": "object"}, "held": {"type": "object"}},
)
_REPORT = _record(
    {
        "source": _TEXT,
        "slice": _TEXT,
        "n": _COUNT,
        "enough": {"type": "boolean"},
        "accuracy": _RATIO,
        "accuracy_interval": _PAIR,
        "macro_f1": _RATIO,
        "macro_f1_interval": _PAIR,
        "classes": {"type": "array", "items": _record({"name": _TEXT, "support": _COUNT, "f1": _RATIO})},
    }
)
SCHEMA: Mapping[str, Any] = _record(
    {
        "format": {"const": "handful-bundle"},
        "format_version": {"const": 1},
        "task": _TEXT,
        "activation": _TEXT,
        "classes": {"type": "array", "items": _CLASS, "minItems": 1},
        "unlearnt": {"type": "array", "items": _TEXT},
        "guidelines": _TEXT,
        "temperature": {"type": ["number", "null"], "exclusiveMinimum": 0},
        "max_length": {"type": "integer", "minimum": 1},
        "windows": {"type": "integer", "minimum": 1},
        "overlap": _COUNT,
        "inputs": _TENSORS,
        "outputs": _TENSORS,
        "encoder": _record({"name": _TEXT, "weights_sha256": _SHA, "tokenizer_sha256": _SHA, "dim": _COUNT}),
        "model": _TEXT,
        "precision": _record({"name": _TEXT, "method": _TEXT}, {"student": _STUDENT}),
        "training": _record(
            {"n_labels": _COUNT, "labels": _table(_COUNT), "picked": _table(_COUNT), "annotators": _COUNT},
            {"fingerprint": _SHA, "events_since": _COUNT},
        ),
        "parity": _record(
            {
                "ok": {"const": True},
                "texts": {"type": "integer", "minimum": 1},
                "max_abs_diff": {"type": "number", "minimum": 0},
                "tolerance": {"type": "number", "minimum": 0},
                "flips": {"const": 0},
                "other_tokens": {"const": 0},
            }
        ),
        "probes": _record(
            {
                "tolerance": {"type": "number", "minimum": 0},
                "texts": {"type": "array", "items": _record({"text": _TEXT, "answer": {"type": "object"}})},
            }
        ),
        "metrics": {"type": "array", "items": _REPORT},
        "versions": _table(_TEXT),
        "created": _TEXT,
        "files": _table(_record({"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "bytes": _COUNT})),
    }
)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def mismatches(value: Any, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Where and how a JSON value is not what the schema says, one sentence each."""
    here = where or "it"
    if "const" in schema:
        if value != schema["const"] or isinstance(value, bool) != isinstance(schema["const"], bool):
            yield f"{here} is not {schema['const']!r}"
        return
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    boolean = isinstance(value, bool)  # which Python counts as an integer
    if not any(isinstance(value, _TYPES[kind]) and boolean == (kind == "boolean") for kind in kinds):
        yield f"{here} is no {' or '.join(kinds)}"
        return
    yield from _limits_passed(value, schema, here)
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from mismatches(item, schema.get("items", {"type": list(_TYPES)}), f"{where}[{place}]")
    elif isinstance(value, dict):
        yield from (f"{here} lacks {name}" for name in schema.get("required", ()) if name not in value)
        known: Mapping[str, Any] = schema.get("properties", {})
        for name, item in value.items():
            rule = known.get(name, schema.get("additionalProperties"))
            if rule is not None:
                yield from mismatches(item, rule, f"{where}.{name}" if where else name)


def _limits_passed(value: Any, schema: Mapping[str, Any], here: str) -> Iterator[str]:
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{here} does not match {schema['pattern']}"
    if isinstance(value, int | float):
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
        if not (low <= value <= high and above < value < below) and math.isfinite(value):
            yield f"{here} is out of range: {value}"
        if not math.isfinite(value):
            yield f"{here} is no finite number"
    if isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{here} has {len(value)} entries"
    if isinstance(value, dict) and len(value) < schema.get("minProperties", 0):
        yield f"{here} is empty"
