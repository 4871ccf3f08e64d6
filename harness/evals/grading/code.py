"""Grades code: run a function against its hidden tests in the sandbox, then judge what was seen. Two steps, apart."""

import ast
import builtins
import pickle
import secrets
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Execution, TestOutcome, TestResult
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.core.suite import Task
from harness.core.trial import Grade
from harness.evals.grading.report import FORGED, Report, last_line, printable, read_report
from harness.sandbox import base_interpreter, interpreter_mounts

RUNNER = Path(__file__).with_name("code_runner.py")
SEEN_AS = "/h/code_runner.py"
TIMEOUT_S = 10.0
MEMORY_BYTES = 1 << 30
OUTPUT_BYTES = 64 << 10
EMPTY = "empty"
"""Flag: there was no code, and nothing was run."""
IN_PROCESS = "in_process"
"""Flag: code and tests shared a process, where the code could reach the tests."""


_KEPT = 256
"""Sources whose reading is remembered: a task's are read again for each of its submissions."""


async def grade_code(
    task: Task, code: str, sandbox: Sandbox, python: Path, *, timeout_s: float = TIMEOUT_S, site: bool = False
) -> Execution:
    """Run *code* against the tests of *task* with the interpreter *python*; *site* also shows its packages.

    *code* is a complete module or a completion of the prompt. Every test of the task is in the result, ``absent`` if
    it was not reached. Raises SandboxError when the sandbox or the interpreter failed before any of it was run.
    """
    expected = test_names(task.tests or "")
    if not code.strip():
        return _nothing_run(sandbox, expected)
    nonce = secrets.token_hex(16)
    ran = await sandbox.run(_job(task, code, nonce, python, timeout_s=timeout_s, site=site))
    report = read_report(ran.report, nonce)
    if not report.started:
        why = last_line(ran.stderr) or f"{ran.ending.value} after {ran.wall_s:.1f} s"
        raise SandboxError(f"task {task.id!r}: the runner did not start under {str(python)!r}: {why}")
    flags = (*report.flags, *(() if runs_apart(task) else (IN_PROCESS,)))
    return _execution(ran, report, expected, flags)


def judge_code(task: Task, execution: Execution) -> tuple[Grade, str, tuple[str, ...]]:
    """The grade of *execution*, why in one line, and the flags. Pure."""
    flags = tuple(dict.fromkeys((*execution.flags, *_limit_flags(execution.ending))))
    if EMPTY in flags:
        return Grade.EMPTY, "no code", flags
    if FORGED in flags:
        return Grade.VOID, "the code wrote to the grader's channel in the grader's name", flags
    failed = [test for test in execution.tests if test.outcome is not TestOutcome.PASSED]
    if execution.finished and execution.tests and not failed:
        return Grade.RESOLVED, f"{len(execution.tests)} of {len(execution.tests)} tests passed", flags
    return Grade.NOT_RESOLVED, _why(task, execution, failed), flags


def complete_module(task: Task, code: str) -> str:
    """*code* if it defines what the task asks for, or if the prompt is no code; else the prompt continued by it."""
    if task.entry_point is None or task.entry_point in _defined(code):
        return code
    continued = task.prompt + code
    return continued if _parsed(task.prompt) or _parsed(continued) else code


@lru_cache(maxsize=_KEPT)
def test_names(tests: str) -> tuple[str, ...]:
    """Names of the test functions of the source *tests*: ``check`` and ``test_*``."""
    tree = _parsed(tests)
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] if tree else []
    return tuple(sorted({name for name in found if name == "check" or name.startswith("test_")}))


def runs_apart(task: Task) -> bool:
    """Whether code and tests get a process each: there is one function to call, and the task does not object."""
    return task.entry_point is not None and not task.meta.get(IN_PROCESS, False)


@lru_cache(maxsize=_KEPT)
def foreign_names(tests: str, prelude: str) -> tuple[str, ...]:
    """Names that *tests* use and neither they, nor *prelude*, nor Python define."""
    tree = _parsed(tests)
    if tree is None:
        return ()
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return tuple(sorted(used - set(_bound(tree)) - _defined(prelude) - set(dir(builtins))))


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=asname):
                yield (asname or name).partition(".")[0]
            case _:
                pass


