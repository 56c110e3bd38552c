"""How many rows an import writes at once: many while nobody else writes, few and with pauses while somebody labels.

Large transactions cost less per row, but a label waits until one is over; and SQLite's waiters look only now and then
whether the database is free, so they need gaps to get in.
"""

from core import clock
from core.connection import Connection, data_version

_MOST, _FEWEST = 4000, 500
"""Rows of one transaction: about 120 and 20 ms on a plain disk."""
_CHARS_PER_ROW = 400
"""Longer texts count for more than one row."""
_CALM_SECONDS = 10.0
_PAUSE_SECONDS = 0.02


class Pace:
    """What the next transaction may hold."""

    def __init__(self, con: Connection) -> None:
        self.rows = _FEWEST
        self._con = con
        self._version = data_version(con)
        self._busy_until = clock.monotonic()

    @property
    def chars(self) -> int:
        """How many characters of text and meta it may hold."""
        return self.rows * _CHARS_PER_ROW

    def step(self) -> None:
        """Called after each transaction: see whether somebody else has written meanwhile, and make room if so."""
        version, now = data_version(self._con), clock.monotonic()
        if version != self._version:
            self._version, self._busy_until = version, now + _CALM_SECONDS
        if now < self._busy_until:
            self.rows = _FEWEST
            clock.sleep(_PAUSE_SECONDS)
        else:
            self.rows = min(2 * self.rows, _MOST)
