"""``suites/<name>/suite.yaml`` and what it points at.

::

    name: ledger                     # the folder's name
    kind: repo                       # answer | code | repo
    version: 1
    task_class: python.bugfix        # default: general
    description: Expert-SWE-style tasks on a double-entry ledger.
    source: tasks/                   # default: tasks/ or cases.jsonl; or {dataset: <path or hub id>, split: test,
                                     # map: {…}}
    repo: {path: repo.bundle}        # repo kind only: git bundle, folder or tarball
    environment: {python: ">=3.11", install: ["."], runner: pytest, args: [], timeout_s: 60, lock: requirements.lock}
    solver: patch                    # answer | code | patch | agent | command; default by kind
    limits: {…}                      # of a trial, also command: and share: see solver_fields.py
    instructions: Put before every prompt.
    extract: {last: number}          # answer kind
    compare: {name: numeric}
    min_isolation: standard          # strict | standard | reduced | none

Only ``kind`` must be there, and ``repo`` for the repo kind. ``map`` names the dataset's column for each key of a case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, model_validator

from harness.content.cases import CASE_KEYS, read_cases
from harness.content.documents import read_section
from harness.content.environment_fields import EnvironmentSpec, lock_text
from harness.content.faults import Faults, nearest, show
from harness.content.fields import ClassName, CompareField, ExtractField, Positive, Spec
from harness.content.home import Home
from harness.content.repo_tasks import read_tasks
from harness.content.repositories import RepositoryKind, check_repository, content_digest
from harness.content.solver_fields import CommandField, LimitsField, ShareField, solver_identity
from harness.content.tables import read_table
from harness.core.ballot import Compare, Extract
from harness.core.errors import ConfigError
from harness.core.execution import Isolation
from harness.core.hashing import Json, digest
from harness.core.ids import GENERAL, SuiteName, TaskClass
from harness.core.suite import AgentCommand, SolverLimits, SolverName, Suite, SuiteKind, Task

FILE: Final = "suite.yaml"

_SOLVERS: Final[Mapping[SuiteKind, tuple[SolverName, ...]]] = {
    "answer": ("answer",),
    "code": ("code",),
    "repo": ("patch", "agent", "command"),
}
"""The first is the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteHead:
    """What suite.yaml says, without reading any task."""

    name: SuiteName
    kind: SuiteKind
    version: int
    task_class: TaskClass
    description: str
    solver: SolverName
    folder: Path


class _Dataset(Spec):
    dataset: Annotated[str, Field(min_length=1)]
    split: Annotated[str, Field(min_length=1)] = "test"
    map: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> "_Dataset":
        unknown = [key for key in self.map if key not in CASE_KEYS]
        if unknown:
            raise ValueError(f"map: a case has no key {unknown[0]!r}; {nearest(unknown[0], CASE_KEYS)}")
        return self


def _source(value: Json) -> str | _Dataset:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict):
        return _Dataset.model_validate(value)
    raise ValueError(f"{show(value)} is neither a file or folder nor {{dataset: …, split: …, map: {{…}}}}")


class _Repo(Spec):
    path: Annotated[str, Field(min_length=1)]


class _Suite(Spec):
    name: str | None = None
    kind: SuiteKind
    version: Positive = 1
    task_class: ClassName = GENERAL
    description: str = ""
    source: Annotated[str | _Dataset | None, PlainValidator(_source)] = None
    repo: _Repo | None = None
    environment: EnvironmentSpec = EnvironmentSpec()
    solver: SolverName | None = None
    instructions: str = ""
    extract: ExtractField = Extract()
    compare: CompareField = Compare()
    min_isolation: Literal["strict", "standard", "reduced", "none"] = "standard"
    limits: LimitsField = SolverLimits()
    command: CommandField = AgentCommand()
    share: ShareField = ("files", ())

    @model_validator(mode="after")
    def _fits(self) -> "_Suite":
        if self.kind == "repo" and self.repo is None:
            raise ValueError("a suite of kind 'repo' needs `repo: {path: …}`")
        if self.kind != "repo" and self.repo is not None:
            raise ValueError(f"`repo` is for suites of kind 'repo', and this one is of kind {self.kind!r}")
        if self.kind == "repo" and isinstance(self.source, _Dataset):
            raise ValueError("source: a suite of kind 'repo' is a folder of tasks, not a dataset")
        solvers = _SOLVERS[self.kind]
        if self.solver is not None and self.solver not in solvers:
            raise ValueError(
                f"solver: {self.solver!r} does not fit kind {self.kind!r}; there are: {', '.join(solvers)}"
            )
        if (self.solver == "command") != (self.command != AgentCommand()):
            raise ValueError("`solver: command` and `command: …`, which says what is run, go together")
        return self


