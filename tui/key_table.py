"""Every key of the app, in one table: bindings, footer, help and palette are made from it, and users override it by id.

An id is `scope.name`; the scope is a screen or a part that several screens share. A key written first is the one that
is shown; the others are twins, so that everything can be reached by plain letters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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
    Key("app.go", "ctrl+o,f2", _("go"), _("Go to another screen."), priority=True),
    Key("app.command_palette", "ctrl+p,colon", _("palette"), _("Find an action or screen by typing."), footer=False),
    Key(
        "app.quit", "ctrl+q", _("quit"), _("Leave; all is saved, and the worker goes on."), footer=False, priority=True
    ),
    Key("app.redraw", "ctrl+l,f12", _("redraw"), _("Paint the screen anew."), footer=False),
    Key("label.accept", "enter,a,y", _("accept"), _("Take the model's suggestion.")),
    Key("label.skip", "space,s", _("skip"), _("Put this text aside without an answer.")),
    Key("label.undo", "backspace,u,ctrl+z", _("undo"), _("Take back the last thing that was done; without limit.")),
    Key("label.redo", "ctrl+y,r", _("redo"), _("Bring back what was undone."), footer=False),
    Key("label.back", "left,h,p,alt+left", _("back"), _("Look at the text answered before this one.")),
    Key("label.forward", "right,l,o,alt+right", _("forward"), _("Go towards the newest text again."), footer=False),
    Key("label.filter", "slash", _("filter"), _("Type to find a class, or to name a new one.")),
    Key("label.flag", "f,ctrl+f", _("flag"), _("Mark this text to find it again, or take the mark away.")),
    Key("label.note", "n,ctrl+n", _("note"), _("Write a note on this text.")),
    Key("label.guide", "g,ctrl+g", _("guide"), _("Read and edit guidelines and class descriptions.")),
    Key("label.classes", "c,f6", _("classes"), _("Add, rename, merge, delete or revive classes.")),
    Key("label.batch", "b,f5", _("similar"), _("Label texts like this one together.")),
    Key("label.peek", "q,f4", _("queue"), _("Look at the texts that come next, and why."), footer=False),
    Key("label.scroll_down", "pagedown,j", _("more"), _("Scroll a long text down."), footer=False),
    Key("label.scroll_up", "pageup,k", _("up"), _("Scroll a long text up."), footer=False),
    Key("spans.word_on", "right,l", _("on"), _("Mark the next word."), footer=False),
    Key("spans.word_back", "left,h", _("back"), _("Mark the word before."), footer=False),
    Key("spans.done", "enter,ctrl+s", _("done"), _("Save the text as complete: what is not labelled is nothing.")),
    Key("spans.take", "a,insert", _("take"), _("Take the suggestion that is marked, or the next one.")),
    Key("spans.take_all", "y", _("take all"), _("Take all suggestions.")),
    Key("spans.span_on", "tab,semicolon", _("next"), _("Mark the next span or suggestion.")),
    Key("spans.likely", "i,f9", _("find"), _("Mark the next name or number that has no span.")),
    Key(
        "spans.jump",
        "w,f10",
        _("jump"),
        _("Put letters on the words; typing them goes there, the last one large: extends."),
    ),
    Key("spans.end_out", "full_stop,shift+right", _("longer"), _("Move the end of what is marked to the right.")),
    Key("spans.end_in", "comma,shift+left", _("shorter"), _("Move the end back to the left.")),
    Key(
        "spans.remove",
        "d,delete",
        _("remove"),
        _("Take the label off the span that is marked, or dismiss a suggestion."),
    ),
    Key("spans.others", "m,f8", _("same"), _("Label every other place where the same characters stand.")),
    Key("spans.part", "e,ctrl+e", _("in part"), _("Save the text as answered in part: the rest is unknown.")),
    Key("spans.patterns", "f7,ctrl+t", _("patterns"), _("Edit the terms and expressions that suggest spans.")),
    Key("spans.remember", "plus,equals_sign", _("remember"), _("Suggest what is labelled here in all texts.")),
    Key(
        "spans.start_out", "z,ctrl+left", _("start ←"), _("Move the start of what is marked to the left."), footer=False
    ),
    Key("spans.start_in", "x,ctrl+right", _("start →"), _("Move the start back to the right."), footer=False),
    Key("spans.take_class", "t", _("take class"), _("Take all suggestions of this class."), footer=False),
    Key("spans.snap", "v", _("by words"), _("Step by words, or by characters."), footer=False),
    Key(
        "spans.span_back", "shift+tab,apostrophe", _("previous"), _("Mark the span or suggestion before."), footer=False
    ),
    Key("spans.line_up", "up,k", _("line up"), _("Mark what stands a line above."), footer=False),
    Key("spans.line_down", "down,j", _("line down"), _("Mark what stands a line below."), footer=False),
    Key(
        "spans.sentence_back",
        "left_parenthesis,ctrl+up",
        _("sentence back"),
        _("To the beginning of the sentence, then of the one before."),
        footer=False,
    ),
    Key(
        "spans.sentence_on", "right_parenthesis,ctrl+down", _("next sentence"), _("To the next sentence."), footer=False
    ),
    Key(
        "spans.character_back",
        "left_square_bracket",
        _("character back"),
        _("Mark the character before."),
        footer=False,
    ),
    Key("spans.character_on", "right_square_bracket", _("character on"), _("Mark the next character."), footer=False),
    Key("spans.first", "home", _("first"), _("To the beginning of the text."), footer=False),
    Key("spans.last", "end", _("last"), _("To the end of the text."), footer=False),
    Key("home.choose", "enter,o", _("open"), _("Open the project under the cursor.")),
    Key("home.new", "n", _("new"), _("Make a project from a file of texts, step by step.")),
    Key("home.demo", "d", _("demo"), _("Open the demo: 720 messages to a shop, a bank and an internet provider.")),
    Key("home.other", "p", _("other"), _("Open a project by its path.")),
    Key("people.pick_1", "1", _("take this"), _("Settle it: the first answer is right.")),
    *(
        Key(
            f"people.pick_{n}",
            f"{n}",
            _("take {n}").format(n=n),
            _("Settle it: answer {n} is right.").format(n=n),
            False,
        )
        for n in range(2, 10)
    ),
    Key("people.other", "enter,e", _("other"), _("Settle it with an answer that nobody has given.")),
    Key("people.following", "space,s,right,l", _("later"), _("The next text that people disagree on.")),
    Key("people.previous", "left,h", _("before"), _("The text before this one."), footer=False),
    Key("people.undo", "backspace,u,ctrl+z", _("undo"), _("Take back the last thing that was done.")),
    Key("people.redo", "y,ctrl+y", _("redo"), _("Bring back what was undone."), footer=False),
    Key("people.turn", "t", _("numbers"), _("Show who did how much and how far people agree, or the texts.")),
    Key("people.scroll_down", "pagedown,j,down", _("more"), _("Scroll down."), footer=False),
    Key("people.scroll_up", "pageup,k,up", _("up"), _("Scroll up."), footer=False),
    Key("people.goto_data", "d", _("on Data"), _("Show all of these texts on the screen Data."), footer=False),
    Key("rounds.start", "s,f5", _("start"), _("Start a round of fine-tuning now.")),
    Key("rounds.cancel", "x", _("cancel"), _("Stop the job under the cursor, or the one that runs.")),
    Key("rounds.rule", "n", _("start rule"), _("Say after how many new labels a round starts by itself.")),
    Key("rounds.use", "m", _("use this"), _("Use the encoder of the round under the cursor, or the untouched one.")),
    Key("rounds.log", "l", _("log"), _("Read the worker's log.")),
    Key("export.start", "x,f5", _("export"), _("Make a bundle of the model in use.")),
    Key("export.model", "m", _("model"), _("Choose another model to export and to use.")),
    Key("export.precisions", "p", _("precisions"), _("Compare fp32, fp16 and int8, and export in one of them.")),
    Key("export.target", "t", _("where to"), _("Change the bundle's directory.")),
    Key("export.copy", "c", _("copy code"), _("Copy the lines that load the bundle.")),
    Key("export.labels", "l", _("labels"), _("Write the labelled texts to a file.")),
    Key(
        "export.drift",
        "f",
        _("drift"),
        _("Compare a file of new texts with the pool, as the bundle reads them."),
        footer=False,
    ),
    Key("export.cancel", "d", _("cancel"), _("Stop the export."), footer=False),
    Key("metrics.view_1", "1", _("classes"), _("Precision, recall and F1 of each class.")),
    Key("metrics.view_2", "2", _("curve"), _("How the model grew better with labels.")),
    Key("metrics.view_3", "3", _("balance"), _("How many labels each class has.")),
    Key("metrics.view_4", "4", _("matrix"), _("Which class is taken for which.")),
    Key("metrics.view_5", "5", _("pairs"), _("The pairs of classes that are confused most."), footer=False),
    Key("metrics.view_6", "6", _("trust"), _("Whether confidence means what it says, and answering alone from it.")),
    Key("metrics.of_class", "t", _("its texts"), _("Show the judged texts that people gave this class."), footer=False),
    Key("metrics.answered", "a", _("answered so"), _("Show the texts that the model gave this class."), footer=False),
    Key("metrics.wrong", "w", _("wrong ones"), _("Show every text that the model answered wrongly."), footer=False),
    Key("metrics.source", "s", _("source"), _("Judge by other texts: test set, audit, out of fold.")),
    Key("metrics.part", "p", _("part"), _("All texts, or one slice of them."), footer=False),
    Key("metrics.sort", "o", _("order"), _("Sort the classes by name, texts or F1."), footer=False),
    Key(
        "metrics.errors", "f", _("failures"), _("Where the model fails, and on what: the screen Errors."), footer=False
    ),
    Key("settings.edit", "enter,e", _("change"), _("Change the option under the cursor.")),
    Key("settings.reset", "r", _("default"), _("Give the option its default back.")),
    Key("settings.search", "slash", _("find"), _("Find an option by a few letters.")),
    Key("settings.leave", "escape,z", _("all"), _("Show all options again."), footer=False),
    Key("data.search", "slash", _("search"), _("Search in all texts as you type.")),
    Key("data.answer", "enter,e", _("answer"), _("Read the text whole, and answer it again.")),
    Key("data.state", "s", _("state"), _("Show all, unlabelled, labelled or skipped texts.")),
    Key("data.of_class", "c", _("class"), _("Show the texts of one class.")),
    Key("data.disagreeing", "m", _("differs"), _("Show the texts that the model answers otherwise.")),
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
    Key("errors.texts", "enter,e", _("texts"), _("Show the wrong texts behind the row.")),
    Key("errors.parts", "1", _("parts"), _("Errors by class, length, script and column.")),
    Key("errors.pairs", "2", _("pairs"), _("Which class is taken for which, and the words that tip the model.")),
    Key("errors.kind", "v", _("kind"), _("All kinds of parts, then one after another.")),
    Key("errors.source", "s", _("source"), _("Judge by other texts: test set, out of fold, audit.")),
    Key("errors.metrics", "m", _("metrics"), _("Go to the screen Metrics.")),
    Key("check.first", "1", _("left"), _("The left label is right: keep it; of near-copies, give it to both.")),
    Key("check.second", "2", _("right"), _("The right label is right: take it; of near-copies, give it to both.")),
    Key("check.both", "3", _("both"), _("Both near-copies are right as they are.")),
    Key("check.other", "enter,e", _("other"), _("Read the text whole, and give it any label.")),
    Key("check.later", "space,s", _("later"), _("Go on to the next; this one waits.")),
    Key("check.undo", "backspace,u,ctrl+z", _("undo"), _("Take back the last thing that was done.")),
    Key("check.again", "a", _("ask again"), _("Answer some of your own old texts again, blind."), footer=True),
    Key("check.kind", "v", _("kind"), _("Show all, doubted ones, near-copies, or your contradictions.")),
    Key("check.reload", "r", _("renew"), _("Drop what is settled, and show what is new."), footer=False),
    Key("check.redo", "y,ctrl+y", _("redo"), _("Bring back what was undone."), footer=False),
    Key("check.goto_label", "g", _("on Label"), _("Show the text on the screen Label."), footer=False),
    Key("batch.take", "space,x", _("in or out"), _("Take the text out of the batch, or in again.")),
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
