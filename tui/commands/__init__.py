"""The commands, one a file. This table is all that `--help` needs, so that it imports none of them."""

from dataclasses import dataclass

from core.i18n import _


@dataclass(frozen=True, slots=True)
class Entry:
    """One command in the table."""

    name: str
    section: str
    sentence: str
    module: str = ""
    """Module below tui.commands that holds it; empty: the command's own name."""


START, LABEL, LEARN, SHIP, CARE = _("Start"), _("Label"), _("Learn"), _("Ship"), _("Care")
SECTIONS = (START, LABEL, LEARN, SHIP, CARE)

COMMANDS: tuple[Entry, ...] = (
    Entry("open", START, _("Open the app: label, train, look at metrics, export.")),
    Entry("demo", START, _("Make the demo project; with --auto, run the whole loop on it.")),
    Entry("new", START, _("Make a project from a file of texts.")),
    Entry("import", START, _("Add a file of texts to a project."), "import_"),
    Entry("next", LABEL, _("Show what would be asked next, and why."), "next_"),
    Entry("label", LABEL, _("Take answers from a JSONL file.")),
    Entry("suspects", LABEL, _("List labels that look wrong.")),
    Entry("check", LABEL, _("Settle suspicious labels from a JSONL file.")),
    Entry("agreement", LABEL, _("Say how far people agree, and how much each has done.")),
    Entry("patterns", LABEL, _("Show or set the terms and expressions that suggest spans.")),
    Entry("undo", LABEL, _("Take back the last decision.")),
    Entry("redo", LABEL, _("Bring back what was undone."), "undo"),
    Entry("status", LABEL, _("Say how far a project is, and what happens next.")),
    Entry("round", LEARN, _("Fine-tune the encoder on the labels in the background."), "round_"),
    Entry("jobs", LEARN, _("List background work.")),
    Entry("cancel", LEARN, _("Stop a job."), "jobs"),
    Entry("logs", LEARN, _("Show the worker's log."), "jobs"),
    Entry("metrics", LEARN, _("Show per-class metrics with interval and source.")),
    Entry("errors", LEARN, _("Show where the model fails, and on what.")),
    Entry("simulate", LEARN, _("Run the loop on labelled texts, to see how few labels do.")),
    Entry("export", SHIP, _("Export the model in use as an ONNX bundle.")),
    Entry("precisions", SHIP, _("Compare the model in fp32, fp16 and int8: size, speed and answers.")),
    Entry("answers", SHIP, _("Print what the model answers by itself.")),
    Entry("labels", SHIP, _("Write the labelled texts to a file.")),
    Entry("verify", SHIP, _("Check a bundle: its files, its contract, and that it still answers alike.")),
    Entry("predict", SHIP, _("Predict with a bundle, by onnxruntime alone.")),
    Entry("push", SHIP, _("Upload a bundle to the hub.")),
    Entry("drift", SHIP, _("Say whether texts have changed since the pool was taken.")),
    Entry("serve", SHIP, _("Serve a bundle over HTTP, without torch.")),
    Entry("package", SHIP, _("Lay a bundle out for a container or another server.")),
    Entry("config", CARE, _("Show or set the options of a project.")),
    Entry("doctor", CARE, _("Check this installation, or a project.")),
    Entry("snapshot", CARE, _("Take a verified copy of the labels, or list those there are.")),
    Entry("restore", CARE, _("Put a snapshot in the place of a project's database.")),
    Entry("purge", CARE, _("Remove texts for good, wherever the project holds them.")),
    Entry("clean", CARE, _("Remove old checkpoints and caches, sizes shown first.")),
    Entry("completion", CARE, _("Print the completion script of a shell.")),
)


def about(name: str, more: str = "", *examples: str) -> str:
    """The help of a command: its sentence from the table, what else is worth knowing, and lines to copy."""
    found = next(entry.sentence for entry in COMMANDS if entry.name == name)
    lines = [f"  $ {example}" for example in examples]
    block = ["\n".join(["\b", _("Examples:") if len(lines) > 1 else _("Example:"), *lines])] if lines else []
    return "\n\n".join([found, *([more] if more else []), *block])
