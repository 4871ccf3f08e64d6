"""The trees of a claim: the base as it is, and copies of it with the two sides of the fix. Made by hard links."""

import os
import shutil
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from harness.evals.grading.policy import LINK
from harness.evals.grading.pytest_config import PytestConfig
from harness.evals.grading.tree import write_files

_PATTERNS = ("test_*.py", "*_test.py")
_SKIPPED = (".*", "build", "dist", "node_modules", "venv", "_darcs", "CVS", "{arch}", "*.egg", "__pycache__")
"""Pytest's own default for ``norecursedirs``."""


def layer(base: Path, target: Path, *sides: Mapping[str, str | bytes | None]) -> Path:
    """A copy of *base* at *target* with *sides* written over it, in their order.

    What is unchanged is shared with *base* by hard links: nothing may write into either but ``write_files``, which
    puts new files in the place of old ones. Inside the sandbox both are read-only.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(base, target, symlinks=True, copy_function=_share)
    for side in sides:
        write_files(target, side)
    return target


def _share(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        # Another file system, or too many links.
        shutil.copy2(source, target, follow_symlinks=False)


def paths_of(tree: Path) -> frozenset[str]:
    """Every file of *tree*, relative to it."""
    return frozenset(path.relative_to(tree).as_posix() for path in _walk(tree, ()))


def test_files(tree: Path, config: PytestConfig) -> tuple[str, ...]:
    """The files of *tree* in which pytest, as *config* says, would look for tests; sorted."""
    patterns = tuple(config.options.get("python_files", "").split()) or _PATTERNS
    skipped = tuple(config.options.get("norecursedirs", "").split()) or _SKIPPED
    names = (path.relative_to(tree).as_posix() for path in _walk(tree, skipped) if not path.is_symlink())
    return tuple(sorted(name for name in names if is_test_file(name, patterns)))


def is_test_file(path: str, patterns: tuple[str, ...] = _PATTERNS) -> bool:
    """Whether *path* is a Python file called like tests."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and any(fnmatch(path if "/" in one else name, one) for one in patterns)


def _walk(tree: Path, skipped: tuple[str, ...]) -> Iterator[Path]:
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if not any(fnmatch(name, pattern) for pattern in skipped))
        yield from (Path(folder) / name for name in names)


def texts_only(side: Mapping[str, str | bytes | None]) -> dict[str, str | None]:
    """*side* as texts; what is not UTF-8 keeps its bytes as surrogates, which ``write_files`` turns back."""
    return {
        path: content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content
        for path, content in side.items()
    }


def is_plain(content: str | bytes | None) -> bool:
    """Whether *content* is a file and not a link or a removal."""
    return content is not None and not (isinstance(content, str) and content.startswith(LINK))
