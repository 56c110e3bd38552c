"""How well the chosen encoder can read a project, asked right after import, with nothing heavier than its tokenizer."""

from pathlib import Path

from core import tokenizing
from core.project import Project
from core.store import examples
from core.tokenizing import Readability
from core.training.encoders.directory import DIRECTORY
from core.training.encoders.embedded import EMBEDDED

SAMPLE = 2000


def measure(project: Project) -> list[Readability]:
    """Unknown tokens per script in a sample; empty if the encoder must be fetched first (the worker measures then)."""
    directory = _local_encoder(project.settings().encoder)
    if directory is None:
        return []
    with project.open(readonly=True) as con:
        texts = examples.sample_texts(con, SAMPLE)
    return tokenizing.readability(tokenizing.load(directory / "tokenizer.json", None), texts)


def _local_encoder(name: str) -> Path | None:
    for source in (EMBEDDED, DIRECTORY):
        if source.accepts(name):
            return source.locate(name, lambda _done, _total: None)
    return None


def embedded() -> Path:
    """Where the embedded encoder lies, its weights verified; raises InputError if they are not what was published."""
    return EMBEDDED.locate("minilm", lambda _done, _total: None)
