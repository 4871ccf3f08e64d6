"""Exit codes. What is printed and the code come from one place: each command returns one of these."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended, for scripts."""

    DONE = 0
    """Done; served; gate passed."""
    BUG = 1
    """A bug in harness."""
    FIXABLE = 2
    """The user can fix it: one line, no traceback."""
    NO = 3
    """Done, and the answer is "no": not served, worse, gate failed, chain broken."""
    BUDGET = 4
    """Stopped at the spending limit; the same command continues."""
    NO_DATA = 5
    """Not enough data, or it could not be measured."""
    INTERRUPTED = 130
    """Ctrl-C; the same command continues."""
