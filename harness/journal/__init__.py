"""The write path: an append-only, hash-chained, fsynced record of everything that happened.

A journal is a JSON Lines file with one writer. How a line is spelled and hashed: :mod:`harness.journal.line`.
"""

from harness.journal.line import GENESIS, Line
from harness.journal.names import journal_path
from harness.journal.reader import Recording, Verification, read, recorded, verify
from harness.journal.writer import Capture, FileJournal, open_journal

__all__ = [
    "GENESIS",
    "Capture",
    "FileJournal",
    "Line",
    "Recording",
    "Verification",
    "journal_path",
    "open_journal",
    "read",
    "recorded",
    "verify",
]
