"""The tasks behind a comparison, one by one: what was asked, what each candidate said, and how it was judged."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.report.arms import cost_of
from harness.report.submission import handed_in
from harness.report.text import TEXT_BYTES_MAX, Cut, compare_lines, cut
from harness.stats import TaskPair, pair_trials
from harness.store import TestRow, TrialCallRow

DETAILED_MAX = 2000
"""With more tasks than this, only those on which the candidates differ show their texts."""
PAGE_BYTES_MAX = 5_000_000
"""Texts are cut shorter until all of them fit into this."""
TESTS_MAX, CALLS_MAX = 40, 20
"""So many tests and calls of a trial are listed: those that failed first, and the last."""
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


class _OfTrial(Protocol):
    @property
    def task_id(self) -> str: ...
    @property
    def candidate(self) -> str: ...
    @property
    def epoch(self) -> int: ...


Key = tuple[str, str, int]
_Of = TypeVar("_Of", bound=_OfTrial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What else is on record of the trials: their tests and calls."""

    tests: Mapping[Key, Sequence[TestRow]] = field(default_factory=dict)
    calls: Mapping[Key, Sequence[TrialCallRow]] = field(default_factory=dict)


def _by_trial(rows: Iterable[_Of]) -> dict[Key, list[_Of]]:
    found: dict[Key, list[_Of]] = {}
    for row in rows:
        found.setdefault((row.task_id, row.candidate, row.epoch), []).append(row)
    return found


def _tests(rows: Sequence[TestRow]) -> dict[str, Json]:
    """How many passed, and those that did not, with what was observed."""
    failed = [row for row in rows if row.outcome != "passed"]
    shown = [*failed, *(row for row in rows if row.outcome == "passed")][:TESTS_MAX]
    return {
        "n": len(rows),
        "passed": len(rows) - len(failed),
        "shown": [
            {"id": row.id[:300], "outcome": row.outcome[:40], "message": _text(1000, row.message)} for row in shown
        ],
    }


def _call(row: TrialCallRow) -> dict[str, Json]:
    return {
        "model": row.model[:300],
        "purpose": row.purpose[:40],
        "ended": row.ended[:100],
        "ok": row.ok,
        "served_model": None if row.served_model is None else row.served_model[:300],
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "cost_usd": None if row.cost_usd is None else float(row.cost_usd),
        "latency_s": row.latency_s,
        "attempts": row.attempts,
        "position": row.position[:300],
    }


def _trial(row: TrialRow, limit: int, records: Records) -> dict[str, Json]:
    key, handed = (row.task_id, row.candidate, row.epoch), handed_in(row)
    calls = records.calls.get(key, [])
    return {
        "grade": row.grade.value,
        "detail": _text(2000, row.detail),
        "flags": [flag[:200] for flag in row.flags],
        "isolation": row.isolation,
        "grader": row.grader[:200],
        "answer": None if handed is None else _text(limit, handed),
        "output": _text(limit, row.output),
        "log": _text(limit, row.log),
        "tests": _tests(records.tests.get(key, [])),
        "calls_made": [_call(call) for call in calls[-CALLS_MAX:]],
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


def _texts(task: TaskPair, limit: int, records: Records) -> dict[str, Json]:
    at = _telling(task)
    a, b = _trial(task.a[at], limit, records), _trial(task.b[at], limit, records)
    # Code and patches are compared as they were judged; of answers, the way to them says more.
    code = all(row.isolation is not None for row in (task.a[at], task.b[at]))
    what = "answer" if code and a["answer"] and b["answer"] else "output"
    lines = compare_lines(a[what]["text"], b[what]["text"])
    return {
        "epoch": task.a[at].epoch,
        "prompt": _text(limit, task.a[at].prompt),
        "expected": _text(limit, _expected(task.a[at].expected)),
        "a": a,
        "b": b,
        "compared": what,
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


def ab_tasks(
    rows: Sequence[TrialRow],
    *,
    a: str,
    b: str,
    tests: Iterable[TestRow] = (),
    calls: Iterable[TrialCallRow] = (),
) -> list[dict[str, Json]]:
    """Every task that both candidates met, worst news for *b* first, with its texts cut to what a page can carry.

    *tests* and *calls* are those of the run's trials; what is not on record is left out.

    JSON values. Above :data:`DETAILED_MAX` tasks those without a difference have no ``texts``.
    """
    records = Records(tests=_by_trial(tests), calls=_by_trial(calls))
    tasks = list(pair_trials(rows, a=a, b=b, infra="fail").tasks)
    tasks.sort(key=lambda task: (_OUTCOMES.index(_outcome(task)), task.task_id, task.task_digest))
    detailed = [task for task in tasks if len(tasks) <= DETAILED_MAX or _OUTCOMES.index(_outcome(task)) < 3]
    limit, with_texts, taken = _limit(detailed), set(map(id, detailed)), set[str]()
    return [
        _row(task, _anchor(task.task_id, taken))
        | ({"texts": _texts(task, limit, records)} if id(task) in with_texts else {})
        for task in tasks
    ]
