"""The section ``environment`` of suite.yaml, and of a task where it differs.

::

    environment:
      python: ">=3.11"          # a version specifier; "==3.9.*" with a lock: exactly that minor version
      install: ["."]            # requirements; "." is the repository itself
      runner: pytest
      args: []                  # of pytest
      timeout_s: 60
      lock: requirements.lock   # with hashes, relative to the suite's folder
      roots: [parts/money/src]  # folders for the import path, besides src/ and the repository itself
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator

from harness.content.documents import read_bytes
from harness.content.faults import Faults, show
from harness.content.fields import Seconds, Spec
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.suite import Environment

LOCK_BYTES: Final = 8 << 20


def inside(path: str) -> bool:
    """Whether *path* is relative and stays where it is."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and "\0" not in path


def _root(value: Json) -> str:
    if not isinstance(value, str) or not inside(value):
        raise ValueError(f"{show(value)} is no folder inside the repository")
    return value.strip("/")


class EnvironmentSpec(Spec):
    """As it is written; what is left out is as usual."""

    python: Annotated[str, Field(min_length=1)] = ">=3.11"
    install: list[str] = Field(default_factory=list)
    runner: Literal["pytest"] = "pytest"
    args: list[str] = Field(default_factory=list)
    timeout_s: Seconds = 60.0
    lock: str | None = None
    roots: list[Annotated[str, PlainValidator(_root)]] = Field(default_factory=list)

    def over(self, usual: Environment) -> Environment:
        """*usual* with what is written here put over it."""
        written = {name: getattr(self, name) for name in self.model_fields_set}
        lists = {name: tuple(value) for name, value in written.items() if isinstance(value, list)}
        return replace(usual, **{**written, **lists})

    def environment(self) -> Environment:
        """What it says, with what is usual."""
        return self.over(Environment())


def task_environment(
    written: Mapping[str, Json], usual: Environment, suite_folder: Path, faults: Faults
) -> Environment:
    """The environment of a task that has a section of its own; *usual* is the suite's."""
    spec = faults.check(EnvironmentSpec, written)
    if spec is None:
        return usual
    environment = spec.over(usual)
    if spec.lock is not None and not (inside(spec.lock) and (suite_folder / spec.lock).is_file()):
        faults.add("environment.lock", f"{spec.lock!r}: no such file in {suite_folder}")
    return environment


def lock_text(environment: Environment, suite_folder: Path) -> str | None:
    """The content of its lock, as it enters a digest. Raises ConfigError when it cannot be read."""
    if environment.lock is None:
        return None
    path = suite_folder / environment.lock
    try:
        return read_bytes(path, limit_bytes=LOCK_BYTES).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8") from error
