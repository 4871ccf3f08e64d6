"""What routing buys: the routed candidates beside every candidate used for everything, at the same cost. Pure.

A router is worth something only above the best static mix of the same cost: sending a fixed share of the tasks to a
cheap candidate and the rest to a dear one needs no matrix at all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.report.arms import cost_of
from harness.stats import facts_of, pair_trials, paired_effect, wilson_ci

ROUTED = "routed"
Routes = Mapping[str, str]
"""Candidate by class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """One way to answer every task of the routed classes."""

    name: str
    tasks: int
    success: float
    """Mean over tasks."""
    cost_usd: float | None
    """Per task; ``None``: some cost is unknown."""


def baselines(rows: Sequence[TrialRow], routes: Routes) -> dict[str, Json]:
    """``{"routed", "statics", "mix", "classes"}`` over the tasks of the classes of *routes*.

    *rows* are measured trials. Every arm is judged on the tasks it shares with the routed one: ``diff`` and ``ci`` are
    routed minus static. ``mix`` is the best fixed mix of two statics that costs no more than routing; ``None`` when
    there is none. The routes were chosen on these very tasks, which flatters them.
    """
    inside = [row for row in rows if row.task_class in routes and row.grade.measured]
    routed = [replace(row, candidate=ROUTED) for row in inside if routes[row.task_class] == row.candidate]
    if not routed:
        return {"routed": None, "statics": [], "mix": None, "classes": sorted(routes)}
    whole = {(row.task_id, row.task_digest) for row in routed}
    found = []
    complete = []
    for name in sorted({row.candidate for row in inside}):
        mine = [row for row in inside if row.candidate == name]
        static = _static(name, mine)
        covers = whole <= {(row.task_id, row.task_digest) for row in mine}
        if covers:
            complete.append(_static(name, [row for row in mine if (row.task_id, row.task_digest) in whole]))
        found.append({**_row(static), "covers": covers, **_difference(mine, routed)})
    ours = _static(ROUTED, routed)
    return {
        "routed": _row(ours),
        "statics": found,
        "mix": _mix(ours, complete),
        "classes": sorted(routes),
    }


def _static(name: str, rows: Sequence[TrialRow]) -> Static:
    tasks: dict[tuple[str, str], list[TrialRow]] = {}
    for row in rows:
        tasks.setdefault((row.task_id, row.task_digest), []).append(row)
    shares = [sum(row.grade is Grade.RESOLVED for row in trials) / len(trials) for trials in tasks.values()]
    costs = [_mean_cost(trials) for trials in tasks.values()]
    known = [cost for cost in costs if cost is not None]
    return Static(
        name=name,
        tasks=len(tasks),
        success=math.fsum(shares) / len(shares),
        cost_usd=math.fsum(known) / len(known) if len(known) == len(costs) else None,
    )


def _mean_cost(trials: Sequence[TrialRow]) -> float | None:
    known = [cost for cost in map(cost_of, trials) if cost is not None]
    return math.fsum(known) / len(known) if len(known) == len(trials) else None


def _row(static: Static) -> dict[str, Json]:
    ends = wilson_ci(k=min(static.success * static.tasks, static.tasks), n=static.tasks)
    cost = static.cost_usd
    return {
        "candidate": static.name,
        "n": static.tasks,
        "success": static.success,
        "lo": ends.lo,
        "hi": ends.hi,
        "cost_per_1000_usd": None if cost is None else 1000 * cost,
        "cost_per_success_usd": None if cost is None or not static.success else cost / static.success,
    }


def _difference(static: Sequence[TrialRow], routed: Sequence[TrialRow]) -> dict[str, Json]:
    name = static[0].candidate
    effect = paired_effect(facts_of(pair_trials([*static, *routed], a=name, b=ROUTED).tasks))
    return {"shared": effect.n, "diff": effect.diff, "ci": [effect.lo, effect.hi]}


def _mix(routed: Static, statics: Sequence[Static]) -> dict[str, Json] | None:
    budget = routed.cost_usd
    priced = [(one, one.cost_usd) for one in statics if one.cost_usd is not None]
    if budget is None or not priced:
        return None
    choices = [((one, 1.0), (one, 0.0)) for one, cost in priced if cost <= budget]
    for (one, cheap), (other, dear) in combinations(sorted(priced, key=lambda pair: (pair[1], pair[0].name)), 2):
        if cheap < budget < dear:
            share = (dear - budget) / (dear - cheap)
            choices.append(((one, share), (other, 1 - share)))
    if not choices:
        return None
    best = max(choices, key=lambda parts: sum(one.success * share for one, share in parts))
    success = sum(one.success * share for one, share in best)
    parts = [{"candidate": one.name, "share": share} for one, share in best if share > 0]
    cost = sum((one.cost_usd or 0.0) * share for one, share in best)
    return {"success": success, "cost_per_1000_usd": 1000 * cost, "parts": parts, "diff": routed.success - success}
