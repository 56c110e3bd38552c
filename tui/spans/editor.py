"""What a person does to the spans of one text, as a value: every key makes another one, and undo goes back to the old.

The marked stretch `at` is cursor and selection in one: a word, until it is extended. What is labelled, resized or taken
away is what lies there. Spans carry class names, for a new name may be typed; offsets are code points.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import InputError
from core.i18n import _
from core.show import shorten
from core.spans import Guess, Span, crossing, touching
from core.tasks.spans import NESTED, NONE, from_answer, in_file
from core.words import Stretch
from tui.spans import likely
from tui.spans.steps import Steps, after, around, before, steps


@dataclass(frozen=True, slots=True)
class Moment:
    """What undo comes back to."""

    spans: tuple[Span[str], ...]
    dismissed: frozenset[Span[str]]
    at: Stretch


@dataclass(frozen=True, slots=True)
class Editor:
    """One text with its spans; `begin` makes the first."""

    text: str
    at: Stretch = (0, 0)
    """The marked stretch, start and end; both 0 in an empty text."""
    spans: tuple[Span[str], ...] = ()
    """What is labelled, in the order of the text."""
    guesses: tuple[Guess, ...] = ()
    """All that was suggested."""
    dismissed: frozenset[Span[str]] = frozenset()
    """Suggestions that the person does not want to see again."""
    overlap: str = NONE
    """The project's option `span_overlap`."""
    snap: bool = True
    """Whether steps and ends are those of words; else of characters."""
    past: tuple[Moment, ...] = ()
    future: tuple[Moment, ...] = ()

    @property
    def steps(self) -> Steps:
        """The text's stops."""
        return steps(self.text)

    @property
    def units(self) -> Sequence[Stretch]:
        """What the cursor goes by: words without punctuation, or characters."""
        return self.steps.hops if self.snap else self.steps.graphemes

    @property
    def touched(self) -> bool:
        """Whether anything was done to the spans."""
        return bool(self.past)

    # What lies where

    @property
    def pending(self) -> tuple[Guess, ...]:
        """Suggestions that are still open: neither taken nor dismissed, and not at odds with what is labelled."""
        return tuple(g for g in self.guesses if g.span not in self.dismissed and self._is_open(g.span))

    def _is_open(self, guess: Span[str]) -> bool:
        there = [s for s in self.spans if s.start < guess.end and guess.start < s.end]
        same = any((s.start, s.end) == (guess.start, guess.end) for s in there)
        return not same and self._clash(guess, there) is None

    @property
    def here(self) -> Span[str] | None:
        """The labelled span that is marked: it itself, else the least one around it."""
        return _at([*self.spans], self.at)

    @property
    def guess_here(self) -> Guess | None:
        """The open suggestion that is marked, in the same way."""
        found = {g.span: g for g in self.pending}
        span = _at([*found], self.at)
        return found[span] if span is not None else None

    def raw(self, *, complete: bool) -> Any:
        """The answer in file form."""
        return in_file(self.spans, complete=complete)

    # Moving

    def marked(self, start: int, end: int) -> "Editor":
        """With this stretch marked, as it is."""
        return replace(self, at=(start, end))

    def put(self, offset: int) -> "Editor":
        """With the unit marked that an offset lies in."""
        stops = self.steps.words if self.snap else self.steps.graphemes
        return self.marked(*around(stops, offset)) if stops else self

    def span_around(self) -> "Editor":
        """With the whole span, or suggestion, marked that is around what is marked now."""
        span = self.here or (self.guess_here.span if self.guess_here else None)
        return self if span is None else self.marked(span.start, span.end)

    def drawn(self, one: int, other: int) -> "Editor":
        """With all units marked from one offset to another, as a mouse draws it."""
        first, last = sorted((self.put(one).at, self.put(other).at))
        return self.marked(first[0], last[1])

    def hop(self, by: int) -> "Editor":
        """One unit on or back; stays at the text's ends."""
        return self._to(_beside(self.units, self.at, by))

    def hop_grapheme(self, by: int) -> "Editor":
        """One character on or back, whatever the units are."""
        found = self.steps.graphemes
        first = around(found, self.at[0]) if found else self.at
        return self._to(first if by > 0 and self.at[1] > first[1] else _beside(found, self.at, by))

    def hop_sentence(self, by: int) -> "Editor":
        """To the next sentence, or to the beginning of this one, then of the one before."""
        starts = [s for s in self.steps.sentences if (s > self.at[0] if by > 0 else s < self.at[0])]
        return self.put(starts[0 if by > 0 else -1]) if starts else self

    def hop_end(self, by: int) -> "Editor":
        """To the text's last unit, or to its first."""
        return self._to(self.units[-1 if by > 0 else 0] if self.units else None)

    def hop_span(self, by: int) -> "Editor":
        """To the next or previous span or suggestion; round at the text's ends."""
        found = sorted({(s.start, s.end) for s in (*self.spans, *(g.span for g in self.pending))})
        return self._to(_around_the_clock(found, self.at, by))

    def hop_likely(self, by: int = 1) -> "Editor":
        """To the next stretch that looks like a name or a number and has no span; round at the end."""
        taken = [(s.start, s.end) for s in (*self.spans, *(g.span for g in self.pending))]
        free = [w for w in likely.names(self.text) if all(w[1] <= t[0] or t[1] <= w[0] for t in taken)]
        return self._to(_around_the_clock(free, self.at, by))

    def _to(self, stretch: Stretch | None) -> "Editor":
        return self if stretch is None else self.marked(*stretch)

    # Extending and shrinking

    def move_start(self, by: int) -> "Editor":
        """The start one unit to the left (by < 0) or right; a span or suggestion that is marked moves with it."""
        stops = self.steps.starts if self.snap else [g[0] for g in self.steps.graphemes]
        start, end = self.at
        index = bisect_left(stops, start) - 1 if by < 0 else bisect_right(stops, start)
        fits = 0 <= index < len(stops) and stops[index] < end
        return self._resized((stops[index], end)) if fits else self

    def move_end(self, by: int) -> "Editor":
        """The end one unit to the left or right, in the same way."""
        stops = self.steps.ends if self.snap else [g[1] for g in self.steps.graphemes]
        start, end = self.at
        index = bisect_right(stops, end) if by > 0 else bisect_left(stops, end) - 1
        fits = 0 <= index < len(stops) and stops[index] > start
        return self._resized((start, stops[index])) if fits else self

    def reach(self, offset: int) -> "Editor":
        """Extended so far that the unit at an offset is part of it."""
        start, end = self.put(offset).at
        return self._resized((min(start, self.at[0]), max(end, self.at[1])))

    def _resized(self, to: Stretch) -> "Editor":
        """Raises InputError where the spans may not overlap as they would."""
        exact = next((s for s in self.spans if (s.start, s.end) == self.at), None)
        if exact is not None:
            return self._with([s for s in self.spans if s != exact], Span(*to, exact.label))
        guess = next((g.span for g in self.pending if (g.span.start, g.span.end) == self.at), None)
        if guess is not None:
            moved = self._with(self.spans, Span(*to, guess.label))
            return replace(moved, dismissed=moved.dismissed | {guess})
        return self.marked(*to)

    # Labelling

    def labelled(self, label: str) -> "Editor":
        """What is marked has this class now; raises InputError if it can't be a span."""
        start, end = self.at
        if not self.text[start:end].strip():
            raise InputError(_("There is nothing to label here."))
        kept = [s for s in self.spans if (s.start, s.end) != self.at]
        return self if (span := Span(start, end, label)) in self.spans else self._with(kept, span)

    def unlabelled(self) -> "Editor":
        """Without the span that is marked; if there is only a suggestion, that is dismissed."""
        span, guess = self.here, self.guess_here
        if span is not None:
            return self._done([s for s in self.spans if s != span], at=(span.start, span.end))
        if guess is not None:
            return replace(self._done(self.spans), dismissed=self.dismissed | {guess.span}).hop_guess()
        return self

    def accepted(self) -> "Editor":
        """The suggestion that is marked, else the next one, is an answer now, and the one after it is marked."""
        guess = self.guess_here or self.next_guess(self.at)
        if guess is None:
            return self
        return self._with(self.spans, guess.span).hop_guess()

    def accepted_all(self, label: str | None = None) -> "Editor":
        """All open suggestions, or those of one class, are answers; of two at odds the more probable one."""
        new = self
        for guess in sorted(self.pending, key=lambda g: -(g.probability or 0.0)):
            if label in (None, guess.span.label) and new._is_open(guess.span):
                new = replace(new, spans=tuple(sorted([*new.spans, guess.span])))
        return replace(self._done(new.spans), at=self.at) if new.spans != self.spans else self

    def label_of_guess(self) -> str | None:
        """The class of the suggestion that `accepted` would take."""
        guess = self.guess_here or self.next_guess(self.at)
        return None if guess is None else guess.span.label

    def hop_guess(self) -> "Editor":
        """To the next open suggestion behind here, round at the end; stays if there is none."""
        guess = self.next_guess((self.at[0] + 1, 0))
        return self if guess is None else self.marked(guess.span.start, guess.span.end)

    def next_guess(self, at: Stretch) -> Guess | None:
        """The first open suggestion that begins at a stretch's start or behind, else the first of all."""
        found = sorted(self.pending, key=lambda g: g.span)
        return next((g for g in found if g.span.start >= at[0]), found[0] if found else None)

    def labelled_others(self) -> "Editor":
        """Every other place with the same characters, no part of a word, has the class of the span that is marked."""
        span = self.here
        if span is None:
            return self
        spans = list(self.spans)
        for start, end in self._others(span):
            new = Span(start, end, span.label)
            near = [s for s in spans if s.start < end and start < s.end]
            if not any((s.start, s.end) == (start, end) for s in near) and self._clash(new, near) is None:
                spans.append(new)
        return self._done(spans, at=self.at) if len(spans) > len(self.spans) else self

    def _others(self, span: Span[str]) -> Iterable[Stretch]:
        wanted, at = self.text[span.start : span.end], 0
        starts = set(self.steps.starts) if self.snap else {g[0] for g in self.steps.graphemes}
        ends = set(self.steps.ends) if self.snap else {g[1] for g in self.steps.graphemes}
        while (at := self.text.find(wanted, at)) >= 0:
            if at in starts and at + len(wanted) in ends:
                yield at, at + len(wanted)
                at += len(wanted)
            else:
                at += 1

    def _with(self, kept: Iterable[Span[str]], new: Span[str]) -> "Editor":
        """With a new span among those that are kept; raises InputError if it may not overlap as it does."""
        others = [s for s in kept if (s.start, s.end) != (new.start, new.end)]
        clash = self._clash(new, others)
        if clash is not None:
            quoted = shorten(self.text[clash.start : clash.end], 24)
            raise InputError(
                _("It would share characters with “{text}” ({label}), which this project does not allow.").format(
                    text=quoted, label=shorten(clash.label, 24)
                )
            )
        return self._done([*others, new], at=(new.start, new.end))

    def _clash(self, new: Span[str], others: Iterable[Span[str]]) -> Span[str] | None:
        pair = {NONE: touching, NESTED: crossing}.get(self.overlap)
        return None if pair is None else next((s for s in others if pair([s, new]) is not None), None)

    # What is not saved yet

    def state(self) -> str | None:
        """The spans as they are, for `restored`; None if nothing was done to them."""
        return json.dumps([[s.start, s.end, s.label] for s in self.spans]) if self.touched else None

    def restored(self, state: str | None) -> "Editor":
        """With the spans of a `state` as the last thing that was done; as it is, if that is none of this text."""
        try:
            spans = from_answer(json.loads(state or ""))
        except (ValueError, InputError):
            return self
        fits = all(0 <= s.start < s.end <= len(self.text) for s in spans)
        return self._done(spans) if fits and spans != self.spans else self

    # Back and forth

    def _done(self, spans: Iterable[Span[str]], at: Stretch | None = None) -> "Editor":
        return replace(
            self, spans=tuple(sorted(set(spans))), at=at or self.at, past=(*self.past, self._moment()), future=()
        )

    def undone(self) -> "Editor":
        """As it was before the last thing that was done to the spans."""
        if not self.past:
            return self
        return replace(self._at(self.past[-1]), past=self.past[:-1], future=(*self.future, self._moment()))

    def redone(self) -> "Editor":
        """With what was undone last."""
        if not self.future:
            return self
        return replace(self._at(self.future[-1]), past=(*self.past, self._moment()), future=self.future[:-1])

    def renamed(self, names: Mapping[str, str]) -> "Editor":
        """With new names for classes, in what was done before, too."""
        if not names:
            return self
        past, future = (
            tuple(
                replace(m, spans=_renamed(m.spans, names), dismissed=frozenset(_renamed(m.dismissed, names)))
                for m in moments
            )
            for moments in (self.past, self.future)
        )
        dismissed = frozenset(_renamed(self.dismissed, names))
        return replace(self, spans=_renamed(self.spans, names), dismissed=dismissed, past=past, future=future)

    def _moment(self) -> Moment:
        return Moment(self.spans, self.dismissed, self.at)

    def _at(self, moment: Moment) -> "Editor":
        return replace(self, spans=moment.spans, dismissed=moment.dismissed, at=moment.at)

    def snapping(self, *, on: bool) -> "Editor":
        """With words or characters as units."""
        return replace(self, snap=on)


