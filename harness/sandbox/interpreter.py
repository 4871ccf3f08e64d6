"""What of the host has to be seen inside for a Python interpreter to run."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.ports import Mount

_ALWAYS_THERE = (Path("/usr"), Path("/bin"), Path("/lib"))


_KEPT = 64
"""Interpreters whose places are remembered: every job asks for those of its own."""


def base_interpreter(python: Path) -> Path:
    """The installed interpreter that *python*, perhaps of a virtual environment, leads to.

    Raises SandboxError when there is none.
    """
    return _resolved(python, _stamp(python))


def interpreter_mounts(python: Path) -> tuple[Mount, ...]:
    """Read-only mounts, each at its own path, with which *python* runs as it does outside.

    The virtual environment if it is in one, the installation behind it, and the folders of the links between them.
    Raises SandboxError when there is no interpreter.
    """
    python = python if python.is_absolute() else python.absolute()
    return _mounts(python, _stamp(python))


def _stamp(python: Path) -> tuple[int, ...]:
    """Changes when another interpreter, or another environment, is put in the place of one."""
    try:
        found = python.stat()
        link = python.lstat()
    except OSError as error:
        raise SandboxError(f"no Python interpreter at {str(python)!r}: {error.strerror}") from error
    return (found.st_dev, found.st_ino, found.st_mtime_ns, link.st_ino, link.st_ctime_ns)


@lru_cache(maxsize=_KEPT)
def _resolved(python: Path, _: tuple[int, ...]) -> Path:
    return python.resolve()


@lru_cache(maxsize=_KEPT)
def _mounts(python: Path, _: tuple[int, ...]) -> tuple[Mount, ...]:
    return tuple(
        Mount(source=path, target=str(path))
        for path in dict.fromkeys(_prefixes(python))
        if not any(path == there or there in path.parents for there in _ALWAYS_THERE)
    )


def _prefixes(python: Path) -> Iterator[Path]:
    yield base_interpreter(python).parent.parent
    prefix = python.parent.parent
    settings = prefix / "pyvenv.cfg"
    if settings.is_file():
        yield prefix
        for line in settings.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                yield Path(value.strip()).parent
