"""Key presses for all entities of a text, without any suggestion: Handful's best way beside SLATE's.

Handful's keys are those of the real editor, with the letters that a screen of 80x24 shows. For SLATE (Kummerfeld 2019,
arXiv 1907.08236; version 1.1.3) the kindest reckoning: tokens between blanks, one key a token or a typed number and a
key, the same for extending, one key for the label, one for the next text. Every entity must be met exactly; for SLATE,
those that begin or end within a token are left out of both counts.

Run: HANDFUL_BENCH_DATA=FOLDER python tests/bench/bench_span_keys.py [TEXTS]   (wnut17, snips_slots)
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from core.spans import Span
from tui.spans.editor import Editor, begin
from tui.spans.hints import hints
from tui.spans.layout import Layout
from tui.spans.likely import names

TEXTS = 1000
WIDTH, LINES = 76, 6
"""Cells and lines of the text's window at 80x24 with six classes."""
FAR = 10**6


def jumps(editor: Editor) -> dict[int, int]:
    """Offset → letters to type for it; texts beyond the first window have none."""
    layout = Layout(editor.text, WIDTH)
    places = []
    for line in range(layout.upto(LINES)):
        glyphs, edges = layout.lines[line], layout.columns(line)
        starts = {glyph.start: edge for glyph, edge in zip(glyphs, edges, strict=False)}
        within = editor.steps.hops_within(glyphs[0].start, glyphs[-1].end)
        places += [(start, line, starts[start]) for start, _end in within]
    first = frozenset(start for start, _end in names(editor.text))
    return {offset: len(letters) for letters, offset in hints(places, first).items()}


def reached(editor: Editor, wanted: Span[str]) -> int:
    """Keys from a marked stretch that begins where it should, or near, to the wanted one; FAR if there is no way."""
    keys, start_keys = 0, 0
    while editor.at[0] != wanted.start and start_keys < 3:
        editor = editor.move_start(-1 if editor.at[0] > wanted.start else 1)
        start_keys += 1
    while editor.at[1] != wanted.end and keys < 12:
        new = editor.move_end(1 if editor.at[1] < wanted.end else -1)
        if new.at == editor.at:
            break
        editor, keys = new, keys + 1
    return keys + start_keys if editor.at == (wanted.start, wanted.end) else FAR


def ways(editor: Editor, wanted: Span[str], letters: dict[int, int]) -> Iterator[int]:
    """Keys to mark it, by hopping, by names, by letters."""
    by_word, by_name = editor, editor
    for n in range(8):
        yield n + reached(by_word, wanted)
        yield n + reached(by_name, wanted)
        by_word, by_name = by_word.hop(1), by_name.hop_likely()
    word = editor.put(wanted.start)
    last = editor.put(wanted.end - 1).at[0]
    if word.at[0] in letters:
        direct = 1 + letters[word.at[0]]
        yield direct + reached(word, wanted)
        if last in letters:
            yield direct + 1 + letters[last] + reached(word.reach(wanted.end - 1), wanted)


def handful(text: str, gold: list[Span[str]]) -> int:
    """Keys for the whole text, saved."""
    editor, keys, letters = begin(text), 1, jumps(begin(text))
    for wanted in gold:
        found = min(ways(editor, wanted, letters))
        if found >= FAR:  # by characters: the switch, the way within the word, and back
            found = 4 + (wanted.end - wanted.start)
        keys += found + 1
        editor = editor.marked(wanted.start, wanted.end).labelled(wanted.label)
    return keys


def counted(n: int) -> int:
    """Keys for a step that is done `n` times."""
    return min(n, 1 + len(str(n)))


def slate(text: str, gold: list[Span[str]]) -> int | None:
    """The same with SLATE; None if a token would have to be cut."""
    starts, ends, at = [], [], 0
    for token in text.split():
        at = text.index(token, at)
        starts.append(at)
        at += len(token)
        ends.append(at)
    keys, here = 1, 0
    for wanted in gold:
        if wanted.start not in starts or wanted.end not in ends:
            return None
        first, last = starts.index(wanted.start), ends.index(wanted.end)
        keys += counted(abs(first - here)) + counted(last - first) + 1
        here = last
    return keys


def main() -> None:
    root = os.environ.get("HANDFUL_BENCH_DATA")
    if root is None:
        print("skipped: HANDFUL_BENCH_DATA names no folder with data sets")
        return
    most = int(sys.argv[1]) if len(sys.argv) > 1 else TEXTS
    print(f"{'data':<12} {'texts':>6} {'entities':>9} {'handful':>9} {'SLATE':>9}   keys an entity, saving included")
    for name in ("wnut17", "snips_slots"):
        rows = [json.loads(line) for line in Path(root, name, "train.jsonl").read_text("utf-8").splitlines()]
        texts = entities = ours = theirs = 0
        for row in rows:
            gold = sorted(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
            other = slate(row["text"], gold) if gold else None
            if other is not None and texts < most:
                texts, entities = texts + 1, entities + len(gold)
                ours, theirs = ours + handful(row["text"], gold), theirs + other
        print(f"{name:<12} {texts:>6} {entities:>9} {ours / entities:>9.2f} {theirs / entities:>9.2f}")


if __name__ == "__main__":
    main()
