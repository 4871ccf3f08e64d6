"""Code against hidden tests: honest code is graded right, and no trick gets it graded better."""

import asyncio
import sys
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import Task
from harness.core.trial import Grade
from harness.evals.grading import code as room
from harness.evals.grading import grade_code, judge_code
from harness.sandbox import PlainProcess

PYTHON = Path(sys.executable)
PROMPT = 'def double(x):\n    """Twice x."""\n'
CHECK = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n"


def task_of(tests: str = CHECK, *, prompt: str = PROMPT, entry_point: str | None = "double", **meta) -> Task:
    return Task(
        id=TaskId("double"),
        task_class=TaskClass("python.function"),
        prompt=prompt,
        tests=tests,
        entry_point=entry_point,
        meta=meta,
        digest="d",
    )


@pytest.fixture
def graded(sandbox):
    """``graded(code, tests=…, …)``: the execution and its judgement."""

    def _graded(code: str, tests: str = CHECK, *, timeout_s: float = 10.0, python: Path | None = None, **changes):
        task = task_of(tests, **changes)
        execution = asyncio.run(grade_code(task, code, sandbox, python or PYTHON, timeout_s=timeout_s))
        return execution, judge_code(task, execution)

    return _graded


def test_a_completion_and_a_module(graded):
    for code in ("    return x * 2\n", "def double(x):\n    return x + x\n"):
        execution, (grade, detail, flags) = graded(code)
        assert (grade, detail, flags) == (Grade.RESOLVED, "1 of 1 tests passed", ())
        assert execution.finished
        assert execution.isolation.strength >= Isolation.STANDARD.strength


def test_the_reason_names_the_line_and_the_error(graded):
    _, (grade, detail, _) = graded("    return 4\n")
    assert grade is Grade.NOT_RESOLVED
    assert detail == "check: failed: assert candidate('a') == 'aa': AssertionError"
    _, (_, detail, _) = graded("    return x / 0\n")
    assert detail.endswith("ZeroDivisionError: division by zero")
    _, (_, detail, _) = graded("def double(x:\n")
    assert "SyntaxError" in detail
    _, (_, detail, _) = graded("x = 1\n", prompt="Write double.")
    assert "does not define 'double'" in detail


def test_each_test_function_is_a_result(graded):
    tests = "def test_a():\n    assert double(1) == 2\n\ndef test_b():\n    assert double(1) == 3\n\nhelper = 1\n"
    execution, (_, detail, _) = graded("    return x * 2\n", tests)
    assert [(test.id, test.outcome.value) for test in execution.tests] == [("test_a", "passed"), ("test_b", "failed")]
    assert detail.startswith("test_b: failed: assert double(1) == 3")


def test_what_never_ran_is_absent(graded):
    tests = "def test_a():\n    double(1)\n\ndef test_b():\n    double(1)\n"
    execution, (grade, detail, flags) = graded("    while True: pass\n", tests, timeout_s=0.5)
    assert (grade, flags) == (Grade.NOT_RESOLVED, ("timeout",))
    assert [test.outcome for test in execution.tests] == [TestOutcome.ABSENT] * 2
    assert detail.startswith("the run ended by timeout after")


def test_empty_code_runs_nothing(graded):
    execution, (grade, detail, flags) = graded(" \n")
    assert (grade, detail, flags, execution.wall_s) == (Grade.EMPTY, "no code", ("empty",), 0.0)


VALUES = "[None, True, 3, 2.5, 1j, 'é', b'x', (1, [2]), {'k': {1, 2}}, frozenset({1})]"


def test_values_survive_the_way_between_the_processes(graded):
    tests = f"def check(candidate):\n    values = {VALUES}\n    assert candidate(values) == values\n    assert candidate(values) is not None\n"
    assert graded("    return x\n", tests)[1][0] is Grade.RESOLVED
    library = """
def check(candidate):
    from collections import Counter, OrderedDict, defaultdict, deque
    from datetime import date, timedelta
    from decimal import Decimal
    from fractions import Fraction
    for value in (Decimal('1.10'), Fraction(1, 3), date(2026, 1, 2), timedelta(1), Counter('aab'), deque([1]),
                  OrderedDict(a=1), defaultdict(list, {1: [2]})):
        assert candidate(value) == value
        assert type(candidate(value)) is type(value)
"""
    assert graded("    return x\n", library)[1][0] is Grade.RESOLVED


