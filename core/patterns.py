"""Spans that a list of terms or a regular expression suggests: typed by people, never an answer by themselves.

The text of the patterns has a line `[class]`, and below it a line for each term or each /regular expression/:

    [place]
    Berlin
    new york
    /\\bD-\\d{5}\\b/

A term stands for whole words. Written with a capital letter it must be met as it is written, otherwise in any case. Of
an expression the first group is meant if it has one. A line with # is a comment; a backslash before a line's first
character makes it a term. Matching takes a bounded time, whatever the expressions are.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from core import clock
from core.errors import InputError
from core.i18n import _
from core.records import Suggestion
from core.show import shorten
from core.spans import GAZETTEER, PATTERN, Guess, Span, apart, guesses_of, suggestion_of, touching
from core.words import Stretch, words

MAX_TEXT = 2_000_000
"""Characters of all patterns together."""
MAX_EXPRESSION, MAX_EXPRESSIONS = 1000, 200
MAX_READ = 200_000
"""Characters of a text that expressions look at."""
SECONDS = 0.03
"""For all expressions on one text together; those that take longer are left out."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One regular expression."""

    line: int
    label: str
    compiled: Any


@dataclass(frozen=True)
class Patterns:
    """All patterns of a project, checked."""

    terms: Mapping[str, str] = field(default_factory=dict)
    """term → class name"""
    expressions: Sequence[Expression] = ()
    labels: Sequence[str] = ()
    """The classes that are named, in their order."""

    @cached_property
    def _by_word(self) -> Mapping[str, Sequence[str]]:
        """First word, caseless → terms that begin with it, the longest first."""
        found: dict[str, list[str]] = {}
        for term in sorted(self.terms, key=len, reverse=True):
            first = words(term)
            if first and first[0][0] == 0:
                found.setdefault(term[: first[0][1]].casefold(), []).append(term)
        return found

    def guesses(self, text: str) -> tuple[Guess, ...]:
        """What they suggest for a text, in its order; where two share characters, a term goes first."""
        stretches = words(text)
        terms = sorted(self._terms_in(text, stretches), key=lambda s: s.start - s.end)
        sources = dict.fromkeys(terms, GAZETTEER)
        ranked = [*terms, *(_whole(span, text, stretches) for span in self._matches_in(text))]
        return tuple(
            Guess(span, None, sources.get(span, PATTERN)) for span in apart(s for s in ranked if s is not None)
        )

    def _terms_in(self, text: str, stretches: Sequence[Stretch]) -> Iterator[Span[str]]:
        ends = {end for _start, end in stretches}
        for start, end in stretches if self.terms else ():
            for term in self._by_word.get(text[start:end].casefold(), ()):
                behind = start + len(term)
                if behind in ends and _is_met(term, text[start:behind]):
                    yield Span(start, behind, self.terms[term])

    def _matches_in(self, text: str) -> Iterator[Span[str]]:
        end = clock.monotonic() + SECONDS
        for expression in self.expressions:
            try:
                yield from list(_matched(expression, text[:MAX_READ], end))
            except TimeoutError:
                continue


def _is_met(term: str, there: str) -> bool:
    return there == term or (term == term.lower() and there.casefold() == term.casefold())


def _matched(expression: Expression, text: str, end: float) -> Iterator[Span[str]]:
    """Raises TimeoutError when it takes too long."""
    at = 0
    while at <= len(text):
        left = end - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        match = expression.compiled.search(text, at, timeout=left)
        if match is None:
            return
        group = 1 if match.re.groups and match.start(1) >= 0 else 0
        if match.end(group) > match.start(group):
            yield Span(match.start(group), match.end(group), expression.label)
        at = match.end() + int(match.end() == match.start())


def _whole(span: Span[str], text: str, stretches: Sequence[Stretch]) -> Span[str] | None:
    """Without blanks around it, and no character cut in two; None if nothing is left."""
    cut = text[span.start : span.end]
    start, end = span.start + len(cut) - len(cut.lstrip()), span.end - len(cut) + len(cut.rstrip())
    if start >= end:
        return None
    return Span(_edge(start, text, stretches, 0), _edge(end, text, stretches, 1), span.label)


