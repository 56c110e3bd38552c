"""What is suggested in a text: by the model, and by the terms and expressions that people typed."""

from core.patterns import beside
from core.spans import Guess, guesses_of
from tui.answering.base import Question


def suggested(question: Question) -> tuple[Guess, ...]:
    """What the model suggests, and what the patterns do where the model says nothing."""
    names = {item.name for item in question.classes}
    return guesses_of(beside(question.suggestion, question.text, question.patterns, names))
