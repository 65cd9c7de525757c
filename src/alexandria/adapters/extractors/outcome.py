"""How the process that read one document ended, as its exit code."""

from enum import IntEnum


class Outcome(IntEnum):
    DONE = 0
    """The document stands in the output file, as JSON."""
    REFUSED = 10
    """An error for people stands there: message, remedy, transient."""
    NO_MEMORY = 11
    TOO_MUCH_OUTPUT = 12
    FAILED = 13
    """A fault of the reader; the name of the exception may stand in the output file."""
