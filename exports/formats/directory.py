"""A data set as the Hugging Face hub keeps it: Parquet files a split and a data card; `load_dataset` reads it."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.i18n import _
from core.publish import make_dir, publish_dir, publish_file
from exports.formats.base import COLUMNS, LabelTable
from exports.formats.parquet import encoded
from exports.markdown import plain, table

CARD, DATA = "README.md", "data"
SPLITS = {"pool": "train", "test": "test"}
"""How the project's splits are called on the hub."""
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


class Directory:
    """The format `datasets`."""

    name = "datasets"
    ending = ""

    def write(self, target: Path, table: LabelTable) -> int:
        with publish_dir(target) as stage:
            data = make_dir(stage / DATA)
            for split, name in _there(table).items():
                rows = [row for row in table.rows if row["split"] == split]
                publish_file(data / f"{name}.parquet", encoded(table.field, rows))
            publish_file(stage / CARD, card(table).encode())
        return 0

    def may_replace(self, target: Path) -> bool:
        return (
            target.is_dir()
            and {path.name for path in target.iterdir()} <= {CARD, DATA}
            and all(path.suffix == ".parquet" for path in (target / DATA).glob("*"))
        )


DIRECTORY = Directory()


def _there(table: LabelTable) -> dict[str, str]:
    """The splits that have rows; the pool's always."""
    found = {row["split"] for row in table.rows} | {"pool"}
    return {split: name for split, name in SPLITS.items() if split in found}


def card(table: LabelTable) -> str:
    """README.md: front matter that says where the files lie, and what there is to know about the labels."""
    return "\n\n".join([_front_matter(table), *_parts(table)]) + "\n"


def _front_matter(table: LabelTable) -> str:
    """JSON is YAML too, and quotes whatever a name holds."""
    files = [{"split": name, "path": f"{DATA}/{name}.parquet"} for name in _there(table).values()]
    size = next((name for most, name in SIZES if len(table.rows) < most), "n>1M")
    return "\n".join(
        [
            "---",
            f"configs: {json.dumps([{'config_name': 'default', 'data_files': files}])}",
            f"size_categories: {json.dumps([size])}",
            f"tags: {json.dumps(['handful', table.task])}",
            "---",
        ]
    )


def _parts(data: LabelTable) -> Iterator[str]:
    yield "# " + _("Labelled texts")
    yield _("{n} texts labelled with Handful; task: {task}, answers in the column `{field}`.").format(
        n=len(data.rows), task=data.task, field=data.field
    )
    yield "## " + _("How the labels were made")
    people = Counter(str(row["annotator"]) for row in data.rows)
    picked = Counter(str(row["picked"] or _("not picked")) for row in data.rows if row["split"] == "pool")
    drawn = sum(row["probability"] is not None for row in data.rows)
    yield table((_("by"), _("texts")), [(plain(name), n) for name, n in people.most_common()])
    if picked:
        yield table((_("texts of the pool picked by"), _("texts")), [(plain(k), n) for k, n in picked.most_common()])
    yield _(
        "Texts picked on purpose are no fair sample. The {n} whose `probability` is filled were drawn at random, and"
        " estimates may rest on them."
    ).format(n=drawn)
    yield "## " + _("Labels")
    rows = [(plain(c["name"]), c["pool"], c["test"], plain(c["description"])) for c in data.classes]
    yield table((_("label"), _("pool"), _("test"), _("what it means")), rows)
    if data.guidelines:
        yield "## " + _("Guidelines")
        yield "\n".join(f"> {plain(line)}" for line in data.guidelines.splitlines())
    yield "## " + _("Columns")
    yield table((_("column"), _("what it says")), [(f"`{c.name}`", c.about) for c in COLUMNS])
