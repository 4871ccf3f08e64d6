"""What a suite is made of, counted from its tasks and from the record of its mining."""

import asyncio

import pytest

from harness.content import Home, load_suite
from harness.content.task_states import change_state, task_states
from harness.evals.mining import Order, mine
from harness.evals.mining.areas import changed_lines
from harness.evals.mining.workload import flake_rate, workload_of
from harness.transport import SystemClock
from tests.evals.mining.cases import proof_of


@pytest.fixture(scope="module")
def mined(tmp_path_factory, planted, cache):
    root = tmp_path_factory.mktemp("home")
    (root / "suites").mkdir()
    home = Home(root=root, why="test", state=root / ".harness")

    async def prove(claim):
        return proof_of(claim, flaky={"tests/test_names.py::test_empty": 0.5})

    order = Order(source=str(planted.repository), out=home.suites / "tally", cache=cache)
    return home, asyncio.run(mine(order, prove, SystemClock()))


def test_counts(mined):
    home, found = mined
    suite = load_suite(home, "tally")
    loads = workload_of(suite, task_states(suite.folder / "tasks"), found.record)
    assert sum(loads.areas.values()) == len(suite.tasks) == 14
    assert loads.areas["names"] == 3
    assert loads.classes == {"python.feature": 13, "python.bugfix": 1}
    assert loads.tiers == {"D": 13, "C": 1}
    assert loads.sources == {"commit": 13, "pr": 1}
    assert loads.states == {"draft": 13, "validated": 1}
    assert (loads.oldest, loads.newest) == ("2024-03-01", "2024-03-01")
    assert (loads.flaky_tests, loads.known_failures) == (1, 1)
    assert (loads.covered, loads.recent) == (14, 22)
    assert flake_rate(suite.tasks[0]) == pytest.approx(1 / 3)


def test_a_suite_that_was_written_by_hand_says_less(mined):
    home, _ = mined
    suite = load_suite(home, "tally")
    loads = workload_of(suite, {}, None)
    assert (loads.recent, loads.covered, loads.states) == (None, 0, {})


def test_retired_tasks_are_counted_and_not_loaded(mined):
    home, _ = mined
    suite = load_suite(home, "tally")
    change_state(suite.folder / "tasks" / suite.tasks[0].id, "retired")
    assert len(load_suite(home, "tally").tasks) == 13
    assert task_states(suite.folder / "tasks")[suite.tasks[0].id] == "retired"
    change_state(suite.folder / "tasks" / suite.tasks[0].id, "draft")


def test_lines_of_a_patch():
    assert changed_lines("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n c\n\n") == 2
