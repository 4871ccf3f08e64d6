"""The paired difference of two candidates with its interval and p, by the method that fits the facts."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.clusters import adjusted_task_mean_diff, paired_task_mean_diff
from harness.stats.paired import mcnemar, tango_paired_ci
from harness.stats.pairing import TaskPair
from harness.stats.resampling import sign_flip_permutation_exact

CONF = 0.95
_ONE_SIDED = 0.90
"""The lower end of a two-sided 90 % interval bounds one-sided at 95 %."""
DIFFERING_MIN = 10
"""With fewer tasks than this that differ, the plain t interval is not used, and verdicts say how few they rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedFacts:
    """What two candidates did on the tasks they share: four counts, or one difference per task."""

    both: int = 0
    a_only: int = 0
    """Tasks that A resolved and B did not."""
    b_only: int = 0
    neither: int = 0
    differences: tuple[float, ...] | None = None
    """Several epochs: B's share of resolved epochs minus A's, per task. ``None``: the counts hold."""

    @property
    def n(self) -> int:
        """Paired tasks."""
        if self.differences is not None:
            return len(self.differences)
        return self.both + self.a_only + self.b_only + self.neither

    @property
    def differing(self) -> int:
        """Tasks on which the two are not alike."""
        if self.differences is not None:
            return sum(1 for difference in self.differences if difference)
        return self.a_only + self.b_only


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEffect:
    """A paired difference with its interval."""

    n: int
    diff: float | None
    """``None`` without a shared task."""
    lo: float
    """Two-sided 95 %; -1 and 1 when nothing is known."""
    hi: float
    p: float
    """Two-sided p of no difference."""
    lower_one_sided: float
    """Lower bound at one-sided 95 %: B is worse by no more than this; -1 when nothing is known."""
    method: str


def facts_of(tasks: Sequence[TaskPair]) -> PairedFacts:
    """Counts when every task was run once, task differences otherwise."""
    if any(len(task.a) > 1 for task in tasks):
        return PairedFacts(differences=tuple(task.difference for task in tasks))
    cells = [(task.a_rate > 0, task.b_rate > 0) for task in tasks]
    return PairedFacts(
        both=cells.count((True, True)),
        a_only=cells.count((True, False)),
        b_only=cells.count((False, True)),
        neither=cells.count((False, False)),
    )


def paired_effect(facts: PairedFacts) -> PairedEffect:
    """The difference of *facts* with its 95 % interval and p, by the method that fits them.

    One epoch: Tango's score interval and McNemar's mid-p. Several: t on task differences; with fewer than
    :data:`DIFFERING_MIN` tasks that differ, the adjusted t interval and the exact sign-flip test, because the plain
    one could have width 0.
    """
    if facts.n == 0:
        return PairedEffect(n=0, diff=None, lo=-1.0, hi=1.0, p=1.0, lower_one_sided=-1.0, method="no shared task")
    if facts.differences is not None:
        return _repeated_effect(facts.differences, facts.differing)
    interval = tango_paired_ci(n=facts.n, a_only=facts.a_only, b_only=facts.b_only, conf=CONF)
    one_sided = tango_paired_ci(n=facts.n, a_only=facts.a_only, b_only=facts.b_only, conf=_ONE_SIDED)
    return PairedEffect(
        n=facts.n,
        diff=interval.delta,
        lo=interval.lo,
        hi=interval.hi,
        p=mcnemar(a_only=facts.a_only, b_only=facts.b_only).p_midp,
        lower_one_sided=one_sided.lo,
        method="Tango score interval, McNemar mid-p",
    )


def _repeated_effect(d: tuple[float, ...], differing: int) -> PairedEffect:
    if differing < DIFFERING_MIN:
        fit, one_sided = adjusted_task_mean_diff(d=d, conf=CONF), adjusted_task_mean_diff(d=d, conf=_ONE_SIDED)
        p: float | None = sign_flip_permutation_exact(d=d).p
        method = "adjusted t interval on task means, exact sign-flip p"
    else:
        fit, one_sided = paired_task_mean_diff(d=d, conf=CONF), paired_task_mean_diff(d=d, conf=_ONE_SIDED)
        p, method = fit.p, "t interval on task means"
    assert fit.t_lo is not None, "only the plain interval of a single task has no ends"
    assert fit.t_hi is not None, "both ends or none"
    assert one_sided.t_lo is not None, "as the two-sided one"
    assert p is not None, "two tasks or more have a p"
    return PairedEffect(
        n=len(d),
        diff=fit.mean,
        lo=max(-1.0, fit.t_lo),
        hi=min(1.0, fit.t_hi),
        p=p,
        lower_one_sided=max(-1.0, one_sided.t_lo),
        method=method,
    )
