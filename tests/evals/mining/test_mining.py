"""Mining from a repository to a suite: written once, gone on with, added to."""

import asyncio
import json
from dataclasses import replace
from functools import partial

import pytest

from harness.content import Home, load_registry, load_suite
from harness.core.errors import ConfigError, SandboxError
from harness.core.execution import Isolation
from harness.core.suite import Environment
from harness.evals.builtin import NOOP, REFERENCE
from harness.evals.environments import make_for_suite
from harness.evals.mining import Order, Settings, SizeLimits, mine, read_record
from harness.evals.plan import make_plan
from harness.evals.proving import Rejection, open_prover, prove
from harness.evals.running import RunOptions, run_suite
from harness.sandbox import open_sandbox
from harness.transport import SystemClock
from tests.evals.mining.cases import LOCK, Table, proof_of
from tests.evals.mining.planted import TASKS, UNPROVEN, plant
from tests.evals.world import make_home


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "home" / "suites").mkdir(parents=True)
    return make_home(tmp_path / "home", {"model": [{"text": "4"}]})


@pytest.fixture
def order(home, planted, cache) -> Order:
    return Order(
        source=str(planted.repository), out=home.suites / "tally", cache=cache, harness="1.2.3", isolation="strict"
    )


def mined(order, table=None, **options):
    return asyncio.run(mine(order, (table or Table()).prove, SystemClock(), **options))


def test_every_commit_has_its_reason_and_every_task_its_folder(order, planted, home):
    flaky = planted.commits["flaky_only"]
    table = Table(**{flaky[:12]: Rejection(rule="flaky", evidence="fails in 1 of 3", seconds=2.0)})
    found = mined(order, table)
    written = json.loads((order.out / "mine.json").read_text())
    rows = {planted.name_of(row["commit"]): row for row in written["commits"]}
    assert len(rows) == len(found.survey.commits)
    assert (rows["flaky_only"]["became"], rows["flaky_only"]["rule"]) == ("rejected", "flaky")
    assert (rows["back_merge"]["became"], rows["back_merge"]["rule"]) == ("skipped", "back_merge")
    assert {name for name, row in rows.items() if row["became"] == "task"} < {*TASKS, *UNPROVEN}
    suite = load_suite(home, "tally")
    assert {task.id for task in suite.tasks} == {each.task for each in found.tasks}
    assert not (order.out / ".making").exists()


def test_a_task_is_written_as_content_reads_it(order, planted, home):
    mined(order)
    suite = load_suite(home, "tally")
    task = next(each for each in suite.tasks if each.id.startswith("round-amounts"))
    assert task.repo is not None
    assert task.repo.base_commit == planted.git("rev-parse", f"{planted.commits['rounding']}^")
    assert task.repo.f2p == (f"tests/test_money.py::test_{planted.commits['rounding'][:4]}",)
    assert task.repo.environment == Environment(
        python="==3.11.*", install=(".",), lock=f"tasks/{task.id}/requirements.lock"
    )
    assert (suite.folder / f"tasks/{task.id}/requirements.lock").read_text() == LOCK
    assert "caf\u00e9".encode() in task.repo.hidden["tests/test_money.py"]
    assert task.task_class == "python.bugfix"
    assert task.meta["area"] == "money"
    assert task.meta["state"] == "validated"
    assert task.meta["validation"]["harness"] == "1.2.3"
    assert task.meta["size"] == {"files": 1, "lines": 2}
    assert task.prompt.startswith("Round amounts to cents\n\nAmounts such as 19.99")


def test_the_bundle_holds_the_bases_alone(order, planted):
    mined(replace(order, max_tasks=1))
    heads = planted.git("bundle", "list-heads", str(order.out / "repo.bundle")).split()
    assert heads[0] == planted.git("rev-parse", f"{planted.commits['fails_after']}^")


def test_configuration_and_what_a_build_writes_are_hidden_files(order, planted):
    table = Table()

    async def adopting(claim):
        rest = tuple(path for path in claim.rest if path == "CHANGELOG.md")
        return proof_of(claim, config_from_fix=rest, generated={"src/tally/_version.py": "version = '1'\n"})

    asyncio.run(mine(order, adopting, SystemClock()))
    folder = next((order.out / "tasks").glob("round-amounts*/hidden"))
    assert (folder / "CHANGELOG.md").read_text() == "- cents are rounded\n"
    assert (folder / "src/tally/_version.py").read_text() == "version = '1'\n"
    assert table.asked == []


def test_the_same_order_asks_nothing_twice(order):
    first, again = Table(), Table()
    begun = mined(replace(order, max_tasks=3), first)
    assert len(begun.tasks) == 3 == len(first.asked)
    done = mined(order, again)
    assert not set(first.asked) & set(again.asked)
    assert len(done.tasks) == 14 == len(first.asked) + len(again.asked)
    assert mined(order, Table()).tasks == done.tasks


