"""Data sets of the Hugging Face hub, or a directory laid out as one: `hf:owner/name[/config][@revision]:split`.

A directory is given by a path that begins with `.`, `/` or `~`, with `/config` behind it if its README.md declares
some; it is read where it lies, as a stream. What comes from the hub is kept in the hub's own cache, so that it is there
without a network the next time. No code of a data set is ever run: `datasets` has not been able to since its version 4.
CSV within a data set keeps its values as they are written; classes stored as numbers come with their names.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing.formats import ADDRESS, CERTAIN, Format, Found
from core.importing.parquet import plain
from core.importing.rows import Read, Rows
from core.show import visible

_PART = r"[A-Za-z0-9][\w.-]{0,95}"
_PATTERN = re.compile(
    rf"hf:(?P<name>{_PART}/{_PART})(/(?P<config>{_PART}))?(@(?P<revision>[\w./-]{{1,95}}))?:(?P<split>[\w.-]{{1,95}})",
    re.ASCII,
)
_LOCAL = re.compile(r"hf:(?P<name>[./~].*?):(?P<split>[\w.-]{1,95})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Which part of which data set."""

    name: str
    """On the hub `owner/name`, else a directory's absolute path."""
    split: str
    config: str | None = None
    revision: str | None = None
    is_local: bool = False


def parse(text: str) -> Address:
    """The parts of an address; raises InputError if it is none."""
    if found := _PATTERN.fullmatch(text):
        return Address(found["name"], found["split"], found["config"], found["revision"])
    if found := _LOCAL.fullmatch(text):
        path = Path(found["name"]).expanduser()
        if path.is_dir():
            return Address(os.path.realpath(path), found["split"], is_local=True)
        if (path.parent / "README.md").is_file() and re.fullmatch(_PART, path.name):
            return Address(os.path.realpath(path.parent), found["split"], path.name, is_local=True)
        raise InputError(_("There is no such data set."), visible(str(path)), _("Check the path."))
    raise InputError(
        _("This is no address of a data set."),
        visible(text),
        _("Write hf:owner/name:split, with /config behind the name and @revision before the colon where it has them."),
    )


class _HubRows:
    """The rows of one split."""

    unit = "row"

    def __init__(self, rows: Iterable[Mapping[str, Any]], features: Any, total: int, name: str) -> None:
        self._rows, self.total, self.name = rows, total, name
        self.done = 0
        self._classes = _class_columns(features)

    def __iter__(self) -> Iterator[Read]:
        try:
            for row in self._rows:
                self.done += 1
                yield self.done, self._row(row)
        except _errors() as error:
            raise _unreadable(self.name, error) from error

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any] | str:
        try:
            return {key: self._value(key, value) for key, value in row.items()}
        except (ValueError, OverflowError) as error:
            return _("A value can't be read: {why}.").format(why=error)

    def _value(self, key: str, value: Any) -> Any:
        named = self._classes.get(key)
        if named is not None and isinstance(value, list):
            return [None if one is None or one < 0 else named(one) for one in value]
        if named is not None and value is not None:
            return named(value) if value >= 0 else None  # -1: a test set without answers
        return plain(value)


def _class_columns(features: Any) -> dict[str, Any]:
    """Column → the name of a class by its number, for one class a row or a list of them."""
    found = {}
    for key, feature in (features or {}).items():
        inner = getattr(feature, "feature", feature)
        if hasattr(inner, "int2str"):
            found[key] = inner.int2str
    return found


@contextmanager
def _read(found: Found) -> Iterator[Rows]:
    address = parse(str(found.path))
    import datasets

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    try:
        rows = _load(address)
        features = rows.features
        media = [key for key, feature in (features or {}).items() if hasattr(feature, "decode_example")]
        if media:  # pictures and sounds would be decoded for nothing
            rows = rows.remove_columns(media)
        split = rows.info.splits.get(address.split) if rows.info.splits else None
        total = getattr(split, "num_examples", 0) or 0
    except _errors() as error:
        raise _unreadable(found.name, error) from error
    yield _HubRows(rows, rows.features, total, found.name)


def _load(address: Address) -> Any:
    """The split, as a stream from a directory or from the hub's cache."""
    import datasets
    from datasets.packaged_modules.csv.csv import CsvConfig

    where: dict[str, Any] = {"path": address.name, "name": address.config, "revision": address.revision}
    builder = datasets.load_dataset_builder(**where)
    if isinstance(builder.config, CsvConfig):  # else "NA" is nothing and 007 is seven
        where |= _as_written(where, address.split, builder.info.features)
    return datasets.load_dataset(**where, split=address.split, streaming=address.is_local)


def _as_written(where: Mapping[str, Any], split: str, declared: Any) -> dict[str, Any]:
    """Options by which the values of CSV stay texts, unless the data set says what they are."""
    import datasets

    if declared is not None:
        return {"keep_default_na": False, "na_values": [""]}
    with closing(iter(datasets.load_dataset(**where, split=split, streaming=True))) as rows:
        first: dict[str, Any] = next(rows, {})
    texts = datasets.Features({name: datasets.Value("string") for name in first})
    return {"keep_default_na": False, "na_filter": False, "features": texts}


def _errors() -> tuple[type[Exception], ...]:
    """What `datasets` raises for data and connections that are not as they should be."""
    import datasets
    import pyarrow as pa

    return (OSError, ValueError, KeyError, RuntimeError, datasets.exceptions.DatasetsError, pa.ArrowException)


def _unreadable(name: str, error: Exception) -> InputError:
    said = str(error).strip().splitlines() or [type(error).__name__]
    return InputError(
        _("This data set can't be read."),
        f"{name}: {visible(said[0][:300])}",
        _("Check owner, name and split; without a network only what was loaded before is there."),
    )


def _fits(found: Found) -> int:
    return CERTAIN if found.kind == "address" and str(found.path).startswith(ADDRESS) else 0


HUB = Format("hf:owner/name:split", _read, _fits)
