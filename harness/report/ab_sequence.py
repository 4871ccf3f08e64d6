"""The A/B comparison of a run that could stop early: read as it was planned, never as if its number were fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.hashing import Json, digest
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.stats import (
    RULE,
    Look,
    PairedEffect,
    PairedVerdict,
    Pairing,
    StopRule,
    TaskPair,
    Verdict,
    anytime_classes,
    anytime_effect,
    anytime_state,
    facts_of,
    headline,
    measured,
    more_tasks,
    outlook,
    place_of,
    unmeasured,
    watch_all,
)

STOPPING = "stopping"
"""In the provenance of a run: its plan, and the hash of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlan:
    """What was laid down before the first call, as far as it can be read."""

    rule: StopRule | None
    """``None``: of another version, or none of ours."""
    order_seed: int
    sha256: str
    kept: bool
    """It still has the hash that was recorded with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The trials that count, and where the rule stood after the last of them."""

    plan: StopPlan
    rows: tuple[TrialRow, ...]
    """Of all candidates, on the tasks up to the stop."""
    look: Look
    effect: PairedEffect
    beyond: int
    """Trials that were in flight when it stopped: graded, and not read."""


def plan_of(run: RunRow) -> StopPlan | None:
    """The plan of *run*; ``None`` for a run whose number of tasks was fixed."""
    found = run.provenance.get(STOPPING)
    if found is None:
        return None
    facts = found.get("plan") if isinstance(found, Mapping) else None
    facts = facts if isinstance(facts, Mapping) else {}
    recorded = str(found.get("sha256", "")) if isinstance(found, Mapping) else ""
    seed = facts.get("order_seed")
    return StopPlan(
        rule=_rule(facts),
        order_seed=seed if isinstance(seed, int) else 0,
        sha256=recorded,
        kept=recorded == digest(facts),
    )


def _rule(facts: Mapping[str, Json]) -> StopRule | None:
    if facts.get("rule") != RULE or not isinstance(facts.get("order_seed"), int):
        return None
    try:
        return StopRule(pairs=facts["pairs"], margin=facts["margin"], alpha=facts["alpha"])
    except (KeyError, TypeError, ValueError):
        return None


def stopped_run(run: RunRow, rows: Sequence[TrialRow], *, a: str, b: str) -> Stopped | None:
    """*rows* in the planned order of *run*, up to where its rule stops; ``None``: its number of tasks was fixed."""
    plan = plan_of(run)
    if plan is None:
        return None
    pairs = sorted(_pairs(rows, a, b).values(), key=lambda pair: _place(plan, pair[0]))
    watch = watch_all(
        plan.rule or StopRule(pairs=max(1, len(pairs))), [(_passed(one), _passed(two)) for one, two in pairs]
    )
    look = watch.look
    read = {(one.task_id, one.task_digest) for one, _ in pairs[: look.seen]}
    kept = tuple(row for row in rows if (row.task_id, row.task_digest) in read)
    return Stopped(
        plan=plan, rows=kept, look=look, effect=anytime_effect(watch.differences), beyond=len(rows) - len(kept)
    )


def counted_rows(run: RunRow, rows: Sequence[TrialRow], *, a: str, b: str) -> Sequence[TrialRow]:
    """Those of *rows* that the comparison of *a* and *b* counts: all, unless *run* stopped early."""
    stopped = stopped_run(run, rows, a=a, b=b)
    return rows if stopped is None else stopped.rows


def _pairs(rows: Sequence[TrialRow], a: str, b: str) -> dict[tuple[str, str], tuple[TrialRow, TrialRow]]:
    arms: list[dict[tuple[str, str], TrialRow]] = [
        {(row.task_id, row.task_digest): row for row in rows if row.candidate == name and row.epoch == 0}
        for name in (a, b)
    ]
    return {key: (arms[0][key], arms[1][key]) for key in arms[0].keys() & arms[1].keys()}


def _place(plan: StopPlan, one: TrialRow | TaskPair) -> str:
    return place_of(plan.order_seed, one.task_id, one.task_digest)


def _passed(row: TrialRow) -> bool | None:
    return row.grade is Grade.RESOLVED if row.grade.measured else None


def in_order(stopped: Stopped, tasks: Sequence[TaskPair]) -> list[int]:
    """The differences of *tasks* in the planned order."""
    return [round(task.difference) for task in sorted(tasks, key=lambda task: _place(stopped.plan, task))]


