"""Which commits of a line could be tasks, and by which rule the others cannot. Nothing of the repository is run."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.evals.mining.commits import Commit, patch_ids, tags_of
from harness.evals.mining.draft import Change, Layout, Skipped
from harness.evals.mining.layout import find_layout, package_folders
from harness.evals.mining.mirror import Entry, Mirror, list_tree, read_blobs
from harness.evals.mining.reverts import reverts
from harness.evals.mining.rules import HistoryRule
from harness.evals.mining.sides import CONFIGURATION, Side, TestPlaces, find_test_places, reconfigures, side_of

PLAIN_MODES: Final = frozenset({"100644", "100755"})
FILE_BYTES: Final = 1 << 20
_MERGED: Final = re.compile(r"^Merge (?:(?:remote-tracking )?branch(?:es)?|tag) '(?P<branch>[^']+)'")
_LINE: Final = re.compile(
    r"^(?:(?:upstream|origin|fork)/)?"
    r"(?:main|master|trunk|develop|dev|stable|next|\w*release\w*(?:[-/].*)?|maint\w*(?:[-/].*)?|v?\d+(?:\.\d+|\.x)*(?:[-.]maintenance|[-.]stable)?)$"
)
"""Names of branches that are lines of their own, not features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """How much a task may ask for. Tests do not count."""

    source_files: int = 15
    source_lines: int = 500
    """Added and removed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A commit with a test side and a source side."""

    commit: Commit
    tests: tuple[Change, ...]
    source: tuple[Change, ...]
    rest: tuple[Change, ...]
    """Documents and whatever is neither."""
    modules: tuple[str, ...]
    """Test modules that are added or changed."""
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What a line has to offer."""

    candidates: tuple[Candidate, ...]
    """Newest first."""
    skipped: tuple[Skipped, ...]
    """In the order of the commits."""


async def pick(mirror: Mirror, commits: Sequence[Commit], limits: SizeLimits) -> Picked:
    """The candidates among *commits*, which are newest first."""
    skipped = {commit.head: skip for commit in commits if (skip := _at_first_sight(commit)) is not None}
    python = [commit for commit in commits if commit.head not in skipped]
    ids, inverses = await patch_ids(mirror, python), await patch_ids(mirror, python, reverse=True)
    taken = reverts(python, ids, inverses)
    candidates: list[Candidate] = []
    for commit in python:
        judged = taken.get(commit.head) or await _back_merge(mirror, commit) or await _taken_apart(mirror, commit)
        if isinstance(judged, Candidate):
            judged = _too_much(judged, limits) or judged
        if isinstance(judged, Skipped):
            skipped[commit.head] = judged
        else:
            candidates.append(judged)
    copies = _copies(candidates, ids)
    every = skipped | copies
    return Picked(
        candidates=tuple(each for each in candidates if each.commit.head not in copies),
        skipped=tuple(every[commit.head] for commit in commits if commit.head in every),
    )


def _skip(commit: Commit, rule: HistoryRule, evidence: str) -> Skipped:
    return Skipped(head=commit.head, rule=rule, evidence=evidence, subject=commit.subject)


def _at_first_sight(commit: Commit) -> Skipped | None:
    """What the paths alone say."""
    if not commit.parents:
        return _skip(commit, "no_parent", "has no parent here")
    paths = [change.path for change in commit.changes]
    if not any(path.endswith((".py", ".pyi")) for path in paths):
        none = TestPlaces(folders=frozenset(), patterns=())
        documents = all(side_of(path, none, ()) == "documents" for path in paths)
        return _skip(commit, "documents_only" if paths and documents else "no_python", _listed(paths))
    if strange := [path for path in paths if not _holdable(path)]:
        return _skip(commit, "unreadable_path", _listed([ascii(path) for path in strange]))
    return None


def _holdable(path: str) -> bool:
    """Whether a task folder can hold *path* below ``hidden/`` and a patch can name it."""
    parts = path.split("/")
    strange = any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in path) or "\\" in path
    return not strange and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)


async def _back_merge(mirror: Mirror, commit: Commit) -> Skipped | None:
    """Whether *commit* merges another line: by the branch's name, or because a release was made on it."""
    if not commit.merge:
        return None
    named = _MERGED.match(commit.subject)
    if named and _LINE.match(named["branch"]):
        return _skip(commit, "back_merge", f"merges the branch {named['branch']!r}")
    tags = await tags_of(mirror, commit.parents[1], without=commit.parents[0])
    if tags:
        return _skip(commit, "back_merge", f"what it merges was released as {tags[0]!r}")
    return None


