"""Means of values that hang together: clustered standard errors, and the t interval of task differences."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite, inside
from harness.stats.distributions import t_quantile, t_two_sided_p


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredMean:
    """A mean with its standard error under several assumptions."""

    mean: float
    se_naive: float
    """As if all values were independent."""
    se_cr0: float
    """Sandwich without correction: Miller's clustered standard error."""
    se_cr1: float
    """``se_cr0 √(G/(G-1))``; read with t on G - 1 degrees of freedom."""
    se_cr2: float
    """Bell and McCaffrey's; read with t on ``df_cr2`` degrees of freedom."""
    df_cr2: float
    p_cr2: float
    """Two-sided p of a mean of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMeanDiff:
    """The mean of task differences with its t interval."""

    mean: float
    se: float | None
    """``None``, as the interval and p, for a single task: its spread is not known."""
    t_lo: float | None
    t_hi: float | None
    p: float | None
    """Two-sided p of a mean of 0. When all differences are equal: 1 if they are 0, else 0."""


def _cr2_df(sizes: Sequence[int], n: int) -> float:
    # Satterthwaite under independence: P[g, h] = c_g c_h (n_g [g = h] - n_g n_h / n), with c_g as in CR2.
    weights = [1 / math.sqrt(1 - size / n) for size in sizes]
    trace = math.fsum(w * w * s * (1 - s / n) for w, s in zip(weights, sizes, strict=True))
    squares = 0.0
    for g, (w_g, s_g) in enumerate(zip(weights, sizes, strict=True)):
        for h, (w_h, s_h) in enumerate(zip(weights, sizes, strict=True)):
            squares += (w_g * w_h * ((s_g if g == h else 0.0) - s_g * s_h / n)) ** 2
    return trace * trace / squares


def clustered_mean_se(*, y: Sequence[float], cluster: Sequence[Hashable]) -> ClusteredMean:
    """The mean of *y* when values of one *cluster* (repository, template, task) are alike.

    CR0, CR1 and CR2 with Satterthwaite degrees of freedom (Bell and McCaffrey 2002; CR0 is Miller 2024). Assumes
    independent clusters. Raises ValueError for fewer than two clusters or columns of different length.
    """
    values = finite("y", y, least=2)
    if len(cluster) != len(values):
        raise ValueError(f"cluster must have one entry per value, {len(values)}: it has {len(cluster)!r}")
    n, mean = len(values), math.fsum(values) / len(values)
    groups: dict[Hashable, list[float]] = {}
    for value, key in zip(values, cluster, strict=True):
        groups.setdefault(key, []).append(value - mean)
    if len(groups) < 2:
        raise ValueError(f"cluster must name at least two clusters: {sorted(map(repr, groups))!r}")
    sizes = [len(rest) for rest in groups.values()]
    sums = [math.fsum(rest) for rest in groups.values()]
    cr0 = math.sqrt(math.fsum(total**2 for total in sums)) / n
    adjusted = (total**2 / (1 - size / n) for total, size in zip(sums, sizes, strict=True))
    cr2, df = math.sqrt(math.fsum(adjusted)) / n, _cr2_df(sizes, n)
    return ClusteredMean(
        mean=mean,
        se_naive=math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n),
        se_cr0=cr0,
        se_cr1=cr0 * math.sqrt(len(sizes) / (len(sizes) - 1)),
        se_cr2=cr2,
        df_cr2=df,
        p_cr2=_p_of(mean, se=cr2, df=df),
    )


def _p_of(mean: float, *, se: float, df: float) -> float:
    if se == 0:
        return 1.0 if mean == 0 else 0.0
    return t_two_sided_p(mean / se, df=df)


def paired_task_mean_diff(*, d: Sequence[float], conf: float = 0.95) -> TaskMeanDiff:
    """Student's t interval of the mean of *d*, one difference B - A of task means per task.

    Taking one number per task is what accounts for repeated samples of a task: 5 % false alarms where treating the
    samples as independent gives 13 %. Raises ValueError for no task. See also :func:`adjusted_task_mean_diff`.
    """
    values = finite("d", d)
    inside("conf", conf)
    n, mean = len(values), math.fsum(values) / len(values)
    if n == 1:
        return TaskMeanDiff(mean=mean, se=None, t_lo=None, t_hi=None, p=None)
    se = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    half = t_quantile(0.5 + conf / 2, df=n - 1) * se
    return TaskMeanDiff(mean=mean, se=se, t_lo=mean - half, t_hi=mean + half, p=_p_of(mean, se=se, df=n - 1))


def adjusted_task_mean_diff(*, d: Sequence[float], conf: float = 0.95) -> TaskMeanDiff:
    """:func:`paired_task_mean_diff` for few tasks that differ, where the plain interval can have width 0.

    As Agresti and Min do for binary pairs, two pseudo-tasks are added: half a task each at +1 and -1, one at 0. The
    interval is clipped to [-1, 1], which every mean of share differences keeps to, and is all of it for a single
    task. ``p`` is None: take :func:`harness.stats.resampling.sign_flip_permutation_exact`. Raises ValueError for no
    task and for a difference outside [-1, 1].
    """
    values = finite("d", d)
    if any(abs(value) > 1 for value in values):
        raise ValueError(f"d must hold differences of shares, within [-1, 1]: {values!r}")
    inside("conf", conf)
    n, mean = len(values), math.fsum(values) / len(values)
    if n == 1:
        return TaskMeanDiff(mean=mean, se=None, t_lo=-1.0, t_hi=1.0, p=None)
    centre = math.fsum(values) / (n + 2)
    variance = (math.fsum(value * value for value in values) + 1) / (n + 2) - centre * centre
    se = math.sqrt(variance / (n + 2))
    half = t_quantile(0.5 + conf / 2, df=n - 1) * se
    return TaskMeanDiff(mean=mean, se=se, t_lo=max(-1.0, centre - half), t_hi=min(1.0, centre + half), p=None)
