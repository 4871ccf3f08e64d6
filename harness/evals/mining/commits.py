"""The first-parent line of a branch: each commit with what it changes against its first parent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from harness.evals.mining.draft import Change
from harness.evals.mining.mirror import Mirror, git_output

_FORMAT = "%H%x00%P%x00%ct%x00%s%x00%b"
_SHAPE = ("--no-renames", "--no-textconv", "--no-ext-diff", "--ignore-submodules=none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How far back to look."""

    commits: int | None = None
    """Of the first-parent line; ``None``: all."""
    since: datetime | None = None
    """Aware; older commits are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit of the line."""

    head: str
    parents: tuple[str, ...]
    at: datetime
    """When it was committed, in UTC."""
    subject: str
    body: str
    changes: tuple[Change, ...]
    """Against the first parent; none for a commit without one."""
    oids: Mapping[str, tuple[str, str]]
    """Object ids before and after, by changed path; all zeros: no such file."""

    @property
    def merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def message(self) -> str:
        return f"{self.subject}\n\n{self.body}".strip()


async def walk(mirror: Mirror, span: Span) -> tuple[Commit, ...]:
    """The commits of *span*, newest first, merges compared with their first parent."""
    limits = [f"--max-count={span.commits}"] if span.commits is not None else []
    if span.since is not None:
        limits.append(f"--since={int(span.since.timestamp())}")
    args = ("log", "--first-parent", "-z", "--no-show-signature", "--no-color", f"--format={_FORMAT}", *limits)
    said = (await git_output(mirror, (*args, mirror.head, "--"))).decode("utf-8", "replace")
    fields = said.split("\0")
    rows = [fields[at : at + 5] for at in range(0, len(fields) - 4, 5)]
    edges = {row[0]: row[1].split()[0] for row in rows if row[1]}
    changes = await _changes(mirror, edges)
    return tuple(_commit(row, changes.get(row[0], ((), {}))) for row in rows)


_Changed = tuple[tuple[Change, ...], Mapping[str, tuple[str, str]]]


def _commit(row: Sequence[str], changed: _Changed) -> Commit:
    head, parents, seconds, subject, body = row
    return Commit(
        head=head,
        parents=tuple(parents.split()),
        at=datetime.fromtimestamp(int(seconds), UTC),
        subject=subject.strip(),
        body=body.strip(),
        changes=changed[0],
        oids=changed[1],
    )


async def _changes(mirror: Mirror, edges: Mapping[str, str]) -> dict[str, _Changed]:
    """What each commit of *edges* (commit by its first parent) changes."""
    stdin = "".join(f"{head} {parent}\n" for head, parent in edges.items()).encode()
    said = await git_output(mirror, ("diff-tree", "--stdin", "-r", "-z", "--raw", "--numstat", *_SHAPE), stdin=stdin)
    words = iter(said.decode("utf-8", "surrogateescape").split("\0"))
    found: dict[str, list[tuple[str, ...]]] = {}
    current: list[tuple[str, ...]] = []
    for word in words:
        if word.startswith(":"):
            current.append((*word[1:].split(" "), next(words)))
        elif "\t" in word:
            current.append(tuple(word.split("\t", 2)))
        elif word:
            current = found.setdefault(word, [])
    return {head: _taken_apart(rows) for head, rows in found.items()}


def _taken_apart(rows: Iterable[tuple[str, ...]]) -> _Changed:
    """Raw rows (modes, object ids, status, path) and numbered ones (added, removed, path) joined by path."""
    raw = {row[-1]: row for row in rows if len(row) == 6}
    numbers = {row[-1]: row for row in rows if len(row) == 3}
    changes = tuple(_change(path, row, numbers.get(path, ("0", "0", path))) for path, row in raw.items())
    return changes, {path: (row[2], row[3]) for path, row in raw.items()}


def _change(path: str, raw: Sequence[str], numbers: Sequence[str]) -> Change:
    before, after, _, _, status, _ = raw
    added, removed, _ = numbers
    binary = added == "-"
    return Change(
        path=path,
        status=cast("Literal['A', 'M', 'D', 'T']", status[:1]),
        added=0 if binary else int(added),
        removed=0 if binary else int(removed),
        binary=binary,
        mode=before if status == "D" else after,
    )


async def patch_ids(mirror: Mirror, commits: Sequence[Commit], *, reverse: bool = False) -> dict[str, str]:
    """What git calls the identity of a patch, of the Python files of each of *commits*; *reverse*: of its inverse."""
    stdin = "".join(f"{each.head} {each.parents[0]}\n" for each in commits if each.parents).encode()
    args = ("diff-tree", "--stdin", "-r", "-p", "--no-color", "--no-prefix", *_SHAPE, *(("-R",) if reverse else ()))
    patches = await git_output(mirror, (*args, "--", "*.py", "*.pyi"), stdin=stdin)
    said = await git_output(mirror, ("patch-id", "--stable"), stdin=patches)
    return dict(_pairs(said.decode()))


def _pairs(said: str) -> Iterator[tuple[str, str]]:
    """Commit and patch-id."""
    for line in said.splitlines():
        patch, _, commit = line.partition(" ")
        yield commit.strip(), patch


async def tags_of(mirror: Mirror, commit: str, *, without: str | None = None) -> tuple[str, ...]:
    """Tags at or below *commit*, newest first; *without*: but not below that commit."""
    less = () if without is None else (f"--no-merged={without}",)
    args = ("for-each-ref", f"--merged={commit}", *less, "--sort=-creatordate", "--format=%(refname)", "refs/tags/")
    said = (await git_output(mirror, args)).decode("utf-8", "replace")
    return tuple(line.removeprefix("refs/tags/") for line in said.splitlines())
