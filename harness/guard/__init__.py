"""Guards: secrets never enter a record, and text that speaks to a judge is noticed. Pure: no I/O, no clock."""

from harness.guard.injection import signs
from harness.guard.secrets import Redactor, redactor

__all__ = ["Redactor", "redactor", "signs"]
