"""Environments that a repository's tests run in: built once, kept by content, read-only ever after.

A suite that installs nothing but itself, and whose repository declares no dependency, gets an environment without a
network: the harness's own interpreter, and copies of the harness's own pytest. Every other suite's is resolved by
``uv``. Which of the two, and every version in it, is in ``provenance``. The repository itself is never installed: its
tree is put on the import path, so that no copy of it is left where a submission's should be.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from harness.core.errors import ConfigError, SandboxError
from harness.core.hashing import digest
from harness.core.ports import Mount
from harness.core.suite import Suite
from harness.evals.grading.tree import base_tree
from harness.sandbox import interpreter_mounts, run_tool

INSTALL_S = 900.0
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_PASSED = frozenset({"HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
_PASSED |= _PROXIES | {name.lower() for name in _PROXIES}
LAYOUT = 1
"""Raised when environments made before must not be used any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEnvironment:
    """An interpreter with pytest and everything else that the tests import, but not the repository."""

    python: Path
    mounts: tuple[Mount, ...]
    """What has to be seen inside the sandbox for it to run."""
    plugins: tuple[str, ...]
    """Modules of pytest plugins to be loaded by name."""
    installed: frozenset[str]
    """Top-level import names of its packages."""
    provenance: Mapping[str, str]
    """How it was made: ``made`` (``offline`` or ``uv``), the Python version, and each package's version."""


async def prepare(suite: Suite, base_commit: str | None, cache: Path) -> PreparedEnvironment:
    """The environment of *suite* at *base_commit*, from *cache* or newly made below it.

    Raises ConfigError for what the suite got wrong and SandboxError when ``uv`` could not make it: nothing is left
    out or taken from elsewhere then.
    """
    assert suite.repo_path is not None, "content gives a repo suite its repository"
    wanted = _wanted(suite, await base_tree(suite.repo_path, base_commit, cache))
    place = cache / "environments" / digest(wanted)[:24]
    if not (place / "ready.json").is_file():
        await _make(suite, wanted, place)
    return _described(place)


def _wanted(suite: Suite, tree: Path) -> dict[str, object]:
    """Everything that decides the content of an environment."""
    environment = suite.environment
    lock = None if environment.lock is None else suite.folder / environment.lock
    if lock is not None and not lock.is_file():
        raise ConfigError(f"environment.lock: no file {str(lock)!r}")
    requirements = [each for each in environment.install if each != "."]
    if "." in environment.install:
        requirements += _declared(tree / "pyproject.toml")
    return {
        "layout": LAYOUT,
        "python": environment.python,
        "host_python": sys.version,
        "requirements": sorted(set(requirements)),
        "lock": None if lock is None else lock.read_text(encoding="utf-8"),
        "pytest": metadata.version("pytest"),
    }


def _declared(pyproject: Path) -> list[str]:
    """Run-time dependencies that the repository declares."""
    if not pyproject.is_file():
        return []
    try:
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"pyproject.toml of the repository: {error}") from error
    if "dependencies" in project.get("dynamic", ()):
        raise ConfigError("pyproject.toml of the repository: dynamic dependencies; name them in environment.install")
    return [str(each) for each in project.get("dependencies", ())]


async def _make(suite: Suite, wanted: Mapping[str, object], place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as name:
        folder = Path(name) / "environment"
        offline = not wanted["requirements"] and wanted["lock"] is None and _suits(suite.environment.python)
        if offline:
            await asyncio.to_thread(_make_offline, folder)
        else:
            await _make_with_uv(suite, wanted, folder)
        (folder / "ready.json").write_text(json.dumps({"made": "offline" if offline else "uv"}), encoding="utf-8")
        try:
            folder.rename(place)
        except OSError:
            # Somebody else's, made meanwhile, is as good.
            if not (place / "ready.json").is_file():
                raise


def _suits(specifier: str) -> bool:
    try:
        return SpecifierSet(specifier).contains(sys.version.split()[0], prereleases=True)
    except InvalidSpecifier as error:
        raise ConfigError(f"environment.python: not a version specifier: {specifier!r}; write '>=3.11'") from error


def _make_offline(folder: Path) -> None:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    packages = _site_packages(folder)
    for distribution in _with_dependencies("pytest"):
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            if file.parts[0] != ".." and "__pycache__" not in file.parts and source.is_file():
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, packages / file)


