"""What one arm of a comparison cost and took, and the two arms side by side: JSON values, computed from pairs."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.stats import (
    Pairing,
    TaskPair,
    cost_per_success,
    p95_latency,
    p95_latency_ratio,
    paired_cost_per_success_ratio,
    paired_task_mean_diff,
    wilson_ci,
)

Amount = Callable[[TrialRow], float | None]


def cost_of(row: TrialRow) -> float | None:
    """US dollars; ``None``: unknown."""
    return None if row.cost_usd is None else float(row.cost_usd)


def tokens_of(row: TrialRow) -> float | None:
    """Prompt and generated tokens; ``None``: the vendor did not say."""
    return None if row.tokens_in is None or row.tokens_out is None else float(row.tokens_in + row.tokens_out)


def _sums(trials: Sequence[tuple[TrialRow, ...]], amount: Amount) -> list[float] | None:
    # Per task; None as soon as one amount is unknown.
    sums = []
    for rows in trials:
        amounts = [amount(row) for row in rows]
        known = [value for value in amounts if value is not None]
        if len(known) < len(amounts):
            return None
        sums.append(math.fsum(known))
    return sums


def _successes(trials: Sequence[tuple[TrialRow, ...]]) -> list[float]:
    return [float(sum(row.grade is Grade.RESOLVED for row in rows)) for rows in trials]


def _per_success(trials: Sequence[tuple[TrialRow, ...]], amount: Amount) -> dict[str, Json]:
    rows = [row for task in trials for row in task]
    known = [value for value in map(amount, rows) if value is not None]
    found: dict[str, Json] = {"trials": len(rows), "known": len(known), "total": None, "per_success": None}
    found |= {"lo": None, "hi": None, "bounded": False, "successes": sum(_successes(trials))}
    sums = _sums(trials, amount)
    if not sums:
        return found
    fit = cost_per_success(cost=sums, success=_successes(trials))
    lo, hi = (fit.log_lo, fit.log_hi) if fit.bounded else (None, None)
    return found | {"total": fit.cost_total, "per_success": fit.ratio, "lo": lo, "hi": hi, "bounded": fit.bounded}


def per_success(tasks: Sequence[TaskPair], amount: Amount) -> dict[str, Json]:
    """*amount* per success in both arms, and B's over A's; ``None`` wherever it is unknown or undefined."""
    a, b = [task.a for task in tasks], [task.b for task in tasks]
    sums_a, sums_b = _sums(a, amount), _sums(b, amount)
    ratio = lo = hi = None
    if sums_a and sums_b:
        fit = paired_cost_per_success_ratio(cost_a=sums_a, succ_a=_successes(a), cost_b=sums_b, succ_b=_successes(b))
        ratio, lo, hi = fit.ratio, fit.lo, fit.hi
    return {"a": _per_success(a, amount), "b": _per_success(b, amount), "ratio": ratio, "lo": lo, "hi": hi}


def _latencies(trials: Sequence[tuple[TrialRow, ...]]) -> list[list[float]] | None:
    rows = [[row.latency_s for row in task] for task in trials]
    return rows if any(value > 0 for row in rows for value in row) else None


def _latency_arm(rows: list[list[float]] | None) -> dict[str, Json]:
    names = ("p50", "p95", "lo", "hi")
    if rows is None:
        return dict.fromkeys(names) | {"n": 0, "values": []}
    flat = sorted(value for row in rows for value in row)
    fit = p95_latency(x=flat)
    p50 = p95_latency(x=flat, p=0.5).p95_linear
    ends = fit.p95_linear, fit.orderstat_lo, fit.orderstat_hi
    return dict(zip(names, (p50, *ends), strict=True)) | {"n": len(flat), "values": flat}


def latency(tasks: Sequence[TaskPair]) -> dict[str, Json]:
    """Seconds per trial: median and p95 of both arms and B's p95 over A's. All zero counts as not recorded."""
    a, b = _latencies([task.a for task in tasks]), _latencies([task.b for task in tasks])
    ratio = lo = hi = None
    if a and b:
        fit = p95_latency_ratio(a=a, b=b)
        ratio, lo, hi = fit.ratio, fit.lo, fit.hi
    return {"a": _latency_arm(a), "b": _latency_arm(b), "ratio": ratio, "lo": lo, "hi": hi}


def economics(tasks: Sequence[TaskPair]) -> dict[str, Json]:
    """US dollars per 1,000 tasks in both arms, and the difference B - A with its t interval over tasks."""
    means: list[list[float] | None] = []
    for trials in ([task.a for task in tasks], [task.b for task in tasks]):
        sums = _sums(trials, cost_of)
        means.append(None if not sums else [total / len(rows) for total, rows in zip(sums, trials, strict=True)])
    a, b = means
    found: dict[str, Json] = dict.fromkeys(("a", "b", "diff", "lo", "hi"))
    found |= {"tasks": 1000, "a_successes": None, "b_successes": None}
    if tasks:
        found["a_successes"] = 1000 * math.fsum(task.a_rate for task in tasks) / len(tasks)
        found["b_successes"] = 1000 * math.fsum(task.b_rate for task in tasks) / len(tasks)
    found |= {name: None if not arm else 1000 * math.fsum(arm) / len(arm) for name, arm in (("a", a), ("b", b))}
    if a and b:
        fit = paired_task_mean_diff(d=[after - before for before, after in zip(a, b, strict=True)])
        ends = (None if end is None else 1000 * end for end in (fit.mean, fit.t_lo, fit.t_hi))
        found |= dict(zip(("diff", "lo", "hi"), ends, strict=True))
    return found


def grade_counts(rows: Sequence[TrialRow], pairing: Pairing) -> list[dict[str, Json]]:
    """How many trials of each arm got each grade: every kind, whether it occurred or not."""
    counted = Counter((row.candidate, row.grade) for row in rows)
    return [{"grade": grade.value, "a": counted[pairing.a, grade], "b": counted[pairing.b, grade]} for grade in Grade]


def _success_rate(rows: Sequence[TrialRow]) -> dict[str, Json]:
    # Epochs of a task are alike, so tasks are what is counted.
    tasks: dict[tuple[str, str], list[bool]] = {}
    for row in rows:
        tasks.setdefault((row.task_id, row.task_digest), []).append(row.grade is Grade.RESOLVED)
    total = math.fsum(sum(passed) / len(passed) for passed in tasks.values())
    ends = wilson_ci(k=min(total, len(tasks)), n=len(tasks))
    return {"n": len(tasks), "success": total / len(tasks), "lo": ends.lo, "hi": ends.hi}


def candidate_points(rows: Sequence[TrialRow], pairing: Pairing) -> list[dict[str, Json]]:
    """Success and cost per success of every candidate of the run, each on all that it was measured on."""
    points = []
    for name in sorted({row.candidate for row in rows}):
        measured = [row for row in rows if row.candidate == name and row.grade.measured]
        if not measured:
            continue
        tasks: dict[tuple[str, str], list[TrialRow]] = {}
        for row in measured:
            tasks.setdefault((row.task_id, row.task_digest), []).append(row)
        cost = _per_success([tuple(trials) for trials in tasks.values()], cost_of)
        arm = {pairing.a: "a", pairing.b: "b"}.get(name, "other")
        points.append(
            {"candidate": name, "arm": arm, "cost_per_success": cost["per_success"], **_success_rate(measured)}
        )
    return points
