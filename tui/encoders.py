"""The encoders a person can choose from: the untouched one, and those of rounds that were kept and are still here."""

from dataclasses import dataclass

from core.i18n import _
from core.inuse import called, source_name
from core.project import Project
from core.store import models
from tui.session import Session


@dataclass(frozen=True, slots=True)
class Usable:
    """One encoder."""

    ref: str
    """As `models.use_encoder` takes it."""
    name: str
    """What a model on it is called: `head`, `round 3`."""
    about: str
    """The verdict on it, in words."""


def usable(session: Session) -> list[Usable]:
    """All of them, the newest round first, the untouched encoder last."""
    kept = [found for found in reversed(models.rounds(session.con)) if found.state == "kept"]
    rounds = [
        Usable(str(found.number), called(source_name(str(found.number))), found.verdict or "")
        for found in kept
        if files_there(session.project, str(found.number))
    ]
    return [*rounds, Usable(models.BASE, called(source_name(models.BASE)), _("on the untouched encoder"))]


def files_there(project: Project, ref: str) -> bool:
    """Whether an encoder's files were not cleaned away."""
    return ref == models.BASE or (project.rounds / f"{int(ref):03d}" / "encoder").is_dir()


def use(session: Session, ref: str) -> None:
    """Use this encoder from now on, because the person said so; the worker embeds the texts anew with it."""
    models.use_encoder(session.con, ref, _("chosen by {name}").format(name=session.annotator))
    session.touched()