def _with_dependencies(name: str) -> Iterator[metadata.Distribution]:
    """The installed distribution *name* and all that it needs here, each once."""
    waiting, seen = [name], set[str]()
    while waiting:
        each = _normal(waiting.pop())
        if each in seen:
            continue
        seen.add(each)
        distribution = metadata.distribution(each)
        yield distribution
        requirements = map(Requirement, distribution.requires or ())
        waiting += [need.name for need in requirements if need.marker is None or need.marker.evaluate({"extra": ""})]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


async def _make_with_uv(suite: Suite, wanted: Mapping[str, object], folder: Path) -> None:
    """Raises SandboxError with uv's own words when it cannot."""
    uv, env = _uv(), _network_settings()
    home = folder.parent
    chosen = sys.executable if _suits(suite.environment.python) else suite.environment.python
    made = ("venv", "--quiet", "--relocatable", "--python", chosen, str(folder))
    (await run_tool((uv, *made), cwd=home, env=env, timeout_s=INSTALL_S)).checked()
    install = (uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"))
    if wanted["lock"] is not None:
        assert suite.environment.lock is not None, "a lock has a name"
        locked = (*install, "--require-hashes", "-r", str((suite.folder / suite.environment.lock).resolve()))
        (await run_tool(locked, cwd=home, env=env, timeout_s=INSTALL_S)).checked()
    requirements = wanted["requirements"]
    assert isinstance(requirements, list), "see _wanted"
    needed = [] if wanted["lock"] is not None else [str(each) for each in requirements]
    if not (folder / "bin" / "pytest").exists() and not any(_is_pytest(each) for each in needed):
        needed.append(f"pytest=={wanted['pytest']}")
    if needed:
        (await run_tool((*install, *needed), cwd=home, env=env, timeout_s=INSTALL_S)).checked()


def _is_pytest(requirement: str) -> bool:
    try:
        return _normal(Requirement(requirement).name) == "pytest"
    except InvalidRequirement as error:
        raise ConfigError(f"environment.install: not a requirement: {requirement!r}: {error}") from error


def _network_settings() -> dict[str, str]:
    """Of this process's environment: what uv needs to find an index, and no more."""
    return {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("UV_")}


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise SandboxError("`uv` is neither beside this Python nor on PATH; `pip install uv` installs it")
    return found


def _site_packages(folder: Path) -> Path:
    return next(iter(sorted((folder / "lib").glob("python3*/site-packages"))))


def _described(place: Path) -> PreparedEnvironment:
    packages = _site_packages(place)
    made = json.loads((place / "ready.json").read_text(encoding="utf-8"))["made"]
    distributions = list(metadata.distributions(path=[str(packages)]))
    versions = {_normal(each.metadata["Name"]): each.version for each in distributions}
    python = place / "bin" / "python"
    points = (point for each in distributions for point in each.entry_points if point.group == "pytest11")
    return PreparedEnvironment(
        python=python,
        mounts=interpreter_mounts(python),
        plugins=tuple(sorted({point.module for point in points})),
        installed=frozenset(_top_names(packages)),
        provenance={"made": made, "python": python.resolve().parent.parent.name, **dict(sorted(versions.items()))},
    )


def _top_names(packages: Path) -> Iterator[str]:
    for path in packages.iterdir():
        if path.suffix not in (".dist-info", ".pth") and path.name != "__pycache__":
            yield path.name.partition(".")[0]
