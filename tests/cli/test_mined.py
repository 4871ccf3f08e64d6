"""What mining found, as people and scripts read it."""

import asyncio
import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from harness.cli.context import Context
from harness.cli.mined import print_mined, show_progress
from harness.cli.options import Options
from harness.cli.output import Output
from harness.content import Home
from harness.core.errors import SandboxError
from harness.evals.mining import Order, mine
from harness.evals.proving import Rejection
from harness.transport import SystemClock
from tests.evals.mining.cases import Table
from tests.evals.mining.planted import Planted, plant


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Planted:
    return plant(tmp_path_factory.mktemp("mined") / "tally")


def told(planted, root, table, *, json_=False, out=None) -> tuple[int, str, str]:
    home = Home(root=root, why="test", state=root / ".harness")
    order = Order(source=str(planted.repository), out=out or home.suites / "tally", cache=root / ".harness/cache")
    text, remarks = io.StringIO(), io.StringIO()
    with redirect_stdout(text), redirect_stderr(remarks):
        options = Options(json=json_)
        at = Context(options, Output(options), ())
        with show_progress(at.output) as report:
            report(None)
        code = print_mined(at, home, order, asyncio.run(mine(order, table.prove, SystemClock())))
    return int(code), text.getvalue(), remarks.getvalue()


def test_counts_per_rule_with_examples(planted, tmp_path):
    flaky = planted.commits["flaky_only"]
    table = Table(**{flaky[:12]: Rejection(rule="flaky", evidence="tests/test_count.py::test_count fails in 2 of 3")})
    code, text, remarks = told(planted, tmp_path, table)
    assert code == 0
    assert "tally: 13 tasks from 14 candidates (92.9 %) of 27 commits" in text
    assert f"{flaky[:8]}: tests/test_count.py" in text
    assert max(len(line) for line in text.splitlines() if str(tmp_path) not in line) <= 100
    assert "next: harness suites show tally" in remarks


def test_nothing_measured_is_no_answer(planted, tmp_path):
    heads = {each[:12]: SandboxError("no index") for each in planted.commits.values()}
    code, text, _ = told(planted, tmp_path, Table(**heads))
    assert code == 5
    assert "not measured" in text


def test_no_task_is_the_answer_no(planted, tmp_path):
    heads = {each[:12]: Rejection(rule="already_passes", evidence="all pass") for each in planted.commits.values()}
    code, text, _ = told(planted, tmp_path, Table(**heads), json_=True)
    found = json.loads(text)
    assert code == 3
    assert (found["tasks"], found["run"], found["candidates"]) == ([], 14, 14)
    assert {each["rule"] for each in found["rejected"]} == {"already_passes"}


def test_a_suite_outside_of_the_home_says_so(planted, tmp_path):
    _, _, remarks = told(planted, tmp_path, Table(), out=tmp_path / "elsewhere" / "tally")
    assert "not among the suites" in remarks