def begin(
    text: str, given: Any = None, guesses: Iterable[Guess] = (), overlap: str = NONE, *, snap: bool = True
) -> Editor:
    """The editor of a text: what is on record (in file form) is labelled; the first suggestion, or word, is marked."""
    new = Editor(text, spans=from_answer(given), guesses=tuple(guesses), overlap=overlap, snap=snap)
    first = new.next_guess((0, 0))
    return new.hop_end(-1) if first is None else new.marked(first.span.start, first.span.end)


def _renamed(spans: Iterable[Span[str]], names: Mapping[str, str]) -> tuple[Span[str], ...]:
    return tuple(sorted(replace(s, label=names.get(s.label, s.label)) for s in spans))


def _at(spans: Sequence[Span[str]], at: Stretch) -> Span[str] | None:
    around_it = [s for s in spans if s.start <= at[0] and at[1] <= s.end]
    return min(around_it, key=lambda s: s.end - s.start, default=None)


def _beside(stops: Sequence[Stretch], at: Stretch, by: int) -> Stretch | None:
    """The unit on the one side of a stretch or the other."""
    return before(stops, at[0]) if by < 0 else after(stops, at[1] - 1)


def _around_the_clock(found: Sequence[Stretch], at: Stretch, by: int) -> Stretch | None:
    if not found:
        return None
    if by > 0:
        return next((s for s in found if s > at), found[0])
    return next((s for s in reversed(found) if s < at), found[-1])