def list_suites(home: Home) -> tuple[SuiteName, ...]:
    """The names of *home*'s suites: the folders with a suite.yaml."""
    return tuple(sorted(SuiteName(path.parent.name) for path in home.suites.glob(f"*/{FILE}")))


def load_head(home: Home, name: str) -> SuiteHead:
    """What suite.yaml of *name* says. Raises ConfigError for an unknown suite, FaultsError with all faults."""
    folder, spec = _read(home, name)
    return SuiteHead(
        name=SuiteName(name),
        kind=spec.kind,
        version=spec.version,
        task_class=TaskClass(spec.task_class),
        description=spec.description,
        solver=spec.solver or _SOLVERS[spec.kind][0],
        folder=folder,
    )


def load_suite(home: Home, name: str) -> Suite:
    """The suite *name* with all its tasks. Raises ConfigError for an unknown suite, FaultsError with all faults."""
    folder, spec = _read(home, name)
    tasks = _tasks(home, folder, spec)
    repo_path = (folder / spec.repo.path).resolve() if spec.repo else None
    identity = _identity(folder, repo_path, tasks) if repo_path is not None else None
    return Suite(
        name=SuiteName(name),
        kind=spec.kind,
        version=spec.version,
        task_class=TaskClass(spec.task_class),
        description=spec.description,
        tasks=tasks,
        solver=spec.solver or _SOLVERS[spec.kind][0],
        extract=spec.extract,
        compare=spec.compare,
        min_isolation=Isolation(spec.min_isolation),
        environment=spec.environment.environment(),
        folder=folder,
        repo_path=repo_path,
        instructions=spec.instructions,
        limits=spec.limits,
        command=spec.command,
        share=spec.share[0],
        share_with=spec.share[1],
        digest=_digest(folder, spec, tasks, identity),
    )


def _read(home: Home, name: str) -> tuple[Path, _Suite]:
    known = list_suites(home)
    if name not in known:
        raise ConfigError(f"{home.suites}: no suite {name!r}; {nearest(name, known)}")
    folder = (home.suites / name).resolve()
    faults = Faults(str(home.suites / name / FILE))
    spec = faults.check(_Suite, read_section(folder / FILE))
    if spec is not None:
        if spec.name is not None and spec.name != name:
            faults.add("name", f"{spec.name!r} is not the name of its folder, {name!r}")
        if spec.environment.lock is not None and not (folder / spec.environment.lock).is_file():
            faults.add("environment.lock", f"{folder / spec.environment.lock}: no such file")
    faults.done()
    assert spec is not None, "without faults there is a value"
    return folder, spec


def _tasks(home: Home, folder: Path, spec: _Suite) -> tuple[Task, ...]:
    default_class = TaskClass(spec.task_class)
    if isinstance(spec.source, _Dataset):
        return read_table(
            spec.source.dataset,
            split=spec.source.split,
            columns=spec.source.map,
            folder=folder,
            cache=home.state / "datasets",
            kind=spec.kind,
            default_class=default_class,
        )
    if spec.kind == "repo":
        usual = spec.environment.environment()
        return read_tasks(
            folder / (spec.source or "tasks"), default_class=default_class, environment=usual, suite_folder=folder
        )
    return read_cases(folder / (spec.source or "cases.jsonl"), kind=spec.kind, default_class=default_class)


def _identity(folder: Path, path: Path, tasks: tuple[Task, ...]) -> str | None:
    """Hash of the code under test where no commit names it. Raises ConfigError for a repository that cannot be read."""
    try:
        kind: RepositoryKind = check_repository(path)
    except ConfigError as error:
        raise ConfigError(f"{folder / FILE}: repo.path: {error}") from error
    unnamed = [task.id for task in tasks if task.repo is not None and task.repo.base_commit is None]
    if unnamed and kind == "bundle":
        raise ConfigError(f"{folder / FILE}: {path} is a git bundle: task {unnamed[0]!r} must name its base_commit")
    return content_digest(path, kind) if unnamed and kind != "bundle" else None


def _digest(folder: Path, spec: _Suite, tasks: tuple[Task, ...], identity: str | None) -> str:
    """Everything that decides a grade, and nothing of the machine: no path, no time, no description."""
    environment = spec.environment
    lock = lock_text(environment.environment(), folder)
    written = environment.model_dump(exclude={"lock", *([] if environment.roots else ["roots"])})
    content: tuple[Any, ...] = (
        (spec.kind, spec.version, spec.solver or _SOLVERS[spec.kind][0], spec.instructions),
        (spec.extract, spec.compare, written, None if lock is None else lock.encode().hex(), identity),
        sorted((task.id, task.digest) for task in tasks),
        *solver_identity(spec.limits, spec.command, spec.share[0]),
    )
    return digest(content)
