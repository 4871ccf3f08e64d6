"""The environment of a suite's tasks: what its author wrote down, or what was locked when a task was mined.

A suite that installs nothing but itself, and whose repository declares no dependency, gets an environment without a
network. Every other one's is made by ``uv``. Which of the two, and every version in it, is in ``provenance``.
"""

import asyncio
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from harness.core.errors import ConfigError, SandboxError
from harness.core.hashing import digest
from harness.core.suite import Environment
from harness.evals.environments.building import Builder
from harness.evals.environments.commit import needs_of, packaging_texts
from harness.evals.environments.declared import Declared, parsed_toml
from harness.evals.environments.gathering import Source
from harness.evals.environments.installing import install
from harness.evals.environments.interpreters import Interpreter, Wish, ladder, missing
from harness.evals.environments.locks import pins, without
from harness.evals.environments.offline import make_offline
from harness.evals.environments.own import OwnPackage, write_own
from harness.evals.environments.prepared import (
    LAYOUT,
    PreparedEnvironment,
    described,
    is_ready,
    making,
    normal,
    python_version,
    site_packages,
)
from harness.evals.environments.resolving import Unresolved, resolve
from harness.evals.environments.shelf import Shelf, open_shelf
from harness.evals.environments.uv import Uv, find_uv
from harness.sandbox import base_interpreter

_ONE_MINOR = re.compile(r"^==3\.\d+\.\*$")


async def make_for_suite(settings: Environment, folder: Path, tree: Path, cache: Path) -> PreparedEnvironment:
    """The environment that *settings* describe for the repository's *tree*, from *cache* or newly made below it.

    *folder* is the suite's: what ``settings.lock`` is relative to. Raises ConfigError for what was written wrongly and
    SandboxError when ``uv`` could not make it: nothing is left out or taken from elsewhere then.
    """
    texts = packaging_texts(tree)
    lock = _lock(settings, folder)
    if lock is not None and _ONE_MINOR.match(settings.python):
        own = needs_of(texts).own if "." in settings.install else None
        return await _mined(settings, lock, own, cache)
    wanted = _wanted(settings, texts, lock)
    place = cache / "environments" / digest(wanted)[:24]
    if not is_ready(place):
        await _make(settings, wanted, place, needs_of(texts).own if "." in settings.install else None)
    return described(place)


async def _mined(settings: Environment, lock: str, own: OwnPackage | None, cache: Path) -> PreparedEnvironment:
    """As it was when the task was proven: the same lock, an interpreter of the same minor version."""
    shelf: Shelf = await open_shelf(cache)
    wish = Wish(requires=settings.python, named=frozenset(), day=None)
    rungs: tuple[Interpreter, ...] = ladder(wish, shelf.interpreters, own=shelf.own)
    if not rungs:
        raise SandboxError(f"environment.python: {missing(wish, shelf.interpreters)}")
    return await shelf.locked(rungs[0], lock, own)


def _lock(settings: Environment, folder: Path) -> str | None:
    if settings.lock is None:
        return None
    path = folder / settings.lock
    if not path.is_file():
        raise ConfigError(f"environment.lock: no file {str(path)!r}")
    return path.read_text(encoding="utf-8")


def _wanted(settings: Environment, texts: Mapping[str, str], lock: str | None) -> dict[str, object]:
    """Everything that decides the content of an environment."""
    requirements = [each for each in settings.install if each != "."]
    own = None
    if "." in settings.install:
        found = _declared(texts)
        requirements += found.dependencies if lock is None else ()
        own = needs_of(texts).own
    return {
        "layout": LAYOUT,
        "python": settings.python,
        "host_python": sys.version,
        "requirements": sorted(set(requirements)),
        "lock": lock,
        "own": own,
        "pytest": metadata.version("pytest"),
    }


def _declared(texts: Mapping[str, str]) -> Declared:
    """Raises ConfigError for a pyproject.toml that does not parse, and for dependencies only a build would tell."""
    found = needs_of(texts).declared
    if texts.get("pyproject.toml", "").strip() and not parsed_toml(texts["pyproject.toml"]):
        raise ConfigError("pyproject.toml of the repository: does not parse as TOML")
    if found.computed:
        raise ConfigError("the repository's dependencies are dynamic: name them in environment.install, or use a lock")
    return found


async def _make(settings: Environment, wanted: Mapping[str, object], place: Path, own: OwnPackage | None) -> None:
    offline = not wanted["requirements"] and wanted["lock"] is None and _suits(settings.python)
    with making(place, "offline" if offline else "uv") as folder:
        if offline:
            await asyncio.to_thread(make_offline, folder)
        else:
            await _make_with_uv(settings, wanted, folder)
        if own is not None:
            write_own(own, site_packages(folder), folder)


def _suits(specifier: str) -> bool:
    try:
        return SpecifierSet(specifier).contains(sys.version.split()[0], prereleases=True)
    except InvalidSpecifier as error:
        raise ConfigError(f"environment.python: not a version specifier: {specifier!r}; write '>=3.11'") from error


async def _make_with_uv(settings: Environment, wanted: Mapping[str, object], folder: Path) -> None:
    """Raises SandboxError with uv's own words when it cannot."""
    requirements, lock = wanted["requirements"], wanted["lock"]
    assert isinstance(requirements, list), "see _wanted"
    uv = Uv(program=find_uv(), cwd=folder.parent)
    builder = Builder(uv=uv, folder=folder.parents[1] / "built")
    interpreter = await _interpreter(uv, settings, folder.with_name("chosen"))
    needed = [] if lock is not None else [str(each) for each in requirements]
    if not any(_is_pytest(each) for each in needed) and "pytest" not in pins(str(lock or "")):
        needed.append(f"pytest=={wanted['pytest']}")
    text = str(lock or "")
    if needed:
        source = Source(name="environment.install", requirements=tuple(needed), needed=True)
        found = await resolve(builder, interpreter, [source], (), None)
        if isinstance(found, Unresolved):
            raise SandboxError(f"environment.install: no solution: {found.why}")
        text = f"{text}\n{without(found.text, pins(text))}"
    await install(builder, interpreter, text, folder)


async def _interpreter(uv: Uv, settings: Environment, folder: Path) -> Interpreter:
    """The one that uv takes for what the suite asks for; this program's own where that fits."""
    chosen = sys.executable if _suits(settings.python) else settings.python
    (await uv.run("venv", "--quiet", "--python", chosen, str(folder))).checked()
    major, minor, patch = (int(part) for part in python_version(folder).split(".")[:3])
    return Interpreter(version=(major, minor, patch), path=base_interpreter(folder / "bin" / "python"))


def _is_pytest(requirement: str) -> bool:
    try:
        return normal(Requirement(requirement).name) == "pytest"
    except InvalidRequirement as error:
        raise ConfigError(f"environment.install: not a requirement: {requirement!r}: {error}") from error
