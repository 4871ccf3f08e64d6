"""Suites and tasks: things to solve, with a way to judge each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from harness.core.ballot import Compare, Extract
from harness.core.execution import Isolation
from harness.core.hashing import Json
from harness.core.ids import SuiteName, TaskClass, TaskId

SuiteKind = Literal["answer", "code", "repo"]
SolverName = Literal["answer", "code", "patch", "agent", "command"]
Share = Literal["files", "statement", "nothing"]
"""What of a suite may leave this machine: repository and statement, the statement alone, or no word of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverLimits:
    """What one trial of a solver may use. Each is looked at before a call is sent or a command is started."""

    steps: int = 50
    """Calls of the model."""
    tokens: int = 1_000_000
    """Prompt and output of all calls together."""
    cost_usd: Decimal | None = None
    """``None``: only the run's own limit holds."""
    wall_s: float = 1800.0
    """Of calls and commands together; waiting for a turn is not counted."""
    command_s: float = 60.0
    """Of one shell command."""
    prompt_tokens: int = 20_000
    """How much of a repository a single request shows."""
    observation_chars: int = 10_000
    """Of a command's output; more is cut in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCommand:
    """An external agent to be run in a workspace."""

    preset: str = ""
    """Name of a row in the table of known agents; what follows is put over it."""
    argv: tuple[str, ...] = ()
    """Template; ``{prompt}``, ``{prompt_file}``, ``{workspace}``, ``{model}`` and ``{base_url}`` are filled in."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Templates of further environment variables."""
    pass_env: tuple[str, ...] = ()
    """Names of host variables that are handed on; never one that holds a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the repository's tests need to run."""

    python: str = ">=3.11"
    """A version specifier."""
    install: tuple[str, ...] = ()
    """Requirements; ``.`` is the repository itself."""
    runner: Literal["pytest"] = "pytest"
    args: tuple[str, ...] = ()
    timeout_s: float = 60.0
    """Wall clock of one grading run."""
    lock: str | None = None
    """A requirements file with hashes, relative to the suite's folder."""
    roots: tuple[str, ...] = ()
    """Folders for the import path, relative to the repository: before those every tree has (``src`` and itself)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoTask:
    """The part of a task that only repo suites have."""

    base_commit: str | None
    """``None``: the suite's repository is a plain folder."""
    f2p: tuple[str, ...]
    """Test ids that fail at the base and pass with the reference. Never empty."""
    p2p: tuple[str, ...] = ()
    """Test ids that pass before and after."""
    reference_patch: str
    """Unified diff. Never shown to a solver."""
    hidden: Mapping[str, bytes]
    """Test files by repository path. Never shown to a solver."""
    files: tuple[str, ...] = ()
    """Paths a single-request solver is shown; empty: chosen from the statement and the tree."""
    timeout_s: float | None = None
    """``None``: the environment's."""
    environment: Environment | None = None
    """The suite's with what this task writes down put over it; ``None``: the suite's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to solve."""

    id: TaskId
    task_class: TaskClass
    prompt: str
    """The question, the code to complete, or the statement of a repo task."""
    expected: Json = None
    """Answer suites: what is right. ``None``: nobody knows (not gradable)."""
    tests: str | None = None
    """Code suites: Python source of the hidden tests; defines ``check(candidate)`` or plain ``test_*`` functions."""
    entry_point: str | None = None
    """Code suites: the function under test."""
    repo: RepoTask | None = None
    meta: Mapping[str, Json] = field(default_factory=dict)
    digest: str
    """Hash of the task's content: results are paired by id *and* digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named set of tasks."""

    name: SuiteName
    kind: SuiteKind
    version: int
    task_class: TaskClass
    description: str = ""
    tasks: tuple[Task, ...]
    solver: SolverName
    extract: Extract = field(default_factory=Extract)
    compare: Compare = field(default_factory=Compare)
    min_isolation: Isolation = Isolation.STANDARD
    environment: Environment = field(default_factory=Environment)
    folder: Path
    """Where suite.yaml lies."""
    repo_path: Path | None = None
    """Repo suites: bundle, folder or tarball, absolute."""
    instructions: str = ""
    """Put before every prompt of the suite: how to write the answer down."""
    digest: str
    """Hash of all tasks and of everything that decides a grade."""
    limits: SolverLimits = field(default_factory=SolverLimits)
    command: AgentCommand = field(default_factory=AgentCommand)
    """Of the solver ``command``."""
    share: Share = "files"
    """What may be sent to models that are not on this machine."""
    share_with: tuple[str, ...] = ()
    """To whom: vendors (the first part of a model's id) and compliance flags of cards. Empty: to every model."""
