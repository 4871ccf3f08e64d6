"""Which trials of two candidates may be compared: same task, same content, same epoch, both measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.core.rows import TrialRow
from harness.core.trial import Grade

InfraRule = Literal["exclude", "fail", "a_passes", "b_passes"]
"""What becomes of a trial that could not be measured: left out of both arms, a failure, or a success of one arm
and a failure of the other (the worst cases)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPair:
    """One task, measured for both candidates in the same epochs."""

    task_id: str
    task_digest: str
    task_class: str
    a: tuple[TrialRow, ...]
    """By epoch; as many as ``b``, and never empty."""
    b: tuple[TrialRow, ...]
    a_rate: float
    """Share of the epochs that A resolved."""
    b_rate: float

    @property
    def difference(self) -> float:
        """B - A, in [-1, 1]."""
        return self.b_rate - self.a_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The trials of a run that two candidates share, and what fell out."""

    a: str
    b: str
    tasks: tuple[TaskPair, ...]
    """Sorted by id and digest."""
    trials_a: int
    """All graded trials of A, whatever their grade."""
    trials_b: int
    infra_a: int
    """Trials of A that could not be measured."""
    infra_b: int
    excluded: int
    """(task, epoch) pairs left out because either trial could not be measured."""
    unpaired_a: int
    """Trials of A to which B has none of the same task, content and epoch."""
    unpaired_b: int
    changed: tuple[str, ...]
    """Ids of tasks that A and B met with different content."""

    @property
    def epochs(self) -> int:
        """The most epochs of any paired task; 0 without one."""
        return max((len(task.a) for task in self.tasks), default=0)


Key = tuple[str, str, int]


def _by_key(rows: Iterable[TrialRow], candidate: str) -> dict[Key, TrialRow]:
    return {(row.task_id, row.task_digest, row.epoch): row for row in rows if row.candidate == candidate}


def _passes(row: TrialRow, *, arm: str, infra: InfraRule) -> bool:
    if row.grade.measured:
        return row.grade is Grade.RESOLVED
    return infra == f"{arm}_passes"


def _task_pair(trials: Sequence[tuple[TrialRow, TrialRow]], infra: InfraRule) -> TaskPair:
    first = trials[0][0]
    return TaskPair(
        task_id=first.task_id,
        task_digest=first.task_digest,
        task_class=first.task_class,
        a=tuple(row for row, _ in trials),
        b=tuple(row for _, row in trials),
        a_rate=math.fsum(_passes(row, arm="a", infra=infra) for row, _ in trials) / len(trials),
        b_rate=math.fsum(_passes(row, arm="b", infra=infra) for _, row in trials) / len(trials),
    )


def _changed(a: Iterable[Key], b: Iterable[Key]) -> tuple[str, ...]:
    digests_a = {(task, digest) for task, digest, _ in a}
    digests_b = {(task, digest) for task, digest, _ in b}
    shared_ids = {task for task, _ in digests_a} & {task for task, _ in digests_b}
    return tuple(sorted({task for task, _ in digests_a ^ digests_b} & shared_ids))


def pair_trials(rows: Sequence[TrialRow], *, a: str, b: str, infra: InfraRule = "exclude") -> Pairing:
    """Pair the trials of *a* and *b* among *rows* by (task id, content digest, epoch).

    A trial that could not be measured takes its partner with it, unless *infra* says what to count it as. Of several
    rows for one trial the last stands. Raises ValueError when *a* is *b*.
    """
    if a == b:
        raise ValueError(f"a and b must be two candidates: {a!r}")
    of_a, of_b = _by_key(rows, a), _by_key(rows, b)
    shared = sorted(of_a.keys() & of_b.keys())
    by_task: dict[tuple[str, str], list[tuple[TrialRow, TrialRow]]] = {}
    excluded = 0
    for key in shared:
        pair = of_a[key], of_b[key]
        if infra == "exclude" and not all(row.grade.measured for row in pair):
            excluded += 1
        else:
            by_task.setdefault(key[:2], []).append(pair)
    return Pairing(
        a=a,
        b=b,
        tasks=tuple(_task_pair(trials, infra) for trials in by_task.values()),
        trials_a=len(of_a),
        trials_b=len(of_b),
        infra_a=sum(not row.grade.measured for row in of_a.values()),
        infra_b=sum(not row.grade.measured for row in of_b.values()),
        excluded=excluded,
        unpaired_a=len(of_a) - len(shared),
        unpaired_b=len(of_b) - len(shared),
        changed=_changed(of_a, of_b),
    )
