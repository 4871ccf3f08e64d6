"""What a solver is told: a linked issue, else the pull request's or the commit's words, else a draft for a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from harness.evals.mining.draft import Draft
from harness.evals.mining.issues import Issue, linked, pull_number
from harness.evals.mining.leaks import Leak, interface_of, leak_of

Source = Literal["issue", "pr", "commit", "model"]
Tier = Literal["A", "B", "C", "D"]
TIERS: Final[Mapping[Tier, str]] = {
    "A": "an issue that was written before the change",
    "B": "an issue or a pull request of the change's own time",
    "C": "the commit's own words, or a model's",
    "D": "a draft: too few words; a person has to write it",
}
LEAST: Final = 60
"""Characters of prose from which on a text states something."""
_TRAILER: Final = re.compile(
    r"^(?:Signed-off-by|Co-authored-by|Reviewed-by|Acked-by|Tested-by|Change-Id|Refs?|See|Closes?|Fixes|Resolves):? .*$"
    r"|^\(cherry picked from commit .*\)$|^\* *$",
    re.IGNORECASE | re.MULTILINE,
)
_MERGE: Final = re.compile(r"^Merge (?:pull request #\d+ from \S+|(?:remote-tracking )?branch .*)$", re.MULTILINE)
_NUMBER: Final = re.compile(r"\s*\(#\d+\)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The words of a task, where they are from, and how far they can be trusted."""

    text: str
    """With the interface below it: what solvers read."""
    source: Source
    tier: Tier
    interface: tuple[str, ...]
    """Names that the hidden tests need and nobody could guess."""
    leak: Leak
    draft: bool
    """A person has to write it."""
    model: str = ""
    """Who wrote it, for the source ``model``."""


def state(draft: Draft, base: Mapping[str, str], issues: Mapping[int, Issue]) -> Statement:
    """The statement of *draft*; *base* holds the texts of its base tree."""
    message = f"{draft.subject}\n\n{draft.body}"
    found = linked(message, draft.subject, issues)
    pull = issues.get(pull_number(draft.subject) or 0)
    if found:
        early = all(issue.at is not None and issue.at < _written(draft, pull) for issue in found)
        return make(draft, base, "\n\n".join(issue.text for issue in found), "issue", "A" if early else "B")
    if pull is not None and len(pull.text) >= LEAST:
        return make(draft, base, pull.text, "pr", "B")
    if pull_number(draft.subject) is not None and draft.merge:
        return make(draft, base, prose(message), "pr", "B")
    return make(draft, base, prose(message), "commit", "C")


def _written(draft: Draft, pull: Issue | None) -> datetime:
    return draft.at if pull is None or pull.at is None else pull.at


def make(draft: Draft, base: Mapping[str, str], text: str, source: Source, tier: Tier, *, model: str = "") -> Statement:
    """A statement of *text*; one that is too short is a draft, whatever its source."""
    interface = interface_of(draft, base)
    short = len(text) < LEAST
    return Statement(
        text=_whole(text or draft.subject or draft.id, interface),
        source=source,
        tier="D" if short else tier,
        interface=interface,
        leak=leak_of(text, draft, base, interface),
        draft=short,
        model=model,
    )


def prose(message: str) -> str:
    """A commit's message without what is only for machines: trailers, merge lines, numbers of pull requests."""
    kept = _NUMBER.sub("", _TRAILER.sub("", _MERGE.sub("", message)))
    return re.sub(r"\n{3,}", "\n\n", kept).strip()


def _whole(text: str, interface: tuple[str, ...]) -> str:
    if not interface:
        return f"{text}\n"
    names = "\n".join(f"- `{name}`" for name in interface)
    return f"{text}\n\nNames that have to be there, spelled like this:\n\n{names}\n"
