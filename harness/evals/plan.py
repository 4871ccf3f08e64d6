"""What a run will do, before it does anything; its id is a hash of exactly that."""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.consensus.calibration import Calibration
from harness.core.errors import ConfigError
from harness.core.event import RunStarted, TaskRow
from harness.core.hashing import Json, digest
from harness.core.ids import CandidateId, ModelId, RunId, TraceId
from harness.core.money import Price
from harness.core.request import Sampling
from harness.core.suite import Suite, Task
from harness.core.trial import TrialKey
from harness.stats import StopRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Suite × candidates × epochs."""

    suite: Suite
    tasks: tuple[Task, ...]
    """The suite's, or a seeded sample of them; in the suite's order."""
    candidates: tuple[CandidateId, ...]
    epochs: int = 1
    seed: int = 0
    """Of the sample of tasks."""
    sampling: Sampling
    salt: str = ""
    """Tells a ``--fresh`` run from the one it repeats, and one imported file from another."""
    only: frozenset[TrialKey] | None = None
    """Imports: the trials that the file holds. ``None``: all."""
    stopping: StopRule | None = None
    """``--stop-early``: when it may end before every trial was made. ``None``: never."""

    run_id: RunId = field(init=False)
    """The same suite and content, candidates, epochs, solver and parameters have the same id."""

    def __post_init__(self) -> None:
        # Once, not per use: it hashes every task, and every trial asks for it.
        object.__setattr__(self, "run_id", _run_id(self))

    @property
    def size(self) -> int:
        """Number of trials."""
        if self.only is not None:
            return len(self.only)
        return len(self.tasks) * len(self.candidates) * self.epochs

    def trials(self) -> Iterator[tuple[Task, TrialKey]]:
        """Every trial: epoch by epoch and task by task, so that candidates stay paired if the run stops early."""
        if self.only is not None:
            yield from self._named(self.only)
            return
        for epoch in range(self.epochs):
            for task in self.tasks:
                for candidate in self.candidates:
                    yield task, TrialKey(task_id=task.id, candidate=candidate, epoch=epoch)

    def _named(self, keys: frozenset[TrialKey]) -> Iterator[tuple[Task, TrialKey]]:
        """The same order, without a look at every combination: a file may number its epochs with gaps."""
        tasks = {task.id: (place, task) for place, task in enumerate(self.tasks)}
        candidates = {candidate: place for place, candidate in enumerate(self.candidates)}
        for key in sorted(keys, key=lambda key: (key.epoch, tasks[key.task_id][0], candidates[key.candidate])):
            yield tasks[key.task_id][1], key

    def trace(self, key: TrialKey) -> TraceId:
        """The trace of a trial's calls."""
        return trace_of(self.run_id, key)


def _run_id(plan: Plan) -> RunId:
    design = (
        plan.suite.name,
        plan.suite.digest,
        [(task.id, task.digest) for task in plan.tasks],
        sorted(plan.candidates),
        plan.epochs,
        plan.suite.solver,
        plan.seed,
        plan.sampling,
        plan.salt,
        *([] if plan.stopping is None else [(plan.stopping, plan.candidates)]),  # the others keep the ids they had
    )
    return RunId(digest(design)[:12])


def trace_of(run_id: RunId, key: TrialKey) -> TraceId:
    """The trace of a trial's calls: how the journal tells to which trial a call belongs."""
    return TraceId(f"{run_id}/{key.task_id}/{key.candidate}/{key.epoch}")


def calibration_versions(policies: Collection[str], calibrations: Iterable[Calibration]) -> dict[str, str]:
    """The versions of the *calibrations* of *policies*, by ``policy/class``: they decide what is served."""
    own = (each for each in calibrations if each.policy in policies)
    return {
        f"{each.policy}/{each.task_class}": each.version if each.revoked is None else f"{each.version} (revoked)"
        for each in own
    }


def refuse_recalibrated(begun: RunStarted, versions: Mapping[str, str]) -> None:
    """Raise ConfigError when a policy's calibration is no longer what it was: one run does not mix two thresholds.

    A calibration that is new, or gone, is another one too. Runs of earlier versions do not say what they had.
    """
    before = begun.provenance.get("calibrations")
    if not isinstance(before, Mapping) or before == versions:
        return
    changed = min(name for name in before.keys() | versions.keys() if before.get(name) != versions.get(name))
    was, now = (table.get(changed, "none") for table in (before, versions))
    raise ConfigError(
        f"registry/calibration: {changed}: {was} when run {begun.run_id} began, and {now} now; put it back to continue "
        "that run, or begin anew with --fresh"
    )


def make_plan(
    suite: Suite,
    candidates: Sequence[CandidateId],
    *,
    epochs: int = 1,
    limit: int | None = None,
    seed: int | None = None,
    salt: str = "",
) -> Plan:
    """The plan of a run. *limit* takes a sample of the tasks that depends on *seed* only.

    Raises ConfigError for a candidate named twice, and for numbers below 1.
    """
    repeated = sorted({candidate for candidate in candidates if candidates.count(candidate) > 1})
    if repeated:
        raise ConfigError(f"--models: {repeated[0]!r} is named twice; use --epochs to ask it more than once")
    for name, number in (("--epochs", epochs), ("--limit", 1 if limit is None else limit)):
        if number < 1:
            raise ConfigError(f"{name}: {number} is below 1")
    return Plan(
        suite=suite,
        tasks=_sample(suite.tasks, limit, seed or 0),
        candidates=tuple(candidates),
        epochs=epochs,
        seed=seed or 0,
        sampling=Sampling(seed=seed),
        salt=salt,
    )


def _sample(tasks: tuple[Task, ...], limit: int | None, seed: int) -> tuple[Task, ...]:
    if limit is None or limit >= len(tasks):
        return tasks
    chosen = set(random.Random(seed).sample(range(len(tasks)), limit))  # noqa: S311 -- a sample, not a secret
    return tuple(task for index, task in enumerate(tasks) if index in chosen)


def started(
    plan: Plan,
    *,
    origin: Literal["run", "import"] = "run",
    name: str = "",
    scripted: bool,
    prices: dict[ModelId, Price],
    provenance: dict[str, Json],
) -> RunStarted:
    """The first line of the run's journal."""
    return RunStarted(
        run_id=plan.run_id,
        suite=plan.suite.name,
        suite_version=plan.suite.version,
        suite_digest=plan.suite.digest,
        suite_kind=plan.suite.kind,
        candidates=plan.candidates,
        epochs=plan.epochs,
        seed=plan.seed,
        tasks=tuple(_row(task) for task in plan.tasks),
        solver=plan.suite.solver,
        origin=origin,
        name=name,
        scripted=scripted,
        prices=prices,
        provenance=provenance,
    )


def _row(task: Task) -> TaskRow:
    return TaskRow(
        id=task.id,
        digest=task.digest,
        task_class=task.task_class,
        prompt=task.prompt,
        expected=task.expected,
        area=str(task.meta.get("area") or ""),
    )
