"""Where a tree keeps the code that its tests import. Pure: paths in, a layout out."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Final, Literal

from harness.evals.mining.draft import Layout
from harness.evals.mining.sides import TestPlaces, side_of

_PROJECT: Final = ("pyproject.toml", "setup.py", "setup.cfg")


def package_folders(paths: Iterable[str]) -> frozenset[str]:
    """Folders that hold an ``__init__.py``."""
    return frozenset(str(PurePosixPath(path).parent) for path in paths if path.endswith("/__init__.py"))


def find_layout(paths: Collection[str], places: TestPlaces, changed: Collection[str]) -> Layout:
    """The layout of the tree with *paths*, seen from the source files *changed*."""
    packages = package_folders(paths)
    found = [
        _imported(path, packages)
        for path in paths
        if path.endswith(".py") and side_of(path, places, packages) == "source"
    ]
    part = _part(paths, changed)
    near = {_imported(path, packages)[0] for path in changed if path.endswith(".py")}
    counts = Counter(root for root, _ in found)
    roots = sorted(counts, key=lambda root: (root not in near, -counts[root], root))
    names = sorted({name for root, name in found if root == roots[0]}) if roots else []
    return Layout(kind=_kind(roots, names, packages, part), roots=tuple(roots), packages=tuple(names), part=part)


def _kind(
    roots: list[str], names: list[str], packages: Collection[str], part: str
) -> Literal["root", "src", "part", "loose"]:
    if part != ".":
        return "part"
    if roots and PurePosixPath(roots[0]).name == "src":
        return "src"
    first = roots[0] if roots else "."
    inside = (name if first == "." else f"{first}/{name}" for name in names)
    return "root" if any(folder in packages for folder in inside) else "loose"


def _imported(path: str, packages: Collection[str]) -> tuple[str, str]:
    """The folder that *path* is imported from, and its top-level name there.

    A folder called ``src`` is always one to import from: packages below it may be without an ``__init__.py``.
    """
    parts = PurePosixPath(path).parts
    if "src" in parts[:-1]:
        at = parts.index("src") + 1
        return "/".join(parts[:at]), parts[at].removesuffix(".py")
    folder = PurePosixPath(path).parent
    name = PurePosixPath(path).stem
    while str(folder) in packages:
        name, folder = folder.name, folder.parent
    return str(folder), name


def _part(paths: Collection[str], changed: Collection[str]) -> str:
    """The folder of the project that most of *changed* belongs to, when it is not the whole tree."""
    projects = {str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name in _PROJECT}
    owners = Counter(
        next((str(folder) for folder in PurePosixPath(path).parents if str(folder) in projects), ".")
        for path in changed
    )
    return owners.most_common(1)[0][0] if owners else "."
