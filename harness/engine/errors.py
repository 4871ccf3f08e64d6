"""Errors of tasks that run side by side, as they were raised: a line for the user, not a group of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.errors import HarnessError


@contextmanager
def one_error() -> Iterator[None]:
    """Around a task group: a HarnessError raised in it, at any depth, comes out by itself. A bug stays a group."""
    try:
        yield
    except ExceptionGroup as group:
        ours = group.subgroup(HarnessError)
        if ours is None:
            raise
        raise _first(ours) from None


def _first(group: BaseExceptionGroup[HarnessError]) -> HarnessError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
