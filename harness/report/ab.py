"""The A/B comparison of two candidates of one run, as JSON values: every number of the page comes from here."""

import math
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.report.ab_sequence import Stopped, in_order, judge_stopped, stopped_run, stopping_results
from harness.report.arms import candidate_points, cost_of, economics, grade_counts, latency, per_success, tokens_of
from harness.stats import (
    InfraRule,
    PairedEffect,
    PairedVerdict,
    Pairing,
    TaskPair,
    anytime_effect,
    anytime_state,
    bayes_paired_noninferiority,
    facts_of,
    judge_pairing,
    noninferiority_paired_score,
    pair_trials,
    paired_effect,
    paired_verdict,
    wilson_ci,
)

SCHEMA = "harness.ab/1"


def _check(run: RunRow, rows: Sequence[TrialRow], a: str, b: str) -> None:
    known = sorted({*run.candidates, *(row.candidate for row in rows)})
    for name, value in (("--a", a), ("--b", b)):
        if value not in known:
            raise ConfigError(
                f"report ab: {name}: run {run.run_id} has no candidate {value!r}; it has {', '.join(known)}"
            )
    if a == b:
        raise ConfigError(
            f"report ab: --a and --b must be two candidates, both are {a!r}; there are {', '.join(known)}"
        )


def _effect(effect: PairedEffect) -> dict[str, Json]:
    return {"n": effect.n, "diff": effect.diff, "ci": [effect.lo, effect.hi], "p": effect.p, "method": effect.method}


def _rate(tasks: Sequence[TaskPair], rates: Sequence[float]) -> dict[str, Json]:
    if not tasks:
        return {"rate": None, "lo": None, "hi": None, "k": 0.0, "n": 0}
    total = math.fsum(rates)
    ends = wilson_ci(k=min(total, len(tasks)), n=len(tasks))
    return {"rate": total / len(tasks), "lo": ends.lo, "hi": ends.hi, "k": total, "n": len(tasks)}


def success_of(tasks: Sequence[TaskPair], effect: PairedEffect) -> dict[str, Json]:
    """The rate of each arm with its interval, and the difference B - A."""
    a, b = _rate(tasks, [task.a_rate for task in tasks]), _rate(tasks, [task.b_rate for task in tasks])
    return {"a": a, "b": b, **_effect(effect)}


def _more_evidence(tasks: Sequence[TaskPair], margin: float) -> dict[str, Json]:
    # One-sided views of the same counts; only for one epoch, a margin, and a number of tasks that was fixed.
    facts = facts_of(tasks)
    if facts.differences is not None or facts.n == 0 or margin == 0:
        return {"noninferiority": None, "p_noninferior": None}
    test = noninferiority_paired_score(n=facts.n, a_only=facts.a_only, b_only=facts.b_only, margin=margin)
    posterior = bayes_paired_noninferiority(
        both=facts.both, a_only=facts.a_only, b_only=facts.b_only, neither=facts.neither, margin=margin
    )
    return {
        "noninferiority": {"lower": test.lower_95_one_sided, "p": test.p, "non_inferior": test.non_inferior},
        "p_noninferior": posterior.p_noninferior,
    }


def _pairs(pairing: Pairing) -> dict[str, Json]:
    ties = [task for task in pairing.tasks if task.difference == 0]
    return {
        "n_paired": len(pairing.tasks),
        "epochs": pairing.epochs,
        "a_better": sum(task.difference < 0 for task in pairing.tasks),
        "b_better": sum(task.difference > 0 for task in pairing.tasks),
        "both": sum(task.a_rate > 0 for task in ties),
        "neither": sum(task.a_rate == 0 for task in ties),
        "trials_a": pairing.trials_a,
        "trials_b": pairing.trials_b,
        "infra_a": pairing.infra_a,
        "infra_b": pairing.infra_b,
        "excluded": pairing.excluded,
        "unpaired_a": pairing.unpaired_a,
        "unpaired_b": pairing.unpaired_b,
        "changed": list(pairing.changed),
    }


def class_results(pairing: Pairing, verdict: PairedVerdict) -> list[dict[str, Json]]:
    """:func:`success_of` within each class of tasks, with its state and its p after Holm; by name."""
    tasks: dict[str, list[TaskPair]] = {}
    for task in pairing.tasks:
        tasks.setdefault(task.task_class, []).append(task)
    return [
        {
            "task_class": one.task_class,
            "state": one.state,
            "p_holm": one.p_holm,
            **success_of(tasks[one.task_class], one.effect),
        }
        for one in verdict.classes
    ]


