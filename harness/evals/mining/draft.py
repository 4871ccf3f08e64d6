"""A commit that could be a task: read from history, not yet proven by running anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from harness.evals.proving import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a repository keeps the code that its tests import, at one commit."""

    kind: Literal["root", "src", "part", "loose"]
    """Packages at the root, below ``src/``, in parts of a monorepo, or only loose modules."""
    roots: tuple[str, ...]
    """Folders whose packages are imported: ``.``, ``src``, ``parts/money/src``. The first holds what was changed."""
    packages: tuple[str, ...]
    """Import names of its own packages and modules, sorted."""
    part: str = "."
    """Folder of the part of a monorepo that the commit changes; ``.``: the repository is one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path that a commit changes, against its first parent."""

    path: str
    status: Literal["A", "M", "D", "T"]
    """Added, modified, deleted, changed in kind. Renames are a deletion and an addition."""
    added: int
    """Lines; 0 for a binary file."""
    removed: int
    binary: bool = False
    mode: str = "100644"
    """After; before, for a deletion."""

    @property
    def lines(self) -> int:
        """Lines that a reader of the change has to look at."""
        return self.added + self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A candidate task: what its commit changes, taken apart into two sides."""

    id: str
    """The task's: words of the subject and the start of the commit's hash."""
    base: str
    """Full hash of the first parent."""
    head: str
    """Full hash of the commit. It stays on this machine: no solver is told."""
    at: datetime
    """When it was committed, in UTC."""
    subject: str
    body: str
    merge: bool
    hidden: Mapping[str, bytes | None]
    """Test side at *head*, its pytest configuration included; ``None``: the commit removes the file."""
    reference: Mapping[str, str | None]
    """Source side at *head*; ``None``: the commit removes the file."""
    rest: Mapping[str, bytes | None]
    """Neither: documents, build files, CI."""
    patch: str
    """The source side as a unified diff against *base*."""
    tests: tuple[str, ...]
    """Test modules that the commit adds or changes, sorted."""
    layout: Layout
    repository: Path
    """Our own bare copy: nothing of the original's configuration is in it."""
    version: str | None
    """The newest release tag below *base*, as a version."""

    @property
    def import_roots(self) -> tuple[str, ...]:
        """Folders for the import path that no tree has by itself: those of a monorepo's parts."""
        whole = self.layout.part == "."
        return () if whole else tuple(root for root in self.layout.roots if root not in (".", "src"))

    def claim(self, base_folder: Path) -> Claim:
        """What the proof is to be made of; *base_folder* holds the files of *base*."""
        return Claim(
            id=self.head[:12],
            base=base_folder,
            hidden=self.hidden,
            reference=self.reference,
            rest=self.rest,
            date=self.at,
            roots=self.import_roots,
            version=self.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A commit that is no candidate, and the rule of ``mining.rules`` that says so."""

    head: str
    rule: str
    evidence: str
    """One line."""
    subject: str = ""
