"""Solves repo tasks with an external agent: any program that works in a folder and asks a model over HTTP.

It runs in the sandbox, without network and without a key. A small relay inside lends it a loopback address, behind
which the harness answers as the candidate (see ``proxy.py``). When it has ended, or a limit has ended it, its changes
are read from the workspace. Asked again after an interruption, it starts from the beginning; a question it has put
before in the same words is answered from the journal.
"""

import asyncio
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.content import task_limits
from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.core.ids import CandidateId, TraceId
from harness.core.ports import Job, Mount, Ran
from harness.core.request import Sampling
from harness.core.suite import AgentCommand, Suite, Task
from harness.core.trial import Submission
from harness.engine import Engine
from harness.evals.grading import Bench
from harness.evals.grading.session import TOOLS, TREE
from harness.evals.solvers.allowance import Allowance
from harness.evals.solvers.installed import Installed, find_program
from harness.evals.solvers.presets import how_to_install, resolved
from harness.evals.solvers.proxy import Proxy, served
from harness.evals.solvers.solved import Solved
from harness.evals.solvers.workspace import Changes, Workshop, ended, job_in, open_workspace

RELAY = Path(__file__).with_name("relay_runner.py")
MODEL = "harness"
"""What the agent is told to call its model."""
SOCKET = "/s"
"""Where the folder with the socket is seen inside."""
LAST_WORDS_S = 3.0
"""How long an agent may go on after a limit was reached."""
PROCESSES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSolver:
    """Runs the suite's agent on its tasks."""

    engine: Engine
    suite: Suite
    sampling: Sampling
    workshop: Workshop
    environ: Mapping[str, str]
    """The host's: for PATH, and for what the suite hands on by name."""

    async def solve(self, task: Task, candidate: CandidateId, trace_id: TraceId) -> Solved:
        """What the agent, with *candidate* as its model, changes in a workspace of *task*."""
        command = resolved(self.suite.command)
        program = find_agent(command, self.environ)
        proxy = Proxy(
            engine=self.engine,
            candidate=candidate,
            trace_id=trace_id,
            task_class=task.task_class,
            sampling=self.sampling,
            allowance=Allowance(limits=task_limits(self.suite, task)),
        )
        try:
            bench = await self.workshop.bench_of(task)
            async with open_workspace(bench.base) as workspace, _tools(task.prompt) as tools:
                job = job_in(workspace, bench, tools, (), proxy.allowance.limits.wall_s)
                job = self._job(job, bench, (command, program), task, tools)
                async with served(proxy, tools.parent / "s" / "model"):
                    ran = await self._until_stopped(job, proxy)
                changes = await asyncio.to_thread(workspace.changes)
        except SandboxError as error:
            return Solved(submission=None, outcomes=tuple(proxy.allowance.outcomes), failed=str(error))
        if proxy.error is not None:
            raise proxy.error
        return _solved(proxy, ran, changes)

    def _job(self, job: Job, bench: Bench, agent: tuple[AgentCommand, Installed], task: Task, tools: Path) -> Job:
        command, program = agent
        place = f"@{secrets.token_hex(8)}@"  # the relay knows the address, and puts it there
        places = {
            "{prompt_file}": f"{TOOLS}/prompt.md",
            "{workspace}": TREE,
            "{model}": MODEL,
            "{base_url}": place,
            "{prompt}": task.prompt,  # last: nothing is put into what it says
        }
        handed_on = {name: self.environ[name] for name in command.pass_env if name in self.environ}
        order = {
            "socket": f"{SOCKET}/model",
            "place": place,
            "argv": [str(program.program), *(_filled(argument, places) for argument in command.argv[1:])],
            "env": {**handed_on, **{name: _filled(value, places) for name, value in command.env.items()}},
        }
        shown = {mount.target for mount in job.mounts}
        # an agent that is installed among the packages of an interpreter of the host needs them
        covers = {str(place) for place in program.packages}
        return replace(
            job,
            argv=(str(bench.environment.python), "-I", "-B", f"{TOOLS}/{RELAY.name}"),
            mounts=(
                *(mount for mount in program.mounts if mount.target not in shown),
                *(mount for mount in job.mounts if mount.target not in covers),
                Mount(source=tools.parent / "s", target=SOCKET),
            ),
            env={**job.env, "PATH": ":".join((job.env["PATH"], *program.folders))},
            stdin=json.dumps(order).encode(),
            processes=PROCESSES,
        )

    async def _until_stopped(self, job: Job, proxy: Proxy) -> Ran | None:
        """The end of *job*; None when it was killed some seconds after a limit was reached."""
        running = asyncio.ensure_future(self.workshop.run_long(job))
        stopped = asyncio.ensure_future(proxy.stopped.wait())
        try:
            await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await asyncio.wait((running,), timeout=LAST_WORDS_S)
            return running.result() if running.done() else None
        finally:
            stopped.cancel()
            running.cancel()
            await asyncio.wait((running, stopped))


def find_agent(command: AgentCommand, environ: Mapping[str, str]) -> Installed:
    """The program of *command*, a preset's filled in. Raises ConfigError when it is not on this machine."""
    return find_program(command.argv[0], environ.get("PATH", os.defpath), how_to_install(command))


def _filled(template: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        template = template.replace(place, value)
    return template


@asynccontextmanager
async def _tools(prompt: str) -> AsyncIterator[Path]:
    """A folder with the relay and the prompt; beside it ``s``, for the socket."""
    with tempfile.TemporaryDirectory(prefix="harness-agent-") as name:
        tools = Path(name) / "h"
        tools.mkdir()
        (Path(name) / "s").mkdir()
        shutil.copyfile(RELAY, tools / RELAY.name)
        (tools / "prompt.md").write_text(prompt, encoding="utf-8", errors="replace")
        yield tools


def _solved(proxy: Proxy, ran: Ran | None, changes: Changes) -> Solved:
    outcomes = tuple(proxy.allowance.outcomes)
    limit = proxy.limit
    if not limit and ran is not None and ran.ending is not Ending.EXITED:
        limit = f"the agent was {ended(ran)}"
    if not outcomes and not changes.files and not limit:
        said = "" if ran is None else (ran.stderr or ran.stdout).decode("utf-8", "replace").strip()[-500:]
        why = "the agent was stopped" if ran is None else f"the agent ended with {ended(ran)}"
        return Solved(submission=None, failed=f"{why} without asking anything: {said or 'it said nothing'}")
    unanswered = bool(outcomes) and not outcomes[-1].served
    if unanswered and not changes.files and not limit:
        return Solved(submission=None, outcomes=outcomes)
    flags = () if ran is None or ran.exit_code in (0, None) else ("agent_exit_code",)
    return Solved(
        submission=Submission(format="files", files=changes.files),
        outcomes=outcomes,
        limit=limit,
        flags=(*changes.flags, *flags),
    )
