"""Makes a draft of a candidate: reads what both sides hold, and writes the reference as a patch."""

import re
from collections.abc import Mapping
from typing import Final

from packaging.version import Version

from harness.evals.mining.commits import Commit, tags_of
from harness.evals.mining.draft import Change, Draft, Skipped
from harness.evals.mining.history import FILE_BYTES, PLAIN_MODES, Candidate
from harness.evals.mining.mirror import Mirror, read_blobs
from harness.evals.patches import unified_diff

_ID_WORDS: Final = 5
_NOISE: Final = re.compile(r"\(#\d+\)|^Merge pull request #\d+ from \S+", re.IGNORECASE)
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?$")


async def make_draft(mirror: Mirror, candidate: Candidate) -> Draft | Skipped:
    """A draft of *candidate*, or why it cannot be one after all."""
    commit = candidate.commit
    every = (*candidate.tests, *candidate.source, *candidate.rest)
    oids = [oid for change in every for oid in commit.oids[change.path] if change.mode in PLAIN_MODES]
    blobs = await read_blobs(mirror, (oid for oid in oids if oid.strip("0")))
    before, after = _texts(commit, candidate.source, blobs, 0), _texts(commit, candidate.source, blobs, 1)
    if spoiled := sorted(path for path, text in {**before, **after}.items() if text is None):
        return Skipped(head=commit.head, rule="not_text", evidence=f"{spoiled[0]} is not UTF-8", subject=commit.subject)
    hidden = _bytes(commit, candidate.tests, blobs)
    if heavy := [path for path, body in hidden.items() if body is not None and len(body) > FILE_BYTES]:
        evidence = f"{heavy[0]} has more than {FILE_BYTES} bytes"
        return Skipped(head=commit.head, rule="too_large", evidence=evidence, subject=commit.subject)
    reference = {change.path: after.get(change.path) for change in candidate.source}
    return Draft(
        id=task_id(commit),
        base=commit.parents[0],
        head=commit.head,
        at=commit.at,
        subject=commit.subject,
        body=commit.body,
        merge=commit.merge,
        hidden=hidden,
        reference=reference,
        rest=_bytes(commit, candidate.rest, blobs),
        patch=unified_diff(before, {path: text for path, text in reference.items() if text is not None}),
        tests=candidate.modules,
        layout=candidate.layout,
        repository=mirror.path,
        version=await _version(mirror, commit.parents[0]),
    )


def task_id(commit: Commit) -> str:
    """A name that people recognise and that no other commit has.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2024, 3, 1, tzinfo=UTC)
    >>> task_id(
    ...     Commit(
    ...         head="3d3dc9f" + 33 * "0", parents=(), at=at, subject="Fix the sum (#4)", body="", changes=(), oids={}
    ...     )
    ... )
    'fix-the-sum-3d3dc9f0'
    """
    titles = (commit.subject, commit.body.partition("\n")[0])
    words = next((found for title in titles if (found := re.findall(r"[a-z0-9]+", _NOISE.sub("", title).lower()))), [])
    return "-".join([*(word[:20] for word in words[:_ID_WORDS]), commit.head[:8]])


def _texts(commit: Commit, changes: tuple[Change, ...], blobs: Mapping[str, bytes], when: int) -> dict[str, str | None]:
    """Texts of *changes* before (0) or after (1), files that are not there left out; None: not UTF-8."""
    found: dict[str, str | None] = {}
    for change in changes:
        body = blobs.get(commit.oids[change.path][when])
        if body is not None:
            found[change.path] = _text(body)
    return found


def _text(body: bytes) -> str | None:
    """As a grader's tree is read: every line ends with a line feed."""
    try:
        return body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None


def _bytes(commit: Commit, changes: tuple[Change, ...], blobs: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Contents of *changes* after the commit; links and submodules are left out."""
    plain = [change for change in changes if change.mode in PLAIN_MODES]
    return {
        change.path: None if change.status == "D" else blobs[commit.oids[change.path][1]]
        for change in plain
        if change.status == "D" or commit.oids[change.path][1] in blobs
    }


async def _version(mirror: Mirror, base: str) -> str | None:
    """The version that the newest release tag below *base* names."""
    for tag in await tags_of(mirror, base):
        if found := _VERSION.search(tag):
            return str(Version(found[0]))
    return None
