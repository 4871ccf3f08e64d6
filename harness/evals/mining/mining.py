"""Mines a repository: walks its line, proves each candidate, writes what is proven; an interrupted one goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import ConfigError, SandboxError
from harness.core.ports import Clock
from harness.evals.grading import base_tree, read_tree
from harness.evals.mining.commits import Commit, Span, walk
from harness.evals.mining.draft import Draft, Skipped
from harness.evals.mining.drafting import make_draft
from harness.evals.mining.history import Candidate, Picked, pick
from harness.evals.mining.issues import Issue
from harness.evals.mining.mirror import Mirror, git_output, open_mirror
from harness.evals.mining.record import FILE, Decision, Record, Settings, read_record, stamp
from harness.evals.mining.statements import Statement, state
from harness.evals.mining.writing import Circumstances, refuse_used, write_bundle, write_suite, write_task
from harness.evals.proving import Claim, Proof, Rejection

Prove = Callable[[Claim], Awaitable[Proof | Rejection]]
"""``proving.prove`` with its prover. Raises SandboxError when a claim could not be measured."""
Writer = Callable[[Draft, Statement, Mapping[str, str], Proof], Awaitable[Statement]]
"""Makes a statement in the place of one that is a mere draft, from the texts of the base tree and the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far mining is."""

    done: int
    of: int
    """Candidates to be run."""
    tasks: int
    seconds_left: float | None
    """At the pace so far; ``None``: nothing was measured yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be mined, and how."""

    source: str
    """Of the repository, on this machine."""
    out: Path
    """The suite's folder; its last part is the suite's name."""
    cache: Path
    span: Span = field(default_factory=Span)
    settings: Settings = field(default_factory=Settings)
    branch: str | None = None
    issues: Mapping[int, Issue] = field(default_factory=dict)
    max_tasks: int | None = None
    jobs: int = 1
    refresh: bool = False
    """Add what came after the newest commit that was looked at."""
    on_progress: Callable[[Progress], None] = lambda _progress: None
    harness: str = ""
    """Version of this program, for the record."""
    isolation: str = ""
    """At which claims are proven, for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What history alone says: nothing was run."""

    mirror: Mirror
    commits: tuple[Commit, ...]
    picked: Picked


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """What came of it."""

    record: Record
    survey: Survey
    decided: tuple[Decision, ...]
    """About the commits of the span, newest first; those that were not come to are missing."""
    seconds: float

    @property
    def tasks(self) -> tuple[Decision, ...]:
        return tuple(each for each in self.decided if each.became == "task")


async def survey(order: Order) -> Survey:
    """The candidates of the repository's line. Raises ConfigError when there is no repository."""
    mirror = await open_mirror(order.source, order.cache, branch=order.branch)
    commits = await walk(mirror, order.span)
    return Survey(mirror=mirror, commits=commits, picked=await pick(mirror, commits, order.settings.sizes))


async def mine(order: Order, prove: Prove, clock: Clock, *, writer: Writer | None = None) -> Mined:
    """Prove the candidates, and write the suite. The same order continues what was interrupted.

    *writer* writes a statement where people wrote none. Raises ConfigError when ``order.out`` holds something
    else, or when the repository has moved on and ``refresh`` was not asked for.
    """
    began_s = clock.monotonic_s()
    found = await survey(order)
    record = await open_record(order, found)
    for skipped in found.picked.skipped:
        record.note(_skipped(skipped, found))
    write_suite(order.out, order.out.name, repository=found.mirror.name)
    record.save()
    work = _Mining(order=order, prove=prove, clock=clock, survey=found, record=record, writer=writer)
    try:
        await work.run()
    finally:
        record.save()
        await write_bundle(order.out, found.mirror, work.bases)
    decided = tuple(record.decisions[each.head] for each in found.commits if each.head in record.decisions)
    return Mined(record=record, survey=found, decided=decided, seconds=clock.monotonic_s() - began_s)


async def open_record(order: Order, found: Survey) -> Record:
    """The record of the suite at ``order.out``, or a new one."""
    path = order.out / FILE
    if not path.exists():
        if order.refresh:
            raise ConfigError(f"--refresh: {path}: no such file; mine the suite without --refresh first")
        refuse_used(order.out, "--out")
        order.out.mkdir(parents=True, exist_ok=True)
        head, name = found.mirror.head, found.mirror.name
        return Record(path=path, source=order.source, repository=name, head=head, settings=order.settings)
    record = read_record(path)
    if record.head != found.mirror.head:
        if not order.refresh:
            raise ConfigError(
                f"--out: {str(order.out)!r} was mined at {record.head[:12]}, and the repository is at "
                f"{found.mirror.head[:12]} now: add what is new with --refresh, or name another folder"
            )
        await _same_line(record, found.mirror)
        record.head = found.mirror.head
    record.settings = order.settings
    return record


