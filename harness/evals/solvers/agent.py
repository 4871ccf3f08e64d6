"""Solves repo tasks step by step: a model that writes shell commands, a workspace they run in, a diff we take.

Each command runs in a fresh shell in the sandbox. What it printed and what it changed is in the journal before the
model hears of it, so that a trial that is continued asks nothing twice and runs nothing twice. The end is announced by
the model in its own words, never by what a command printed: a file may hold any words.
"""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.content import task_limits
from harness.core.errors import SandboxError
from harness.core.event import Executed, Step
from harness.core.execution import Ending, Execution
from harness.core.hashing import digest
from harness.core.ids import CandidateId, ModelId, TraceId
from harness.core.outcome import Outcome, Reason
from harness.core.ports import Ran
from harness.core.request import Message, Request, Sampling
from harness.core.suite import Suite, Task
from harness.core.trial import Submission
from harness.engine import Engine
from harness.evals.grading import Bench
from harness.evals.grading.session import TOOLS
from harness.evals.prompts import AGENT, agent_task
from harness.evals.solvers.allowance import Allowance, bound_usd
from harness.evals.solvers.solved import Solved
from harness.evals.solvers.text import ask
from harness.evals.solvers.workspace import Changes, Workshop, Workspace, ended, job_in, open_workspace
from harness.evals.unanswered import is_single
from harness.guard import redactor