@lru_cache(maxsize=_KEPT)
def _defined(source: str) -> frozenset[str]:
    """Names that the top level of *source* binds; none if it does not parse."""
    tree = _parsed(source)
    if tree is None:
        return frozenset()
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom):
            found.update(_bound(ast.Module(body=[node], type_ignores=[])))
    return frozenset(found)


@lru_cache(maxsize=_KEPT)
def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _job(task: Task, code: str, nonce: str, python: Path, *, timeout_s: float, site: bool) -> Job:
    shown = python if site else base_interpreter(python)
    options = ("-P", "-s", "-B") if site else ("-P", "-s", "-B", "-S")
    return Job(
        argv=(str(shown), *options, SEEN_AS),
        mounts=(*interpreter_mounts(shown), Mount(source=RUNNER, target=SEEN_AS)),
        cwd="/tmp",  # noqa: S108 - inside the sandbox
        # Not `-I`: nothing is inherited, and the seed makes the order of sets, hence the grade, repeatable.
        env={"PYTHONHASHSEED": "0", "HOME": "/tmp", "LC_ALL": "C.UTF-8"},  # noqa: S108 - inside the sandbox
        stdin=b"".join(map(part, _payload(task, code, nonce))),
        timeout_s=timeout_s,
        memory_bytes=MEMORY_BYTES,
        output_bytes=OUTPUT_BYTES,
        processes=16,
        report=True,
        warm=Warm(script=RUNNER),
    )


def _payload(task: Task, code: str, nonce: str) -> tuple[dict[str, object], dict[str, object]]:
    """What the runner calls ``Code`` and ``Tests``."""
    tests = task.tests or ""
    prelude = task.prompt if _parsed(task.prompt) is not None else ""
    given: dict[str, object] = {
        "code": complete_module(task, code),
        "prelude": prelude,
        "entry_point": task.entry_point or "",
        "names": [name for name in foreign_names(tests, prelude) if name != task.entry_point],
        "apart": runs_apart(task),
    }
    return given, {"nonce": nonce, "source": tests}


def part(value: dict[str, object]) -> bytes:
    """*value* as a runner reads it from its standard input: a pickle with its length before it."""
    data = pickle.dumps(value, 4)
    return len(data).to_bytes(8, "big") + data


def _nothing_run(sandbox: Sandbox, expected: tuple[str, ...]) -> Execution:
    absent = tuple(TestResult(id=name, outcome=TestOutcome.ABSENT) for name in expected)
    return Execution(
        ending=Ending.EXITED,
        exit_code=None,
        tests=absent,
        wall_s=0.0,
        isolation=sandbox.isolation,
        flags=(EMPTY,),
    )


def _execution(ran: Ran, report: Report, expected: tuple[str, ...], flags: tuple[str, ...]) -> Execution:
    seen = {test.id: test for test in report.results}
    absent = {name: TestResult(id=name, outcome=TestOutcome.ABSENT) for name in expected}
    tests = {**absent, **seen}
    return Execution(
        ending=ran.ending,
        exit_code=ran.exit_code,
        tests=tuple(tests[name] for name in sorted(tests)),
        finished=report.finished,
        wall_s=ran.wall_s,
        isolation=ran.isolation,
        flags=tuple(dict.fromkeys(flags)),
        log=printable(ran.stdout + ran.stderr),
    )


def _limit_flags(ending: Ending) -> tuple[str, ...]:
    return () if ending in (Ending.EXITED, Ending.KILLED) else (ending.value,)


def _why(task: Task, execution: Execution, failed: list[TestResult]) -> str:
    if execution.ending is not Ending.EXITED:
        return f"the run ended by {execution.ending.value} after {execution.wall_s:.1f} s"
    if not execution.tests:
        return f"task {task.id!r} has no tests"
    if failed:
        first = failed[0]
        rest = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f"{first.id}: {first.outcome.value}: {first.message}".rstrip(": ") + rest
    return "the run ended before the tests did"
