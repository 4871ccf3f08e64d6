"""The SQL files: one question each, found by name."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of the schema: ``migrations/<version>_<name>.sql``."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@cache
def question(name: str) -> str:
    """The text of ``sql/<name>.sql``."""
    return (files("harness.store") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def migrations() -> tuple[Migration, ...]:
    """All of them, in order."""
    folder = files("harness.store") / "migrations"
    found = []
    for file in folder.iterdir():
        stem, dot, ending = file.name.partition(".")
        number, _, name = stem.partition("_")
        if dot and ending == "sql":
            found.append(Migration(version=int(number), name=name, sql=file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))
