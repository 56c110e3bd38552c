"""What a terminal sends by itself never becomes a key."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st
from textual import events, messages
from textual._xterm_parser import XTermParser

from tui.terminal.sieve import LONGEST, Sieve, is_known

PLAIN = re.compile(r"[ -~]")


def keys(stream: str, *, pieces: int = 0) -> list[str]:
    """The keys that Textual makes of what the sieve lets through."""
    sieve, parser = Sieve(), XTermParser()
    parts = [stream] if not pieces else [stream[i : i + pieces] for i in range(0, len(stream), pieces)]
    text = "".join(sieve.feed(part) for part in parts) + sieve.silence()
    found = [m.key for m in parser.feed(text) if isinstance(m, events.Key)]
    return found + [m.key for m in parser.tick() if isinstance(m, events.Key)]


def unknown_sequence(draw: random.Random) -> str:
    """A reply that nobody asked for."""
    some = "".join(draw.choices("0123456789;:<=>? !$'abcxyz", k=draw.randint(0, 12)))
    args = re.sub(r"[a-z]", "", some)
    kind = draw.randrange(5)
    if kind == 0:
        return f"\x1b[{args}{draw.choice('cnqrstvwxyz{|}')}"
    if kind == 1:
        return f"\x1b]{args}{some}{draw.choice(chr(7) + '|')}".replace("|", "\x1b\\")
    if kind == 2:
        return f"\x1b{draw.choice('P_^X')}{some}\x1b\\"
    if kind == 3:
        return f"\x1b[{draw.randint(70, 99)}~"
    return f"\x1b[?{args};{draw.choice('cRn')}"


def test_T11_a_thousand_unknown_replies_make_no_key() -> None:
    draw = random.Random(0)
    for _turn in range(1000):
        reply = unknown_sequence(draw)
        if is_known(reply):  # by chance a key
            continue
        for pieces in (0, 1, 3):
            assert [k for k in keys(reply + "2", pieces=pieces) if PLAIN.fullmatch(k)] == ["2"], ascii(reply)


def test_keys_of_all_kinds_go_through() -> None:
    assert keys("a1\r\x7f") == ["a", "1", "enter", "backspace"]
    assert keys("\x1b[A\x1b[D\x1bOP\x1b[15~\x1b[3~") == ["up", "left", "f1", "f5", "delete"]
    assert keys("\x1b[97;5u") == ["ctrl+a"]
    assert len(keys("退é")) == 2


def test_a_lone_escape_is_the_key_of_that_name_after_a_silence() -> None:
    sieve = Sieve()
    assert sieve.feed("\x1b") == ""
    assert sieve.silence() == "\x1b[27u"
    assert keys("\x1b") == ["escape"]
    assert keys("\x1b\x1b[A") == ["escape", "up"]


def test_a_key_right_behind_an_escape_is_a_key_of_its_own() -> None:
    sieve, parser = Sieve(), XTermParser()
    text = sieve.feed("\x1b") + sieve.silence() + sieve.feed("2")
    assert [m.key for m in parser.feed(text) if isinstance(m, events.Key)] == ["escape", "2"]
    assert keys("\x1b\x1b[99z2") == ["escape", "2"]
    assert keys("\x1b2") == ["escape"]  # in one breath they may be a reply; Textual would type a trade mark sign


def test_sizes_and_modes_that_end_textuals_parser_are_kept_from_it() -> None:
    assert keys("\x1b[48;24;80;0;0t\x1b[<0;3;3M2") == ["2"]
    assert keys("\x1b[48;:1;1;1;1t2") == ["2"]
    assert keys("\x1b[?2048;1$y2") == ["2"]
    found = list(XTermParser().feed(Sieve().feed("\x1b[?2026;2$y")))
    assert [type(m) for m in found] == [messages.TerminalSupportsSynchronizedOutput]


def test_bytes_that_are_no_utf_8_never_leave_a_digit_behind() -> None:
    for reply in (b"\x9b1;1n", b"\x9d0;1\x9c", b"\x901$r1m\x1b\\", b"\xc2\x9b1;1n", b"\xff\xfe\x80"):
        assert keys(reply.decode("utf-8", "surrogateescape") + "a") == ["a"], reply
    assert keys("\x1b\\") == []


def test_a_paste_is_one_event_and_never_keys() -> None:
    sieve, parser = Sieve(), XTermParser()
    text = "".join(sieve.feed(part) for part in ("\x1b[200", "~12\x1b[A3", "\r2\x1b[20", "1~x"))
    found = list(parser.feed(text))
    assert [type(m) for m in found] == [events.Paste, events.Key]
    assert isinstance(found[0], events.Paste)
    assert "\x1b" not in found[0].text


def test_an_unended_paste_or_string_does_not_swallow_the_keyboard() -> None:
    sieve = Sieve()
    assert sieve.feed("\x1b[200~12") == "\x1b[200~"
    assert sieve.silence() == "12\x1b[201~"
    assert sieve.feed("3") == "3"
    sieve.feed("\x1b]0;title" + "x" * LONGEST)
    assert sieve.feed("") == ""
    assert not sieve.holds
    assert sieve.feed("4") == "4"
    sieve.feed("\x1b]0;title")
    assert sieve.silence() == ""
    assert sieve.feed("5") == "5"


@given(st.binary(max_size=60))
def test_T11_no_bytes_make_the_parsers_fail(data: bytes) -> None:
    keys(data.decode("utf-8", "replace"))
    keys(data.decode("latin-1"), pieces=1)


@given(st.integers(0, 10**12), st.sampled_from("u~ABCDEFHPQRS"), st.integers(0, 10**12))
def test_numbers_beyond_all_characters_are_no_keys(code: int, end: str, modifiers: int) -> None:
    keys(f"\x1b[{code};{modifiers}{end}")
    keys(f"\x1b[{code};1;{modifiers}{end}")
