"""An environment that tests run in: made once, kept by content, read-only ever after."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from harness.core.ports import Mount
from harness.evals.environments.leftovers import working_folder
from harness.sandbox import interpreter_mounts

LAYOUT = 2
"""Raised when environments made before must not be used any more."""
OWN = "own.json"
"""In an environment's folder: what of it stands for the repository itself."""
MAKING = ".making-"
"""How the folders begin in which environments are made."""
_UNLOADED = frozenset(
    {"pytest_cov", "xdist", "pytest_randomly", "random_order", "pytest_reverse", "pytest_rerunfailures", "pytest_sugar"}
    | {"pytest_xdist", "pytest_picked", "pytest_instafail", "pytest_html", "pytest_benchmark_autosave", "codspeed"}
)
"""Plugins by the first part of their module that choose the order or the outcome of tests, or write reports."""


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
    options: tuple[str, ...] = ("-P", "-s", "-B")
    """Of the interpreter: no folder of its own choice on the path, nobody's site-packages, no bytecode."""
    provenance: Mapping[str, str]
    """How it was made: ``made`` (``offline`` or ``uv``), the Python version, and each package's version."""
    digest: str = ""
    """Of what decides its content."""


def described(place: Path) -> PreparedEnvironment:
    """The environment at *place*. Reads the disk."""
    packages = site_packages(place)
    made = json.loads((place / "ready.json").read_text(encoding="utf-8"))["made"]
    own = _own_name(place)
    distributions = list(metadata.distributions(path=[str(packages)]))
    versions = {normal(each.metadata["Name"]): each.version for each in distributions}
    python = place / "bin" / "python"
    others = [each for each in distributions if normal(each.metadata["Name"]) != own]
    points = (point for each in others for point in each.entry_points if point.group == "pytest11")
    plugins = {point.module for point in points}
    return PreparedEnvironment(
        python=python,
        mounts=interpreter_mounts(python),
        plugins=tuple(sorted(name for name in plugins if name.partition(".")[0] not in _UNLOADED)),
        installed=frozenset(_top_names(packages)),
        options=("-P", "-s", "-B") if _minor(packages) >= (3, 11) else ("-s", "-B"),
        provenance={"made": made, "python": python_version(place), **dict(sorted(versions.items()))},
        digest=place.name,
    )


def site_packages(folder: Path) -> Path:
    """Where the packages of the virtual environment *folder* lie."""
    return next(iter(sorted((folder / "lib").glob("python3*/site-packages"))))


@contextmanager
def making(place: Path, made: str) -> Iterator[Path]:
    """A path to make an environment at; moved to *place*, with the word *made* on how, when it is complete."""
    with working_folder(place.parent, MAKING) as parent:
        folder = parent / "environment"
        yield folder
        (folder / "ready.json").write_text(json.dumps({"made": made}), encoding="utf-8")
        try:
            folder.rename(place)
        except OSError:
            # Somebody else's, made meanwhile, is as good.
            if not is_ready(place):
                raise


def is_ready(place: Path) -> bool:
    """Whether there is a complete environment at *place*."""
    return (place / "ready.json").is_file()


def normal(name: str) -> str:
    """A distribution's name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _own_name(place: Path) -> str | None:
    path = place / OWN
    return normal(json.loads(path.read_text(encoding="utf-8"))["name"]) if path.is_file() else None


def _minor(packages: Path) -> tuple[int, int]:
    major, _, minor = packages.parent.name.removeprefix("python").partition(".")
    return int(major), int(minor)


def python_version(place: Path) -> str:
    """The version of the interpreter that the virtual environment *place* is of; empty if it does not say."""
    for line in (place / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):
            return value.strip()
    return ""


def _top_names(packages: Path) -> Iterator[str]:
    for path in packages.iterdir():
        if path.suffix not in (".dist-info", ".pth") and path.name != "__pycache__":
            yield path.name.partition(".")[0]