SUBMIT = "submit"
"""The whole of a last command."""
UNUSABLE = 3
"""So many replies in a row without a command end a trial."""
_BLOCK = re.compile(
    r"^[ \t]{0,3}(?P<fence>`{3,}|~{3,})(?:bash|sh|shell)[ \t]*\n(?P<body>.*?)^[ \t]{0,3}(?P=fence)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_SCRIPT = "step.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A reply without exactly one command."""

    why: str
    """Written for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSolver:
    """The loop, for the tasks of one suite."""

    engine: Engine
    suite: Suite
    sampling: Sampling
    workshop: Workshop

    async def solve(
        self, task: Task, candidate: CandidateId, trace_id: TraceId, done: Sequence[Executed] = ()
    ) -> Solved:
        """What *candidate* changes in a workspace of *task*. *done*: the commands that an earlier session ran.

        A sandbox that fails costs this trial; the journal's errors go on.
        """
        limits = task_limits(self.suite, task)
        messages = [
            Message(role="system", content=self.suite.instructions or AGENT),
            Message(role="user", content=agent_task(task)),
        ]
        allowance = Allowance(limits=limits)
        try:
            bench = await self.workshop.bench_of(task)
            async with open_workspace(bench.base) as workspace:
                with tempfile.TemporaryDirectory(prefix="harness-tools-") as tools:
                    trial = _Trial(
                        solver=self,
                        task=task,
                        candidate=candidate,
                        trace_id=trace_id,
                        allowance=allowance,
                        bench=bench,
                        workspace=workspace,
                        tools=Path(tools),
                        messages=messages,
                        recorded=list(done),
                    )
                    return await trial.run()
        except SandboxError as error:
            return Solved(submission=None, outcomes=tuple(allowance.outcomes), failed=str(error))


@dataclass(slots=True, kw_only=True)
class _Trial:
    """One conversation."""

    solver: AgentSolver
    task: Task
    candidate: CandidateId
    trace_id: TraceId
    allowance: Allowance
    bench: Bench
    workspace: Workspace
    tools: Path
    messages: list[Message]
    recorded: list[Executed]
    """Of an earlier session, in order; those not yet gone through."""
    behind: list[Step] = field(default_factory=list)
    """Steps taken from the record whose effect the workspace does not show yet."""
    number: int = 0
    tree_sha256: str = ""
    unusable: int = 0

    async def run(self) -> Solved:
        """Go on until the model submits, a limit is reached, or nothing comes back."""
        while True:
            request = self._request()
            most = bound_usd(self.solver.engine, self.candidate, request)
            if refusal := self.allowance.refusal(request, most):
                return await self._handed_in(limit=refusal)
            outcome = await ask(self.solver.engine, self.candidate, request)
            self.allowance.took(outcome)
            cut = outcome.reason is Reason.TRUNCATED and bool(outcome.text)
            if (not outcome.served and not cut) or not outcome.text:
                return Solved(submission=None, outcomes=tuple(self.allowance.outcomes))
            action = (
                Unusable(why="It was cut off at the output limit; be shorter.") if cut else read_action(outcome.text)
            )
            if action == SUBMIT:
                return await self._handed_in()
            reply = self._complaint(action) if isinstance(action, Unusable) else await self._command(action)
            if self.unusable == UNUSABLE:
                return self._given_up(outcome)
            self.messages += [Message(role="assistant", content=outcome.text), Message(role="user", content=reply)]

    def _request(self) -> Request:
        return Request(
            messages=tuple(self.messages),
            sampling=self.solver.sampling,
            task_class=self.task.task_class,
            trace_id=self.trace_id,
        )

    def _complaint(self, action: Unusable) -> str:
        self.unusable += 1
        return f"That was no single command. {action.why}"

    def _given_up(self, outcome: Outcome) -> Solved:
        error = f"{UNUSABLE} replies in a row held no single command"
        submission = Submission(format="none", text=outcome.text or "", error=error)
        return Solved(submission=submission, outcomes=tuple(self.allowance.outcomes))

    async def _handed_in(self, *, limit: str = "") -> Solved:
        await self._catch_up()
        changes = await asyncio.to_thread(self.workspace.changes)
        return Solved(
            submission=Submission(format="files", files=changes.files),
            outcomes=tuple(self.allowance.outcomes),
            limit=limit,
            flags=changes.flags,
        )

    # --- commands ---------------------------------------------------------------------------------------------------

    async def _command(self, command: str) -> str:
        """Run *command*, or take what it did from the record; what the model is shown of it."""
        self.unusable = 0
        if self.allowance.left_s <= 0:
            return "not run: the time is up"  # the next look at the limits ends the trial
        self.number += 1
        known = self.recorded.pop(0) if self.recorded else None
        if known is not None and known.step is not None and known.code_sha256 == sha256_of(command):
            self.behind.append(known.step)
            self.allowance.wall_s += known.execution.wall_s
            return known.execution.log
        self.recorded.clear()  # it went another way this time: what was recorded from here on did not happen
        await self._catch_up()
        return await self._run(command)

    async def _run(self, command: str) -> str:
        ran = await self._execute(command)
        self.allowance.wall_s += ran.wall_s
        changes = await asyncio.to_thread(self.workspace.changes)
        shown = observation(ran, self.allowance.limits.observation_chars)
        await self._record(command, ran, shown, changes)
        return shown

    async def _execute(self, command: str) -> Ran:
        # as a file: an argument of a program has a length limit
        (self.tools / _SCRIPT).write_text(f"exec 2>&1\n{command}\n", encoding="utf-8", errors="replace")
        seconds = min(self.allowance.limits.command_s, self.allowance.left_s)
        job = job_in(self.workspace, self.bench, self.tools, ("/bin/bash", f"{TOOLS}/{_SCRIPT}"), seconds)
        return await self.solver.workshop.run(job)

    async def _record(self, command: str, ran: Ran, shown: str, changes: Changes) -> None:
        same = self.tree_sha256 == changes.sha256
        self.tree_sha256 = changes.sha256
        await self.solver.engine.journal.append(
            Executed(
                trace_id=self.trace_id,
                model=ModelId(self.candidate) if is_single(self.candidate) else None,
                code_sha256=sha256_of(command),
                execution=Execution(
                    ending=ran.ending,
                    exit_code=ran.exit_code,
                    finished=ran.ending is Ending.EXITED,
                    wall_s=ran.wall_s,
                    isolation=ran.isolation,
                    log=shown,
                ),
                step=Step(
                    number=self.number,
                    command=command,
                    files=None if same else changes.files,
                    tree_sha256=changes.sha256,
                ),
            )
        )

    async def _catch_up(self) -> None:
        """Bring the workspace to where the steps from the record left it.

        By their files; where the record no longer holds them exactly (a secret in them was redacted), by running the
        commands again.
        """
        if not self.behind:
            return
        steps, self.behind = self.behind, []
        files = left_behind(steps)
        self.tree_sha256 = steps[-1].tree_sha256
        if files is not None:
            await asyncio.to_thread(self.workspace.restore, files)
            return
        for step in steps:
            await self._execute(step.command)


def sha256_of(command: str) -> str:
    """Names a command in the journal."""
    return hashlib.sha256(command.encode("utf-8", "surrogatepass")).hexdigest()


def left_behind(steps: Sequence[Step]) -> Mapping[str, str | None] | None:
    """How the workspace differed from its base after *steps*; None when the record is no longer what was written."""
    files: Mapping[str, str | None] = next((step.files for step in reversed(steps) if step.files is not None), {})
    return files if digest(files) == steps[-1].tree_sha256 else None


def read_action(text: str) -> str | Unusable:
    """The one command in a reply; ``submit`` ends the work."""
    blocks = [match["body"].strip("\n") for match in _BLOCK.finditer(text.replace("\r\n", "\n"))]
    if len(blocks) != 1:
        found = "none" if not blocks else str(len(blocks))
        return Unusable(why=f"It holds {found} of the ```bash blocks of which it needs exactly one.")
    if not blocks[0].strip():
        return Unusable(why="Its ```bash block is empty.")
    return SUBMIT if blocks[0].strip() == SUBMIT else blocks[0]


def observation(ran: Ran, limit_chars: int) -> str:
    """What a model is shown of a command: how it ended, and head and tail of what it printed.

    Keys in it are replaced here, as the journal would replace them: the record is exactly what was shown, and a trial
    that is continued puts the same questions.
    """
    text = redactor()((ran.stdout + ran.stderr).decode("utf-8", "replace"))
    return f"{ended(ran)}\n{head_and_tail(text, limit_chars)}".rstrip("\n")


def head_and_tail(text: str, limit: int) -> str:
    """*text*, or its first and last characters with a line between them that says how many are missing."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
