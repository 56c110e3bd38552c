"""What is suggested in a text: by the model, and by the terms and expressions that people typed."""

from core.errors import InputError
from core.patterns import parsed
from core.spans import Guess, guesses_of, touching
from tui.answering.base import Question


def suggested(question: Question) -> tuple[Guess, ...]:
    """What the model suggests, and what the patterns do where the model says nothing."""
    said = guesses_of(question.suggestion)
    if not question.patterns or not question.text:
        return said
    names = {item.name for item in question.classes}
    try:
        found = parsed(question.patterns).guesses(question.text)
    except InputError:  # written by a newer version of Handful
        return said
    free = [g for g in found if g.span.label in names and touching([g.span, *(s.span for s in said)]) is None]
    return (*said, *free)
