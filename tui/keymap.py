"""Every key of the app, in one table: bindings, footer, help and palette are made from it, and users override it by id.

An id is `scope.name`; the scope is a screen or a part that several screens share. A key written first is the one that
is shown; the others are twins, so that everything can be reached by plain letters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from core.i18n import _

Overrides = Mapping[str, str]
"""id → keys, separated by commas."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done by key."""

    id: str
    keys: str
    """Textual's names of keys, separated by commas; the first is shown."""
    name: str
    """One or two words for the footer."""
    about: str
    """A sentence for the help and the palette."""
    footer: bool = True
    priority: bool = False
    """True: it works whatever has the focus, also where letters are typed."""

    @property
    def scope(self) -> str:
        """The part of the app it belongs to."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The action method, less its prefix."""
        return self.id.partition(".")[2]

    def pressed(self, overrides: Overrides) -> tuple[str, ...]:
        """The keys in force."""
        return tuple(key.strip() for key in overrides.get(self.id, self.keys).split(",") if key.strip())


APP, LIST = "app", "list"

KEYS: tuple[Key, ...] = (
    Key("app.help", "question_mark,f1", _("help"), _("Show every key of this screen."), priority=False),
    Key("app.go", "ctrl+o,f2", _("go to"), _("Go to another screen."), priority=True),
    Key("app.command_palette", "ctrl+p,colon", _("palette"), _("Find an action or screen by typing."), footer=False),
    Key(
        "app.quit", "ctrl+q", _("quit"), _("Leave; all is saved, and the worker goes on."), footer=False, priority=True
    ),
    Key("label.accept", "enter,a", _("accept"), _("Take the model's suggestion.")),
    Key("label.skip", "space,s", _("skip"), _("Put this text aside without an answer.")),
    Key("label.undo", "backspace,u,ctrl+z", _("undo"), _("Take back the last thing that was done; without limit.")),
    Key("label.redo", "ctrl+y,r", _("redo"), _("Bring back what was undone."), footer=False),
    Key("label.back", "left,h,p", _("back"), _("Look at the text answered before this one.")),
    Key("label.forward", "right,l", _("forward"), _("Go towards the newest text again."), footer=False),
    Key("label.filter", "slash", _("filter"), _("Type to find a class, or to name a new one.")),
    Key("label.flag", "f,ctrl+f", _("flag"), _("Mark this text to find it again, or take the mark away.")),
    Key("label.note", "n,ctrl+n", _("note"), _("Write a note on this text.")),
    Key("label.guide", "g,ctrl+g", _("guide"), _("Read and edit guidelines and class descriptions.")),
    Key("label.classes", "c,f6", _("classes"), _("Add, rename, merge, delete or revive classes.")),
    Key("label.batch", "b,f5", _("similar"), _("Label texts like this one together.")),
    Key("label.peek", "q,f4", _("queue"), _("Look at the texts that come next, and why."), footer=False),
    Key("label.scroll_down", "pagedown,j", _("more"), _("Scroll a long text down."), footer=False),
    Key("label.scroll_up", "pageup,k", _("up"), _("Scroll a long text up."), footer=False),
    Key("data.search", "slash", _("search"), _("Search in all texts as you type.")),
    Key("data.answer", "enter,e", _("read, answer"), _("Read the text whole, and answer it again.")),
    Key("data.state", "s", _("state"), _("Show all, unlabelled, labelled or skipped texts.")),
    Key("data.of_class", "c", _("class"), _("Show the texts of one class.")),
    Key("data.disagreeing", "m", _("model differs"), _("Show the texts that the model answers otherwise.")),
    Key("data.flagged", "f", _("flagged"), _("Show flagged texts only.")),
    Key("data.by_whom", "w", _("by whom"), _("Show the texts that one person has answered."), footer=False),
    Key("data.test_set", "t", _("test set"), _("Show the held-out texts, which can only be read."), footer=False),
    Key("data.mark", "space,x", _("mark"), _("Mark the text, to answer several together.")),
    Key("data.mark_all", "asterisk,v", _("mark all"), _("Mark all texts that are shown, or none."), footer=False),
    Key("data.label", "r", _("answer marked"), _("Give the marked texts one answer."), footer=False),
    Key("data.batch", "b", _("batch"), _("Take what is shown to the screen Batch."), footer=False),
    Key("data.goto_label", "g", _("on Label"), _("Show the text on the screen Label."), footer=False),
    Key("data.add", "i", _("add file"), _("Add a file of texts."), footer=True),
    Key("data.undo", "u,ctrl+z", _("undo"), _("Take back the last thing that was done."), footer=False),
    Key("data.redo", "y,ctrl+y", _("redo"), _("Bring back what was undone."), footer=False),
    Key("data.clear", "escape,z", _("all texts"), _("Take all filters off."), footer=False),
    Key("batch.toggle", "space,x", _("in or out"), _("Take the text out of the batch, or in again.")),
    Key("batch.toggle_all", "asterisk,v", _("all or none"), _("Take all texts in, or none.")),
    Key("batch.following", "right,full_stop,w", _("next group"), _("The next group of texts that are alike.")),
    Key("batch.previous", "left,comma,q", _("previous"), _("The group before."), footer=False),
    Key("batch.groups", "g", _("groups"), _("Sort the open texts into groups that are alike."), footer=False),
    Key("batch.goto_label", "e", _("on Label"), _("Show the text on the screen Label."), footer=False),
    Key("batch.undo", "backspace,u,ctrl+z", _("undo"), _("Take back the whole batch.")),
    Key("batch.redo", "y,ctrl+y", _("redo"), _("Bring back what was undone."), footer=False),
    Key("list.cursor_up", "up,k", _("up"), _("One row up."), footer=False),
    Key("list.cursor_down", "down,j", _("down"), _("One row down."), footer=False),
    Key("list.page_up", "pageup,ctrl+u", _("page up"), _("A windowful up."), footer=False),
    Key("list.page_down", "pagedown,ctrl+d", _("page down"), _("A windowful down."), footer=False),
    Key("list.first", "home", _("first"), _("The first row."), footer=False),
    Key("list.last", "end", _("last"), _("The last row."), footer=False),
    Key("list.choose", "enter", _("choose"), _("Choose the row under the cursor."), footer=False),
)


def of(scope: str) -> tuple[Key, ...]:
    """The keys of a screen or shared part, in the order of the footer."""
    return tuple(key for key in KEYS if key.scope == scope)


def bindings(*scopes: str) -> list[BindingType]:
    """Textual's bindings for a screen; their ids let users override the keys."""
    return [
        Binding(key.keys, key.action, key.name, show=key.footer, tooltip=key.about, id=key.id, priority=key.priority)
        for scope in scopes
        for key in of(scope)
    ]


_SHOWN = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "enter": "↵",
    "space": "␣",
    "backspace": "⌫",
    "escape": "esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "tab": "tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "asterisk": "*",
}


def shown(key: str) -> str:
    """A key as people read it: `^o`, `⌫`, `G`."""
    *modifiers, last = key.split("+")
    said = _SHOWN.get(last, last)
    for modifier in reversed(modifiers):
        said = {"ctrl": "^", "shift": "⇧", "alt": "alt-"}.get(modifier, f"{modifier}-") + said
    return said
