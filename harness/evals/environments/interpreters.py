"""Which installed Python a commit's tests are run with: a ladder, the likeliest first.

The index's cut-off makes the choice matter: packages of 2018 do not run on an interpreter of 2023.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from harness.core.errors import SandboxError
from harness.evals.environments.declared import Declared
from harness.evals.environments.uv import Uv
from harness.sandbox import base_interpreter, run_tool

Minor: TypeAlias = tuple[int, int]

OLDEST: Final[Minor] = (3, 7)
"""The reporter runs under nothing older."""
RELEASED: Final[dict[Minor, date]] = {
    (3, 7): date(2018, 6, 27),
    (3, 8): date(2019, 10, 14),
    (3, 9): date(2020, 10, 5),
    (3, 10): date(2021, 10, 4),
    (3, 11): date(2022, 10, 24),
    (3, 12): date(2023, 10, 2),
    (3, 13): date(2024, 10, 7),
    (3, 14): date(2025, 10, 7),
}
"""Release dates of CPython, PEP 537, 569, 596, 619, 664, 693, 719 and 745."""
_SETTLED_DAYS = 120
"""Until the packages of the index had caught up with a release."""
_PLACES = (".pyenv/versions/*", ".asdf/installs/python/*", ".local/share/mise/installs/python/*")
_CI = re.compile(
    r"^(\.github/workflows/[^/]+\.ya?ml|\.travis\.yml|azure-pipelines\.yml|\.gitlab-ci\.yml|appveyor\.yml)$"
)
_VERSION = re.compile(r"""(?<![\d.])3\.(\d{1,2})(?![\d])""")
_ENVIRONMENT = re.compile(r"py3(\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """An installed Python."""

    version: tuple[int, int, int]
    path: Path

    @property
    def minor(self) -> Minor:
        return self.version[:2]

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a repository says about the Python it is for."""

    requires: str
    """A specifier; empty: any."""
    named: frozenset[Minor]
    """Versions that its classifiers, its CI and tox name."""
    day: date | None
    """Of the commit."""


def wish_of(texts: Mapping[str, str], declared: Declared, day: date | None) -> Wish:
    """What the files in *texts* ask for. Pure."""
    said = [text for text in declared.classifiers if text.startswith("Programming Language :: Python ::")]
    said += [text for path, text in texts.items() if _CI.match(path)]
    named = {(3, int(number)) for text in said for number in _VERSION.findall(text)}
    named |= {(3, int(number)) for number in _ENVIRONMENT.findall(_envlist(texts.get("tox.ini", "")))}
    return Wish(requires=declared.requires_python, named=frozenset(named), day=day)


def _envlist(tox: str) -> str:
    """The list of environments in *tox*, with ``py3{8,9}`` spelled out."""
    found = re.search(r"^env_?list\s*=\s*((?:.*\n)(?:[ \t]+.*\n)*)", tox, re.MULTILINE)
    text = found[1] if found else ""
    return re.sub(
        r"py3\{([\d,\s]+)\}", lambda match: " ".join(f"py3{number.strip()}" for number in match[1].split(",")), text
    )


def ladder(wish: Wish, installed: Iterable[Interpreter], *, own: Path | None = None) -> tuple[Interpreter, ...]:
    """The installed interpreters that fit *wish*, the likeliest first, one per minor version. Pure.

    Named versions that were out by the commit's date come first, the newest of them leading; then others of the time,
    then the rest, nearest first. *own*, the interpreter this program runs in, is taken only where no other of its
    minor version is there, and after all others of the same rank.
    """
    best: dict[Minor, Interpreter] = {}
    for each in sorted(installed, key=lambda one: (one.path == own, [-part for part in one.version])):
        if each.minor >= OLDEST and _allows(wish.requires, each):
            best.setdefault(each.minor, each)
    newest = _newest(wish.day)
    return tuple(sorted(best.values(), key=lambda each: (*_rank(each.minor, wish, newest), each.path == own)))


def missing(wish: Wish, installed: Iterable[Interpreter]) -> str:
    """Why no interpreter fits, and how to get one that does."""
    there = sorted({each.minor for each in installed})
    wanted = sorted(
        minor for minor in RELEASED if _allows(wish.requires, Interpreter(version=(*minor, 99), path=Path()))
    )
    newest = _newest(wish.day)
    fitting = [minor for minor in wanted if minor <= newest] or wanted
    names = ", ".join(f"{major}.{minor}" for major, minor in there) or "none"
    how = f"`uv python install 3.{fitting[-1][1]}` gets one" if fitting else f"none from 3.{OLDEST[1]} on fits"
    asked = repr(wish.requires) if wish.requires else "any"
    return f"the repository asks for Python {asked}; installed: {names}; {how}"


def _rank(minor: Minor, wish: Wish, newest: Minor) -> tuple[int, int]:
    in_time = minor <= newest
    if minor in wish.named and in_time:
        return 0, -minor[1]
    if in_time:
        return 1, -minor[1]
    return 2, minor[1]


def _newest(day: date | None) -> Minor:
    """The newest minor version that packages of *day* can be expected to run on."""
    if day is None:
        return max(RELEASED)
    settled = [minor for minor, released in RELEASED.items() if (day - released).days >= _SETTLED_DAYS]
    return max(settled, default=OLDEST)


def _allows(specifier: str, each: Interpreter) -> bool:
    try:
        return SpecifierSet(specifier).contains(each.text, prereleases=True)
    except InvalidSpecifier:
        return True


async def installed(uv: Uv, home: Path) -> tuple[Interpreter, ...]:
    """Every CPython that uv finds, and those that version managers keep below *home* without putting them on PATH."""
    said = await uv.run("python", "list", "--only-installed", "--output-format", "json", "--no-python-downloads")
    rows = json.loads(said.checked() or b"[]")
    found = dict(_rows(rows))
    for path in sorted(_elsewhere(home)):
        version = re.search(r"(\d+)\.(\d+)\.(\d+)$", path.parent.parent.name)
        if version:
            found.setdefault(path, (int(version[1]), int(version[2]), int(version[3])))
    return tuple(Interpreter(version=version, path=path) for path, version in found.items())


def _rows(rows: list[dict[str, object]]) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    for row in rows:
        parts, path = row.get("version_parts"), row.get("path")
        usual = row.get("implementation") == "cpython" and row.get("variant", "default") == "default"
        if usual and isinstance(parts, dict) and isinstance(path, str) and "/shims/" not in path:
            yield base_interpreter(Path(path)), (int(parts["major"]), int(parts["minor"]), int(parts["patch"]))


def _elsewhere(home: Path) -> Iterator[Path]:
    for pattern in _PLACES:
        for folder in home.glob(pattern):
            python = folder / "bin" / "python3"
            if python.exists():
                yield base_interpreter(python)


async def works(interpreter: Interpreter, cwd: Path) -> bool:
    """Whether it starts and is what it is listed as."""
    line = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        ran = await run_tool((str(interpreter.path), "-I", "-S", "-c", line), cwd=cwd, timeout_s=20)
    except SandboxError:
        return False
    return ran.exit_code == 0 and ran.stdout.decode(errors="replace").strip() == interpreter.text


def own_interpreter() -> Path:
    """The one this program runs in."""
    return base_interpreter(Path(sys.executable))
