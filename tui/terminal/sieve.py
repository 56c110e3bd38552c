"""What the terminal sends, less everything that is no key: unknown replies must never be taken for typing.

Textual hands sequences it does not understand on as single key presses, so that a terminal's late answer could label a
text. Here the stream is cut into whole sequences first, and only those that mean something go on.
"""

import re
from collections.abc import Iterator

from textual import constants
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import SPECIAL_SEQUENCES

LONGEST = 4096
"""Characters after which an unended sequence or paste is given up."""
MAX_CSI = 64
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
MAX_PASTE = 1_000_000

_ESC = "\x1b"
_STRING_END = "\x1b\\"
_ESCAPE_KEY = _ESC if constants.DISABLE_KITTY_KEY else "\x1b[27u"
"""The escape key in the form that has an end: after a bare escape the parser would take the next key into it."""
_CSI = re.compile(r"\x1b\[(?:M...|[ -?]*[@-LN-~]|[ -?]+M)", re.DOTALL)
_STRING = re.compile(r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b[^\\]))", re.DOTALL)
_SHORT = re.compile(r"\x1b(?:O.|[ -/]+[0-~]|[^\[\]P_^XO\x1b -/])", re.DOTALL)
_KNOWN = re.compile(
    # of the modes only synchronized output: sizes come by signal, for in-band ones with no pixels end Textual's parser
    r"\x1b\[(?:<\d{1,5};-?\d{1,6};-?\d{1,6}[mM]|M...|\d{1,5};\d{1,5}R|\?2026;\d\$y)",
    re.DOTALL,
)
_KITTY = re.compile(r"\x1b\[([\d:]*)(?:;([\d:]*))?(?:;([\d:]*))?([u~ABCDEFHPQRS])")
_EIGHT_BIT = {0x90: "\x1bP", 0x98: "\x1bX", 0x9B: "\x1b[", 0x9D: "\x1b]", 0x9E: "\x1b^", 0x9F: "\x1b_", 0x9C: "\x1b\\"}
_RAW = 0xDC00
"""Where the error handler `surrogateescape` puts bytes that are no UTF-8."""
_DROPPED = (
    dict.fromkeys((*range(128, 160), *range(_RAW + 128, _RAW + 256), 0xFFFD, 0), "")
    | _EIGHT_BIT
    | {_RAW + code: sequence for code, sequence in _EIGHT_BIT.items()}
)


class Sieve:
    """Feed it what was read; it gives back what may go on to Textual's parser."""

    def __init__(self) -> None:
        self._held = ""
        self._pasting = False

    @property
    def holds(self) -> bool:
        """Whether the beginning of something waits for its end."""
        return bool(self._held) or self._pasting

    @property
    def pasting(self) -> bool:
        """Whether a paste has begun and not ended."""
        return self._pasting

    def feed(self, text: str) -> str:
        """Whole keys and known sequences; what is not whole yet is held."""
        self._held += text.translate(_DROPPED) if not text.isascii() or "\0" in text else text
        return "".join(self._whole())

    def silence(self) -> str:
        """Nothing came for a while: what is held is all there is. A lone escape is the key of that name."""
        held, self._held = self._held, ""
        if self._pasting:
            self._pasting = False
            return held.replace(_ESC, "") + PASTE_END
        return _ESCAPE_KEY if held == _ESC else ""

    def _whole(self) -> Iterator[str]:
        while self._held:
            if self._pasting:
                part = self._pasted()
            elif self._held[0] != _ESC:
                part = self._typed()
            else:
                part = self._sequence()
            if part is None:
                return
            yield part

    def _typed(self) -> str:
        end = self._held.find(_ESC)
        part = self._held if end < 0 else self._held[:end]
        self._held = self._held[len(part) :]
        return part

    def _pasted(self) -> str | None:
        end = self._held.find(PASTE_END)
        if end < 0:
            if len(self._held) > MAX_PASTE:
                return self.silence()
            return None
        part, self._held = self._held[:end].replace(_ESC, ""), self._held[end + len(PASTE_END) :]
        self._pasting = False
        return part + PASTE_END

    def _sequence(self) -> str | None:
        """The sequence at the beginning, empty if it is unknown; None if it is not whole."""
        held = self._held
        if held.startswith(_ESC + _ESC):
            self._held = held[1:]
            return _ESCAPE_KEY
        found = _CSI.match(held) or _STRING.match(held) or _SHORT.match(held)
        if found is None:
            if len(held) > LONGEST:
                self._held = ""
            return None
        self._held = held[found.end() :]
        if found[0] == PASTE_START:
            self._pasting = True
            return PASTE_START
        if is_known(found[0]):
            return found[0]
        if found[0] == _STRING_END or len(found[0]) > 2:
            return ""
        return _ESCAPE_KEY  # escape and a key in one breath: the key may be part of a reply


def is_known(sequence: str) -> bool:
    """Whether Textual's parser makes of a whole sequence what was meant by it."""
    if len(sequence) > MAX_CSI:
        return False
    if sequence in SPECIAL_SEQUENCES or _KNOWN.fullmatch(sequence):
        return True
    if sequence in ANSI_SEQUENCES_KEYS:  # less those that make a letter of escape and a key, as a Mac's option key does
        return len(sequence) != 2 or not isinstance(ANSI_SEQUENCES_KEYS[sequence], str)
    if constants.DISABLE_KITTY_KEY:
        return False
    kitty = _KITTY.fullmatch(sequence)
    return kitty is not None and _is_key(*kitty.groups(default=""))


def _is_key(code: str, modifiers: str, text: str, end: str) -> bool:
    """Whether this is a key of the kitty protocol, with numbers that are characters."""
    if not code.isdecimal() and not (code == "" and end != "u"):
        return False
    if not (modifiers == "" or (modifiers.isdecimal() and 0 < int(modifiers) <= 256)):
        return False
    if not all(part.isdecimal() and _is_char(int(part)) for part in text.split(":") if text):
        return False
    number = int(code or "1")
    return f"{number}{end}" in FUNCTIONAL_KEYS or (end == "u" and _is_char(number))


def _is_char(number: int) -> bool:
    return 0 < number <= 0x10FFFF and not 0xD800 <= number < 0xE000
