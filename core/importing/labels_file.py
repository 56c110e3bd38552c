"""The classes a person lists beforehand: `--labels a,b,c`, or a TOML or CSV file that describes them.

In TOML each class is a table `[[labels]]` with name, key, description, examples, keywords, group and implies; in CSV
the lists (examples, keywords, implied classes) are parted by `|`. Of the classes with the same `group` a text has one
at most. Every problem of a file is reported at once, each with its place.
"""

import difflib
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.importing.delimited import read_csv
from core.importing.lines import opened
from core.importing.rows import encodable
from core.records import LabelClass
from core.show import visible
from core.tasks import rules

FIELDS = ("name", "key", "description", "examples", "keywords", "group", "implies")
_LISTS = ("examples", "keywords", "implies")
MAX_NAME = 200
_TABLE = "labels"

Entry = tuple[str, Mapping[str, Any]]
"""Where one class is described, and its values."""


def parse(spec: str) -> list[LabelClass]:
    """The classes of a list or file, in its order; their ids are 0.

    Raises InputError that names every problem and its place.
    """
    path = Path(spec)
    if path.suffix.lower() not in {".toml", ".csv"} and not _is_file(path):
        entries: Iterator[Entry] = ((_("label {n}").format(n=n), {"name": s}) for n, s in enumerate(spec.split(","), 1))
        return _classes(entries, spec)
    if path.suffix.lower() == ".toml":
        return _classes(_toml(path), spec)
    with opened(path) as lines:
        return _classes(_csv(read_csv(lines)), spec)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a list that is no possible path: too long, or with a NUL
        return False


def _toml(path: Path) -> Iterator[Entry]:
    with opened(path) as lines:
        text = "".join(lines)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(_("The labels can't be read."), f"{visible(str(path))}: {error}", _hint()) from error
    tables = found.get(_TABLE)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(
            _("The labels can't be read."),
            _("{path} has no tables [[{table}]].").format(path=visible(str(path)), table=_TABLE),
            _hint(),
        )
    for number, table in enumerate(tables, 1):
        yield _("[[{table}]] {n}").format(table=_TABLE, n=number), table


def _csv(rows: Iterator[tuple[int, dict[str, Any] | str]]) -> Iterator[Entry]:
    for number, values in rows:
        place = _("line {n}").format(n=number)
        if isinstance(values, str):
            yield place, {"": values}
        else:
            yield place, values | {name: _parts(values[name]) for name in _LISTS if name in values}


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _classes(entries: Iterator[Entry], source: str) -> list[LabelClass]:
    problems: list[str] = []
    classes: list[LabelClass] = []
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    for place, values in entries:
        found = list(_problems(values))
        if not found:
            item = _label_class(values)
            classes.append(item)
            folded = unicodedata.normalize("NFC", item.name)
            found += _twice(_("name"), names, folded, place) + _twice(_("key"), keys, item.key, place)
        problems += [f"{place}: {problem}" for problem in found]
    problems += _rule_problems(classes)
    if not classes and not problems:
        problems.append(_("No label in it."))
    if problems:
        raise InputError(_("The labels can't be used."), "\n".join([visible(source[:200]), *problems]), _hint())
    return classes


def _label_class(values: Mapping[str, Any]) -> LabelClass:
    return LabelClass(
        0,
        values["name"].strip(),
        values.get("key", "").strip(),
        values.get("description", "").strip(),
        tuple(values.get("examples", ())),
        keywords=tuple(word.strip() for word in values.get("keywords", ()) if word.strip()),
        group=values.get("group", "").strip(),
        implies=tuple(name.strip() for name in values.get("implies", ())),
    )


def _rule_problems(classes: Sequence[LabelClass]) -> Iterator[str]:
    """Rules that name no class of the list, or that no text could follow."""
    names = {item.name for item in classes}
    numbered = [replace(item, id=number) for number, item in enumerate(classes, 1)]
    declared = rules.of(numbered)
    for item in numbered:
        for name in item.implies:
            if name not in names:
                yield _("{name}: implies {other!r}, which is no label").format(
                    name=visible(item.name), other=visible(name)
                )
        if declared.conflict(declared.closed([item.id])) is not None:
            yield _("{name}: implies a label that excludes it, or two that exclude each other").format(
                name=visible(item.name)
            )


def _twice(what: str, seen: dict[str, str], value: str, place: str) -> list[str]:
    if not value:
        return []
    if value in seen:
        return [_("the {what} {value!r} is taken ({place})").format(what=what, value=visible(value), place=seen[value])]
    seen[value] = place
    return []


def _problems(values: Mapping[str, Any]) -> Iterator[str]:
    if "" in values:
        yield str(values[""])
        return
    for name in values:
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = _("did you mean {near!r}?").format(near=near[0]) if near else ", ".join(FIELDS)
            yield _("there is no field {name!r} ({hint})").format(name=visible(name), hint=hint)
    for name in ("name", "key", "description", "group"):
        if not _is_text(values.get(name, "")):
            yield _("{name} is no text").format(name=name)
            return
    for name in _LISTS:
        found = values.get(name, [])
        if not isinstance(found, list) or not all(_is_text(one) for one in found):
            yield _("{name} is no list of texts").format(name=name)
    yield from _name_problems(values.get("name", "").strip())
    key = values.get("key", "").strip()
    if len(key) > 1 or not key.isprintable():
        yield _("a key is one visible character, not {key!r}").format(key=visible(key))


def _name_problems(name: str) -> Iterator[str]:
    if not name:
        yield _("the name is empty")
    elif len(name) > MAX_NAME:
        yield _("the name is longer than {max} characters").format(max=MAX_NAME)
    elif not name.isprintable():
        yield _("the name holds a character that can't be shown: {name}").format(name=visible(name))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\x00" not in value and encodable(value)


def _hint() -> str:
    return _("Give --labels a,b,c, or a TOML or CSV file with the fields {fields}.").format(fields=", ".join(FIELDS))
