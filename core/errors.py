"""What can go wrong, said the same way everywhere: a title, what was found, and what to do about it.

The domain raises these; each front end shows them in one place. `exit_code` is what the command line returns.
"""


class HandfulError(Exception):
    """Base of every error that is shown to people as text and never as a trace."""

    exit_code = 1

    def __init__(self, title: str, what: str = "", hint: str = "") -> None:
        super().__init__(title, what, hint)
        self.title = title
        """What failed, in one short sentence."""
        self.what = what
        """What was found, with file, line and column where there is one; empty if the title says it all."""
        self.hint = hint
        """What the user can do next; empty if there is nothing."""

    def __str__(self) -> str:
        return "\n".join(part for part in (self.title, self.what, self.hint) if part)


class InputError(HandfulError):
    """Something handed in (a file, an option, a label, a project) can't be used; nothing was changed."""

    exit_code = 2


class RefusedError(HandfulError):
    """The input is fine but the work can't be done now: too few labels, parity not reached, no room on the disk."""

    exit_code = 3


class CancelledError(HandfulError):
    """A person asked for the work to stop."""

    exit_code = 3
