"""The tasks behind a comparison, one by one: what was asked, what each candidate said, and how it was judged."""

import json
import re
from collections.abc import Sequence

from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.report.arms import cost_of
from harness.report.text import TEXT_BYTES_MAX, Cut, compare_lines, cut
from harness.stats import TaskPair, pair_trials

DETAILED_MAX = 2000
"""With more tasks than this, only those on which the candidates differ show their texts."""
PAGE_BYTES_MAX = 5_000_000
"""Texts are cut shorter until all of them fit into this."""
_LIMITS = (TEXT_BYTES_MAX, 8_000, 3_000, 1_000)
_OUTCOMES = ("loss", "win", "unmeasured", "tie_fail", "tie_part", "tie_pass")
"""In the order of the table: what a migration would lose comes first."""


def _outcome(task: TaskPair) -> str:
    if not all(row.grade.measured for row in (*task.a, *task.b)):
        return "unmeasured"
    if task.difference:
        return "win" if task.difference > 0 else "loss"
    return {0.0: "tie_fail", 1.0: "tie_pass"}.get(task.a_rate, "tie_part")


def _anchor(task_id: str, taken: set[str]) -> str:
    stem = "task-" + (re.sub(r"[^A-Za-z0-9._-]+", "-", task_id[:80]).strip("-") or "x")
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name


def _text(limit: int, text: str) -> dict[str, Json]:
    kept: Cut = cut(text, limit)
    return {"text": kept.text, "bytes_cut": kept.bytes_cut, "sha256": kept.sha256}


def _trial(row: TrialRow, limit: int) -> dict[str, Json]:
    return {
        "grade": row.grade.value,
        "detail": _text(2000, row.detail),
        "flags": [flag[:200] for flag in row.flags],
        "isolation": row.isolation,
        "answer": None if row.answer is None or row.answer == row.output else _text(limit, row.answer),
        "output": _text(limit, row.output),
        "log": _text(limit, row.log),
        "cost_usd": cost_of(row),
        "latency_s": row.latency_s,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "calls": row.calls,
        "verdict_id": row.verdict_id,
    }


def _telling(task: TaskPair) -> int:
    # The epoch whose texts are shown: the first in which the two were judged differently.
    return next((at for at, (a, b) in enumerate(zip(task.a, task.b, strict=True)) if a.grade != b.grade), 0)


def _expected(value: Json) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)


def _texts(task: TaskPair, limit: int) -> dict[str, Json]:
    at = _telling(task)
    a, b = _trial(task.a[at], limit), _trial(task.b[at], limit)
    lines = compare_lines(a["output"]["text"], b["output"]["text"])
    return {
        "epoch": task.a[at].epoch,
        "prompt": _text(limit, task.a[at].prompt),
        "expected": _text(limit, _expected(task.a[at].expected)),
        "a": a,
        "b": b,
        "diff": [{"kind": line.kind, "text": line.text} for line in lines],
    }


def _mean(amounts: Sequence[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) / len(known) if known and len(known) == len(amounts) else None


def _row(task: TaskPair, anchor: str) -> dict[str, Json]:
    cost_a, cost_b = _mean([cost_of(row) for row in task.a]), _mean([cost_of(row) for row in task.b])
    return {
        "anchor": anchor,
        "id": task.task_id[:500],
        "task_class": task.task_class[:500],
        "outcome": _outcome(task),
        "epochs": len(task.a),
        "a_rate": task.a_rate,
        "b_rate": task.b_rate,
        "a_grades": [row.grade.value for row in task.a],
        "b_grades": [row.grade.value for row in task.b],
        "cost_diff_usd": None if cost_a is None or cost_b is None else cost_b - cost_a,
        "texts": None,
    }


def _size(row: TrialRow, limit: int) -> int:
    return sum(min(len(text), limit) for text in (row.output, row.log, row.answer or "", row.prompt))


def _limit(tasks: Sequence[TaskPair]) -> int:
    shown = [row for task in tasks for row in (task.a[_telling(task)], task.b[_telling(task)])]
    return next((limit for limit in _LIMITS if sum(_size(row, limit) for row in shown) <= PAGE_BYTES_MAX), _LIMITS[-1])


def ab_tasks(rows: Sequence[TrialRow], *, a: str, b: str) -> list[dict[str, Json]]:
    """Every task that both candidates met, worst news for *b* first, with its texts cut to what a page can carry.

    JSON values. Above :data:`DETAILED_MAX` tasks those without a difference have no ``texts``.
    """
    tasks = list(pair_trials(rows, a=a, b=b, infra="fail").tasks)
    tasks.sort(key=lambda task: (_OUTCOMES.index(_outcome(task)), task.task_id, task.task_digest))
    detailed = [task for task in tasks if len(tasks) <= DETAILED_MAX or _OUTCOMES.index(_outcome(task)) < 3]
    limit, with_texts, taken = _limit(detailed), set(map(id, detailed)), set[str]()
    return [
        _row(task, _anchor(task.task_id, taken)) | ({"texts": _texts(task, limit)} if id(task) in with_texts else {})
        for task in tasks
    ]
