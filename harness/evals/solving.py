"""Solvers: a task and a candidate in, a submission out. Which solver, the suite says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.core.event import Executed
from harness.core.ids import CandidateId, TraceId
from harness.core.request import Sampling
from harness.core.suite import Suite, Task
from harness.engine import Engine, Execute, Observer
from harness.evals.prompts import task_request
from harness.evals.solvers import (
    AgentSolver,
    CommandSolver,
    FilesOf,
    PatchSolver,
    Solved,
    Workshop,
    solve_text,
    submission_of,
    text_submission,
)

__all__ = ["WORKERS", "FilesOf", "Solved", "Solvers", "submission_of", "text_submission"]

WORKERS = frozenset({"agent", "command"})
"""Solvers that work in a sandbox, step by step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solvers:
    """Solves the tasks of one suite by asking the engine."""

    engine: Engine
    suite: Suite
    sampling: Sampling = field(default_factory=Sampling)
    files_of: FilesOf
    workshop: Workshop | None = None
    """Where agents work; only suites with such a solver need it."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The host's: where an external agent's program is looked up, and what a suite hands on to it by name."""
    steps: Mapping[TraceId, Sequence[Executed]] = field(default_factory=dict)
    """Commands that an earlier session ran for trials without a grade."""
    execute_for: Callable[[Task], Execute | None] = lambda _task: None
    """How a panel that votes by behaviour runs answers: on the task's *visible* examples, never on its hidden tests."""
    observer_for: Callable[[Task], Observer | None] = lambda _task: None
    """How a panel that makes up its tests runs answers."""

    async def solve(self, task: Task, candidate: CandidateId, trace_id: TraceId) -> Solved:
        """The submission of *candidate* for *task*."""
        if self.suite.kind != "repo":
            request = task_request(self.suite, task, trace_id=trace_id, sampling=self.sampling)
            execute, observer = self.execute_for(task), self.observer_for(task)
            return await solve_text(self.suite, request, candidate, self.engine, execute=execute, observer=observer)
        match self.suite.solver:
            case "agent":
                agent = AgentSolver(
                    engine=self.engine, suite=self.suite, sampling=self.sampling, workshop=self._workshop()
                )
                return await agent.solve(task, candidate, trace_id, self.steps.get(trace_id, ()))
            case "command":
                command = CommandSolver(
                    engine=self.engine,
                    suite=self.suite,
                    sampling=self.sampling,
                    workshop=self._workshop(),
                    environ=self.environ,
                )
                return await command.solve(task, candidate, trace_id)
            case _:
                patch = PatchSolver(engine=self.engine, suite=self.suite, sampling=self.sampling)
                tree = await self.files_of(task)
                return await patch.solve(task, candidate, trace_id, tree, self.execute_for(task))

    def _workshop(self) -> Workshop:
        assert self.workshop is not None, "a suite whose solver works in a sandbox is given one"
        return self.workshop
