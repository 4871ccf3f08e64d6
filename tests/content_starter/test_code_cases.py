"""The code cases: the reference passes every hidden test, the bare prompt and each recorded mistake fail one."""

import json
import subprocess
import sys
from types import ModuleType

import pytest

from harness.core.suite import Suite, Task

from .conftest import SUITES

IDS = [json.loads(line)["id"] for line in (SUITES / "starter-code" / "cases.jsonl").read_text("utf-8").splitlines()]
WRONG = {
    ("careful", "redact-pan"),
    *(("quick", case) for case in ("iban-valid", "safe-join", "redact-pan")),
    *(
        ("sloppy", case)
        for case in ("round-half-even", "luhn-valid", "allocate-cents", "business-days", "cidr-contains")
    ),
}
"""Programs that run and are wrong; what is no program at all is looked at in test_scripted."""

DRIVER = """
import json, sys
code, tests = json.load(sys.stdin)
space = {}
exec(code, space)
exec(tests, space)
failed = []
for name in [name for name in space if name.startswith("test_")]:
    try:
        space[name]()
    except Exception:
        failed.append(name)
json.dump(failed, sys.stdout)
"""


def failed(task: Task, code: str) -> list[str]:
    """The names of the hidden tests that *code* fails, run in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", DRIVER], input=json.dumps([code, task.tests]), capture_output=True, text=True,
        check=True, timeout=30,
    )  # fmt: skip
    names: list[str] = json.loads(done.stdout)
    return names


def task_of(code: Suite, case: str) -> Task:
    return next(task for task in code.tasks if task.id == case)


def test_enough_cases(code: Suite) -> None:
    assert len(code.tasks) >= 10
    assert {task.task_class for task in code.tasks} == {"python.function"}


@pytest.mark.parametrize("case", IDS)
def test_reference_passes(code: Suite, case: str) -> None:
    task = task_of(code, case)
    assert failed(task, str(task.meta["reference"])) == []


@pytest.mark.parametrize("case", IDS)
def test_bare_prompt_fails(code: Suite, case: str) -> None:
    task = task_of(code, case)
    assert failed(task, task.prompt)


@pytest.mark.parametrize(("model", "case"), sorted(WRONG))
def test_recorded_mistakes_fail(code: Suite, make_scripted: ModuleType, model: str, case: str) -> None:
    text = make_scripted._code_spec(model, case)["text"]
    program = text.split("```python\n")[1].split("```")[0]
    assert failed(task_of(code, case), program)


def test_the_reference_is_not_in_the_prompt(code: Suite) -> None:
    for task in code.tasks:
        body = str(task.meta["reference"]).splitlines()
        lines = [line for line in body if line.startswith("    ") and len(line.strip()) > 12]
        assert not [line for line in lines if line in task.prompt], task.id