def judge_stopped(stopped: Stopped, pairing: Pairing, *, margin: float, complete: bool) -> PairedVerdict:
    """The verdict on *pairing*, the trials of a run that could stop early.

    better and worse: by the e-value; equivalent: by the confidence sequence, within *margin*, whichever that is, since
    it holds for all margins at once. Insufficient where it was not finished, not measured, or the plan cannot be read.
    """
    effect, refusal = stopped.effect, _refusal(stopped, complete=complete)
    state: Verdict = "insufficient" if refusal else anytime_state(effect, margin)
    more, missing = None, refusal
    why = [refusal] if refusal else _why(stopped, state, margin)
    if state == "insufficient" and not refusal:
        more, missing = more_tasks(facts_of(pairing.tasks), effect, margin)
        why.append(outlook(more, missing))
    classes: dict[str, list[TaskPair]] = {}
    for task in pairing.tasks:
        classes.setdefault(task.task_class, []).append(task)
    return PairedVerdict(
        verdict=state,
        headline=_head(complete=complete, refused=bool(refusal))
        or headline(state, effect, margin, a=pairing.a, b=pairing.b),
        why=tuple(why),
        warnings=tuple(_warnings(stopped)),
        effect=effect,
        margin=margin,
        beyond_margin=effect.hi < -margin or effect.lo > margin,
        more_tasks_needed=more,
        more_tasks_reason=missing,
        classes=anytime_classes({name: in_order(stopped, tasks) for name, tasks in classes.items()}, margin=margin),
    )


def _head(*, complete: bool, refused: bool) -> str:
    if not complete:
        return "Not finished: there is no verdict yet"
    return "Could not be measured" if refused else ""


def _refusal(stopped: Stopped, *, complete: bool) -> str:
    if not complete:
        return "The run could stop early and has not come to its stop; the same command continues it."
    if stopped.plan.rule is None:
        return f"The plan of this run cannot be read; this version reads plans of the rule {RULE}."
    if not stopped.plan.kept:
        return "The plan of this run is not the one that its hash was made of; what it would have decided is not known."
    return unmeasured(stopped.look.infra)


def _why(stopped: Stopped, state: Verdict, margin: float) -> list[str]:
    look, effect = stopped.look, stopped.effect
    found = [f"{_stop(stopped)}: B alone {look.b_only:,}, A alone {look.a_only:,}, e-value {_short(look.e)}."]
    if effect.diff is not None:
        found.append(measured(effect))
    if state in {"better", "worse"}:
        found.append(f"Decided by the e-value, which has to reach {_decisive(stopped)}.")
    if state == "equivalent":
        found.append(f"The whole interval lies within ±{margin * 100:g}.")
    if look.state == "futile":
        found.append("A decision was out of reach of the tasks that were left; it is no sign that the two are alike.")
    return found


def _stop(stopped: Stopped) -> str:
    look, rule = stopped.look, stopped.plan.rule
    assert rule is not None, "refused otherwise"
    if look.state == "open":
        return f"With its grades as they are now the run would not have stopped after these {look.seen:,} pairs"
    if look.seen < rule.pairs:
        return f"Stopped early after {look.seen:,} of {rule.pairs:,} pairs"
    return f"All {rule.pairs:,} pairs were looked at"


def _decisive(stopped: Stopped) -> str:
    assert stopped.plan.rule is not None, "refused otherwise"
    return f"{1 / stopped.plan.rule.alpha:g}"


def _short(e: float) -> str:
    return f"{e:,.0f}" if e >= 100 else f"{e:.3g}"


def _warnings(stopped: Stopped) -> list[str]:
    found, infra = [], stopped.look.infra
    if infra.a or infra.b:
        found.append(f"{infra.a} trials of A and {infra.b} of B could not be measured; such pairs say nothing.")
    if stopped.beyond:
        trials = "1 trial was" if stopped.beyond == 1 else f"{stopped.beyond:,} trials were"
        found.append(f"{trials} still under way at the stop and count for nothing here.")
    found.append(
        "The rates of each arm, cost, tokens and latency are stated as on a fixed number of tasks, which this is not."
    )
    return found


def stopping_results(stopped: Stopped) -> dict[str, Json]:
    """``stopping`` of results.json: the plan, and where the rule stood at the stop."""
    look, rule = stopped.look, stopped.plan.rule
    return {
        "rule": None if rule is None else rule.version,
        "plan_sha256": stopped.plan.sha256,
        "plan_kept": stopped.plan.kept,
        "order_seed": stopped.plan.order_seed,
        "margin": None if rule is None else rule.margin,
        "alpha": None if rule is None else rule.alpha,
        "pairs": None if rule is None else rule.pairs,
        "state": look.state,
        "seen": look.seen,
        "looks": look.n,
        "a_only": look.a_only,
        "b_only": look.b_only,
        "e": look.e,
        "e_max": look.e_max,
        "beyond": stopped.beyond,
    }
