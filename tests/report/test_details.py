"""The tasks behind the numbers: losses first, texts cut with their hash."""

import hashlib
import json
from dataclasses import replace

from harness.core.trial import Grade
from harness.report import ab_tasks
from harness.report.details import DETAILED_MAX, _anchor

A, B = "scripted/careful", "scripted/quick-2026-11"
ORDER = ["loss", "win", "unmeasured", "tie_fail", "tie_part", "tie_pass"]


def test_losses_first_and_json_safe(rows):
    rows = [replace(row, grade=Grade.INFRA_ERROR) if row.task_id == "vat-0002" else row for row in rows]
    tasks = ab_tasks(rows, a=A, b=B)
    ranks = [ORDER.index(task["outcome"]) for task in tasks]
    assert ranks == sorted(ranks)
    assert {"loss", "win", "unmeasured", "tie_fail", "tie_pass"} <= {task["outcome"] for task in tasks}
    json.dumps(tasks, allow_nan=False)
    assert ab_tasks(rows[::-1], a=A, b=B) == tasks


def test_long_texts_are_cut_with_their_hash(rows):
    long = "é" * 30_000
    rows = [replace(row, output=long) if row.candidate == B else row for row in rows if row.task_id == "vat-0000"]
    output = ab_tasks(rows, a=A, b=B)[0]["texts"]["b"]["output"]
    assert (len(output["text"]), output["bytes_cut"]) == (10_000, 40_000)
    assert output["sha256"] == hashlib.sha256(long.encode()).hexdigest()


def test_pages_of_many_long_texts_stay_small(rows):
    rows = [replace(row, output="x" * 60_000, log="y" * 60_000) for row in rows]
    tasks = ab_tasks(rows, a=A, b=B)
    assert {len(task["texts"]["a"]["output"]["text"]) for task in tasks} == {8_000}
    assert len(json.dumps(tasks)) < 6_500_000


def test_epochs_show_the_one_that_tells(rows):
    other = [replace(row, epoch=1, grade=Grade.REFUSED if row.candidate == B else Grade.RESOLVED) for row in rows]
    task = next(
        task for task in ab_tasks(rows + other, a=A, b=B) if task["a_grades"][0] == task["b_grades"][0] == "resolved"
    )
    assert (task["epochs"], task["b_rate"], task["texts"]["epoch"], task["texts"]["b"]["grade"]) == (
        2,
        0.5,
        1,
        "refused",
    )
    alike = [replace(row, epoch=1, grade=Grade.NOT_RESOLVED) for row in rows]
    assert "tie_part" in {task["outcome"] for task in ab_tasks(rows + alike, a=A, b=B)}


def test_unknown_cost_and_structured_answers(rows):
    rows = [replace(row, cost_usd=None, expected={"total": 5}) for row in rows if row.task_id == "vat-0000"]
    task = ab_tasks(rows, a=A, b=B)[0]
    assert task["cost_diff_usd"] is None
    assert json.loads(task["texts"]["expected"]["text"]) == {"total": 5}
    without = ab_tasks([replace(row, expected=None, answer=row.output) for row in rows], a=A, b=B)[0]
    assert (without["texts"]["expected"]["text"], without["texts"]["a"]["answer"]) == ("", None)


def test_very_many_tasks_show_only_differences(rows):
    pair = [row for row in rows if row.task_id == "vat-0000" and row.candidate in {A, B}]
    many = [replace(row, task_id=f"t{n}", grade=Grade.RESOLVED) for n in range(DETAILED_MAX + 1) for row in pair]
    many[0] = replace(many[0], grade=Grade.REFUSED)
    tasks = ab_tasks(many, a=A, b=B)
    assert [task["outcome"] for task in tasks if task["texts"]] == ["win"]


def test_anchors_are_safe_and_unique():
    taken: set[str] = set()
    assert [_anchor(name, taken) for name in ("a b", "a/b", "<script>", "漢", "漢字")] == [
        "task-a-b", "task-a-b-2", "task-script", "task-x", "task-x-2",
    ]  # fmt: skip
