"""The environment of one commit: from its packaging files and its date to an interpreter and a lock."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from harness.core.errors import SandboxError
from harness.evals.environments.building import NotBuiltError
from harness.evals.environments.declared import Declared, read_declared, told_by_build
from harness.evals.environments.gathering import Source, gather
from harness.evals.environments.interpreters import Interpreter, ladder, missing, wish_of
from harness.evals.environments.own import UNKNOWN_VERSION, VERSION_FILES, OwnPackage, own_package
from harness.evals.environments.prepared import PreparedEnvironment
from harness.evals.environments.resolving import Unresolved
from harness.evals.environments.shelf import Shelf

RUNGS: Final = 4
"""Interpreters tried before giving up."""
_TEXT_BYTES: Final = 1 << 20
_WANTED = re.compile(
    r"^(pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini|\.pytest\.ini|\.travis\.yml|appveyor\.yml|\.gitlab-ci\.yml"
    r"|azure-pipelines\.yml|\.github/workflows/[^/]+\.ya?ml|(requirements/|tests?/)?[\w.-]*require[\w.-]*\.(txt|in|pip)"
    r"|requirements/[\w.-]+\.(txt|in|pip)|(src/)?[\w-]+/[\w]+\.py)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEnvironment:
    """What the tests of a commit are run in, and how it came to be."""

    prepared: PreparedEnvironment
    interpreter: Interpreter
    lock: str
    cutoff: date | None
    notes: tuple[str, ...]
    added: tuple[str, ...]
    """Distributions named after a trial run."""

    @property
    def python(self) -> str:
        """A specifier for any interpreter of its minor version."""
        major, minor = self.interpreter.minor
        return f"=={major}.{minor}.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEnvironment:
    """There is none to be had here."""

    rule: str
    """``no_interpreter`` or ``no_environment``."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitNeeds:
    """What a commit's files ask for."""

    declared: Declared
    sources: tuple[Source, ...]
    own: OwnPackage | None
    texts: Mapping[str, str]
    day: date | None
    tree: Path | None = None
    """Where its files lie, for builds that have to be asked; ``None``: they are not."""
    version: str | None = None
    """By its tags."""


def packaging_texts(tree: Path) -> dict[str, str]:
    """Texts by path of the files of *tree* that say something about packaging. Follows no link."""
    return dict(_texts(tree))


def _texts(tree: Path) -> Iterator[tuple[str, str]]:
    for pattern in ("*", "*/*", "src/*/*.py", ".github/workflows/*"):
        for path in sorted(tree.glob(pattern)):
            name = path.relative_to(tree).as_posix()
            if not _WANTED.match(name) or (name.endswith(".py") and "/" in name and path.name not in VERSION_FILES):
                continue
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _TEXT_BYTES:
                yield name, path.read_text(encoding="utf-8", errors="replace")


def needs_of(
    texts: Mapping[str, str], *, day: date | None = None, version: str | None = None, tree: Path | None = None
) -> CommitNeeds:
    """What the packaging files in *texts* ask for. Pure."""
    return _needs(read_declared(texts), texts, day, version, tree)


def _needs(
    declared: Declared, texts: Mapping[str, str], day: date | None, version: str | None, tree: Path | None
) -> CommitNeeds:
    own = own_package(declared, texts, version)
    sources = gather(texts, declared)
    return CommitNeeds(declared=declared, sources=sources, own=own, texts=texts, day=day, tree=tree, version=version)


async def _told(shelf: Shelf, needs: CommitNeeds, interpreter: Interpreter) -> tuple[CommitNeeds, tuple[str, ...]]:
    """*needs* with what only the repository's build tells, and notes on it. It is run in the sandbox."""
    if not needs.declared.computed:
        return needs, ()
    if needs.tree is None:
        return needs, ("not read: dependencies that only running the build would tell",)
    version = needs.own.version if needs.own else needs.version or UNKNOWN_VERSION
    try:
        text = await shelf.metadata(needs.tree, needs.declared, interpreter, version)
    except NotBuiltError as error:
        return needs, (f"not read: dependencies that only running the build would tell: {error}",)
    found = _needs(told_by_build(needs.declared, text), needs.texts, needs.day, needs.version, needs.tree)
    return found, ("dependencies told by the build, which ran in the sandbox",)


async def make_for_commit(
    shelf: Shelf, needs: CommitNeeds, added: Sequence[str] = (), *, skip: Sequence[Interpreter] = ()
) -> CommitEnvironment | NoEnvironment:
    """The environment on the likeliest interpreter for which the requirements have a solution.

    *added*: distributions that a trial run missed; those that do not exist are left out. *skip*: interpreters on which
    the tests were found not to run. Raises SandboxError when the index does not answer.
    """
    wish = wish_of(needs.texts, needs.declared, needs.day)
    rungs = [rung for rung in ladder(wish, shelf.interpreters, own=shelf.own) if rung not in skip][:RUNGS]
    if not rungs:
        return NoEnvironment(rule="no_interpreter", why=missing(wish, shelf.interpreters))
    reasons: list[str] = []
    for interpreter in rungs:
        found = await _on(shelf, needs, added, interpreter)
        if isinstance(found, CommitEnvironment):
            return found
        reasons.append(f"Python {interpreter.text}: {found}")
    return NoEnvironment(rule="no_environment", why="; ".join(reasons))


async def _on(
    shelf: Shelf, needs: CommitNeeds, added: Sequence[str], interpreter: Interpreter
) -> CommitEnvironment | str:
    kept = tuple(added)
    needs, told = await _told(shelf, needs, interpreter)
    lock = await shelf.lock(interpreter, needs.sources, kept, needs.day)
    notes = list(told)
    if isinstance(lock, Unresolved) and added:
        # One of the guesses may not exist: each is tried by itself.
        kept = tuple([each for each in added if await _exists(shelf, needs, each, interpreter)])
        notes += [f"not to be had: {name}, which a trial run missed" for name in added if name not in kept]
        lock = await shelf.lock(interpreter, needs.sources, kept, needs.day)
    if isinstance(lock, Unresolved):
        return lock.why
    try:
        prepared = await shelf.locked(interpreter, lock.text, needs.own)
    except SandboxError as error:
        return str(error)
    return CommitEnvironment(
        prepared=prepared,
        interpreter=interpreter,
        lock=lock.text,
        cutoff=lock.cutoff,
        notes=(*lock.notes, *notes, *(f"added after a trial run: {name}" for name in kept)),
        added=kept,
    )


async def _exists(shelf: Shelf, needs: CommitNeeds, name: str, interpreter: Interpreter) -> bool:
    needed = tuple(source for source in needs.sources if source.needed)
    return not isinstance(await shelf.lock(interpreter, needed, (name,), needs.day), Unresolved)
