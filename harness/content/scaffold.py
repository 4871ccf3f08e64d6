"""Puts a registry, a suite and the page templates into a user's own folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.content.faults import nearest
from harness.content.home import Home
from harness.content.suites import list_suites
from harness.core.errors import ConfigError

_SKIPPED: Final = frozenset({".git", ".harness", "__pycache__"})
_GALLERY: Final = "gallery"
"""Of ``reports/``: finished pages, to be looked at here and not to be edited there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """What became of each file, as paths in the folder."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    """Were there already, and were not touched."""


def scaffold(target: Path, example: str = "starter", *, source: Home) -> Scaffolded:
    """Copy the home *source* into *target*: ``registry/``, ``reports/`` without its gallery, and ``suites/<example>``.

    Nothing is overwritten. Raises ConfigError for an unknown example and for a folder that cannot be written.
    """
    known = list_suites(source)
    if example not in known:
        raise ConfigError(f"no example {example!r}; {nearest(example, known)}")
    written: list[Path] = []
    kept: list[Path] = []
    try:
        for path in _content(source, example):
            copy = target / path
            if copy.exists() or copy.is_symlink():
                kept.append(path)
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((source.root / path).read_bytes())
            written.append(path)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror or error}") from error
    return Scaffolded(written=tuple(written), kept=tuple(kept))


def _content(source: Home, example: str) -> Iterator[Path]:
    """The files to copy, relative to the home, in the order of their names."""
    for folder in (source.registry, source.reports, source.suites / example):
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(source.root)
            if relative.is_relative_to(source.reports.relative_to(source.root) / _GALLERY):
                continue
            if path.is_file() and not path.is_symlink() and not _SKIPPED.intersection(relative.parts):
                yield relative
