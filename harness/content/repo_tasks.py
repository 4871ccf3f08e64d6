"""Tasks of repo suites: one folder each, ``task.yaml`` beside ``statement.md``, ``reference.patch`` and ``hidden/``.

::

    id: parse-amount                 # the folder's name
    base_commit: 3d3dc9f             # left out when the suite's repository is a plain folder
    tests:
      f2p: ["tests/test_amount.py::test_thousands_separator"]   # fail at the base, pass with the reference
      p2p: ["tests/test_ledger.py::test_total"]                 # pass before and after
      origin: {"tests/test_amount.py::test_thousands_separator": new}    # changed | unchanged_collateral | unchanged
    task_class: python.bugfix        # default: the suite's
    files: [ledger/amount.py]        # shown to single-request solvers; default: chosen from statement and tree
    timeout_s: 60                    # default: the environment's
    statement: {source: human, interface: null, approved_by: null}    # issue | pr | commit | ticket | human | model
    human_minutes: 90
    area: money
    environment: {…}                 # as in suite.yaml, where it differs from it
    limits: {…}                      # of solvers
    validation: {…}                  # written by `harness suites validate`
    exposure: [{…}]                  # which models saw it, and when
    state: draft                     # draft | validated | approved | retired; retired tasks are not loaded
    meta: {…}

Only ``id`` and ``tests.f2p`` must be there. What has no field of its own in a task goes into ``Task.meta`` under the
same key. The digest covers what decides a grade: the records of validation and exposure may grow without changing it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, model_validator

from harness.content.documents import json_value, read_bytes, read_section, read_text
from harness.content.environment_fields import inside, lock_text, task_environment
from harness.content.faults import Faults, show
from harness.content.fields import ClassName, Name, Number, Seconds, Spec
from harness.core.errors import ConfigError, FaultsError
from harness.core.hashing import Json, digest
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import Environment, RepoTask, Task

HIDDEN_BYTES: Final = 16 << 20
HIDDEN_FILES: Final = 5000

_META: Final = ("statement", "human_minutes", "area", "environment", "limits", "validation", "exposure", "state")


def _test_id(value: Json) -> str:
    file, separator, name = value.partition("::") if isinstance(value, str) else ("", "", "")
    if not separator or not name or not inside(file):
        raise ValueError(f"{show(value)} is no test id like 'tests/test_amount.py::test_total'")
    return str(value)


def _repo_path(value: Json) -> str:
    if not isinstance(value, str) or not inside(value):
        raise ValueError(f"{show(value)} is no path inside the repository")
    return value


_TestId = Annotated[str, PlainValidator(_test_id)]


class _Tests(Spec):
    f2p: Annotated[list[_TestId], Field(min_length=1)]
    p2p: list[_TestId] = Field(default_factory=list)
    origin: dict[str, Literal["new", "changed", "unchanged_collateral", "unchanged"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _once(self) -> "_Tests":
        every = [*self.f2p, *self.p2p]
        repeated = sorted({name for name in every if every.count(name) > 1}) if len(set(every)) < len(every) else []
        if repeated:
            raise ValueError(f"{repeated[0]!r} is named twice among f2p and p2p")
        stray = sorted(set(self.origin) - set(every))
        if stray:
            raise ValueError(f"origin: {stray[0]!r} is neither in f2p nor in p2p")
        return self


class _Statement(Spec):
    source: Literal["issue", "pr", "commit", "ticket", "human", "model"] = "human"
    interface: str | None = None
    approved_by: str | None = None


class _Task(Spec):
    id: Name
    base_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")] | None = None
    tests: _Tests
    task_class: ClassName | None = None
    files: list[Annotated[str, PlainValidator(_repo_path)]] = Field(default_factory=list)
    timeout_s: Seconds | None = None
    statement: _Statement = _Statement()
    human_minutes: Annotated[Number, Field(gt=0)] | None = None
    area: str = ""
    environment: dict[str, Any] = Field(default_factory=dict)
    limits: dict[str, Any] = Field(default_factory=dict)
    validation: dict[str, Any] | None = None
    exposure: list[dict[str, Any]] = Field(default_factory=list)
    state: Literal["draft", "validated", "approved", "retired"] = "draft"
    meta: dict[str, Any] = Field(default_factory=dict)

    def plain_meta(self) -> dict[str, Json]:
        values = self.model_dump(include=set(_META))
        values["origin"] = dict(self.tests.origin)
        return {
            key: json_value(value) for key, value in {**self.meta, **values}.items() if value not in (None, "", [], {})
        }


def read_tasks(
    source: Path,
    *,
    default_class: TaskClass,
    environment: Environment | None = None,
    suite_folder: Path | None = None,
) -> tuple[Task, ...]:
    """The tasks of the folder *source* in the order of their names, retired ones left out.

    *environment* is the suite's, over which a task's own is put; *suite_folder* (default: the one that *source* is in)
    is what the paths of locks are relative to. Raises ConfigError when there is no folder or no task, and FaultsError
    with the faults of all tasks.
    """
    if not source.is_dir():
        raise ConfigError(f"{source}: no such folder; it holds one folder per task")
    folders = sorted(path.parent for path in source.glob("*/task.yaml"))
    if not folders:
        raise ConfigError(f"{source}: has no tasks: a task is a folder with a task.yaml")
    faults = Faults(str(source))
    usual = _Usual(default_class, environment or Environment(), suite_folder or source.parent)
    tasks = [_read_one(folder, usual, faults) for folder in folders]
    faults.done()
    return tuple(task for task in tasks if task is not None)


@dataclass(frozen=True, slots=True)
class _Usual:
    """Of the suite."""

    task_class: TaskClass
    environment: Environment
    folder: Path


def _read_one(folder: Path, usual: _Usual, faults: Faults) -> Task | None:
    """One task; its faults are added to *faults*. None for a faulty one and for a retired one."""
    own = Faults(str(folder / "task.yaml"))
    try:
        spec = own.check(_Task, read_section(folder / "task.yaml"))
        if spec is not None and spec.id != folder.name:
            own.add("id", f"{spec.id!r} is not the name of its folder, {folder.name!r}")
        written = {} if spec is None or spec.state == "retired" else spec.environment
        environment = task_environment(written, usual.environment, usual.folder, own) if written else None
        own.done()
        assert spec is not None, "without faults there is a value"
        return None if spec.state == "retired" else _task(spec, folder, usual, environment)
    except FaultsError as error:
        faults.found.extend(error.faults)
    except ConfigError as error:
        faults.add(folder.name, str(error))
    return None


def _task(spec: _Task, folder: Path, usual: _Usual, environment: Environment | None) -> Task:
    prompt = read_text(folder / "statement.md")
    if not prompt.strip():
        raise ConfigError(f"{folder / 'statement.md'}: is empty")
    repo = RepoTask(
        base_commit=spec.base_commit,
        f2p=tuple(spec.tests.f2p),
        p2p=tuple(spec.tests.p2p),
        reference_patch=read_text(folder / "reference.patch"),
        hidden=_hidden(folder / "hidden"),
        files=tuple(spec.files),
        timeout_s=spec.timeout_s,
        environment=environment,
    )
    return Task(
        id=TaskId(spec.id),
        task_class=TaskClass(spec.task_class) if spec.task_class else usual.task_class,
        prompt=prompt,
        repo=repo,
        meta=spec.plain_meta(),
        digest=_digest(spec, prompt, repo, usual.folder),
    )


def _hidden(folder: Path) -> Mapping[str, bytes]:
    """Every file below *folder* by its path in the repository. Links are refused: they would bring in other files."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ConfigError(f"{path}: is a symbolic link; hidden tests are plain files")
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        if len(found) >= HIDDEN_FILES:
            raise ConfigError(f"{folder}: has more than {HIDDEN_FILES} files")
        found[path.relative_to(folder).as_posix()] = read_bytes(path, limit_bytes=HIDDEN_BYTES)
    return found


def _digest(spec: _Task, prompt: str, repo: RepoTask, suite_folder: Path) -> str:
    hidden = {name: hashlib.sha256(body).hexdigest() for name, body in repo.hidden.items()}
    own = {key: value for key, value in spec.environment.items() if key != "lock"}
    lock = lock_text(repo.environment, suite_folder) if repo.environment is not None else None
    content: tuple[object, ...] = (
        (spec.id, prompt, repo.base_commit, repo.f2p, repo.p2p, repo.reference_patch, hidden),
        (repo.files, repo.timeout_s, json_value(own)),
        *([lock] if lock is not None else []),
    )
    return digest(content)
