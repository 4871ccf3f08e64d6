"""Commits that take others back, and those that were taken back. Pure: commits and patch ids in."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from harness.evals.mining.commits import Commit
from harness.evals.mining.draft import Skipped

_SAYS: Final = re.compile(r"This reverts commit ([0-9a-f]{7,64})")
_QUOTES: Final = re.compile(r'^Revert "(?P<title>.+)"', re.MULTILINE)
_BRANCH: Final = re.compile(r"\brevert-(?P<number>\d+)-")
_NUMBER: Final = re.compile(r"\(#(\d+)\)|^Merge pull request #(\d+)\b")


def reverts(commits: Sequence[Commit], ids: Mapping[str, str], inverses: Mapping[str, str]) -> dict[str, Skipped]:
    """What to skip among *commits* (newest first), by commit.

    *ids* and *inverses* are the patch ids of the commits and of their inverses. A commit that was taken back and
    brought in again by a revert of the revert is not skipped; the reverts are.
    """
    undone = _pairs(commits, ids, inverses)
    known = {commit.head: commit for commit in commits}
    taken_back = {target: by for by, target in undone.items() if target is not None and by not in undone.values()}
    found: dict[str, Skipped] = {}
    for head, target in undone.items():
        name = "a commit outside the span" if target is None else f"{target[:12]} {known[target].subject!r}"
        found[head] = Skipped(head=head, rule="revert", evidence=f"takes back {name}", subject=known[head].subject)
    for head, by in taken_back.items():
        evidence = f"taken back by {by[:12]} {known[by].subject!r}"
        found.setdefault(head, Skipped(head=head, rule="reverted", evidence=evidence, subject=known[head].subject))
    return found


def _pairs(commits: Sequence[Commit], ids: Mapping[str, str], inverses: Mapping[str, str]) -> dict[str, str | None]:
    """Which commit takes back which; None: one that is not among *commits*."""
    before: list[Commit] = []
    open_inverses: dict[str, str] = {}
    found: dict[str, str | None] = {}
    for commit in reversed(commits):
        said = _target_by_words(commit, before)
        same = open_inverses.pop(ids.get(commit.head, ""), None)
        if same is not None or said is not None:
            found[commit.head] = same or said or None
        if commit.head in inverses:
            open_inverses[inverses[commit.head]] = commit.head
        before.append(commit)
    return found


def _target_by_words(commit: Commit, before: Sequence[Commit]) -> str | None:
    """The commit that *commit* says it takes back; empty when it is not in *before*; None when it says nothing."""
    if said := _SAYS.search(commit.body):
        return next((each.head for each in before if each.head.startswith(said[1])), "")
    if branch := _BRANCH.search(commit.subject):
        return next((each.head for each in reversed(before) if _number(each) == branch["number"]), "")
    if quoted := _QUOTES.search(commit.message):
        return next((each.head for each in reversed(before) if quoted["title"] in _titles(each)), "")
    return None


def _number(commit: Commit) -> str | None:
    found = _NUMBER.search(commit.subject)
    return (found[1] or found[2]) if found else None


def _titles(commit: Commit) -> tuple[str, str]:
    return commit.subject, commit.body.partition("\n")[0].strip()
