"""What a program does: run it on inputs and tests that models made up, twice, and keep what it does both times."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.compare.generated_tests import GeneratedTests, arguments_of
from harness.core.errors import SandboxError
from harness.core.execution import Ending, Execution, Output, TestOutcome, TestResult
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.evals.grading import code
from harness.evals.grading.report import FORGED, escaped, last_line, read_facts
from harness.sandbox import base_interpreter, interpreter_mounts

RUNNER = Path(__file__).with_name("behaviour_runner.py")
SEEN_AS = "/h/behaviour_runner.py"
CALL_S, LOAD_S = 0.5, 2.0
"""Of the processor's time; how busy the machine is does not count."""
PROCESSES = 3
"""After so many calls that did not end, no further is tried."""
WAIT_S = 5.0
TIMEOUT_S = 20.0
"""Of one run of all inputs."""
MEMORY_BYTES = 512 << 20
UNSTABLE = "it did not do the same twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One run of a program."""

    ran: Ran
    outputs: Mapping[int, Output]
    passed: frozenset[int]
    finished: bool
    flags: tuple[str, ...]


async def observe(program: str, tests: GeneratedTests, sandbox: Sandbox, python: Path) -> Execution:
    """What *program*, a complete module, does on the inputs of *tests*, and which of these pass.

    It is run twice, with different hash seeds and the inputs in the opposite order; an output is known, and a test
    passed, if that did not matter. What the first run lost is not tried again. Raises SandboxError when the sandbox
    or the interpreter failed before any of it was run.
    """
    run = partial(_run, tests=tests, sandbox=sandbox, python=python)
    places = range(len(tests.inputs))
    first = await run(program, inputs=places, chosen=range(len(tests.tests)), seed=0)
    known = [place for place in reversed(places) if place in first.outputs and not first.outputs[place].lost]
    if not known:
        return _execution(tests, (first,))
    return _execution(tests, (first, await run(program, inputs=known, chosen=sorted(first.passed), seed=1)))


async def _run(
    program: str,
    *,
    tests: GeneratedTests,
    sandbox: Sandbox,
    python: Path,
    inputs: Sequence[int],
    chosen: Sequence[int],
    seed: int,
) -> _Round:
    nonce = secrets.token_hex(16)
    given = {
        "code": program,
        "entry_point": tests.entry_point,
        "load_s": LOAD_S,
        "call_s": CALL_S,
        "processes": PROCESSES,
    }
    asked = {
        "nonce": nonce,
        "inputs": [(place, *arguments_of(tests.inputs[place])) for place in inputs],
        "tests": [(place, tests.tests[place].expression) for place in chosen],
        "wait_s": WAIT_S,
    }
    ran = await sandbox.run(_job((given, asked), python, seed=seed))
    facts, flags = read_facts(ran.report, nonce)
    if ("start",) not in facts:
        why = last_line(ran.stderr) or f"{ran.ending.value} after {ran.wall_s:.1f} s"
        raise SandboxError(f"the runner did not start under {str(python)!r}: {why}")
    return _round(ran, facts, flags, tests)


def _job(parts: Sequence[dict[str, object]], python: Path, *, seed: int) -> Job:
    shown = base_interpreter(python)
    return Job(
        argv=(str(shown), "-P", "-s", "-B", "-S", SEEN_AS),
        mounts=(
            *interpreter_mounts(shown),
            Mount(source=RUNNER, target=SEEN_AS),
            Mount(source=code.RUNNER, target=code.SEEN_AS),
        ),
        cwd="/tmp",  # noqa: S108 - inside the sandbox
        env={"PYTHONHASHSEED": str(seed), "HOME": "/tmp", "LC_ALL": "C.UTF-8"},  # noqa: S108 - inside the sandbox
        stdin=b"".join(map(code.part, parts)),
        timeout_s=TIMEOUT_S,
        memory_bytes=MEMORY_BYTES,
        output_bytes=code.OUTPUT_BYTES,
        processes=16,
        report=True,
        warm=Warm(script=RUNNER),
    )


def _round(ran: Ran, facts: Sequence[tuple[object, ...]], flags: set[str], tests: GeneratedTests) -> _Round:
    """The facts by place. What does not fit into a fact of ours was forged."""
    outputs: dict[int, Output] = {}
    passed: set[int] = set()
    for fact in facts:
        match fact:
            case (("value" | "raised" | "lost") as word, int(place), str(text)) if 0 <= place < len(tests.inputs):
                outputs[place] = Output(input=tests.inputs[place], **{word: escaped(text)})
            case ("test", int(place), bool(holds)) if 0 <= place < len(tests.tests):
                passed |= {place} if holds else set()
            case ("start",) | ("end", int()):
                pass
            case _:
                flags.add(FORGED)
    finished = bool(facts) and facts[-1][0] == "end"
    return _Round(ran=ran, outputs=outputs, passed=frozenset(passed), finished=finished, flags=tuple(sorted(flags)))


def _execution(tests: GeneratedTests, rounds: Sequence[_Round]) -> Execution:
    last = rounds[-1]
    passed = frozenset.intersection(*(each.passed for each in rounds))
    results = [
        TestResult(id=escaped(test.source), outcome=TestOutcome.PASSED if place in passed else TestOutcome.FAILED)
        for place, test in enumerate(tests.tests)
    ]
    return Execution(
        ending=next((each.ran.ending for each in rounds if each.ran.ending is not Ending.EXITED), last.ran.ending),
        exit_code=last.ran.exit_code,
        tests=tuple(sorted(results, key=lambda result: result.id)),
        outputs=tuple(_settled(text, place, rounds) for place, text in enumerate(tests.inputs)),
        finished=all(each.finished for each in rounds),
        wall_s=sum(each.ran.wall_s for each in rounds),
        isolation=last.ran.isolation,
        flags=tuple(dict.fromkeys(flag for each in rounds for flag in each.flags)),
    )


def _settled(text: str, place: int, rounds: Sequence[_Round]) -> Output:
    """What the program does with an input, as far as all *rounds* say the same."""
    shown = escaped(text)
    first = rounds[0].outputs.get(place)
    if first is None:
        return Output(input=shown, lost=f"the run had ended before: {rounds[0].ran.ending.value}")
    if first.lost:
        return replace(first, input=shown)
    again = rounds[-1].outputs.get(place)
    if again is None:
        return Output(input=shown, lost=f"the second run had ended before: {rounds[-1].ran.ending.value}")
    return replace(first, input=shown) if again == first else Output(input=shown, lost=UNSTABLE)
