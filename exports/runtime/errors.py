"""What can be wrong with a bundle, or with what is asked of it."""

from exports.runtime.safe import visible


class BundleError(Exception):
    """The bundle is not whole, was changed, or is none; the values in the sentence are made safe to show."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**{name: visible(str(value)) for name, value in values.items()}))


class LineError(BundleError):
    """A line of input is no text."""
