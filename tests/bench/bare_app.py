"""The baseline for the app's speed: bare Textual, the same words on the same places, one full commit per key."""

import sqlite3
import sys
from pathlib import Path

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class Bare(App[None]):
    CSS = "#text { height: 1fr; } #choices { height: 5; } #line { height: 1; }"

    def __init__(self, database: str, texts: list[str], *, field: bool) -> None:
        """`field`: with a text field of Textual's that has the focus, as a filter box would be."""
        super().__init__()
        self.field = field
        self.con = sqlite3.connect(database, isolation_level=None)
        self.con.execute("PRAGMA journal_mode=WAL")
        self.con.execute("PRAGMA synchronous=FULL")
        self.con.execute("CREATE TABLE IF NOT EXISTS done (n INTEGER)")
        self.texts, self.n = texts, 0

    def compose(self) -> ComposeResult:
        yield Static(self.texts[0], id="text", markup=False)
        yield Static(self.choices(), id="choices", markup=False)
        yield Static("0 labelled", id="line", markup=False)
        if self.field:
            yield Input()

    def choices(self) -> str:
        return "\n".join(
            f"{2 * i + 1} class {2 * i + 1:<20} {self.n:>4}   {2 * i + 2} class {2 * i + 2:<20} {self.n:>4}"
            for i in range(4)
        )

    def on_key(self, _event: events.Key) -> None:
        self.con.execute("INSERT INTO done VALUES (1)")
        self.n += 1
        self.query_one("#text", Static).update(self.texts[self.n % len(self.texts)])
        self.query_one("#choices", Static).update(self.choices())
        self.query_one("#line", Static).update(f"{self.n} labelled")


if __name__ == "__main__":
    texts = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    Bare(sys.argv[1], texts, field="--field" in sys.argv).run()
