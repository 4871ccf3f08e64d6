"""What the submissions of a repo suite are graded on, made once per base commit; canaries once per task."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import ConfigError, SandboxError
from harness.core.execution import Execution
from harness.core.hashing import digest
from harness.core.ids import TaskId
from harness.core.ports import Sandbox
from harness.core.suite import Environment, Suite, Task
from harness.core.trial import Grade
from harness.evals.answers import Judged
from harness.evals.grading import (
    Bench,
    Canaries,
    PreparedEnvironment,
    base_tree,
    find_canaries,
    grade_repo,
    judge_repo,
    prepare,
    read_tree,
)
from harness.evals.patches import FormatFailure, apply_unified


@dataclass(slots=True, kw_only=True)
class Benches:
    """Base trees, environments and canaries of one suite."""

    suite: Suite
    sandbox: Sandbox
    cache: Path
    _made: dict[tuple[str | None, Environment], Bench] = field(default_factory=dict)
    _texts: dict[str | None, Mapping[str, str]] = field(default_factory=dict)
    _canaries: dict[TaskId, Canaries] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def grade(self, task: Task, files: Mapping[str, str | None]) -> tuple[Execution | None, Judged]:
        """Run the task's tests over its base tree with *files* applied.

        A sandbox that fails this once costs one trial. Raises SandboxError when it fails the reference, too.
        """
        bench = await self.bench(task)
        canaries = await self.canaries(task, bench)
        try:
            execution = await grade_repo(task, files, bench, canaries=canaries)
        except SandboxError as error:
            return None, Judged(grade=Grade.INFRA_ERROR, detail=str(error))
        grade, detail, flags = judge_repo(task, execution)
        return execution, Judged(grade=grade, detail=detail, flags=flags)

    async def files_of(self, task: Task) -> Mapping[str, str]:
        """The text files of the task's base commit, by path."""
        commit = _commit(task)
        async with self._lock(f"texts {commit}"):
            if commit not in self._texts:
                self._texts[commit] = await asyncio.to_thread(read_tree, await self._base(commit))
            return self._texts[commit]

    async def bench(self, task: Task) -> Bench:
        """The bench of the task's base commit and environment."""
        commit, settings = _commit(task), _settings(self.suite, task)
        async with self._lock(f"bench {commit} {digest(settings)}"):
            if (commit, settings) not in self._made:
                environment: PreparedEnvironment = await prepare(self.suite, commit, self.cache, settings=settings)
                self._made[commit, settings] = Bench(
                    base=await self._base(commit),
                    environment=environment,
                    settings=settings,
                    sandbox=self.sandbox,
                )
            return self._made[commit, settings]

    async def canaries(self, task: Task, bench: Bench) -> Canaries:
        """Twins of the task's hidden tests that the reference fails; found by running the reference once."""
        async with self._lock(f"canaries {task.id}"):
            if task.id not in self._canaries:
                reference = reference_files(task, await self.files_of(task))
                self._canaries[task.id] = await find_canaries(task, reference, bench)
            return self._canaries[task.id]

    async def _base(self, commit: str | None) -> Path:
        assert self.suite.repo_path is not None, "content gives a repo suite its repository"
        return await base_tree(self.suite.repo_path, commit, self.cache)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def reference_files(task: Task, tree: Mapping[str, str]) -> Mapping[str, str | None]:
    """The task's reference solution as new file contents. Raises ConfigError when its patch does not apply."""
    assert task.repo is not None, "repo suites have repo tasks"
    files = apply_unified(task.repo.reference_patch, tree)
    if isinstance(files, FormatFailure):
        raise ConfigError(f"task {task.id!r}: reference.patch does not apply to its base: {files.why}")
    return files


def _settings(suite: Suite, task: Task) -> Environment:
    assert task.repo is not None, "repo suites have repo tasks"
    return task.repo.environment or suite.environment


def _commit(task: Task) -> str | None:
    assert task.repo is not None, "repo suites have repo tasks"
    return task.repo.base_commit
