"""One typed record of everything that can be set, kept as `handful.toml` in the project directory.

Each field carries its sentence and range, from which `handful config`, the settings screen and the README are made.
The record travels with every round and is stored with it.
"""

import json
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from core import plugins
from core.errors import InputError
from core.i18n import _
from core.publish import publish_file

FILE = "handful.toml"
SHAPES_FEATURES = ("encoder", "max_length", "windows")
"""Options with which all texts are embedded anew."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _opt(
    default: Any,
    sentence: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    group: str = "",
    pattern: str = "",
) -> Any:
    return field(
        default=default,
        metadata={
            "sentence": sentence,
            "low": low,
            "high": high,
            "choices": choices,
            "group": group,
            "pattern": pattern,
        },
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All options of a project; a value that is not in the file has its default."""

    encoder: str = _opt("minilm", _("Encoder: `minilm` (embedded), a Hugging Face id, or a directory."))
    device: str = _opt(
        "auto", _("Where to compute: auto, cpu, cuda, cuda:N or mps."), pattern=r"auto|cpu|mps|cuda(:[0-9]{1,3})?"
    )
    precision: str = _opt(
        "auto",
        _("Number format for computing: auto takes bf16 where the hardware has it."),
        choices=("auto", "fp32", "bf16"),
    )
    threads: int = _opt(
        0, _("CPU threads of the worker; 0 leaves one core to the terminal where there are few."), low=0, high=256
    )
    max_length: int = _opt(256, _("Tokens the encoder reads at once, at most."), low=8, high=8192)
    windows: int = _opt(
        4,
        _("Most windows of max_length a longer text is read in, their logits averaged; 1 cuts off what is beyond."),
        low=1,
        high=64,
    )
    embed_batch: int = _opt(64, _("Texts per step when the pool is embedded."), low=1, high=4096)
    strategy: str = _opt(
        "auto", _("How the next texts are picked: auto, or the name of one query strategy."), group=plugins.STRATEGIES
    )
    draw_on_pool: bool = _opt(
        True, _("Whether the head may learn from texts without a label, too, where held-out labels speak for it.")
    )
    audit_share: float = _opt(0.1, _("Share of the queue drawn at random, for honest numbers."), low=0.0, high=1.0)
    answer_above: float = _opt(
        0.0,
        _("From this confidence on the model answers by itself, and texts are only spot-checked; 0: never."),
        low=0.0,
        high=1.0,
    )
    spot_check: float = _opt(
        0.05, _("Share of the queue drawn at random from what the model answers by itself."), low=0.0, high=1.0
    )
    queue_length: int = _opt(200, _("How many texts each ranking lines up."), low=1, high=10000)
    open_classes: bool = _opt(True, _("Whether a label nobody has used yet makes a new class."))
    overlap: float = _opt(
        0.0, _("Share of the texts that are asked of several people, to see how far they agree."), low=0.0, high=1.0
    )
    overlap_people: int = _opt(2, _("How many people are asked a text of the overlap."), low=2, high=100)
    target: int = _opt(
        0, _("Labels you aim for, to be told how many minutes are left; 0: no target."), low=0, high=100000000
    )
    span_overlap: str = _opt(
        "none",
        _("Which marked spans may share characters: none, nested (one inside the other), or any."),
        choices=("none", "nested", "any"),
    )
    span_snap: bool = _opt(True, _("Whether a span that is marked by hand grows to whole words."))
    slice_by: str = _opt("", _("Column whose values get metrics of their own, such as lang; empty: none."))
    round_every: int = _opt(
        50, _("Start rule: a round starts by itself after so many new labels; 0: only when asked."), low=0, high=1000000
    )
    epochs: int = _opt(12, _("Passes over the labelled texts in a round."), low=1, high=1000)
    max_steps: int = _opt(400, _("Most optimiser steps of one fine-tuning in a round."), low=1, high=1000000)
    batch_size: int = _opt(32, _("Texts per optimiser step."), low=2, high=1024)
    learning_rate: float = _opt(1e-4, _("Peak learning rate of a round."), low=1e-7, high=1.0)
    optimizer: str = _opt("adamw", _("Optimiser of a round."), choices=("adamw", "sgd"))
    weight_decay: float = _opt(0.01, _("Decoupled weight decay of a round."), low=0.0, high=1.0)
    dropout: float = _opt(0.1, _("Dropout inside the encoder during a round."), low=0.0, high=0.9)
    contrastive: float = _opt(
        1.0, _("Weight of the supervised contrastive loss beside cross-entropy."), low=0.0, high=100.0
    )
    folds: int = _opt(3, _("Folds for out-of-fold metrics and for the verdict on a round."), low=2, high=20)
    round_folds: int = _opt(
        2, _("Folds by which a round is judged: each costs a fine-tuning on the rest of the labels."), low=2, high=20
    )
    frozen: float = _opt(
        0.0, _("Share of the encoder's lower layers that a round leaves as they are."), low=0.0, high=0.9
    )
    fold_frozen: float = _opt(
        0.5,
        _("The same for the fine-tunings that only judge a round: quicker, and judged a little too low."),
        low=0.0,
        high=0.9,
    )
    blend: float = _opt(
        0.5,
        _("Share of its change that each weight keeps after a long round; a short one keeps all, as with 1."),
        low=0.0,
        high=1.0,
    )
    tune_length: int = _opt(
        128, _("Tokens of a text that a round reads while it tunes; the model itself reads all."), low=8, high=8192
    )
    augment: str = _opt(
        "none",
        _("With round --full: what is done to a tenth of a text's tokens each time it is learnt from."),
        choices=("none", "drop", "swap"),
    )
    patience: int = _opt(
        0,
        _("With round --full: a fold ends after so many epochs in which its held-out loss did not fall; 0: never."),
        low=0,
        high=1000,
    )
    seed: int = _opt(0, _("Seed of everything random."), low=0, high=2**31 - 1)
    idle_seconds: int = _opt(300, _("The worker ends itself after so many seconds without work."), low=1, high=86400)


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spec(key: str) -> Any:
    """The field of one option: name, type, default, and metadata with sentence, low, high, choices, group and pattern.

    `group` is the entry-point group whose names are its choices; `pattern` what all of a text must match.

    Raises InputError for a name that does not exist, with the nearest one that does.
    """
    by_name = {f.name: f for f in fields(Settings)}
    if key in by_name:
        return by_name[key]
    from difflib import get_close_matches

    near = get_close_matches(key, by_name, n=1)
    raise InputError(
        _("There is no option called {key!r}.").format(key=key),
        _("Options: {names}.").format(names=", ".join(by_name)),
        _("Did you mean {near!r}?").format(near=near[0]) if near else "",
    )