def test_changed_arguments_identity_iterators_functions_and_exceptions(graded):
    cases = {
        "x.sort()": "def check(candidate):\n    given = [2, 1]\n    assert candidate(given) is None\n    assert given == [1, 2]\n",
        "x['b'] = 1; return x": "def check(candidate):\n    given = {'a': 0}\n    assert candidate(given) is given\n    assert given == {'a': 0, 'b': 1}\n",
        "x.add(1)": "def check(candidate):\n    given = set()\n    candidate(x=given)\n    assert given == {1}\n",
        "yield x; yield x": "def check(candidate):\n    assert list(candidate(1)) == [1, 1]\n",
        "return lambda y: x + y": "def check(candidate):\n    assert candidate(1)(2) == 3\n",
        "raise KeyError(x)": "def check(candidate):\n    try:\n        candidate(1)\n    except KeyError as e:\n        return\n    assert False\n",
        "raise type('Mine', (ValueError,), {})('m')": "def check(candidate):\n    try:\n        candidate(1)\n    except ValueError as e:\n        assert str(e) == 'Mine: m'\n        return\n    assert False\n",
        "b''.decode('ascii') + b'\\xff'.decode('ascii')": "def check(candidate):\n    try:\n        candidate(1)\n    except RuntimeError:\n        return\n    assert False\n",
    }
    for body, tests in cases.items():
        grade, detail, _ = graded(f"    {body}\n", tests)[1]
        assert grade is Grade.RESOLVED, (body, detail)


def test_helpers_of_the_prompt_and_of_the_code(graded):
    prompt = "import math\n\ndef twice(n):\n    return 2 * n\n\ndef double(x):\n    '''Twice.'''\n"
    tests = "def check(candidate):\n    assert candidate(4) == twice(4)\n    assert math.sqrt(own(2)) == 2\n    assert LIMIT == 9\n"
    code = f"{prompt}    return x * 2\n\ndef own(n):\n    return n + 2\n\nLIMIT = 9\n"
    assert graded(code, tests, prompt=prompt)[1][0] is Grade.RESOLVED


def test_what_cannot_leave_its_process_says_so_and_what_to_do(graded):
    _, (grade, detail, _) = graded("    return object()\n", "def check(candidate):\n    candidate(1)\n")
    assert grade is Grade.NOT_RESOLVED
    assert "type builtins.object" in detail
    assert "in_process: true" in detail
    _, (_, detail, _) = graded("    return x(1)\n", "def check(candidate):\n    assert candidate(lambda y: y) == 1\n")
    assert "the tests pass a value that cannot leave its process" in detail


def test_in_one_process_where_the_task_asks_for_it_and_flagged(graded):
    code = "class Box:\n    def get(self):\n        return 1\n"
    tests = "def test_box():\n    assert Box().get() == 1\n"
    _, (grade, _, flags) = graded(code, tests, entry_point=None, prompt="Write Box.")
    assert (grade, flags) == (Grade.RESOLVED, ("in_process",))
    _, (grade, _, flags) = graded("    return x * 2\n", in_process=True)
    assert (grade, flags) == (Grade.RESOLVED, ("in_process",))
    _, (grade, detail, _) = graded("import os; os._exit(0)\n", tests, entry_point=None, prompt="")
    assert (grade, detail) == (Grade.NOT_RESOLVED, "test_box: absent")
    _, (grade, detail, _) = graded("def double(x: int\n", in_process=True)
    assert grade is Grade.NOT_RESOLVED
    assert "SyntaxError" in detail


def test_broken_tests_are_an_error_not_a_pass(graded):
    execution, (grade, detail, _) = graded("    return x * 2\n", "import no_such_module\n" + CHECK)
    assert grade is Grade.NOT_RESOLVED
    assert detail.startswith("<tests>: error: import no_such_module: ModuleNotFoundError")
    assert {test.id: test.outcome.value for test in execution.tests} == {"<tests>": "error", "check": "absent"}
    execution, (grade, detail, _) = graded("    return x * 2\n", "x = 1\n")
    assert (grade, detail) == (Grade.NOT_RESOLVED, "task 'double' has no tests")


