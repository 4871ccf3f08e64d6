"""What programs do on inputs that models made up: values spelled alike, nothing known where nothing is certain."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.compare.generated_tests import GeneratedTests, read_tests
from harness.core.errors import SandboxError
from harness.core.execution import Execution, Output, TestOutcome
from harness.evals.grading import behaviour as room
from harness.evals.grading import observe
from harness.evals.grading.behaviour_runner import Lost, Seen, Spelling, TooLong, holds, shortened
from harness.sandbox import PlainProcess, kept_warm

PYTHON = Path(sys.executable)
TESTS = read_tests(["assert f(1) == 2\nassert f(2) == 4\nassert f(3) == 6\nassert f(0) == 0\n"], "f")


async def _all(programs: Mapping[str, str], tests: GeneratedTests, sandbox) -> dict[str, Execution]:
    async with kept_warm(sandbox) as kept:
        return {name: await observe(program, tests, kept, PYTHON) for name, program in programs.items()}


def observed(sandbox, tests: GeneratedTests = TESTS, **programs: str) -> dict[str, Execution]:
    """What each of *programs* does; a body stands for a function `f` of `x`."""
    whole = {name: text if "def " in text else f"def f(x):\n    {text}\n" for name, text in programs.items()}
    return asyncio.run(_all(whole, tests, sandbox))


def values(ran: Execution) -> list[str]:
    return [output.value or output.raised or output.lost for output in ran.outputs]


def passed(ran: Execution) -> int:
    return sum(test.outcome is TestOutcome.PASSED for test in ran.tests)


def test_values_exceptions_and_tests(sandbox):
    ran = observed(
        sandbox,
        right="return 2 * x",
        square="return x * x",
        raises="return 2 // x",
        broken="def f(x:\n    return 1\n",
        nameless="def g(x):\n    return 1\n",
        leaves="raise SystemExit(3)",
    )
    assert [values(each) for each in ran.values()] == [
        ["2", "4", "6", "0"],
        ["1", "4", "9", "0"],
        ["2", "1", "0", "ZeroDivisionError"],
        ["SyntaxError"] * 4,
        ["NameError"] * 4,
        ["SystemExit"] * 4,
    ]
    assert [passed(each) for each in ran.values()] == [4, 2, 1, 0, 0, 0]
    right = ran["right"]
    assert (right.finished, right.flags) == (True, ())
    assert right.outputs[0] == Output(input="f(1)", value="2")
    assert [test.id for test in right.tests] == sorted(test.source for test in TESTS.tests)


def test_what_is_not_the_same_twice_is_not_known(sandbox):
    ran = observed(
        sandbox,
        random="import random; return random.random()",
        hash="return hash(str(x) + 'a')",
        counts="f.n = getattr(f, 'n', 0) + 1; return f.n",
        order="return list({str(x), 'a', 'b', 'c', 'd', 'e'})",
        sets="return {str(x), 'a', 'b', 'c'}",
    )
    for name in ("random", "hash", "counts", "order"):
        assert room.UNSTABLE in values(ran[name]), name
        assert passed(ran[name]) == 0
    assert values(ran["sets"])[0] == "set{'1', 'a', 'b', 'c'}"


def test_what_does_not_end_costs_its_own_input_only(sandbox):
    ran = observed(
        sandbox,
        once="while x == 2: pass\n    return 2 * x",
        always="while True: pass",
        ends="import os; x == 3 and os._exit(0); return 2 * x",
        loads="import os\nos._exit(0)\ndef f(x): return 1\n",
    )
    lost = "the call did not end in time, or ended its process"
    assert values(ran["once"]) == ["2", lost, "6", "0"]
    assert passed(ran["once"]) == 3
    assert values(ran["always"]) == [*[lost] * 3, "not tried: too many calls before it did not end"]
    assert values(ran["ends"]) == ["2", "4", lost, "0"]
    assert values(ran["loads"])[0] == "the program did not load in time, or ended its process"
    assert all(each.finished for each in ran.values())


def test_what_cannot_be_compared_is_not_known(sandbox):
    ran = observed(
        sandbox,
        thing="return object()",
        own="return type('Mine', (), {})()",
        function="return lambda: 1",
        endless="y = []\n    for _ in range(99): y = [y, y]\n    return y",
        large="return 'a' * 5_000_000",
        iterator="return iter([x])",
        nothing="return None",
    )
    assert "object" in values(ran["thing"])[0]
    assert values(ran["function"])[0] == "it returned a value of type function, which is not compared"
    assert values(ran["endless"])[0] == "it returned a value that is too large to be compared"
    assert ran["large"].outputs[0].lost
    assert ran["own"].outputs[0].lost
    assert values(ran["iterator"])[0] == "iterator of [1]"
    assert values(ran["nothing"])[0] == "None"


def test_what_a_function_does_to_its_arguments_counts_where_it_returns_nothing(sandbox):
    tests = read_tests(["assert f([2, 1]) is None\nassert f([1, 2]) is None\n"], "f")
    ran = observed(sandbox, tests, sorts="x.sort()", nothing="pass", returns="x.sort(); return x")
    assert values(ran["sorts"]) == ["None, with its arguments left as [[1, 2]]", "None"]
    assert values(ran["nothing"]) == ["None", "None"]
    assert values(ran["returns"]) == ["[1, 2]", "[1, 2]"]


HOSTILE = {
    "report": "import os\ndef f(x):\n    for fd in range(3, 1024):\n        try: os.write(fd, b'\\n0 0 (1,)\\n')\n        except OSError: pass\n    return 2 * x\n",
    "environment": "import os\ndef f(x):\n    return str([name for name in os.environ if 'REPORT' in name])\n",
    "memory": "import os\ndef f(x):\n    try:\n        open(f'/proc/{os.getppid()}/mem', 'rb').read(1)\n        return 'read'\n    except OSError:\n        return 'closed'\n",
    "kills": "import os, signal\ndef f(x):\n    try: os.kill(os.getppid(), 0)\n    except OSError: return 'no'\n    return 'yes'\n",
    "frames": "import gc\ndef f(x):\n    return str([o for o in gc.get_objects() if isinstance(o, dict) and 'nonce' in o])\n",
    "equal": "class E(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\ndef f(x):\n    return E(1)\n",
    "pickles": "import os\nclass P:\n    def __reduce__(self): return (os.system, ('touch /tmp/x',))\ndef f(x):\n    return P()\n",
    "patches": "import builtins\nbuiltins.repr = builtins.ascii = lambda _: '2'\ndef f(x):\n    return 'wrong'\n",
}


def test_no_program_passes_by_a_trick(sandbox):
    ran = observed(sandbox, **HOSTILE)
    assert (passed(ran["report"]), ran["report"].flags) == (0, ()), "it spoils its own line, and reaches no other"
    assert values(ran["environment"])[0] == "'[]'"
    assert values(ran["memory"])[0] == "'closed'"
    assert values(ran["frames"])[0] == "'[]'"
    for name in ("equal", "pickles", "patches", "environment", "memory", "frames"):
        assert passed(ran[name]) == 0, name
    assert values(ran["patches"])[0] == "'wrong'"
    assert ran["pickles"].outputs[0].lost


def test_started_anew_and_as_a_plain_process_it_is_the_same(sandbox):
    program = "def f(x):\n    return {'b': 2 * x, 'a': (x,)}\n"
    cold = asyncio.run(observe(program, TESTS, sandbox, PYTHON))
    plain = asyncio.run(observe(program, TESTS, PlainProcess(), PYTHON))
    assert values(cold) == values(plain) == [f"{{'a': ({x},), 'b': {2 * x}}}" for x in (1, 2, 3, 0)]


def test_an_interpreter_that_does_not_start_is_no_fact_about_the_program():
    with pytest.raises(SandboxError, match="did not start"):
        asyncio.run(observe("def f(x): return 1\n", TESTS, PlainProcess(), Path("/bin/false")))


# --- the runner's own words, in this process --------------------------------------------------------------------------


def test_spellings():
    values_of = {
        "1": 1,
        "True": True,
        "1.0": 1.0,
        "0.3": 0.1 + 0.2,
        "0.0": -0.0,
        "1e+20": 1e20,
        "inf": float("inf"),
        "nan": float("nan"),
        "complex(1.0, -2.0)": 1 - 2j,
        r"'\xe9'": "é",
        "[1, (2,), ()]": [1, (2,), ()],
        "{'a': 1, 'b': 2}": {"b": 2, "a": 1},
        "frozenset{1, 2}": frozenset({2, 1}),
        hex(10**30): 10**30,
        "b'x'": b"x",
    }
    for text, value in values_of.items():
        assert Spelling().of(value) == text
    from collections import Counter, OrderedDict, deque

    assert Spelling().of(Counter("aab")) == "Counter{'a': 2, 'b': 1}"
    assert Spelling().of(OrderedDict(a=1)) != Spelling().of({"a": 1})
    assert Spelling().of(deque([1])) == "deque[1]"
    endless: list = []
    for _ in range(60):
        endless = [endless, endless]
    with pytest.raises(TooLong):
        Spelling().of(endless)


def test_a_long_spelling_keeps_its_beginning_and_a_hash():
    assert shortened("a" * 160) == "a" * 160
    one, other = shortened("a" * 999 + "b"), shortened("a" * 999 + "c")
    assert one != other
    assert one.startswith("a" * 160 + "… (1000 characters, sha256 ")


def test_an_expression_sees_outputs_and_little_else():
    seen = {0: Seen(None, ("KeyError", "k"))}
    assert holds("1 < 2", seen, 1.0)
    assert not holds("_(0) == 1", seen, 1.0)
    assert not holds("_(1) == 1", seen, 1.0)
    assert not holds("open('/etc/passwd')", seen, 1.0)
    with pytest.raises(KeyError):
        seen[0].value()
    assert seen[0].fact(()) == ("raised", "KeyError")
    assert issubclass(Lost, Exception)
