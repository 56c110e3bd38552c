"""Parquet: typed columns for data frames. The import's own columns become one of JSON: their values can be anything."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.publish import publish_file
from exports.formats.base import COLUMNS, LabelTable


class Parquet:
    """The format `parquet`."""

    name = "parquet"
    ending = ".parquet"

    def write(self, target: Path, table: LabelTable) -> int:
        publish_file(target, encoded(table.field, table.rows))
        return 0

    def may_replace(self, target: Path) -> bool:
        return target.is_file()


PARQUET = Parquet()


def encoded(field: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The content of a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "id": pa.int64(),
        "given": pa.timestamp("ms", tz="UTC"),
        "seq": pa.int64(),
        "probability": pa.float64(),
        "model_score": pa.float64(),
        "model_unseen": pa.bool_(),
        **dict.fromkeys((field, "model_answer"), _answers(rows, field)),
    }
    columns = {}
    for name in ("text", field, *(column.name for column in COLUMNS)):
        kind, values = kinds.get(name, pa.string()), [row[name] for row in rows]
        columns[name] = pa.array(values, pa.string()).cast(kind) if name == "given" else pa.array(values, kind)
    columns["meta"] = pa.array([json.dumps(row["meta"], ensure_ascii=False) for row in rows], pa.string())
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def _answers(rows: Sequence[Mapping[str, Any]], field: str) -> Any:
    """The type of answers in their file form, whatever the task; names where nothing tells."""
    import pyarrow as pa

    kind = pa.infer_type([row[name] for row in rows for name in (field, "model_answer") if row[name] is not None])
    if pa.types.is_list(kind) and pa.types.is_null(kind.value_type):
        return pa.list_(pa.string())
    return pa.string() if pa.types.is_null(kind) else kind
