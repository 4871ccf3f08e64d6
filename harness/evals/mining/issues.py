"""An exported file of a forge's issues and pull requests, and which of them a commit is about.

Read are the lists that GitHub's API and its command line write, as one JSON list, ``{"items": […]}``, or one object per
line: ``number``, ``title``, ``body``, ``created_at`` or ``createdAt``; ``pull_request`` or ``headRefName`` marks a pull
request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.content.documents import parse_json, read_bytes
from harness.core.errors import ConfigError
from harness.core.hashing import Json

ISSUES_BYTES: Final = 256 << 20
_CLOSES: Final = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:issue\s+)?(?:[\w.-]+/[\w.-]+)?#(\d+)"
    r"|\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+https?://\S+/issues/(\d+)",
    re.IGNORECASE,
)
_MENTIONS: Final = re.compile(r"(?<![\w/])#(\d+)\b")
_PULL: Final = re.compile(r"^Merge pull request #(\d+)\b|\(#(\d+)\)\s*$")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue or a pull request."""

    number: int
    title: str
    body: str
    at: datetime | None
    """When it was written, in UTC."""
    pull_request: bool

    @property
    def text(self) -> str:
        """Title and body, comments of its template removed."""
        return f"{self.title}\n\n{_COMMENT.sub('', self.body).strip()}".strip()


def read_issues(file: Path) -> Mapping[int, Issue]:
    """The issues of *file* by number. Raises ConfigError for a file that is none."""
    data = read_bytes(file, limit_bytes=ISSUES_BYTES)
    return {issue.number: issue for issue in (_issue(row, file) for row in _rows(data, file))}


def _rows(data: bytes, file: Path) -> Iterator[Json]:
    try:
        value = parse_json(data)
    except ValueError:
        value = None
    if value is None:
        for number, line in enumerate(data.splitlines(), start=1):
            if line.strip():
                try:
                    yield parse_json(line)
                except ValueError as error:
                    raise ConfigError(f"--issues: {file}: line {number}: {error}") from error
        return
    rows = value.get("items", [value]) if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise ConfigError(f"--issues: {file}: a list of issues is expected, as `gh issue list --json …` writes it")
    yield from rows


def _issue(row: Json, file: Path) -> Issue:
    number = row.get("number") if isinstance(row, dict) else None
    if not isinstance(number, int) or not isinstance(row.get("title"), str):
        raise ConfigError(f"--issues: {file}: an issue needs a number and a title, and one is {str(row)[:100]!r}")
    return Issue(
        number=number,
        title=row["title"],
        body=str(row.get("body") or ""),
        at=_time(row.get("created_at") or row.get("createdAt")),
        pull_request=row.get("pull_request") is not None or "headRefName" in row,
    )


def _time(text: Json) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def pull_number(subject: str) -> int | None:
    """The number of the pull request that a commit brings in."""
    found = _PULL.search(subject)
    return int(found[1] or found[2]) if found else None


def linked(message: str, subject: str, issues: Mapping[int, Issue]) -> tuple[Issue, ...]:
    """The issues that a commit, or its pull request, says it closes; else the one issue that it mentions."""
    pull = issues.get(pull_number(subject) or 0)
    text = _COMMENT.sub("", message + ("\n" + pull.text if pull is not None and pull.pull_request else ""))
    closed = [int(found[1] or found[2]) for found in _CLOSES.finditer(text)]
    known = [issues[number] for number in dict.fromkeys(closed) if number in issues]
    if found := tuple(issue for issue in known if not issue.pull_request):
        return found
    mentioned = [issues[int(each)] for each in dict.fromkeys(_MENTIONS.findall(text)) if int(each) in issues]
    only = [issue for issue in mentioned if not issue.pull_request]
    return tuple(only) if len(only) == 1 else ()