_SENSITIVITY: Mapping[InfraRule, str] = {
    "exclude": "as judged: what could not be measured is left out of both arms",
    "fail": "everything that could not be measured counts as a failure",
    "a_passes": "worst for B: A would have succeeded, B failed",
    "b_passes": "best for B: B would have succeeded, A failed",
}


def _sensitivity(
    rows: Sequence[TrialRow], *, a: str, b: str, margin: float, stopped: Stopped | None
) -> list[dict[str, Json]]:
    found = []
    for rule, meaning in _SENSITIVITY.items():
        tasks = pair_trials(rows, a=a, b=b, infra=rule).tasks
        if stopped is None:
            facts = facts_of(tasks)
            verdict, effect = paired_verdict(facts, margin=margin).verdict, paired_effect(facts)
        else:
            effect = anytime_effect(in_order(stopped, tasks))
            verdict = anytime_state(effect, margin)
        found.append({"rule": rule, "meaning": meaning, "verdict": verdict, **_effect(effect)})
    return found


def _health(
    run: RunRow,
    pairing: Pairing,
    verdict: PairedVerdict,
    *,
    isolation: Mapping[str, int],
    stopped: Stopped | None,
    noise: Sequence[Mapping[str, Json]],
) -> list[dict[str, Json]]:
    expected = run.tasks * len(run.candidates) * run.epochs
    complete = "The run is complete." if stopped is None else "The run came to its stop, by the rule it was begun with."
    found = [
        _line(run.complete, complete, f"The run is not complete: {run.trials:,} of {expected:,} trials."),
        _line(
            not pairing.unpaired_a and not pairing.unpaired_b,
            f"Every trial has a partner of the same content ({len(pairing.tasks):,} paired).",
            f"{pairing.unpaired_a} trials of A and {pairing.unpaired_b} of B have no partner and were left out.",
        ),
    ]
    if not pairing.infra_a and not pairing.infra_b:
        found.append(_line(True, "Every trial was measured.", ""))
    found += [_line(True, _noise(one), "") for one in noise]
    if pairing.changed:
        found.append(_line(False, "", f"{len(pairing.changed)} tasks met the candidates with different content."))
    if "none" in isolation:
        found.append(_line(False, "", f"{isolation['none']} trials ran without isolation."))
    return found + [_line(False, "", warning) for warning in verdict.warnings]


def _noise(floor: Mapping[str, Json]) -> str:
    smallest = floor["smallest"]
    told = "no difference" if smallest is None else f"a difference of {smallest:.0%} or more"
    return (
        f"Noise floor: asked twice, {floor['candidate']} differed from itself on {floor['share']:.1%} of "
        f"{floor['tasks']:,} tasks; on as many, {told} can be told."
    )


def _line(fine: bool, said: str, complaint: str) -> dict[str, Json]:  # noqa: FBT001 -- a condition, not an option
    return {"state": "ok" if fine else "warn", "text": said if fine else complaint}


def _served(rows: Sequence[TrialRow], candidate: str) -> dict[str, Json] | None:
    # Consensus and routes may decline: how often they answered, and how often an answer was right.
    mine = [row for row in rows if row.candidate == candidate and row.grade.measured]
    served = [row for row in mine if row.grade is not Grade.UNSERVED]
    if len(served) == len(mine):
        return None
    right = sum(row.grade is Grade.RESOLVED for row in served)
    return {
        "trials": len(mine),
        "served": len(served),
        "coverage": len(served) / len(mine),
        "resolved": right,
        "precision": right / len(served) if served else None,
    }


def run_facts(run: RunRow) -> dict[str, Json]:
    """A run as a page states it; times in ISO 8601."""
    return {
        "id": run.run_id,
        "name": run.name,
        "suite": run.suite,
        "suite_version": run.suite_version,
        "suite_digest": run.suite_digest,
        "suite_kind": run.suite_kind,
        "solver": run.solver,
        "origin": run.origin,
        "candidates": list(run.candidates),
        "epochs": run.epochs,
        "seed": run.seed,
        "scripted": run.scripted,
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(timespec="seconds"),
        "complete": run.complete,
        "tasks": run.tasks,
        "trials": run.trials,
        "journal": run.journal,
        "prices": plain(run.prices),
        "provenance": plain(run.provenance),
    }


def _command(run: RunRow, *, a: str, b: str, margin: float) -> str:
    return shlex.join(["harness", "report", "ab", run.run_id, "--a", a, "--b", b, "--margin", f"{margin:g}"])


