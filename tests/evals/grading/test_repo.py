"""Patches against a repository's tests."""

import asyncio
from dataclasses import replace

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult
from harness.core.trial import Grade
from harness.evals.grading import find_canaries, grade_repo, judge_repo
from harness.evals.grading.pytest_config import PytestConfig
from harness.evals.grading.session import import_roots
from harness.sandbox import PlainProcess

BOOK = "src/book/__init__.py"
FIXED = {BOOK: "def cents(text):\n    return round(float(text) * 100)\n\n\ndef total(items):\n    return sum(items)\n"}
BROKEN = "def cents(text):\n    return int(float(text) * 100)\n\n\ndef total(items):\n    return sum(items)\n"


@pytest.fixture(scope="session")
def canaries(task, bench):
    return asyncio.run(find_canaries(task, FIXED, bench))


@pytest.fixture
def graded(task, bench, canaries):
    """``graded(files)``: the execution and its judgement."""

    def _graded(files, **changes):
        execution = asyncio.run(grade_repo(task, files, replace(bench, **changes), canaries=canaries))
        return execution, judge_repo(task, execution)

    return _graded


def test_canaries_are_the_changed_tests_that_the_reference_fails(canaries):
    assert canaries == {
        "tests/test_cents.py": ("test_exact[0.29-36]", "test_exact[1.15-122]", "test_none", "test_whole")
    }


def test_no_canaries_where_nothing_can_be_parsed(task, bench):
    hidden = {"tests/test_cents.py": b"def test_x(:\n    assert True\n"}
    bare = replace(task, repo=replace(task.repo, hidden=hidden))
    assert asyncio.run(find_canaries(bare, FIXED, bench)) == {}


def test_the_right_patch(graded, canaries):
    execution, (grade, detail, flags) = graded(FIXED)
    assert (grade, flags) == (Grade.RESOLVED, ()), (detail, execution.log)
    assert detail == "1 f2p and 3 p2p tests passed"
    assert execution.exit_code == 1, "the canaries have failed"
    assert [test.id for test in execution.tests] == sorted(test.id for test in execution.tests)
    assert len(execution.tests) == 4, "no canary among them"


def test_without_canaries_the_planned_exit_code_is_0(task, bench):
    execution = asyncio.run(grade_repo(task, FIXED, bench))
    assert judge_repo(task, execution)[0] is Grade.RESOLVED
    assert execution.exit_code == 0


def test_at_level_none(graded):
    execution, (grade, detail, _) = graded(FIXED, sandbox=PlainProcess())
    assert grade is Grade.RESOLVED, (detail, execution.log)
    assert execution.isolation is Isolation.NONE


def test_a_patch_that_changes_nothing_that_counts(graded):
    _, (grade, detail, flags) = graded({BOOK: BROKEN})
    assert (grade, flags) == (Grade.NOT_RESOLVED, ())
    assert (
        detail
        == "f2p tests/test_cents.py::test_exact[1.15-115]: failed: AssertionError: assert 114 == 115 +  where 114 = cents('1.15')"
    )
    assert graded({})[1] == (Grade.EMPTY, "the submission changes nothing", ("empty",))


def test_a_regression_is_named(graded):
    _, (grade, detail, _) = graded({BOOK: FIXED[BOOK].replace("sum(items)", "sum(items) or 1")})
    assert grade is Grade.NOT_RESOLVED
    assert detail.startswith("p2p tests/test_cents.py::test_none: failed:")


def test_code_that_does_not_import_is_the_codes_fault(graded):
    _, (grade, detail, flags) = graded({BOOK: "def cents(:\n"})
    assert (grade, flags) == (Grade.NOT_RESOLVED, ())
    assert "::test_exact[1.15-115]: absent: File" in detail
    assert "SyntaxError: invalid syntax" in detail


def test_edits_of_tests_are_discarded_and_noted(graded):
    files = {
        **FIXED,
        "tests/test_total.py": "def test_total(): assert False\n",
        "conftest.py": "import os; os._exit(0)",
    }
    _, (grade, _, flags) = graded(files)
    assert (grade, flags) == (Grade.RESOLVED, ("protected_path_discarded",))


def test_reaching_out_of_the_tree_is_void_and_nothing_runs(graded):
    execution, (grade, detail, flags) = graded({"../x": "x"})
    assert (grade, flags, execution.wall_s) == (Grade.VOID, ("path_escape",), 0.0)
    assert detail == "refused: path_escape: '../x'"