async def _same_line(record: Record, mirror: Mirror) -> None:
    """Raises ConfigError when the repository does not hold the commit that the suite was mined at."""
    try:
        await git_output(mirror, ("merge-base", "--is-ancestor", record.head, mirror.head))
    except SandboxError:
        raise ConfigError(
            f"--refresh: {record.head[:12]}, at which the suite was mined, is not below {mirror.head[:12]}: "
            "another repository or a rewritten history; name another folder"
        ) from None


def _skipped(skipped: Skipped, found: Survey) -> Decision:
    commit = next(each for each in found.commits if each.head == skipped.head)
    return _decision(commit, became="skipped", rule=skipped.rule, evidence=skipped.evidence)


def _decision(commit: Commit, **fields: object) -> Decision:
    return Decision(commit=commit.head, subject=commit.subject, at=stamp(commit.at), **fields)  # type: ignore[arg-type]


@dataclass(slots=True, kw_only=True)
class _Mining:
    """One session of mining."""

    order: Order
    prove: Prove
    clock: Clock
    survey: Survey
    record: Record
    writer: Writer | None
    waiting: list[Candidate] = field(default_factory=list)
    size: int = 0
    done: int = 0
    busy_s: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One writes at a time."""

    @property
    def tasks(self) -> list[Decision]:
        return [each for each in self.record.decisions.values() if each.became == "task"]

    @property
    def bases(self) -> list[str]:
        """Of all tasks that this line holds."""
        heads = {each.commit for each in self.tasks}
        return [each.parents[0] for each in self.survey.commits if each.head in heads]

    async def run(self) -> None:
        candidates = self.survey.picked.candidates
        self.waiting = [each for each in candidates if self.record.settled(each.commit.head) is None]
        self.size = len(self.waiting)
        self._report()
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, self.order.jobs)):
                group.create_task(self._work())

    async def _work(self) -> None:
        while self.waiting and not self._enough():
            candidate = self.waiting.pop(0)
            began_s = self.clock.monotonic_s()
            decision = await self._decide(candidate)
            self.done += 1
            self.busy_s += self.clock.monotonic_s() - began_s
            async with self.turn:
                self.record.note(decision)
                await asyncio.to_thread(self.record.save)
            self._report()

    def _enough(self) -> bool:
        return self.order.max_tasks is not None and len(self.tasks) >= self.order.max_tasks

    def _report(self) -> None:
        pace_s = self.busy_s / self.done / max(1, self.order.jobs) if self.done else None
        left = None if pace_s is None else pace_s * (self.size - self.done)
        self.order.on_progress(Progress(done=self.done, of=self.size, tasks=len(self.tasks), seconds_left=left))

    async def _decide(self, candidate: Candidate) -> Decision:
        commit = candidate.commit
        draft = await make_draft(self.survey.mirror, candidate)
        if isinstance(draft, Skipped):
            return _decision(commit, became="skipped", rule=draft.rule, evidence=draft.evidence)
        try:
            base = await base_tree(draft.repository, draft.base, self.order.cache)
            found = await self.prove(draft.claim(base))
        except SandboxError as error:
            return _decision(commit, became="unmeasured", rule="not_measured", evidence=str(error))
        settings = self.record.settings.digest
        if isinstance(found, Rejection):
            return _decision(
                commit,
                became="rejected",
                rule=found.rule,
                evidence=found.evidence,
                seconds=round(found.seconds, 1),
                settings=settings,
            )
        async with self.turn:
            decision = await self._accepted(commit, draft, base, found)
            self.record.note(decision)
        return decision

    async def _accepted(self, commit: Commit, draft: Draft, base: Path, proof: Proof) -> Decision:
        """Write the task, unless there is one with the same deciding tests."""
        settings = self.record.settings.digest
        if twin := self._same_tests(draft, proof):
            evidence = f"{len(proof.core)} tests, the same as of {twin.task}"
            return _decision(commit, became="rejected", rule="same_tests", evidence=evidence, settings=settings)
        self._write(draft, proof, await self._statement(draft, base, proof))
        return _decision(
            commit,
            became="task",
            task=draft.id,
            evidence=f"{len(proof.core)} f2p, {len(proof.p2p)} p2p",
            seconds=round(proof.seconds, 1),
            settings=settings,
            tests=proof.core,
        )

    def _same_tests(self, draft: Draft, proof: Proof) -> Decision | None:
        others = (each for each in self.tasks if each.commit != draft.head)
        return next((each for each in others if set(each.tests) == set(proof.core)), None)

    async def _statement(self, draft: Draft, base: Path, proof: Proof) -> Statement:
        texts = await asyncio.to_thread(read_tree, base)
        # not in a thread: CPython 3.11 counts the depth of all parsing together, and two at a time raise SystemError
        found = state(draft, texts, self.order.issues)
        return await self.writer(draft, found, texts, proof) if found.draft and self.writer else found

    def _write(self, draft: Draft, proof: Proof, statement: Statement) -> None:
        when = stamp(self.clock.now().replace(microsecond=0))
        circumstances = Circumstances(when=when, harness=self.order.harness, isolation=self.order.isolation)
        write_task(self.order.out, draft, proof, statement, circumstances)
