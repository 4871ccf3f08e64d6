"""What of the host has to be seen inside for a Python interpreter to run."""

from collections.abc import Iterator
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.ports import Mount

_ALWAYS_THERE = (Path("/usr"), Path("/bin"), Path("/lib"))


def base_interpreter(python: Path) -> Path:
    """The installed interpreter that *python*, perhaps of a virtual environment, leads to.

    Raises SandboxError when there is none.
    """
    try:
        return python.resolve(strict=True)
    except OSError as error:
        raise SandboxError(f"no Python interpreter at {str(python)!r}: {error.strerror}") from error


def interpreter_mounts(python: Path) -> tuple[Mount, ...]:
    """Read-only mounts, each at its own path, with which *python* runs as it does outside.

    The virtual environment if it is in one, the installation behind it, and the folders of the links between them.
    """
    return tuple(
        Mount(source=path, target=str(path))
        for path in dict.fromkeys(_prefixes(python))
        if not any(path == there or there in path.parents for there in _ALWAYS_THERE)
    )


def _prefixes(python: Path) -> Iterator[Path]:
    yield base_interpreter(python).parent.parent
    prefix = python.absolute().parent.parent
    settings = prefix / "pyvenv.cfg"
    if settings.is_file():
        yield prefix
        for line in settings.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                yield Path(value.strip()).parent