def parse(key: str, raw: Any) -> Any:
    """The value of one option from text or TOML, checked against its type and range.

    Raises InputError if it does not fit.
    """
    option = spec(key)
    kind = type(option.default)
    value = _convert(raw, kind)
    low, high, one_of = option.metadata["low"], option.metadata["high"], _choices(option)
    fits = value is not None and not (one_of and value not in one_of)
    if fits and option.metadata["pattern"]:
        fits = re.fullmatch(option.metadata["pattern"], value) is not None
    if fits and isinstance(value, int | float):
        fits = (low is None or value >= low) and (high is None or value <= high)
    if fits:
        return value
    raise InputError(
        _("{value!r} does not fit the option {key}.").format(value=raw, key=key),
        allowed(key),
        option.metadata["sentence"],
    )


def allowed(key: str) -> str:
    """The values an option takes, in words."""
    option = spec(key)
    one_of, low, high = _choices(option), option.metadata["low"], option.metadata["high"]
    if one_of:
        return _("One of: {choices}.").format(choices=", ".join(one_of))
    if isinstance(option.default, bool):
        return _("true or false.")
    if low is not None:
        return _("A number from {low} to {high}.").format(low=low, high=high)
    return ""


def plain(value: object) -> str:
    """A value as it is typed: true and false in small letters, nothing as an empty text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def choices(key: str) -> Sequence[str]:
    """The values an option chooses from; empty if it takes any text or a number."""
    option = spec(key)
    return ("true", "false") if isinstance(option.default, bool) else _choices(option)


def _choices(option: Any) -> Sequence[str]:
    group = option.metadata["group"]
    return plugins.names(group) if group else option.metadata["choices"]


def _convert(raw: Any, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "false": False}.get(str(raw).strip().lower())
    if kind is str:
        return raw if isinstance(raw, str) and not _UNSTORABLE.search(raw) else None
    if isinstance(raw, bool):
        return None
    try:
        return kind(str(raw).strip())
    except ValueError:
        return None


def changed(settings: Settings, key: str, raw: Any) -> Settings:
    """A copy with one option set; raises InputError as `parse` does."""
    return replace(settings, **{key: parse(key, raw)})


def load(directory: Path) -> Settings:
    """The project's settings; defaults where the file is silent. Raises InputError for what can't be read."""
    path = directory / FILE
    if not path.exists():
        return Settings()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(
            _("The settings can't be read."), f"{path}: {error}", _("Mend the line, or remove the file.")
        ) from error
    settings = Settings()
    for key, value in found.items():
        try:
            settings = changed(settings, key, value)
        except InputError as error:
            raise InputError(error.title, f"{path}: {error.what}", error.hint) from error
    return settings


def _toml(value: Any) -> str:
    """The value in TOML, which writes it as JSON does but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def save(directory: Path, settings: Settings) -> None:
    """Write the options that differ from their defaults, each under its sentence."""
    default = asdict(Settings())
    lines = []
    for option in fields(Settings):
        value = getattr(settings, option.name)
        if value != default[option.name]:
            lines += [
                f"# {option.metadata['sentence']}",
                f"{option.name} = {_toml(value)}",
                "",
            ]
    publish_file(directory / FILE, "\n".join(lines).encode("utf-8"))
