"""What happened, as it is written down. Every line of a journal is one of these.

The class decides the line's ``kind``; the fields become its ``body``. Times and sequence numbers are the journal's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from harness.core.ballot import Ballot
from harness.core.execution import Execution
from harness.core.hashing import Json
from harness.core.ids import CallKey, CandidateId, ModelId, RunId, SuiteName, TaskClass, TaskId, TraceId
from harness.core.money import Price
from harness.core.outcome import Outcome
from harness.core.request import Purpose, Request
from harness.core.response import Reply
from harness.core.trial import Graded


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task as the store needs it: enough to report, not to solve."""

    id: TaskId
    digest: str
    task_class: TaskClass
    prompt: str
    expected: Json = None
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """``run.started``: the design of a run, before its first call."""

    run_id: RunId
    suite: SuiteName
    suite_version: int
    suite_digest: str
    suite_kind: str
    candidates: tuple[CandidateId, ...]
    epochs: int
    seed: int
    tasks: tuple[TaskRow, ...]
    solver: str
    origin: Literal["run", "import"] = "run"
    name: str = ""
    """What the user called it."""
    scripted: bool = False
    """Some candidate's answers are scripted: no claim about a vendor's model."""
    prices: Mapping[ModelId, Price] = field(default_factory=dict)
    provenance: Mapping[str, Json] = field(default_factory=dict)
    """Versions, commit, command, isolation, comparator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``call``: one paid reply, or why there is none."""

    key: CallKey
    trace_id: TraceId
    model: ModelId
    purpose: Purpose
    request_sha256: str
    request: Request | None
    """``None`` with ``capture: hashes``, and for imported outputs."""
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of an agent: enough to go on after it without running it again."""

    number: int
    """From 1."""
    command: str
    files: Mapping[str, str | None] | None
    """How the workspace differed from its base after it: full contents, ``None``: deleted. ``None`` for all: as before
    the command."""
    tree_sha256: str
    """Hash of those files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """``execution``: code that was run to compare or to grade it, or as a step of an agent."""

    trace_id: TraceId
    model: ModelId | None
    code_sha256: str
    execution: Execution
    step: Step | None = None
    """Of an agent; then the log is what the agent was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """``verdict``: an outcome. Its ballots carry no replies: those are ``call`` lines of the same trace."""

    trace_id: TraceId
    outcome: Outcome
    request_sha256: str
    task_class: TaskClass
    price_as_of: Mapping[ModelId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeGiven:
    """``grade``: a judged trial. A later line for the same trial replaces an earlier one."""

    run_id: RunId
    graded: Graded
    ballots: tuple[Ballot, ...] = ()
    """Without replies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """``review``: what a person decided about an outcome that was not served."""

    verdict_id: str
    answer: str | None
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPromoted:
    """``matrix.promoted``: a reviewed change of the routing matrix."""

    version: int
    sha256: str
    forced: bool
    reason: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetHit:
    """``budget``: the spending limit stopped something."""

    limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """``reserved``: under a spending limit, what a call may cost, written before it is sent.

    A session that is killed leaves calls in flight that may be billed: the next one counts them at this bound. The
    ``call`` line of the same key says what it came to; ``released`` that it was not sent after all.
    """

    key: CallKey
    bound_usd: Decimal
    released: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """``run.finished``: every trial of the run has its grade."""

    run_id: RunId
    trials: int
    complete: bool
    why: str = ""


Event = (
    RunStarted | Call | Executed | Decided | GradeGiven | Reviewed | MatrixPromoted | BudgetHit | Reserved | RunFinished
)

KINDS: Mapping[type[Event], str] = {
    RunStarted: "run.started",
    Call: "call",
    Executed: "execution",
    Decided: "verdict",
    GradeGiven: "grade",
    Reviewed: "review",
    MatrixPromoted: "matrix.promoted",
    BudgetHit: "budget",
    Reserved: "reserved",
    RunFinished: "run.finished",
}
"""The ``kind`` of each event, as journals spell it."""
