"""Repo suites from git history: which commits could be tasks, why the others cannot, and the suite of those proven."""

from harness.evals.mining.commits import Commit, Span
from harness.evals.mining.draft import Change, Draft, Layout, Skipped
from harness.evals.mining.history import Candidate, Picked, SizeLimits, pick
from harness.evals.mining.issues import Issue, read_issues
from harness.evals.mining.mining import Mined, Order, Progress, Survey, mine, survey
from harness.evals.mining.record import Decision, Record, Settings, read_record
from harness.evals.mining.rules import HISTORY_RULES
from harness.evals.mining.statements import TIERS, Statement

__all__ = [
    "HISTORY_RULES",
    "TIERS",
    "Candidate",
    "Change",
    "Commit",
    "Decision",
    "Draft",
    "Issue",
    "Layout",
    "Mined",
    "Order",
    "Picked",
    "Progress",
    "Record",
    "Settings",
    "SizeLimits",
    "Skipped",
    "Span",
    "Statement",
    "Survey",
    "mine",
    "pick",
    "read_issues",
    "read_record",
    "survey",
]
