"""Small windows over a screen, one file each. The table is walked by tests; a dialog that is not in it fails."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One dialog."""

    id: str
    """Its module below `tui.dialogs`."""
    cls: str


DIALOGS: tuple[Entry, ...] = (
    Entry("answer", "AnswerDialog"),
    Entry("choose", "ChooseDialog"),
    Entry("classes", "ClassesDialog"),
    Entry("confirm", "ConfirmDialog"),
    Entry("drift", "DriftDialog"),
    Entry("file", "FileDialog"),
    Entry("go", "GoDialog"),
    Entry("guide", "GuideDialog"),
    Entry("help", "HelpDialog"),
    Entry("importing", "ImportDialog"),
    Entry("keys", "KeysDialog"),
    Entry("log", "LogDialog"),
    Entry("looking", "LookDialog"),
    Entry("new_project", "NewProjectDialog"),
    Entry("note", "NoteDialog"),
    Entry("patterns", "PatternsDialog"),
    Entry("precisions", "PrecisionsDialog"),
    Entry("prompt", "PromptDialog"),
    Entry("queue", "QueueDialog"),
    Entry("press", "PressDialog"),
    Entry("source", "SourceDialog"),
    Entry("too_small", "TooSmall"),
    Entry("tour", "TourDialog"),
)
