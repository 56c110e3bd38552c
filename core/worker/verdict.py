"""Whether a round's model is kept: better out of fold than the untouched encoder, and no worse than the model in use.

Against the untouched encoder both learn from the same labels alone. The model in use may be an earlier round's, or a
head that has learnt from texts without a label, too; right answers tell, and of those the new one may lack one. (To let
that head lead as far as chance explains was tried: on 77 classes it kept two rounds of two that were worse.)

On a few dozen labels the number of right answers is a coin's throw: one text is points of accuracy. So what decides
against the untouched encoder is how probable each model, that had not seen the text, held the right answer (log loss,
each at its own temperature). Where rounds were simulated with a test set at hand, that told better than accuracy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.evaluation.collect import collect
from core.evaluation.report import macro_f1
from core.i18n import _
from core.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Contender:
    """What one model, out of fold, says about the labelled texts."""

    guesses: Sequence[Any]
    """One answer a text; None where it could not say."""
    loss: float
    """Mean log loss of the right answers, calibrated; infinite if it could say nothing."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The model in use, if it is more than a head on labels, on those texts that it was judged on out of fold."""

    name: str
    right: int
    """Texts it answered right."""
    rows: Sequence[int]
    """Places of those texts among the labelled ones."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, and why."""

    kept: bool
    words: str
    scores: dict[str, float]


def decide(
    task: Task[Any],
    golds: Sequence[Any],
    tuned: Contender,
    plain: Contender,
    incumbent: Incumbent | None,
    class_ids: Sequence[int],
) -> Verdict:
    """Compare on the labelled texts, all of them out of fold."""
    new, old = _score(task, golds, tuned.guesses, class_ids), _score(task, golds, plain.guesses, class_ids)
    scores = {
        "accuracy": new[0],
        "macro_f1": new[1],
        "log_loss": tuned.loss,
        "accuracy_untuned": old[0],
        "macro_f1_untuned": old[1],
        "log_loss_untuned": plain.loss,
    }
    against = _behind(golds, tuned, incumbent)
    if not tuned.loss < plain.loss:
        against = _("it holds the right answers no more probable than the untouched encoder")
    words = _("not kept: {why}").format(why=against) if against else _("kept")
    numbers = _(
        "out-of-fold accuracy {new:.3f} against {old:.3f} untuned, macro-F1 {new_f1:.3f} against {old_f1:.3f},"
        " log loss {loss:.3f} against {old_loss:.3f} ({n} labels)"
    ).format(new=new[0], old=old[0], new_f1=new[1], old_f1=old[1], loss=tuned.loss, old_loss=plain.loss, n=len(golds))
    return Verdict(not against, f"{words}: {numbers}", scores)


def _behind(golds: Sequence[Any], tuned: Contender, incumbent: Incumbent | None) -> str:
    """Why the model in use is better, in words; empty if it is not, or is the untouched encoder."""
    if incumbent is None or not incumbent.rows:
        return ""
    right = sum(tuned.guesses[row] == golds[row] for row in incumbent.rows)
    if right + 1 >= incumbent.right:
        return ""
    return _("of {n} texts that both were judged on it answers {right} right, {name} {theirs}").format(
        n=len(incumbent.rows), right=right, name=incumbent.name, theirs=incumbent.right
    )


def _score(task: Task[Any], golds: Sequence[Any], guesses: Sequence[Any], ids: Sequence[int]) -> tuple[float, float]:
    """Accuracy and macro-F1; a text nobody could predict counts as wrong."""
    judged = [(gold, guess, "") for gold, guess in zip(golds, guesses, strict=True) if guess is not None]
    cells = collect(task, judged)[""]
    return task.correct(cells) / len(golds), macro_f1(task.class_counts(cells, ids)) or 0.0
