"""Trials and their grades."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from harness.core.execution import Isolation, TestResult
from harness.core.ids import CandidateId, TaskClass, TaskId
from harness.core.money import Usage


class Grade(StrEnum):
    """The judged result of a trial: never only a boolean."""

    RESOLVED = "resolved"
    NOT_RESOLVED = "not_resolved"
    FORMAT_FAILURE = "format_failure"
    """There was an answer, and it could not be read or applied."""
    EMPTY = "empty"
    """An empty submission: no change, no code."""
    REFUSED = "refused"
    LIMIT = "limit"
    """Truncated, or over a limit of steps, tokens, time or cost."""
    VOID = "void"
    """Tampering with the grader."""
    INFRA_ERROR = "infra_error"
    """The environment or the vendor failed, not the model's answer."""
    UNSERVED = "unserved"
    """Consensus and routes only: an honest "not served"."""

    @property
    def measured(self) -> bool:
        """Whether it says anything about the candidate."""
        return self is not Grade.INFRA_ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialKey:
    """One (task, candidate, epoch)."""

    task_id: TaskId
    candidate: CandidateId
    epoch: int
    """From 0."""


SubmissionFormat = Literal["answer", "code", "search_replace", "whole_file", "udiff", "files", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a solver hands in."""

    format: SubmissionFormat
    text: str = ""
    """Answer and code suites: what was read out of the response."""
    files: Mapping[str, str | None] | None = None
    """Repo suites: full new content per path; ``None`` deletes; ``@symlink:target`` makes a link. Hostile."""
    repair: str = ""
    """What it took to read or apply it: ``whitespace``, ``recounted``, ``second_try``, …"""
    error: str = ""
    """Why it could not be read or applied; then the grade is ``FORMAT_FAILURE``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One judged trial: the row everything else is computed from."""

    key: TrialKey
    task_digest: str
    task_class: TaskClass
    grade: Grade
    detail: str = ""
    """Expected against observed, in one line; hostile text."""
    flags: tuple[str, ...] = ()
    isolation: Isolation | None = None
    """``None`` when nothing was executed."""
    grader: str
    """``name@version``."""
    tests: tuple[TestResult, ...] = ()
    answer: str | None = None
    """What was judged: the extracted answer, the code, or the patch as JSON of its files."""
    submission: Submission | None = None
    output: str = ""
    """The model's full text; hostile."""
    cost_usd: Decimal | None
    cost_bound_usd: Decimal | None = None
    usage: Usage | None
    latency_s: float
    calls: int
    verdict_id: str | None = None
    """The outcome this was judged from."""
    log: str = ""
    """Head and tail of what the tests printed; hostile text."""