def _verdict(verdict: PairedVerdict) -> dict[str, Json]:
    return {
        "verdict": verdict.verdict,
        "headline": verdict.headline,
        "why": list(verdict.why),
        "warnings": list(verdict.warnings),
        "beyond_margin": verdict.beyond_margin,
        "more_tasks_needed": verdict.more_tasks_needed,
        "more_tasks_reason": verdict.more_tasks_reason,
        "exit_code": verdict.exit_code,
    }


MARGIN = 0.03
"""Where neither the reader nor the plan of the run names another."""


def ab_results(
    run: RunRow,
    rows: Sequence[TrialRow],
    *,
    a: str,
    b: str,
    margin: float | None = None,
    noise: Sequence[Mapping[str, Json]] = (),
) -> dict[str, Json]:
    """Compare *b*, the candidate, with *a*, the incumbent, on the *rows* of *run*.

    JSON values only, no NaN; rates and differences are shares, amounts US dollars, tokens and seconds; unknown and
    undefined are None. The same rows in any order give the same results. A run that could stop early is judged by its
    plan, on the trials up to its stop; *margin* is then the plan's, unless named. *noise*: noise floors of the two
    (:func:`harness.report.noise.noise_results`). Raises ConfigError for a candidate that the run does not have and
    ValueError for a margin outside [0, 1).
    """
    _check(run, rows, a, b)
    stopped = stopped_run(run, rows, a=a, b=b)
    if margin is None:
        margin = stopped.plan.rule.margin if stopped and stopped.plan.rule else MARGIN
    rows = rows if stopped is None else stopped.rows
    pairing = pair_trials(rows, a=a, b=b)
    verdict = (
        judge_pairing(pairing, margin=margin)
        if stopped is None
        else judge_stopped(stopped, pairing, margin=margin, complete=run.complete)
    )
    isolation = Counter(row.isolation for row in rows if row.candidate in {a, b} and row.isolation is not None)
    return {
        "schema": SCHEMA,
        "run": run_facts(run),
        "a": a,
        "b": b,
        "margin": margin,
        "verdict": _verdict(verdict),
        "health": _health(run, pairing, verdict, isolation=isolation, stopped=stopped, noise=noise),
        "stopping": None if stopped is None else stopping_results(stopped),
        "noise": [dict(one) for one in noise],
        "pairs": _pairs(pairing),
        "success": success_of(pairing.tasks, verdict.effect),
        **_more_evidence(pairing.tasks if stopped is None else (), margin),
        "classes": class_results(pairing, verdict),
        "cost": per_success(pairing.tasks, cost_of),
        "tokens": per_success(pairing.tasks, tokens_of),
        "latency": latency(pairing.tasks),
        "economics": economics(pairing.tasks),
        "grades": grade_counts(rows, pairing),
        "served": {"a": _served(rows, a), "b": _served(rows, b)},
        "candidates": candidate_points(rows, pairing),
        "sensitivity": _sensitivity(rows, a=a, b=b, margin=margin, stopped=stopped),
        "isolation": dict(sorted(isolation.items())),
        "graders": sorted({row.grader for row in rows if row.candidate in {a, b} and row.grader}),
        "command": _command(run, a=a, b=b, margin=margin),
    }


def success_summary(success: Mapping[str, Json]) -> dict[str, Json]:
    """The short form of :func:`success_of`."""
    a, b = success["a"]["rate"], success["b"]["rate"]
    return {"a": a, "b": b, "diff": success["diff"], "ci": success["ci"], "p": success["p"]}


def ratio_summary(found: Mapping[str, Json], figure: str) -> dict[str, Json]:
    """One *figure* of both arms, and B's over A's with its interval."""
    ends = None if found["lo"] is None or found["hi"] is None else [found["lo"], found["hi"]]
    return {"a": found["a"][figure], "b": found["b"][figure], "ratio": found["ratio"], "ci": ends}


def ab_summary(results: Mapping[str, Json], file: str) -> dict[str, Json]:
    """The short form of *results* that ``report ab --json`` prints; *file* is where the page was written."""
    return {
        "verdict": results["verdict"]["verdict"],
        "a": results["a"],
        "b": results["b"],
        "n_paired": results["pairs"]["n_paired"],
        "success": success_summary(results["success"]),
        "cost_per_success": ratio_summary(results["cost"], "per_success"),
        "tokens_per_success": ratio_summary(results["tokens"], "per_success"),
        "p95_latency_s": ratio_summary(results["latency"], "p95"),
        "more_tasks_needed": results["verdict"]["more_tasks_needed"],
        "file": file,
    }
