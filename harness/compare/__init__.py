"""Reads answers out of responses, says whether two of them mean the same, and groups ballots. Pure.

To add a comparator: write a frozen dataclass whose fields are its options in a file of its own, enter it in
``catalog.COMPARATORS``, and put pairs with their verdicts into ``tests/compare/cases/<name>.jsonl``.
"""

from harness.compare.catalog import COMPARATORS, comparator
from harness.compare.extract import Unreadable, read
from harness.compare.groups import Grouping, UnknownPair, group, without_redacted
from harness.compare.judge import ByJudge

__all__ = [
    "COMPARATORS",
    "ByJudge",
    "Grouping",
    "UnknownPair",
    "Unreadable",
    "comparator",
    "group",
    "read",
    "without_redacted",
]
