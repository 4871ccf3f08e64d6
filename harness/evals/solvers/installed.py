"""Where an agent's program lies on this machine, and how little of the machine has to be seen for it to run."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from harness.core.errors import ConfigError
from harness.core.ports import Mount
from harness.sandbox import interpreter_mounts

_ALWAYS_THERE = (Path("/usr"), Path("/bin"), Path("/lib"))
_SHEBANG = re.compile(rb"#!\s*(?P<program>\S+)(?:\s+(?P<argument>[^\n]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A program that can be run in a sandbox."""

    program: Path
    """Absolute, as it is called."""
    mounts: tuple[Mount, ...]
    """Read-only."""
    folders: tuple[str, ...]
    """For the end of PATH: of the interpreters it names."""
    packages: tuple[Path, ...]
    """Folders of packages it takes from an interpreter of the host, if it is no virtual environment's."""
    version: str
    """``name version`` of the package it came with; empty: not known."""


def find_program(name: str, path: str, hint: str = "") -> Installed:
    """The program *name*, looked up in the folders of *path* unless it is a path itself.

    Only its own installation is shown to the sandbox: the virtual environment, the node package, or the one file.
    Raises ConfigError with *hint* when there is no such program.
    """
    found = shutil.which(name, path=path)
    if found is None:
        raise ConfigError(f"command: there is no program {name!r} to run{hint}")
    program = Path(os.path.abspath(found))  # noqa: PTH100 - links stay: the name may decide what runs
    mounts: dict[str, Mount] = {}
    folders: list[str] = []
    for each in _needed(program, path):
        folders += [str(each.parent)] if each != program else []
        for mount in _mounts(each):
            mounts.setdefault(mount.target, mount)
    return Installed(
        program=program,
        mounts=tuple(mounts.values()),
        folders=tuple(folders),
        packages=tuple(_packages(program)),
        version=_version(program),
    )


def _needed(program: Path, path: str) -> Iterator[Path]:
    """*program*, and the interpreter that its first line names."""
    yield program
    with program.open("rb") as file:
        match = _SHEBANG.match(file.read(512))
    if match is None:
        return
    named = os.fsdecode(match["program"])
    argument = os.fsdecode(match["argument"] or b"").split()
    if Path(named).name == "env" and argument:
        found = shutil.which(argument[-1], path=path)
        named = found or named
    if Path(named).is_file():
        yield Path(named)


def _mounts(program: Path) -> Iterator[Mount]:
    """The installation of what *program* leads to, and the link itself where it lies elsewhere."""
    if _is_python(program):
        yield from interpreter_mounts(program)
        return
    home = _installation(program.resolve())
    for place in (home, program):
        elsewhere = place == home or home not in place.parents
        if elsewhere and not any(there in place.parents for there in _ALWAYS_THERE):
            yield Mount(source=place, target=str(place))


def _is_python(program: Path) -> bool:
    return program.name.startswith("python") and (program.parent.parent / "pyvenv.cfg").is_file()


def _installation(real: Path) -> Path:
    """The virtual environment or node package that *real* belongs to, else the file alone: never a folder of others."""
    if (real.parent.parent / "pyvenv.cfg").is_file():
        return real.parent.parent
    parts = real.parts
    if "node_modules" in parts:
        at = len(parts) - parts[::-1].index("node_modules")
        return Path(*parts[: at + (2 if parts[at].startswith("@") else 1)])
    return real


def _packages(program: Path) -> Iterator[Path]:
    """Those of the prefix that *program* was installed into without a virtual environment; none for other programs."""
    prefix = program.resolve().parent.parent
    if program.resolve().parent.name == "bin" and not (prefix / "pyvenv.cfg").is_file():
        for folder in sorted(prefix.glob("lib/python3*/*-packages")):
            if _distribution(program.name, [str(folder)]) is not None:
                yield folder


def _distribution(script: str, packages: Sequence[str]) -> metadata.Distribution | None:
    """The distribution in *packages* that brought the console script."""
    for distribution in metadata.distributions(path=list(packages)) if packages else ():
        if any(point.group == "console_scripts" and point.name == script for point in distribution.entry_points):
            return distribution
    return None


def _version(program: Path) -> str:
    real = program.resolve()
    place = _installation(real)
    if (place / "package.json").is_file():
        try:
            package = json.loads((place / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return f"{package.get('name', program.name)} {package.get('version', '')}".strip()
    packages = [*place.glob("lib/python3*/site-packages"), *_packages(program)]
    found = _distribution(program.name, [str(folder) for folder in packages])
    return "" if found is None else f"{found.metadata['Name']} {found.version}"