ATTACKS = {
    "equals everything": "class E(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\ndef double(x):\n    return E()\n",
    "equals everything, list": "class E(list):\n    __eq__ = lambda s, o: True\ndef double(x):\n    return E()\n",
    "leaves": "import os\ndef double(x):\n    os._exit(0)\n",
    "leaves at import": "import os\nos._exit(0)\ndef double(x): pass\n",
    "leaves politely": "import sys\ndef double(x):\n    sys.exit(0)\n",
    "leaves politely at import": "import sys\nsys.exit(0)\ndef double(x): pass\n",
    "kills": "import os\ndef double(x):\n    os.kill(os.getppid(), 9)\n",
    "reads the stack": """
import sys
def double(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and 'source' in value:
                return eval('4')
        frame = frame.f_back
""",
    "patches builtins": "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = type('N', (BaseException,), {})\ndef double(x):\n    return 0\n",
    "writes to every descriptor": """
import os
def double(x):
    for fd in range(3, 1024):
        try:
            os.write(fd, b'\\n 1 ("test", "check", "passed", "")\\n')
        except OSError:
            pass
    return 0
""",
    "writes into the judging process": """
import os
def double(x):
    try:
        fd = os.open(f'/proc/{os.getppid()}/mem', os.O_RDWR)
        print('OPENED')
    except OSError:
        pass
    try:
        print('LISTED', os.listdir(f'/proc/{os.getppid()}/fd'))
    except OSError:
        pass
    return 0
""",
    "traces the judging process": "import ctypes, os\ndef double(x):\n    print('TRACED', ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0)\n    return 0\n",
    "answers with other builtins": """
import os, pickle, sys
def send(value):
    data = pickle.dumps(value, 4)
    for fd in range(3, 64):
        try:
            os.write(fd, len(data).to_bytes(8, 'big') + data)
        except OSError:
            pass
send(('loaded', {'double': ('value', 4), 'len': ('value', 1), '__builtins__': ('value', {}), 'check': ('value', 1)}))
def double(x):
    return 0
""",
    "answers with nonsense": """
import os
for fd in range(3, 64):
    try:
        os.write(fd, b'\\xff' * 64)
    except OSError:
        pass
def double(x):
    return 0
""",
    "pickles a call": """
class P:
    def __reduce__(self):
        return eval, ("__import__('os')._exit(0)",)
def double(x):
    return P()
""",
    "looks for the tests": """
import gc, sys
def double(x):
    hits = [o for o in gc.get_objects() if isinstance(o, dict) and any(isinstance(v, str) and 'def check' in v for v in list(o.values()))]
    print('FOUND', len(hits))
    return 0
""",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_not_resolved(graded, name):
    execution, (grade, detail, _) = graded(ATTACKS[name])
    assert grade in (Grade.NOT_RESOLVED, Grade.VOID), detail
    for boast in ("OPENED", "LISTED", "TRACED True", "FOUND 1"):
        assert boast not in execution.log


def test_a_runner_that_does_not_start_is_no_failure_of_the_code(sandbox):
    with pytest.raises(SandboxError, match="the runner did not start under"):
        asyncio.run(grade_code(task_of(), "    return 1\n", sandbox, Path("/bin/false")))


def test_at_level_none(tmp_path):
    execution = asyncio.run(grade_code(task_of(), "    return x * 2\n", PlainProcess(), PYTHON))
    assert judge_code(task_of(), execution)[0] is Grade.RESOLVED
    assert execution.isolation is Isolation.NONE


def test_with_the_packages_of_the_environment(sandbox):
    code = "import pytest\ndef double(x):\n    return x * 2\n"
    python = Path(sys.prefix) / "bin" / "python"
    without = asyncio.run(grade_code(task_of(), code, sandbox, python))
    assert "ModuleNotFoundError" in judge_code(task_of(), without)[1]
    execution = asyncio.run(grade_code(task_of(), code, sandbox, python, site=True))
    assert judge_code(task_of(), execution)[0] is Grade.RESOLVED


def _seen(*tests: TestResult, finished=True, ending=Ending.EXITED, flags=()) -> Execution:
    return Execution(
        ending=ending,
        exit_code=0,
        tests=tests,
        finished=finished,
        wall_s=1.0,
        isolation=Isolation.STANDARD,
        flags=flags,
    )


PASSED = TestResult(id="check", outcome=TestOutcome.PASSED)


def test_judging_alone():
    task = task_of()
    assert judge_code(task, _seen(PASSED))[0] is Grade.RESOLVED
    assert judge_code(task, _seen(PASSED, finished=False))[:2] == (
        Grade.NOT_RESOLVED,
        "the run ended before the tests did",
    )
    assert judge_code(task, _seen(PASSED, flags=("forged_report",)))[0] is Grade.VOID
    memory = judge_code(task, _seen(PASSED, finished=False, ending=Ending.MEMORY))
    assert (memory[0], memory[2]) == (Grade.NOT_RESOLVED, ("memory",))
    skipped = TestResult(id="test_x", outcome=TestOutcome.SKIPPED)
    assert judge_code(task, _seen(PASSED, skipped))[0] is Grade.NOT_RESOLVED
    assert "(and 1 more)" in judge_code(task, _seen(skipped, skipped))[1]


def test_reading_sources():
    assert room.complete_module(task_of(), "import os\ndouble = len\n") == "import os\ndouble = len\n"
    assert room.complete_module(task_of(), "def other(): ...\n").startswith(PROMPT)
    assert room.complete_module(task_of(entry_point=None), "x") == "x"
    assert (
        room.complete_module(task_of(prompt="def double(x):\n"), "    return 1\n") == "def double(x):\n    return 1\n"
    )
    assert room.complete_module(task_of(prompt="Write it."), "x = 1\n") == "x = 1\n"
    assert room.test_names("def test_b(): ...\ndef check(c): ...\ndef other(): ...\nclass X: ...") == (
        "check",
        "test_b",
    )
    assert room.test_names("def (") == ()
    assert room.foreign_names("def (", "") == ()
    assert room.runs_apart(task_of())
    tests = "import os.path as p, math\nclass K: ...\ndef test_a(arg):\n    try: x = f(arg)\n    except E as e: print(e, K, p, math)\n"
    assert room.foreign_names(tests, "async def f(): ...") == ("E",)
