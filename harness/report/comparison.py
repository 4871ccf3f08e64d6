"""Two sides, each one candidate of one run: whether they may be compared, how they differ, and what flipped."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.report.ab import class_results, ratio_summary, success_of, success_summary
from harness.report.arms import cost_of, latency, per_success
from harness.stats import Pairing, TaskPair, judge_pairing, pair_trials

_NAMED_MAX = 3
"""Tasks that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One candidate of one run."""

    run: RunRow
    candidate: str
    rows: Sequence[TrialRow]
    """Its trials, and only its."""

    @property
    def called(self) -> str:
        """The run as its user knows it."""
        return self.run.name or self.run.run_id


def side(run: RunRow, rows: Iterable[TrialRow], candidate: str) -> Side:
    """The trials of *candidate* among *rows* of *run*."""
    return Side(run=run, candidate=candidate, rows=[row for row in rows if row.candidate == candidate])


def compare_sides(a: Side, b: Side, *, margin: float = 0.03, common: bool = False) -> dict[str, Json]:
    """*b*, the new one, against *a*: JSON values only, no NaN; shares, US dollars, seconds; unknown is None.

    With *common* only what both sides share is compared, and what falls out is counted. Raises ConfigError when they
    are no equal terms (suite, tasks, their content, epochs, isolation, grader), with what would be, and ValueError for
    a margin outside [0, 1).
    """
    reason = _unequal(a, b, common=common)
    if reason:
        raise ConfigError(f"runs compare: {reason}")
    names = _names(a, b)
    renamed = [replace(row, candidate=name) for name, one in zip(names, (a, b), strict=True) for row in one.rows]
    pairing = pair_trials(renamed, a=names[0], b=names[1])
    verdict = judge_pairing(pairing, margin=margin)
    return {
        "verdict": verdict.verdict,
        "headline": verdict.headline,
        "why": list(verdict.why),
        "warnings": [*_unfinished(a, b), *verdict.warnings],
        "exit_code": verdict.exit_code,
        "a": _facts(a, names[0]),
        "b": _facts(b, names[1]),
        "margin": margin,
        "n_paired": len(pairing.tasks),
        "success": success_summary(success_of(pairing.tasks, verdict.effect)),
        "cost_per_success": ratio_summary(per_success(pairing.tasks, cost_of), "per_success"),
        "p95_latency_s": ratio_summary(latency(pairing.tasks), "p95"),
        "more_tasks_needed": verdict.more_tasks_needed,
        "classes": [
            {"task_class": one["task_class"], "n": one["n"], **success_summary(one)}
            | {"p_holm": one["p_holm"], "state": one["state"]}
            for one in class_results(pairing, verdict)
        ],
        "flipped": _flipped(pairing.tasks),
        "left_out": _left_out(pairing),
    }


def _names(a: Side, b: Side) -> tuple[str, str]:
    """What the two are called: by what tells them apart."""
    if a.run.run_id == b.run.run_id:
        return a.candidate, b.candidate
    called = (a.called, b.called) if a.called != b.called else (a.run.run_id, b.run.run_id)
    if a.candidate == b.candidate:
        return called
    return f"{a.candidate} ({called[0]})", f"{b.candidate} ({called[1]})"


def _facts(one: Side, name: str) -> dict[str, Json]:
    facts = {"name": name, "run": one.run.run_id, "candidate": one.candidate}
    return facts | {"trials": len(one.rows), "complete": one.run.complete}


def _unfinished(a: Side, b: Side) -> list[str]:
    runs = {one.run.run_id: one for one in (a, b) if not one.run.complete}
    return [f"Run {one.called} is not complete: it may still be going." for one in runs.values()]


def _flipped(tasks: Sequence[TaskPair]) -> list[dict[str, Json]]:
    """Tasks on which the two differ: lost ones first, those that differ most at the top."""
    return [
        {
            "task_id": task.task_id,
            "task_class": task.task_class,
            "change": "lost" if task.difference < 0 else "won",
            "a": task.a_rate,
            "b": task.b_rate,
            "a_grades": [row.grade.value for row in task.a],
            "b_grades": [row.grade.value for row in task.b],
            "why": _why(task.b if task.difference < 0 else task.a),
        }
        for task in sorted(tasks, key=lambda task: (task.difference, task.task_id))
        if task.difference
    ]


def _why(trials: Sequence[TrialRow]) -> str:
    """What was said of the first of *trials*, those of the side that did worse, that was not resolved."""
    return next((row.detail for row in trials if row.grade is not Grade.RESOLVED and row.detail), "")


def _left_out(pairing: Pairing) -> dict[str, Json]:
    counts = {"unpaired_a": pairing.unpaired_a, "unpaired_b": pairing.unpaired_b, "infra": pairing.excluded}
    return {**counts, "changed": list(pairing.changed)}


def _unequal(a: Side, b: Side, *, common: bool) -> str:
    """Why the two cannot be compared, in one line; empty when they can."""
    if a.run.suite != b.run.suite:
        return (
            f"run {a.called} is of suite {a.run.suite!r}, run {b.called} of {b.run.suite!r}; "
            "two runs of one suite can be compared"
        )
    for one in (a, b):
        if not one.rows:
            return f"run {one.called} has no graded trial of {one.candidate} yet; {_continued(one)}"
    if not {row.task_id for row in a.rows} & {row.task_id for row in b.rows}:
        return f"{_both(a, b)} share no task; two runs of the same tasks can be compared"
    if not _contents(a) & _contents(b):
        return f"the content of every task changed between {_both(a, b)}; run both on one version of the suite"
    checks = _STRICT if not common else ()
    return next((said for said in (check(a, b) for check in (*checks, _isolation, _graders)) if said), "")


def _tasks(a: Side, b: Side) -> str:
    tasks_a, tasks_b = {row.task_id for row in a.rows}, {row.task_id for row in b.rows}
    if tasks_a == tasks_b:
        return ""
    missing = (
        f"{lacking} lacks {_counted(more - less)} of the other"
        for lacking, less, more in zip(_names(a, b), (tasks_a, tasks_b), (tasks_b, tasks_a), strict=True)
        if more - less
    )
    open_ = next((one for one in (a, b) if not one.run.complete), None)
    finish = f"{_continued(open_)}; or " if open_ else ""
    return f"unequal tasks: {', '.join(missing)}; {finish}--common compares the {len(tasks_a & tasks_b)} they share"


def _digests(a: Side, b: Side) -> str:
    changed = {task for task, _ in _contents(a) ^ _contents(b)}
    return f"{_counted(changed)} changed between the runs; --common leaves them out" if changed else ""


def _epochs(a: Side, b: Side) -> str:
    epochs = [{(row.task_id, row.epoch) for row in one.rows} for one in (a, b)]
    if epochs[0] == epochs[1]:
        return ""
    most = [max(epoch for _, epoch in found) + 1 for found in epochs]
    where = f"{most[0]} against {most[1]}" if most[0] != most[1] else f"in {_counted(_odd(*epochs))}"
    return f"unequal epochs: {where}; --common compares those that both have"


def _odd(a: set[tuple[str, int]], b: set[tuple[str, int]]) -> set[str]:
    return {task for task, _ in a ^ b}


def _isolation(a: Side, b: Side) -> str:
    found = _differing(a, b, lambda row: row.isolation)
    return f"isolation differs: {found}; run both where harness doctor shows the same level" if found else ""


def _graders(a: Side, b: Side) -> str:
    found = _differing(a, b, lambda row: row.grader or None)
    return f"judged differently: {found}; harness grade RUN judges stored outputs again" if found else ""


_STRICT = (_tasks, _digests, _epochs)


def _differing(a: Side, b: Side, fact: Callable[[TrialRow], str | None]) -> str:
    """The two values of *fact* on the first trial where both are known and differ; empty without one."""
    of_b = {(row.task_id, row.task_digest, row.epoch): fact(row) for row in b.rows}
    for row in a.rows:
        here, there = fact(row), of_b.get((row.task_id, row.task_digest, row.epoch))
        if here is not None and there is not None and here != there:
            return f"{here} against {there} (task {row.task_id})"
    return ""


def _contents(one: Side) -> set[tuple[str, str]]:
    return {(row.task_id, row.task_digest) for row in one.rows}


def _both(a: Side, b: Side) -> str:
    return f"runs {a.called} and {b.called}" if a.run.run_id != b.run.run_id else f"{a.candidate} and {b.candidate}"


def _continued(one: Side) -> str:
    if one.run.complete:
        return "the run is complete without it"
    return f"run {one.called} is not complete, and the same command (harness run) continues it"


def _counted(tasks: set[str]) -> str:
    named = sorted(tasks)[:_NAMED_MAX]
    more = ", …" if len(tasks) > _NAMED_MAX else ""
    return f"{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} ({', '.join(named)}{more})"