async def _taken_apart(mirror: Mirror, commit: Commit) -> Candidate | Skipped:
    """The two sides of *commit*, by the tree that it makes."""
    tree = await list_tree(mirror, commit.head)
    paths = {entry.path for entry in tree}
    places = find_test_places(paths, await _configuration(mirror, tree))
    packages = package_folders(paths)
    by_side: dict[Side, list[Change]] = {"tests": [], "source": [], "documents": [], "rest": []}
    for change in commit.changes:
        by_side[side_of(change.path, places, packages)].append(change)
    await _move_configuration(mirror, commit, by_side)
    modules = [change.path for change in by_side["tests"] if change.status != "D" and places.is_module(change.path)]
    source = [change for change in by_side["source"] if change.path.endswith((".py", ".pyi"))]
    if not modules or not source:
        return _one_sided(commit, by_side, modules, source)
    return Candidate(
        commit=commit,
        tests=tuple(by_side["tests"]),
        source=tuple(by_side["source"]),
        rest=tuple(by_side["documents"] + by_side["rest"]),
        modules=tuple(sorted(modules)),
        layout=find_layout(paths, places, [change.path for change in source]),
    )


def _one_sided(
    commit: Commit, by_side: Mapping[Side, Sequence[Change]], modules: Sequence[str], source: Sequence[Change]
) -> Skipped:
    paths = {side: [change.path for change in changes] for side, changes in by_side.items()}
    if not modules and not source:
        return _skip(commit, "no_python", _listed(paths["rest"] + paths["tests"] + paths["documents"]))
    if not source:
        return _skip(commit, "tests_only", _listed(modules))
    return _skip(commit, "source_only", _listed([change.path for change in source]))


async def _configuration(mirror: Mirror, tree: Sequence[Entry]) -> dict[str, str]:
    """Texts of the files at the top that may configure pytest."""
    entries = {entry.path: entry.oid for entry in tree if entry.path in CONFIGURATION and entry.mode in PLAIN_MODES}
    blobs = await read_blobs(mirror, entries.values())
    return {path: blobs[oid].decode("utf-8", "replace") for path, oid in entries.items() if oid in blobs}


async def _move_configuration(mirror: Mirror, commit: Commit, by_side: dict[Side, list[Change]]) -> None:
    """Put files that configure pytest in another way than before on the side of the tests."""
    shared = [change for change in by_side["rest"] if change.path in CONFIGURATION]
    oids = [oid for change in shared for oid in commit.oids[change.path] if oid.strip("0")]
    blobs = {oid: blob.decode("utf-8", "replace") for oid, blob in (await read_blobs(mirror, oids)).items()}
    for change in shared:
        before, after = (blobs.get(oid) for oid in commit.oids[change.path])
        if reconfigures(change.path, before, after):
            by_side["rest"].remove(change)
            by_side["tests"].append(change)


def _too_much(candidate: Candidate, limits: SizeLimits) -> Skipped | None:
    """Whether a solver could be asked for it."""
    strange = [each.path for each in candidate.source if each.binary or each.mode not in PLAIN_MODES]
    if strange:
        return _skip(candidate.commit, "not_text", _listed(strange))
    files, lines = len(candidate.source), sum(change.lines for change in candidate.source)
    if files > limits.source_files or lines > limits.source_lines:
        allowed = f"at most {limits.source_files} files and {limits.source_lines} lines"
        return _skip(candidate.commit, "too_large", f"{files} source files, {lines} lines; {allowed}")
    return None


def _copies(candidates: Sequence[Candidate], ids: Mapping[str, str]) -> dict[str, Skipped]:
    """Candidates whose change an older one has already made."""
    first: dict[str, str] = {}
    found: dict[str, Skipped] = {}
    for candidate in reversed(candidates):
        head = candidate.commit.head
        patch = ids.get(head)
        if patch is not None and first.setdefault(patch, head) != head:
            evidence = f"patch-id {patch[:12]} is that of {first[patch][:12]}"
            found[head] = _skip(candidate.commit, "duplicate_patch", evidence)
    return found


def _listed(paths: Collection[str]) -> str:
    """The first few of *paths*."""
    shown = sorted(paths)[:3]
    more = f" and {len(paths) - len(shown)} more" if len(paths) > len(shown) else ""
    return (", ".join(shown) + more) or "changes nothing"
