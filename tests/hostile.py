"""Texts for what must be exact to the code point: whole scripts, pieces that change each other, anything at all."""

from hypothesis import strategies as st

from tests.nasty import STORABLE

PIECES = (
    *("Angela Merkel", " ", "  ", "\n", "\r\n", "\r", "\t", "U.S.", "Jean-Luc", "AT&T", "3.5.2020", "can't", "。"),
    *("北京的清华大学", "カタカナ", "ひらがな", "สวัสดี", "မင်္ဂလာ", "שלום", "مرحبا", "می\u200cخواهم", "नमस्ते", "क्\u200dषि"),
    *("e\u0301", "\u0301", "Z̸̡̢̛͓͙", "ᄀ", "ᅡ", "ᆨ", "각", "\u0600", "1", "ﷺ", "ｆｕｌｌ"),
    *(
        "👩\u200d👩\u200d👧\u200d👦",
        "👍🏽",
        "🏳\ufe0f\u200d🌈",
        "🇩🇪",
        "🇫🇷",
        "\U0001f1e9",
        "❤\ufe0f",
        "❤",
        "1\ufe0f\u20e3",
        "🏴",
    ),
    *(
        "1\ufe0f\u20e3",
        "\ufe0f",
        "\u200d",
        "\u200c",
        "\u200b",
        "\u202e",
        "\u202c",
        "\ufeff",
        "\U000e0067\U000e0062\U000e007f",
    ),
    *("\x1b[2J", "\x00", "\x7f", "\x9b", "\u3000", "\u2028", "...", "!", "“", "”", "x" * 90, "字" * 50),
)

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.sampled_from([text[:400] for text in STORABLE]),
    st.text(max_size=30),
)
"""Any text that can be stored (the last kind: any at all, lone surrogates included)."""
