"""The tasks behind a night: which fail now that hardly ever did, which are solved now, which say nothing any more."""

from collections.abc import Mapping, Sequence

from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.report.regression_nights import Judged, TaskKey
from harness.report.text import cut
from harness.stats import TaskPair

RELIABLE = 0.8
"""A task resolved in at least this share of the baseline's samples is one that fails newly."""
HARD = 0.2
"""A task resolved in at most this share is one that is newly solved."""
SATURATED_SAMPLES = 15
LISTED_MAX = 200
TEXT_BYTES_MAX = 8_000


def task_pairs(judged: Judged, candidate: str) -> list[TaskPair]:
    """The tasks that the baseline and tonight share: ``a`` are the baseline's measured trials, ``b`` tonight's."""
    if candidate in judged.unmeasured:
        return []
    before = _measured([row for one in judged.baseline for row in one.sound()], candidate)
    now = _measured(judged.night.rows, candidate)
    return [
        TaskPair(
            task_id=key[0],
            task_digest=key[1],
            task_class=now[key][0].task_class,
            a=tuple(before[key]),
            b=tuple(now[key]),
            a_rate=_rate(before[key]),
            b_rate=_rate(now[key]),
        )
        for key in sorted(before.keys() & now.keys())
    ]


def _measured(rows: Sequence[TrialRow], candidate: str) -> dict[TaskKey, list[TrialRow]]:
    found: dict[TaskKey, list[TrialRow]] = {}
    for row in rows:
        if row.candidate == candidate and row.grade.measured:
            found.setdefault((row.task_id, row.task_digest), []).append(row)
    return found


def _rate(rows: Sequence[TrialRow]) -> float:
    return sum(row.grade is Grade.RESOLVED for row in rows) / len(rows)


def task_lists(pairs: Mapping[str, Sequence[TaskPair]], fresh: Sequence[TrialRow]) -> dict[str, Json]:
    """``new_failures`` and ``new_passes``, worst first; ``settled``: how many tasks tell nothing any more.

    *fresh*: the trials of confirming runs; a new failure says how often it was resolved in them.
    """
    again: dict[tuple[str, TaskKey], list[TrialRow]] = {}
    for row in fresh:
        if row.grade.measured:
            again.setdefault((row.candidate, (row.task_id, row.task_digest)), []).append(row)
    failures, passes = [], []
    for candidate, tasks in pairs.items():
        for task in tasks:
            rows = again.get((candidate, (task.task_id, task.task_digest)), [])
            if task.a_rate >= RELIABLE and task.b_rate <= 0.5 and task.b_rate < task.a_rate:
                failures.append(_line(candidate, task, rows))
            elif task.a_rate <= HARD and task.b_rate > 0.5:
                passes.append(_line(candidate, task, rows))
    failures.sort(key=lambda row: (row["now"] - row["baseline"], row["candidate"], row["task_id"]))
    passes.sort(key=lambda row: (row["baseline"] - row["now"], row["candidate"], row["task_id"]))
    return {
        "new_failures": failures[:LISTED_MAX],
        "new_failures_total": len(failures),
        "new_passes": passes[:LISTED_MAX],
        "new_passes_total": len(passes),
        "settled": [_settled(candidate, tasks) for candidate, tasks in pairs.items()],
    }


def _line(candidate: str, task: TaskPair, fresh: Sequence[TrialRow]) -> dict[str, Json]:
    return {
        "candidate": candidate,
        "task_id": task.task_id[:500],
        "task_digest": task.task_digest,
        "task_class": task.task_class,
        "baseline": task.a_rate,
        "samples": len(task.a),
        "now": task.b_rate,
        "grades": sorted({row.grade.value for row in task.b}),
        "fresh": len(fresh),
        "fresh_resolved": sum(row.grade is Grade.RESOLVED for row in fresh),
    }


def _settled(candidate: str, tasks: Sequence[TaskPair]) -> dict[str, Json]:
    many = [task for task in tasks if len(task.a) >= SATURATED_SAMPLES]
    return {
        "candidate": candidate,
        "tasks": len(tasks),
        "saturated": sum(task.a_rate == 1 and task.b_rate == 1 for task in many),
        "never": sum(task.a_rate == 0 and task.b_rate == 0 for task in many),
        "varying": sum(0 < task.a_rate < 1 for task in tasks),
    }


def with_texts(
    failures: Sequence[Mapping[str, Json]], now: Sequence[TrialRow], before: Sequence[TrialRow]
) -> list[dict[str, Json]]:
    """*failures* with the prompt, what was said when it was last right, and what is said now, cut to size."""
    failed = _by_task(now, resolved=False)
    passed = _by_task(before, resolved=True)
    found = []
    for line in failures:
        key = line["candidate"], line["task_id"], line["task_digest"]
        new, old = failed.get(key), passed.get(key)
        found.append(
            {
                **line,
                "detail": "" if new is None else new.detail[:2000],
                "prompt": None if new is None else _text(new.prompt),
                "output_now": None if new is None else _text(new.output),
                "output_before": None if old is None else _text(old.output),
            }
        )
    return found


def _text(text: str) -> dict[str, Json]:
    kept = cut(text, TEXT_BYTES_MAX)
    return {"text": kept.text, "bytes_cut": kept.bytes_cut, "sha256": kept.sha256}


def _by_task(rows: Sequence[TrialRow], *, resolved: bool) -> dict[tuple[str, str, str], TrialRow]:
    return {
        (row.candidate, row.task_id[:500], row.task_digest): row
        for row in rows
        if row.grade.measured and (row.grade is Grade.RESOLVED) is resolved
    }