def _edge(offset: int, text: str, stretches: Sequence[Stretch], side: int) -> int:
    """An offset, moved out of the grapheme cluster it cuts: to its beginning (`side` 0) or behind it (1)."""
    import regex  # known only where patterns are used

    start, end = stretches[bisect_right(stretches, offset, key=lambda word: word[0]) - 1] if stretches else (0, 0)
    if not start < offset < end:
        return offset
    clusters = (match.span() for match in regex.finditer(r"\X", text[start:end]))
    return next((start + c[side] for c in clusters if c[0] < offset - start < c[1]), offset)


def beside(said: Suggestion | None, text: str, written: str, names: Collection[str]) -> Suggestion | None:
    """What a model suggests for a text, and what patterns do where it says nothing; None if nobody suggests anything.

    `written`: the patterns' text; `names`: of the classes that there are. The score stays the model's, about its own.
    """
    mine = guesses_of(said)
    try:
        found = parsed(written).guesses(text) if written else ()
    except InputError:  # written by a newer version of Handful
        return said
    free = [g for g in found if g.span.label in names and touching([g.span, *(s.span for s in mine)]) is None]
    if not free:
        return said
    return suggestion_of((*mine, *free), said.source if said else free[0].source, said.score if said else None)


def with_term(text: str, label: str, term: str) -> str:
    """The patterns' text with one more term at its end."""
    line = " ".join(term.split())
    escaped = "\\" + line if line[:1] in ("#", "/", "[", "\\") else line
    return f"{text.rstrip()}\n[{label}]\n{escaped}\n".lstrip("\n")


@lru_cache(4)
def parsed(text: str) -> Patterns:
    """Patterns from their text. Raises InputError for the first line that can't be taken."""
    if len(text) > MAX_TEXT:
        raise InputError(_("The patterns are longer than {n:,} characters.").format(n=MAX_TEXT))
    label, terms, expressions = "", dict[str, str](), list[Expression]()
    labels: dict[str, None] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]") and len(line) > 2:
            label = line[1:-1].strip()
            labels.setdefault(label)
        elif not label:
            raise _bad(number, raw, _("no class stands above it"), _("Begin with a line such as [place]."))
        elif len(line) > 2 and line.startswith("/") and line.endswith("/"):
            expressions.append(_expression(number, label, line[1:-1]))
        else:
            terms.setdefault(_term(line), label)
    if len(expressions) > MAX_EXPRESSIONS:
        raise InputError(_("There are more than {n} regular expressions.").format(n=MAX_EXPRESSIONS))
    return Patterns(terms, tuple(expressions), tuple(labels))


def _term(line: str) -> str:
    """The term that a stripped line stands for."""
    return " ".join(line.removeprefix("\\").split())


def terms_of(text: str) -> dict[str, str]:
    """Term → itself without regard to case, of every line that may be one, whether the rest can be taken or not."""
    lines = [line.strip() for line in text.splitlines()]
    found = [_term(line) for line in lines if line and line[0] not in "#[/"]
    return {term: term.casefold() for term in found if term}


def without(text: str, gone: Collection[str]) -> str:
    """The patterns' text without the lines of these terms."""
    return "".join(line for line in text.splitlines(keepends=True) if _term(line.strip()) not in gone)


def _expression(line: int, label: str, written: str) -> Expression:
    import regex  # known only where patterns are used

    if len(written) > MAX_EXPRESSION:
        raise _bad(line, written, _("the expression has more than {n} characters").format(n=MAX_EXPRESSION))
    try:
        return Expression(line, label, regex.compile(written))
    except (regex.error, OverflowError, RecursionError) as error:
        raise _bad(line, written, str(error)) from error


def _bad(line: int, written: str, why: str, hint: str = "") -> InputError:
    return InputError(_("Line {n} can't be taken: {why}.").format(n=line, why=why), shorten(written, 100), hint)