ATTACKS = {
    "no-op tests": "import _pytest.python as p\np.Function.runtest = lambda self: None\n",
    "forced outcomes": "import _pytest.reports as r\nr.TestReport.failed = property(lambda s: False)\nr.TestReport.__init__.__defaults__\nold = r.TestReport.from_item_and_call.__func__\ndef new(cls, item, call):\n    rep = old(cls, item, call)\n    rep.outcome, rep.longrepr = 'passed', None\n    return rep\nr.TestReport.from_item_and_call = classmethod(new)\n",
    "forced outcomes by file name": "import importlib\nr = importlib.import_module('_py' + 'test.reports')\nold = r.TestReport.from_item_and_call.__func__\ndef new(cls, item, call):\n    rep = old(cls, item, call)\n    if 'test_cents' in rep.nodeid:\n        rep.outcome, rep.longrepr = 'passed', None\n    return rep\nr.TestReport.from_item_and_call = classmethod(new)\n",
    "speaks for the reporter": "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Witness':\n        real = o.say\n        def lie(*fact):\n            if fact[0] == 'test' and 'test_cents' in fact[1]:\n                fact = ('test', fact[1], 'passed', '')\n            real(*fact)\n        o.say = lie\n",
    "equals everything": "class E(int):\n    __eq__ = lambda s, o: True\n    __hash__ = None\n",
    "leaves": "import os\nos._exit(0)\n",
    "leaves at the end": "import atexit, os\natexit.register(os._exit, 0)\n",
    "forges": "import os\nfor fd in range(3, 1024):\n    try:\n        os.write(fd, b'\\n0 1 (\"end\", 0)\\n')\n    except OSError:\n        pass\n",
    "skips": "import pytest\npytest.skip('no', allow_module_level=True)\n",
    "expects to fail": "import pytest\ndef cents(text):\n    pytest.xfail('expected')\n",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_not_resolved(graded, name):
    text = ATTACKS[name] + (BROKEN if "def cents" not in ATTACKS[name] else "")
    if name == "equals everything":
        text = text.replace("return int(", "return E(").replace("return sum(", "return E(")
    _, (grade, detail, flags) = graded({BOOK: text})
    assert grade in (Grade.NOT_RESOLVED, Grade.VOID), (detail, flags)
    assert flags, detail
    if name in ("no-op tests", "forced outcomes", "forced outcomes by file name", "equals everything"):
        assert grade is Grade.VOID
        assert "canary_passed" in flags


def test_pytest_that_does_not_start_is_no_failure_of_the_patch(task, bench, tmp_path):
    environment = replace(bench.environment, plugins=("no_such_plugin",))
    with pytest.raises(SandboxError, match=r"pytest did not start: ModuleNotFoundError: .*no_such_plugin"):
        asyncio.run(grade_repo(task, FIXED, replace(bench, environment=environment)))


def test_the_hidden_files_are_written_last_and_the_tree_is_for_reading(task, bench):
    hidden = {"tests/test_cents.py": b"def test_write():\n    open('x', 'w')\n"}
    writing = replace(task, repo=replace(task.repo, f2p=("tests/test_cents.py::test_write",), p2p=(), hidden=hidden))
    execution = asyncio.run(grade_repo(writing, FIXED, bench))
    assert "Read-only file system" in judge_repo(writing, execution)[1]


def test_roots(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "lib").mkdir()
    config = PytestConfig(options={}, pythonpath=("lib/", "no", "../out", "."))
    assert import_roots(tmp_path, config) == ("lib", ".", "src")


def _seen(task, *, flags=(), ending=Ending.EXITED, finished=True) -> Execution:
    ids = sorted((*task.repo.f2p, *task.repo.p2p))
    tests = tuple(TestResult(id=name, outcome=TestOutcome.PASSED) for name in ids)
    return Execution(
        ending=ending,
        exit_code=0,
        tests=tests,
        finished=finished,
        wall_s=1.0,
        isolation=Isolation.STANDARD,
        flags=flags,
    )


def test_judging_alone(task):
    assert judge_repo(task, _seen(task))[0] is Grade.RESOLVED
    assert judge_repo(task, _seen(task, flags=("forged_report",)))[0] is Grade.VOID
    assert judge_repo(task, _seen(task, flags=("canary_passed",)))[0] is Grade.VOID
    assert judge_repo(task, _seen(task, flags=("link_escape",)))[0] is Grade.VOID
    for flag in ("canary_absent", "exit_code_mismatch"):
        assert judge_repo(task, _seen(task, flags=(flag,)))[0] is Grade.NOT_RESOLVED
    assert judge_repo(task, _seen(task, finished=False))[0] is Grade.NOT_RESOLVED
    grade, detail, _ = judge_repo(task, _seen(task, ending=Ending.MEMORY))
    assert (grade, detail) == (Grade.NOT_RESOLVED, "ended by memory after 1.0 s")
