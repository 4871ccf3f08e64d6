"""A run from its plan to its last grade: opens the engine, continues what the journal holds, closes everything."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from pathlib import Path

from harness.content import Home, Registry
from harness.core.card import Card
from harness.core.errors import ConfigError, JournalError
from harness.core.event import BudgetHit, Call, Event, Executed, GradeGiven, Reserved, RunFinished, RunStarted
from harness.core.execution import Isolation
from harness.core.hashing import Json, digest
from harness.core.ids import CandidateId, ModelId, RunId, TraceId
from harness.core.money import Price
from harness.core.request import Request
from harness.core.response import Failure, Reply
from harness.core.suite import Task
from harness.core.trial import Graded, TrialKey
from harness.engine import Consensus, Directory, Route, Session, open_session
from harness.evals.builtin import is_builtin, solve_builtin
from harness.evals.execution import SandboxExecutor, open_executor
from harness.evals.judging import Judging, grader_name
from harness.evals.plan import Plan, calibration_versions, refuse_recalibrated, started, trace_of
from harness.evals.run import Loop, Progress, RunResult
from harness.evals.solvers.ready import agent_provenance, refuse_unready
from harness.evals.solvers.trajectory import write_trajectories
from harness.evals.solving import WORKERS, Solved, Solvers
from harness.evals.stopping import STOPPING, stopping_facts
from harness.journal import journal_path, read, recorded
from harness.transport import Deadlines, settled_usd
from harness.transport.bounds import bound_usd, unbounded


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a plan is carried out; none of it changes the run's id."""

    environ: Mapping[str, str] = field(repr=False)  # it holds the keys
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

    begun: RunStarted | None = None
    ended: bool = False
    """A session came to its end, whether or not every trial had its grade then."""
    finished: bool = False
    """Every trial had its grade once."""
    replies: Mapping[str, Reply]
    """By call key, of the trials without a grade: nobody asks again for the others."""
    grades: Mapping[TrialKey, Graded]
    """To be counted: without texts."""
    steps: Mapping[TraceId, list[Executed]] = field(default_factory=dict)
    """Commands of agents in trials without a grade, in order."""
    spent_usd: Decimal
    lines: int = 0
    """Of the journal."""


async def run_suite(home: Home, registry: Registry, plan: Plan, options: RunOptions) -> tuple[RunId, RunResult]:
    """Carry *plan* out, or what is missing of it. The id of the run, and how this session of it ended.

    Before anything is paid, raises ConfigError when a policy has changed since the run began and for a candidate that
    cannot be held to a spending limit, and SandboxError when the suite has something to execute and there is no
    sandbox of the demanded level.
    """
    plan = generation(home.state / "journal", plan, fresh=options.fresh)
    path = journal_path(home.state / "journal", plan.run_id)
    past = read_past(path, registry.cards)
    versions = policy_versions(plan, registry)
    if past.begun is not None:
        refuse_changed_policies(past.begun, versions)
        refuse_changed_cards(past.begun, card_versions(plan, registry))
        refuse_recalibrated(past.begun, calibration_versions(versions, registry.calibrations.values()))
    if options.max_cost_usd is not None:
        refuse_unbounded(plan, registry)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    asked = directory.cards_of(asked_candidates(plan.candidates))
    refuse_unready(plan.suite, plan.tasks, asked.values(), options.environ)
    async with open_executor(plan.suite, home=home, minimum=options.isolation) as executor:
        if plan.suite.kind != "answer" and len(past.grades) < plan.size:
            await executor.sandbox()
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
            if session.journal.recovered != past.lines:
                raise JournalError(f"{path}: another process wrote to it just now; give the same command again")
            if past.begun is None:
                await session.journal.append(_started(plan, registry, options, versions))
            result = await (await _loop(plan, session, executor, past, options)).run()
            if result.stopped_at_budget:
                await _record_stop(session)
    if plan.suite.solver in WORKERS:
        write_trajectories(path, home.state / "trajectories" / plan.run_id)
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


