"""Every error this project raises, split by who must act.

HarnessError
├── ConfigError        a file, flag or environment variable the user can fix: exit code 2
│   └── FaultsError    several of them in one file, all reported at once
├── JournalError       a journal that does not chain, or cannot be written
├── StoreError         the database is locked, or of another schema version
├── SandboxError       the code under test could not be *run* (not: it ran and failed)
└── BudgetError        the spending limit was reached: exit code 4, resumable

A model that fails is not an error: see :class:`harness.core.response.Failure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class HarnessError(Exception):
    """Something the user is told in one line, without a traceback."""


class ConfigError(HarnessError):
    """A file, flag or environment variable that the user can fix: says which, the value, and what would work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one file."""

    file: str
    """Path as the user knows it."""
    place: str
    """Dotted key, ``models[3].price.input``; empty when the whole file is meant."""
    problem: str
    """What is wrong, with the value in ``repr``, and what would have worked."""

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.problem}" if self.place else f"{self.file}: {self.problem}"


class FaultsError(ConfigError):
    """Every fault of a file, one line each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class JournalError(HarnessError):
    """A journal that does not chain (file and line), or a disk that does not take it."""


class StoreError(HarnessError):
    """The database is missing, locked by a process, or of another schema version."""


class SandboxError(HarnessError):
    """The code under test could not be run: no isolation of the demanded level, no interpreter, no environment."""


class BudgetError(HarnessError):
    """The next call could exceed the spending limit. Everything paid for is in the journal."""
