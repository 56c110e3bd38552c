"""The cells of a terminal, as far as the app uses one: enough to read the screen, and to see what is out of place."""

import re

from rich.cells import get_character_cell_size

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[<-?]*)(?P<args>[\d;:]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]P_^X](?P<string>.*?)(?:\x07|\x1b\\)|\x1b(?P<other>[^\[\]P_^X])|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)


class Screen:
    """Feed it what was written; `text` is what a person sees."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[" "] * width for _row in range(height)]
        self.x = self.y = 0
        self._kept = (0, 0)
        self.modes: dict[str, bool] = {}
        """Private modes by number, such as `1049`: whether they are on."""
        self.titles: list[str] = []
        self.asked: list[tuple[int, int]] = []
        """Where (row, column, from 1) the cursor was at each question about it, until somebody answers."""
        self.strange: list[str] = []
        """Sequences that the app has no business to send."""
        self._rest = ""

    def resize(self, width: int, height: int) -> None:
        """Another size; what was there is gone."""
        rest = self._rest
        self.__init__(width, height)  # type: ignore[misc]
        self._rest = rest

    @property
    def text(self) -> str:
        """The lines, without blanks at their ends."""
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def feed(self, data: str) -> None:
        """Take what was written; what is not whole yet waits."""
        data = self._rest + data
        at = 0
        for token in _TOKEN.finditer(data):
            if token.start() != at:
                break
            at = token.end()
            self._take(token)
        self._rest = data[at:]

    def _take(self, token: re.Match[str]) -> None:
        if token["text"] is not None:
            for char in token["text"]:
                self._put(char)
        elif token["final"] is not None:
            self._control(token["private"], token["args"], token["final"])
        elif token["other"] == "7":
            self._kept = (self.x, self.y)
        elif token["other"] == "8":
            self.x, self.y = self._kept
        elif token["string"] is not None:
            self.titles.append(token["string"])
        elif token["control"] == "\r":
            self.x = 0
        elif token["control"] == "\n":
            self.y = min(self.y + 1, self.height - 1)
        elif token["control"] is not None and token["control"] != "\x07":
            self.strange.append(token[0])

    def _put(self, char: str) -> None:
        self.x, self.y = min(self.x, self.width), min(self.y, self.height - 1)  # a program may send it anywhere
        wide = get_character_cell_size(char)
        last = next((x for x in range(self.x - 1, -1, -1) if self.cells[self.y][x]), 0)
        if not wide or (self.x and self.cells[self.y][last].endswith("\u200d")):
            if self.x:
                self.cells[self.y][last] += char
            return
        if self.x < self.width:
            self.cells[self.y][self.x] = char
            if wide == 2 and self.x + 1 < self.width:
                self.cells[self.y][self.x + 1] = ""
        self.x += wide

    def _control(self, private: str, args: str, final: str) -> None:
        numbers = [int(part) for part in re.split("[;:]", args) if part]
        if final in "Hf":
            row, column = (*numbers, 1, 1)[:2] if len(numbers) != 1 else (numbers[0], 1)
            self.y, self.x = min(row, self.height) - 1, min(column, self.width) - 1
        elif final == "J":
            self.cells = [[" "] * self.width for _row in range(self.height)]
        elif final == "K":
            self.cells[self.y][self.x :] = [" "] * (self.width - self.x)
        elif final in "hl" and private == "?":
            self.modes |= {str(number): final == "h" for number in numbers}
        elif final in "ABCD":
            n = numbers[0] if numbers else 1
            self.x += {"C": n, "D": -n}.get(final, 0)
            self.y += {"B": n, "A": -n}.get(final, 0)
        elif final == "n" and args == "6":
            self.asked.append((self.y + 1, self.x + 1))
        elif final not in "mnupt":
            self.strange.append(f"CSI {private}{args}{final}")
