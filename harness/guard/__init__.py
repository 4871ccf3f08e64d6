"""Guards: secrets never enter a record. Pure: no I/O, no clock, no environment."""

from harness.guard.secrets import Redactor, redactor

__all__ = ["Redactor", "redactor"]