def read_past(path: Path, cards: Mapping[ModelId, Card] | None = None) -> Past:
    """What the journal at *path* holds. *cards* tell the most that a call of unknown cost can have cost.

    A finished run keeps its answers; what could not be measured is measured again, unless the run stopped by a rule:
    its result stands.
    """
    if not path.exists():
        return Past(replies={}, grades={}, spent_usd=Decimal(0))
    recorded(path)  # raises for a journal that cannot be continued
    begun: RunStarted | None = None
    ended = finished = False
    replies: dict[TraceId, dict[str, Reply]] = {}
    steps: dict[TraceId, list[Executed]] = {}
    grades: dict[TrialKey, Graded] = {}
    bill = _Bill(cards=cards or {})
    lines = 0
    for line in read(path):
        lines = line.seq
        event = line.event
        bill.take(event)
        match event:
            case RunStarted():
                begun = event
            case Call(trace_id=trace_id, key=key, reply=reply):
                replies.setdefault(trace_id, {})[key] = reply
            case Executed(trace_id=trace_id, step=step) if step is not None:
                steps.setdefault(trace_id, []).append(event)
            case GradeGiven(run_id=run_id, graded=graded):
                grades[graded.key] = _counted(graded)
                if graded.grade.measured:
                    replies.pop(trace_of(run_id, graded.key), None)
                steps.pop(trace_of(run_id, graded.key), None)
            case RunFinished(complete=complete):
                ended, finished = True, finished or complete
            case _:
                pass
    known = {key: reply for of_trial in replies.values() for key, reply in of_trial.items()}
    if finished and not (begun is not None and STOPPING in begun.provenance):
        grades = {key: graded for key, graded in grades.items() if graded.grade.measured}
        known = {key: reply for key, reply in known.items() if not isinstance(reply, Failure)}
    return Past(
        begun=begun,
        ended=ended,
        finished=finished,
        replies=known,
        grades=grades,
        steps=steps,
        spent_usd=bill.usd,
        lines=lines,
    )


@dataclass(slots=True, kw_only=True)
class _Bill:
    """What the calls on record have cost, and at most those that a killed session had in flight."""

    cards: Mapping[ModelId, Card]
    settled_usd: Decimal = Decimal(0)
    in_flight: dict[str, Decimal] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        if isinstance(event, Call):
            self.settled_usd += spent([event], self.cards)
            self.in_flight.pop(event.key, None)
        elif isinstance(event, Reserved):
            earlier = self.in_flight.pop(event.key, Decimal(0))
            if not event.released:
                self.settled_usd += earlier  # of a session that was killed: it may have been billed
                self.in_flight[event.key] = event.bound_usd

    @property
    def usd(self) -> Decimal:
        return self.settled_usd + sum(self.in_flight.values(), start=Decimal(0))


def _counted(graded: Graded) -> Graded:
    """*graded* without its texts: a run that is continued keeps one for every trial."""
    return replace(graded, detail="", tests=(), answer=None, submission=None, output="", log="")


def _complete(events: Iterable[Event]) -> bool:
    return any(isinstance(event, RunFinished) and event.complete for event in events)


def spent(events: Iterable[Event], cards: Mapping[ModelId, Card]) -> Decimal:
    """What the calls on record have cost; where that is unknown, the most they can have cost."""
    calls = (event for event in events if isinstance(event, Call))
    return sum((settled_usd(cards.get(call.model), call.request, call.reply) for call in calls), start=Decimal(0))


def refuse_changed_suite(folder: Path, plan: Plan) -> None:
    """Raise ConfigError when an unfinished run of the same command began with another content of the suite.

    Not when one has begun with the content as it is: that one is continued.
    """
    stale: RunStarted | None = None
    for path in sorted(folder.glob("*.jsonl")):
        first = _first(path)
        if first is None:
            continue
        same = (first.suite, set(first.candidates), first.epochs, first.seed) == (
            plan.suite.name,
            set(plan.candidates),
            plan.epochs,
            plan.seed,
        )
        if not same or first.origin != "run":
            continue
        if first.suite_digest == plan.suite.digest:
            return
        if not _complete(line.event for line in read(path)):
            stale = first
    if stale is not None:
        raise ConfigError(
            f"suites/{plan.suite.name}: changed since run {stale.run_id} began, which is not finished; put the "
            "suite back to continue it, or begin anew with --fresh"
        )


