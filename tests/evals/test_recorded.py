"""Files of recorded outputs: every fault with its line, and the same run for the same outputs."""

import gzip
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.content import Home
from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import CandidateId, TaskId
from harness.core.money import Usage
from harness.core.response import Finish
from harness.core.suite import Suite
from harness.core.trial import TrialKey
from harness.evals.patches import unified_diff
from harness.evals.recorded import FAULTS_SHOWN, import_plan, patched, read_outputs
from tests.evals.world import lines, make_home, make_suite, sums, write

GOOD: dict[str, Any] = {"task_id": "t0", "model": "gpt", "text": "1"}


@pytest.fixture
def home(tmp_path) -> Home:
    return make_home(tmp_path, {"m": [{"text": "1"}]})


@pytest.fixture
def suite(home) -> Suite:
    return make_suite(home, sums(3))


def read_in(home: Home, suite: Suite, *rows: object):
    return read_outputs(write(home.root / "outputs.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), suite)


def key(task: str = "t0", model: str = "gpt", epoch: int = 0) -> TrialKey:
    return TrialKey(task_id=TaskId(task), candidate=CandidateId(model), epoch=epoch)


def test_a_line_says_what_it_knows(home, suite):
    row = GOOD | {"usage": {"input": 5, "output": 7}, "cost_usd": 0.1, "latency_s": 1.5, "finish": "length", "epoch": 2}
    ((found, response),) = read_in(home, suite, row).items()
    assert found == key(epoch=2)
    assert (response.model, response.text, response.finish) == ("gpt", "1", Finish.LENGTH)
    assert (response.usage, response.latency_s) == (Usage(input=5, output=7), 1.5)
    assert response.cost_usd == Decimal("0.1"), "every digit as written"


def test_what_it_does_not_say_is_unknown(home, suite):
    (response,) = read_in(home, suite, GOOD).values()
    assert (response.usage, response.cost_usd, response.latency_s, response.finish) == (None, None, 0, Finish.STOP)


@pytest.mark.parametrize("name", ["o.jsonl", "o.jsonl.gz"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_plain_and_packed_files_are_one(home, suite, name, mark):
    text = mark + "\n" + lines([GOOD, {**GOOD, "task_id": "t1", "text": "zwei\u2028ü"}]) + "  \n"
    path = home.root / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    assert [response.text for response in read_outputs(path, suite).values()] == ["1", "zwei\u2028ü"]


@pytest.mark.parametrize(
    ("row", "place", "problem"),
    [
        ([], "", "should be an object"),
        ({"model": "gpt", "text": "1"}, "task_id", "Field required"),
        (GOOD | {"task_id": ""}, "task_id", "at least 1 character; it is ''"),
        (GOOD | {"task_id": "t9"}, "task_id", "suite 'sums' has no task 't9'"),
        (GOOD | {"text": 5}, "text", "valid string; it is 5"),
        (GOOD | {"answer": "1"}, "answer", "no such key; there are: task_id, model, text"),
        (GOOD | {"usage": {"input": -1}}, "usage.input", "greater than or equal to 0; it is -1"),
        (GOOD | {"cost_usd": -1}, "cost_usd", "it is -1"),
        (GOOD | {"epoch": -1}, "epoch", "it is -1"),
        (GOOD | {"epoch": 20261120}, "epoch", "less than 10000; it is 20261120"),
        (GOOD | {"finish": "ended"}, "finish", "'stop', 'length'"),
        (GOOD | {"patch": "x"}, "", "one of 'text', 'patch' and 'files' is wanted; there are: text, patch"),
        ({"task_id": "t0", "model": "gpt"}, "", "there are: none"),
        ({"task_id": "t0", "model": "gpt", "patch": ""}, "", "'patch' is for repo suites; suite 'sums' is of kind"),
        ({"task_id": "t0", "model": "gpt", "files": {}}, "", "'files' is for repo suites"),
    ],
)
def test_each_fault_is_told_with_its_line_and_place(home, suite, row, place, problem):
    with pytest.raises(FaultsError) as caught:
        read_in(home, suite, {**GOOD, "task_id": "t2"}, row)
    told = next(fault for fault in caught.value.faults if problem in fault.problem)
    assert told.file.endswith("outputs.jsonl:2")
    assert told.place == place


@pytest.mark.parametrize("line", ["{", "nonsense", '{"task_id": "t0"', '{"task_id": "t0", "latency_s": NaN}'])
def test_what_is_no_json_is_told_with_its_line(home, suite, line):
    path = write(home.root / "o.jsonl", lines([GOOD]) + line)
    with pytest.raises(FaultsError, match=r"o\.jsonl:2"):
        read_outputs(path, suite)


def test_the_same_trial_twice_is_refused(home, suite):
    with pytest.raises(
        FaultsError, match="a second output for task 't0', model 'gpt', epoch 0; number them by 'epoch'"
    ):
        read_in(home, suite, GOOD, GOOD)
    assert len(read_in(home, suite, GOOD, GOOD | {"epoch": 1})) == 2


def test_all_faults_at_once_but_not_without_end(home, suite):
    with pytest.raises(FaultsError) as caught:
        read_in(home, suite, *[GOOD | {"task_id": f"x{n}"} for n in range(FAULTS_SHOWN + 5)])
    assert len(caught.value.faults) == FAULTS_SHOWN + 1
    assert "… and 5 more faults" in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_outputs_is_refused(home, suite, text):
    with pytest.raises(ConfigError, match="holds no outputs"):
        read_outputs(write(home.root / "o.jsonl", text), suite)


def packed() -> bytes:
    noise = random.Random(1).randbytes(4000).hex()
    return gzip.compress(lines([GOOD | {"text": noise}]).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip at all",
        packed()[:-200],
        packed()[:60] + b"\x00" * 40 + packed()[100:],
        packed()[:-6] + b"\x00" * 6,
        gzip.compress(b"\xff\xfe"),
    ],
    ids=["not packed", "cut", "overwritten", "wrong sum", "no UTF-8"],
)
def test_a_damaged_file_is_told_in_one_line(home, suite, content):
    path = home.root / "o.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"o\.jsonl\.gz: cannot be read: ") as caught:
        read_outputs(path, suite)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.jsonl", "none.jsonl.gz", "."])
def test_a_file_that_is_not_there_is_told(home, suite, name):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_outputs(home.root / name, suite)


# --- the plan of an import ------------------------------------------------------------------------------------------


ROWS = [
    GOOD | {"task_id": task, "model": model, "epoch": epoch}
    for task in ("t2", "t0")
    for model in ("gpt", "b")
    for epoch in (0, 3)
][1:]


def test_the_trials_are_what_the_file_holds(home, suite):
    outputs = read_in(home, suite, *ROWS)
    plan = import_plan(suite, outputs, name="")
    assert [task.id for task in plan.tasks] == ["t0", "t2"], "in the suite's order; nobody answered t1"
    assert (plan.candidates, plan.epochs, plan.size) == (("b", "gpt"), 4, 7)
    assert {found for _, found in plan.trials()} == set(outputs)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(ROWS))
def test_the_order_of_the_lines_does_not_matter(home, suite, rows):
    plan, usual = (import_plan(suite, read_in(home, suite, *each), name="x") for each in (rows, ROWS))
    assert plan.run_id == usual.run_id


@pytest.mark.parametrize(
    "change", [{"text": "2"}, {"model": "c"}, {"cost_usd": 1}, {"finish": "length"}, {"latency_s": 1}, {"epoch": 9}]
)
def test_anything_else_makes_another_run(home, suite, change):
    """Also a corrected cost: under the old id it would never be taken in."""
    usual = import_plan(suite, read_in(home, suite, *ROWS), name="").run_id
    assert import_plan(suite, read_in(home, suite, ROWS[0] | change, *ROWS[1:]), name="").run_id != usual
    assert import_plan(suite, read_in(home, suite, *ROWS), name="other").run_id != usual


# --- patches --------------------------------------------------------------------------------------------------------


def test_a_patch_becomes_files():
    tree = {"a.py": "x = 1\n", "b.py": "y = 1\n"}
    after = {"a.py": "x = 2\n", "b.py": None, "c.py": "z = 1\n"}
    submission = patched(unified_diff(tree, after), tree)
    assert (submission.format, submission.files, submission.error) == ("udiff", after, "")


def test_a_patch_that_does_not_fit_says_why():
    submission = patched(unified_diff({"a.py": "x = 1\n"}, {"a.py": "x = 2\n"}), {"a.py": "other\n"})
    assert (submission.format, submission.files) == ("none", None)
    assert "does not fit" in submission.error


def test_an_empty_patch_changes_nothing():
    assert patched("", {"a.py": "x"}).files == {}


def test_outputs_are_read_from_any_path(suite, tmp_path):
    path = write(tmp_path / "a folder" / "ö.jsonl", lines([GOOD]))
    assert isinstance(path, Path)
    assert list(read_outputs(path, suite)) == [key()]