def test_other_settings_decide_again_and_overwrite_nothing(order):
    mined(replace(order, max_tasks=2))
    statement = next((order.out / "tasks").glob("*/statement.md"))
    statement.write_text("As a person wrote it.\n")
    stricter = Table()
    mined(replace(order, settings=Settings(sizes=SizeLimits(source_lines=400), runs=5)), stricter)
    assert len(stricter.asked) == 14
    assert statement.read_text() == "As a person wrote it.\n"


def test_what_could_not_be_measured_is_tried_again(order, planted):
    lost = planted.commits["rounding"]
    found = mined(order, Table(**{lost[:12]: SandboxError("the index does not answer")}))
    row = found.record.decisions[lost]
    assert (row.became, row.rule, row.evidence) == ("unmeasured", "not_measured", "the index does not answer")
    again = Table()
    assert lost in {each.commit for each in mined(order, again).tasks}
    assert again.asked == [lost[:12]]


def test_two_commits_with_the_same_deciding_tests_are_one_task(order):
    async def alike(claim):
        return proof_of(claim, f2p={"tests/test_a.py::test_it": "new"})

    found = asyncio.run(mine(order, alike, SystemClock()))
    assert len(found.tasks) == 1
    assert sum(each.rule == "same_tests" for each in found.decided) == 13


def test_candidates_are_proven_side_by_side_and_progress_is_told(order):
    told, busy = [], []

    async def slowly(claim):
        busy.append(claim.id)
        most.append(len(busy))
        await asyncio.sleep(0.01)
        busy.remove(claim.id)
        return proof_of(claim)

    most: list[int] = []
    asyncio.run(mine(replace(order, jobs=3, on_progress=told.append), slowly, SystemClock()))
    assert max(most) == 3
    assert (told[0].done, told[0].of, told[0].seconds_left) == (0, 14, None)
    assert (told[-1].done, told[-1].tasks, told[-1].seconds_left) == (14, 14, 0)


def test_a_repository_that_moved_on_is_refreshed_by_request(tmp_path, home, cache):
    made = plant(tmp_path / "moving")
    order = Order(source=str(made.repository), out=home.suites / "moving", cache=cache)
    before = {each.task for each in mined(order).tasks}
    made.commit("more", "More", {"src/tally/more.py": "M = 1\n", "tests/test_more.py": "def test_it():\n    pass\n"})
    with pytest.raises(ConfigError, match="--refresh"):
        mined(order)
    table = Table()
    found = mined(replace(order, refresh=True), table)
    assert table.asked == [made.commits["more"][:12]]
    assert {each.task for each in found.tasks} > before
    assert len(load_suite(home, "moving").tasks) == len(before) + 1


def test_a_refresh_needs_a_suite_of_this_history(tmp_path, home, planted, order, cache):
    with pytest.raises(ConfigError, match="without --refresh first"):
        mined(replace(order, refresh=True))
    mined(replace(order, max_tasks=1))
    other = plant(tmp_path / "other")
    other.git("commit", "--quiet", "--amend", "-m", "Rewritten")
    with pytest.raises(ConfigError, match="another repository or a rewritten history"):
        mined(replace(order, source=str(other.repository), refresh=True))


def test_nothing_else_is_overwritten(order):
    order.out.mkdir()
    (order.out / "mine.txt").write_text("somebody's")
    with pytest.raises(ConfigError, match="holds something else"):
        mined(order)


@pytest.mark.parametrize("text", ["{}", "[]", "not json", '{"version": 7}'])
def test_a_record_that_is_none(tmp_path, text):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.json"):
        read_record(tmp_path / "mine.json")


@pytest.mark.slow
def test_the_planted_tasks_are_found_and_graded(order, home, planted, tmp_path):
    """With the real prover, in an environment that needs no index: so what setuptools-scm writes is missing."""
    try:
        sandbox = open_sandbox(Isolation.STANDARD)
        prover = asyncio.run(open_prover(sandbox, order.cache))
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard, or no uv, here: {error}")
    settings = Environment(install=(".",))
    environment = asyncio.run(make_for_suite(settings, planted.repository, planted.repository, order.cache))
    proven = partial(prove, prover=prover, environment=environment)
    found = asyncio.run(mine(replace(order, jobs=2), proven, SystemClock()))
    rules = {planted.name_of(each.commit): each.rule or "task" for each in found.decided}
    assert {name for name, rule in rules.items() if rule == "task"} >= {*TASKS} - {"scm_version"}
    # Unsteady tests of other files may be what a proof names first.
    assert rules["collateral_only"] in ("no_core_f2p", "flaky")
    assert (rules["flaky_only"], rules["already_passes"], rules["fails_after"]) == (
        "flaky",
        "already_passes",
        "reference_fails",
    )
    plan = make_plan(load_suite(home, "tally"), [REFERENCE, NOOP])
    _, result = asyncio.run(run_suite(home, load_registry(home), plan, RunOptions(environ={}, fresh=True)))
    counts = {name: dict(totals.grades) for name, totals in result.totals.items()}
    assert counts[REFERENCE] == {"resolved": len(found.tasks)}
    assert "resolved" not in counts[NOOP]
