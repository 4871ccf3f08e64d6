"""Executing what is to be graded: opens the sandbox on first use, and no more executions at once than processors."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.compare import Unreadable, read
from harness.compare.code import parses
from harness.compare.generated_tests import GeneratedTests
from harness.content import Home
from harness.core.ballot import Answer, Extract
from harness.core.errors import SandboxError
from harness.core.execution import Execution, Isolation
from harness.core.ids import ModelId
from harness.core.ports import Job, Ran, Sandbox
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Submission
from harness.engine import Execute, Observer
from harness.evals.answers import Judged
from harness.evals.benches import Benches
from harness.evals.grading import complete_module, grade_code, judge_code, observe
from harness.evals.solvers import Workshop
from harness.sandbox import kept_warm, open_sandbox

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_BLOCK = Extract(how="block", arg="python")


def workers() -> int:
    """How many executions run at once: one per processor."""
    return max(1, os.cpu_count() or 1)


@dataclass(slots=True, kw_only=True)
class SandboxExecutor:
    """Runs submissions of one suite in isolation."""

    minimum: Isolation
    suite: Suite | None = None
    cache: Path | None = None
    """Where environments and base trees are kept."""
    warm: bool = False
    """Keep interpreters ready between executions: at the same level, and faster. To be closed after use then."""
    _sandbox: Sandbox | None = None
    _benches: Benches | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(workers()))

    async def code(self, task: Task, text: str) -> tuple[Execution | None, Judged]:
        """Run the code in *text* under the task's tests.

        A sandbox that fails this once costs one trial. Raises SandboxError when there is none.
        """
        code = code_in(text)
        if isinstance(code, Unreadable):
            return None, Judged(grade=Grade.FORMAT_FAILURE, detail=code.why)
        await self.sandbox()
        try:
            execution = await self.execute(task, code)
        except SandboxError as error:
            return None, Judged(grade=Grade.INFRA_ERROR, detail=str(error), answer=code)
        grade, detail, flags = judge_code(task, execution)
        return execution, Judged(grade=grade, detail=detail, answer=code, flags=flags)

    async def execute(self, task: Task, code: str) -> Execution:
        """The facts of running *code* under the task's tests."""
        sandbox = await self.sandbox()
        async with self._places:
            return await grade_code(task, code, sandbox, Path(sys.executable))

    async def observe(self, task: Task, text: str, tests: GeneratedTests) -> Execution:
        """What the code in *text* does on inputs that models made up: *tests* are theirs, not the task's."""
        code = code_in(text)
        program = complete_module(task, text if isinstance(code, Unreadable) else code)
        sandbox = await self.sandbox()
        async with self._places:
            return await observe(program, tests, sandbox, Path(sys.executable))

    async def repo(self, task: Task, submission: Submission) -> tuple[Execution | None, Judged]:
        """Apply the submission to a fresh tree and run the task's tests."""
        benches = await self.benches()
        async with self._places:
            return await benches.grade(task, submission.files or {})

    async def files_of(self, task: Task) -> Mapping[str, str]:
        """The text files of the task's base commit."""
        return await (await self.benches()).files_of(task)

    async def workshop(self) -> Workshop:
        """Where agents work: the benches and the sandbox that their diffs are graded with, too."""
        benches, sandbox = await self.benches(), await self.sandbox()

        async def run(job: Job) -> Ran:
            async with self._places:
                return await sandbox.run(job)

        return Workshop(bench_of=benches.bench, run=run, run_long=sandbox.run)

    def execute_for(self, task: Task) -> Execute | None:
        """How a panel votes by behaviour on *task*: under its visible examples. None: it has none.

        Never under the hidden tests: a vote that has seen the grader is no measurement.
        """
        visible = task.meta.get("visible_tests")
        if not isinstance(visible, str):
            return None
        return partial(self._vote, task, visible)

    def observer_for(self, task: Task) -> Observer | None:
        """How a panel makes up tests for *task* and votes by behaviour under them. None: there is no code to run."""
        if self.suite is not None and self.suite.kind != "code":
            return None
        return Observer(run=partial(self.observe, task), entry_point=task.entry_point)

    async def sandbox(self) -> Sandbox:
        """The sandbox, opened once. Raises SandboxError when the demanded level cannot be had here."""
        async with self._opening:
            if self._sandbox is None:
                opened = open_sandbox(self.minimum)
                self._sandbox = await self._stack.enter_async_context(kept_warm(opened)) if self.warm else opened
            return self._sandbox

    async def aclose(self) -> None:
        """Let go of what was opened."""
        await self._stack.aclose()

    async def benches(self) -> Benches:
        """What repo tasks are graded on; made once."""
        sandbox = await self.sandbox()
        assert self.suite is not None, "repo tasks belong to a suite"
        assert self.cache is not None, "repo tasks need a place for trees and environments"
        if self._benches is None:
            self._benches = Benches(suite=self.suite, sandbox=sandbox, cache=self.cache)
        return self._benches

    async def _vote(self, task: Task, visible: str, _model: ModelId, answer: Answer) -> Execution:
        shown = Task(
            id=task.id,
            task_class=task.task_class,
            prompt=task.prompt,
            tests=visible,
            entry_point=task.entry_point,
            digest=task.digest,
        )
        return await self.execute(shown, answer.text)


@asynccontextmanager
async def open_executor(
    suite: Suite | None = None, *, home: Home | None = None, minimum: Isolation | None = None, warm: bool = True
) -> AsyncIterator[SandboxExecutor]:
    """An executor for *suite*, at least as isolated as *minimum*; None: as the suite demands.

    Nothing is opened before it is needed. *warm*: False starts every execution anew, at the same level.
    """
    level = minimum or (suite.min_isolation if suite else Isolation.STANDARD)
    cache = home.state / "cache" if home else None
    executor = SandboxExecutor(minimum=level, suite=suite, cache=cache, warm=warm)
    try:
        yield executor
    finally:
        await executor.aclose()


def code_in(text: str) -> str | Unreadable:
    """The code of a response: its fenced block, or all of it when nothing is fenced (a bare completion).

    A fence begins a line; one inside a docstring fences nothing.
    """
    if not _FENCE.search(text) or parses(text):
        return text
    answer = read(text, _BLOCK)
    return answer if isinstance(answer, Unreadable) else answer.text
