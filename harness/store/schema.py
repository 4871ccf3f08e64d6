"""Brings a database to the schema of this version, one transaction per step, a copy of the file first."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from harness.core.errors import StoreError
from harness.store.questions import Migration, question

REBUILD = "Delete the file to have it rebuilt from the journals (harness db sync)"


def pending(connection: duckdb.DuckDBPyConnection, path: Path, known: Sequence[Migration]) -> list[Migration]:
    """The steps of *known* that the database lacks.

    Raises StoreError when it has steps that *known* lacks, or other ones under the same number.
    """
    connection.execute(question("meta"))
    applied = connection.execute(question("migrations")).fetchall()
    by_version = {migration.version: migration for migration in known}
    for version, name, sha256 in applied:
        ours = by_version.get(version)
        if ours is None:
            raise StoreError(
                f"{path}: has schema {version} ({name}), this version of harness knows up to "
                f"{max(by_version, default=0)}: use a newer harness. {REBUILD}"
            )
        if ours.sha256 != sha256:
            raise StoreError(
                f"{path}: schema step {version} ({name}) was applied with other content: "
                f"expected {ours.sha256[:12]}…, found {sha256[:12]}…. {REBUILD}"
            )
    done = {version for version, _, _ in applied}
    return [migration for migration in known if migration.version not in done]


def applied_up_to(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the last step that was applied; 0 for a new database."""
    return max((version for version, _, _ in connection.execute(question("migrations")).fetchall()), default=0)


def back_up(path: Path, version: int) -> Path:
    """Copies the closed database *path*, of schema *version*, to a file beside it: all of it or nothing."""
    copy = path.with_name(f"{path.name}.schema-{version}")
    half = copy.with_name(f"{copy.name}.part")
    try:
        shutil.copy2(path, half)
        half.replace(copy)
    except OSError as error:
        raise StoreError(f"{path}: cannot be copied to {copy.name} before an upgrade: {error.strerror}") from error
    return copy


def apply(connection: duckdb.DuckDBPyConnection, path: Path, steps: Sequence[Migration]) -> None:
    """Applies *steps*, each wholly or not at all. Raises StoreError naming the step that failed."""
    for step in steps:
        try:
            connection.execute("BEGIN")
            connection.execute(step.sql)
            connection.execute(
                question("migration_applied"), {"version": step.version, "name": step.name, "sha256": step.sha256}
            )
            connection.execute("COMMIT")
        except duckdb.Error as error:
            connection.execute("ROLLBACK")
            raise StoreError(f"{path}: schema step {step.version} ({step.name}) failed: {error}. {REBUILD}") from error