def _first(path: Path) -> RunStarted | None:
    """The beginning of the run in *path*; None when it holds none, or nothing that can be read."""
    try:
        event = next((line.event for line in read(path)), None)
    except JournalError:
        return None  # somebody else's: whoever needs it will be told
    return event if isinstance(event, RunStarted) else None


def policy_versions(plan: Plan, registry: Registry) -> dict[str, str]:
    """The version of each policy among the candidates of *plan*: it decides outcomes, but is not in the run's id."""
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    targets = [directory.resolve(candidate) for candidate in asked_candidates(plan.candidates)]
    return {target.policy.name: target.policy.version for target in targets if isinstance(target, Consensus)}


def card_versions(plan: Plan, registry: Registry) -> dict[str, str]:
    """A hash of what decides a model's answers, for each that *plan* may ask: they are not in the run's id either."""
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    cards = directory.cards_of(asked_candidates(plan.candidates)).values()
    return {
        card.id: digest((card.api, card.model, card.base_url, sorted(card.rejects), card.options))[:12]
        for card in cards
    }


def refuse_changed_cards(begun: RunStarted, versions: Mapping[str, str]) -> None:
    """Raise ConfigError when a model is no longer what it was: its earlier answers are another model's."""
    before = begun.provenance.get("models", {})
    changed = [name for name, version in versions.items() if before.get(name, version) != version]
    if changed:
        raise ConfigError(
            f"registry/models.yaml: {changed[0]}: changed since run {begun.run_id} began; put it back to continue "
            "that run, or begin anew with --fresh"
        )


def refuse_changed_policies(begun: RunStarted, versions: Mapping[str, str]) -> None:
    """Raise ConfigError when a policy is no longer what it was: one run does not mix the answers of two."""
    before = begun.provenance.get("policies", {})
    changed = [name for name, version in versions.items() if before.get(name, version) != version]
    if changed:
        raise ConfigError(
            f"registry/policies.yaml: {changed[0]}: changed since run {begun.run_id} began; put it back to continue "
            "that run, or begin anew with --fresh"
        )


def refuse_unbounded(plan: Plan, registry: Registry) -> None:
    """Raise ConfigError for a candidate whose calls have no known worst case: no such call is sent under a limit.

    Not for routes, which may well choose another model, nor for a policy with a limit of its own, which bounds them.
    """
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    empty = Request(messages=(), sampling=plan.sampling, trace_id=TraceId(plan.run_id))
    for candidate in asked_candidates(plan.candidates):
        target = directory.resolve(candidate)
        bounded = isinstance(target, Consensus) and target.policy.max_cost_usd is not None
        if isinstance(target, Route) or bounded:
            continue
        for card in directory.cards_of([candidate]).values():
            if bound_usd(card, empty) is None:
                raise ConfigError(f"--max-cost: {unbounded(card).message}")


def _started(plan: Plan, registry: Registry, options: RunOptions, versions: Mapping[str, str]) -> RunStarted:
    prices: dict[ModelId, Price] = {card.id: card.price for card in registry.cards.values() if card.price is not None}
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    asked = directory.cards_of(asked_candidates(plan.candidates))
    return started(
        plan,
        scripted=any(card.api == "scripted" for card in asked.values()),
        prices=prices,
        provenance={
            **options.provenance,
            **stopping_facts(plan),
            "grader": grader_name(plan.suite),
            "policies": dict(versions),
            "models": card_versions(plan, registry),
            "calibrations": calibration_versions(versions, registry.calibrations.values()),
            **(agent_provenance(plan.suite, options.environ) if asked else {}),
        },
    )


async def _loop(plan: Plan, session: Session, executor: SandboxExecutor, past: Past, options: RunOptions) -> Loop:
    works = plan.suite.solver in WORKERS and bool(asked_candidates(plan.candidates))
    solvers = Solvers(
        engine=session.engine,
        suite=plan.suite,
        sampling=plan.sampling,
        files_of=executor.files_of,
        workshop=await executor.workshop() if works else None,
        environ=options.environ,
        steps=past.steps,
        execute_for=executor.execute_for,
        observer_for=executor.observer_for,
    )
    judging = Judging(suite=plan.suite, executor=executor)

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
        ended=past.finished,
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
