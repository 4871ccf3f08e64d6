"""A run from its plan to its last grade: opens the engine, continues what the journal holds, closes everything."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from pathlib import Path

from harness.content import Home, Registry
from harness.core.errors import ConfigError
from harness.core.event import BudgetHit, Call, GradeGiven, RunFinished, RunStarted
from harness.core.execution import Isolation
from harness.core.hashing import Json
from harness.core.ids import CandidateId, ModelId, RunId
from harness.core.money import Price
from harness.core.ports import Recorded
from harness.core.response import Failure, Reply
from harness.core.suite import Task
from harness.core.trial import Grade, Graded, TrialKey
from harness.engine import Directory, Session, open_session
from harness.evals.builtin import is_builtin, solve_builtin
from harness.evals.execution import SandboxExecutor, open_executor
from harness.evals.judging import Judging, grader_name
from harness.evals.plan import Plan, started
from harness.evals.run import Loop, Progress, RunResult
from harness.evals.solving import Solved, Solvers
from harness.journal import journal_path, read, recorded
from harness.transport import Deadlines


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a plan is carried out; none of it changes the run's id."""

    environ: Mapping[str, str]
    max_cost_usd: Decimal | None = None
    deadlines: Deadlines | None = None
    """Of each call; ``None``: the usual ones."""
    concurrency: int = 16
    fresh: bool = False
    isolation: Isolation | None = None
    """Run at least this isolated; ``None``: as the suite demands."""
    on_progress: Callable[[Progress], None] = lambda _progress: None
    provenance: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What earlier sessions of a run left behind."""

    begun: bool = False
    finished: bool = False
    replies: Mapping[str, Reply]
    grades: Mapping[TrialKey, Graded]
    spent_usd: Decimal


async def run_suite(home: Home, registry: Registry, plan: Plan, options: RunOptions) -> tuple[RunId, RunResult]:
    """Carry *plan* out, or what is missing of it. The id of the run, and how this session of it ended."""
    plan = generation(home.state / "journal", plan, fresh=options.fresh)
    path = journal_path(home.state / "journal", plan.run_id)
    past = read_past(path)
    async with open_session(
        home,
        registry,
        journal_name=plan.run_id,
        environ=options.environ,
        recorded=past.replies,
        max_cost_usd=options.max_cost_usd,
        spent_usd=past.spent_usd,
        deadlines=options.deadlines,
    ) as session:
        if not past.begun:
            await session.journal.append(_started(plan, registry, options))
        async with open_executor(plan.suite, home=home, minimum=options.isolation) as executor:
            result = await _loop(plan, session, executor, past, options).run()
        if result.stopped_at_budget:
            await _record_stop(session)
        return plan.run_id, result


def generation(folder: Path, plan: Plan, *, fresh: bool) -> Plan:
    """The plan of the newest run of this kind; *fresh* begins another one.

    Generations are numbered, so that the same command finds the run it began.
    """
    newest: Plan | None = None
    for number in count():
        candidate = plan if number == 0 else replace(plan, salt=f"{plan.salt}#{number}")
        if not journal_path(folder, candidate.run_id).exists():
            return candidate if fresh or newest is None else newest
        newest = candidate
    raise AssertionError("unreachable: count() does not end")


def read_past(path: Path) -> Past:
    """What the journal at *path* holds. A finished run keeps its answers; what could not be measured is measured again."""
    if not path.exists():
        return Past(replies={}, grades={}, spent_usd=Decimal(0))
    past = recorded(path)
    events = past.events()
    finished = any(isinstance(event, RunFinished) and event.complete for event in events)
    grades = {event.graded.key: event.graded for event in events if isinstance(event, GradeGiven)}
    replies = dict(past.replies())
    if finished:
        grades = {key: graded for key, graded in grades.items() if graded.grade is not Grade.INFRA_ERROR}
        replies = {key: reply for key, reply in replies.items() if not isinstance(reply, Failure)}
    return Past(
        begun=any(isinstance(event, RunStarted) for event in events),
        finished=finished,
        replies=replies,
        grades=grades,
        spent_usd=spent(past),
    )


def spent(past: Recorded) -> Decimal:
    """What the calls on record have cost; where that is unknown, the most they can have cost."""
    total = Decimal(0)
    for event in past.events():
        if isinstance(event, Call):
            known = event.reply.cost_usd
            bound = event.reply.cost_bound_usd if isinstance(event.reply, Failure) else None
            total += known if known is not None else bound or Decimal(0)
    return total


def refuse_changed_suite(folder: Path, plan: Plan) -> None:
    """Raise ConfigError when an unfinished run of the same command began with another content of the suite."""
    for path in sorted(folder.glob("*.jsonl")):
        first = next((line.event for line in read(path)), None)
        if not isinstance(first, RunStarted) or first.suite_digest == plan.suite.digest:
            continue
        same = (first.suite, set(first.candidates), first.epochs, first.seed) == (
            plan.suite.name,
            set(plan.candidates),
            plan.epochs,
            plan.seed,
        )
        if same and first.origin == "run" and not read_past(path).finished:
            raise ConfigError(
                f"suites/{plan.suite.name}: changed since run {first.run_id} began, which is not finished; put the "
                "suite back to continue it, or begin anew with --fresh"
            )


def _started(plan: Plan, registry: Registry, options: RunOptions) -> RunStarted:
    prices: dict[ModelId, Price] = {card.id: card.price for card in registry.cards.values() if card.price is not None}
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    asked = directory.cards_of(asked_candidates(plan.candidates))
    return started(
        plan,
        scripted=any(card.api == "scripted" for card in asked.values()),
        prices=prices,
        provenance={**options.provenance, "grader": grader_name(plan.suite)},
    )


def _loop(plan: Plan, session: Session, executor: SandboxExecutor, past: Past, options: RunOptions) -> Loop:
    solvers = Solvers(
        engine=session.engine,
        suite=plan.suite,
        sampling=plan.sampling,
        files_of=executor.files_of,
        execute_for=executor.execute_for,
    )
    judging = Judging(suite=plan.suite, executor=executor, grader=grader_name(plan.suite))

    async def solve(task: Task, key: TrialKey) -> Solved:
        if is_builtin(key.candidate):
            return await solve_builtin(plan.suite, task, key.candidate, executor.files_of)
        return await solvers.solve(task, key.candidate, plan.trace(key))

    return Loop(
        plan=plan,
        journal=session.journal,
        solve=solve,
        judge=judging.judge,
        done=past.grades,
        concurrency=options.concurrency,
        on_progress=options.on_progress,
    )


async def _record_stop(session: Session) -> None:
    ledger = session.ledger
    assert ledger.limit_usd is not None, "only a limit stops a run"
    await session.journal.append(
        BudgetHit(
            limit_usd=ledger.limit_usd,
            spent_usd=ledger.spent_usd,
            reserved_usd=ledger.reserved_usd,
            what="the run stopped before the next call",
        )
    )


def asked_candidates(candidates: Iterable[CandidateId]) -> list[CandidateId]:
    """Those of *candidates* that are asked; the built-in ones are only checked."""
    return [candidate for candidate in candidates if not is_builtin(candidate)]
