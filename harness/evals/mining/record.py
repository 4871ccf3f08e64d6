"""``mine.json``: what became of every commit, under which settings; written after each, so that mining can go on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, cast

from harness.content.documents import parse_json, read_bytes
from harness.content.replacing import replace_file
from harness.core.errors import ConfigError
from harness.core.hashing import Json, digest, plain
from harness.evals.mining.history import SizeLimits

FILE: Final = "mine.json"
_BYTES: Final = 256 << 20
VERSION: Final = 1
METHOD: Final = 1
"""Raised when what was decided before must be decided again."""

Became = Literal["task", "rejected", "skipped", "unmeasured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides whether a commit becomes a task."""

    sizes: SizeLimits = field(default_factory=SizeLimits)
    runs: int = 3
    """With the reference."""

    @property
    def digest(self) -> str:
        return digest((METHOD, self))[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one commit."""

    commit: str
    subject: str
    at: str
    """RFC 3339, UTC."""
    became: Became
    rule: str = ""
    """Of ``HISTORY_RULES`` for what was skipped, of ``proving.RULES`` for what was rejected."""
    evidence: str = ""
    task: str = ""
    seconds: float = 0.0
    settings: str = ""
    """Digest of the settings under which it was decided."""
    tests: tuple[str, ...] = ()
    """The deciding tests of a task."""


@dataclass(slots=True, kw_only=True)
class Record:
    """The decisions about one repository."""

    path: Path
    source: str
    """Where the repository was, as the user named it."""
    repository: str
    """Its name."""
    head: str
    """The newest commit that was looked at."""
    settings: Settings
    decisions: dict[str, Decision] = field(default_factory=dict)
    """By commit."""

    def settled(self, commit: str) -> Decision | None:
        """What was decided about *commit* by running it, under these settings."""
        found = self.decisions.get(commit)
        if found is None or found.became not in ("task", "rejected") or found.settings != self.settings.digest:
            return None
        return found

    def note(self, decision: Decision) -> None:
        """Remember *decision*; ``save`` writes it down."""
        self.decisions[decision.commit] = decision

    def save(self) -> None:
        """Write everything to disk."""
        ordered = sorted(self.decisions.values(), key=lambda each: (each.at, each.commit), reverse=True)
        value = {
            "version": VERSION,
            "source": self.source,
            "repository": self.repository,
            "head": self.head,
            "settings": plain(self.settings),
            "commits": [{key: item for key, item in _as_json(each).items() if item} for each in ordered],
        }
        text = json.dumps(value, ensure_ascii=False, indent=1)
        replace_file(self.path, text.encode("utf-8", "backslashreplace").decode() + "\n")


def _as_json(decision: Decision) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", plain(decision))


def read_record(path: Path) -> Record:
    """What an earlier session wrote. Raises ConfigError for a file that is none."""
    try:
        value = parse_json(read_bytes(path, limit_bytes=_BYTES))
        if value["version"] != VERSION:
            raise ConfigError(f"{path}: version {value['version']!r}; this harness reads {VERSION}")
        decisions = (_decision(row) for row in value["commits"])
        written = value["settings"]
        return Record(
            path=path,
            source=str(value["source"]),
            repository=str(value["repository"]),
            head=str(value["head"]),
            settings=Settings(sizes=SizeLimits(**written["sizes"]), runs=int(written["runs"])),
            decisions={each.commit: each for each in decisions},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: is no record of mining: {error}; remove it to begin again") from error


def _decision(row: Mapping[str, Json]) -> Decision:
    return Decision(**{**row, "tests": tuple(row.get("tests", ()))})


def stamp(at: datetime) -> str:
    """A time as it is written down."""
    return at.isoformat().replace("+00:00", "Z")
