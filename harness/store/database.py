"""The database: opened for a moment by one process, brought up to date, closed again."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from harness.core.errors import ConfigError, StoreError
from harness.core.hashing import Json
from harness.store import schema
from harness.store.holder import holder, is_held
from harness.store.questions import Migration, migrations, question
from harness.store.sync import Synced, sync

STORAGE_VERSION = "v1.4.0"
"""File format: readable by every DuckDB that this package may be installed with (1.4 and later), whichever wrote it.

A file keeps the format it was made with: one made by an older harness in that of 1.5 is read by 1.5 and later.
"""

_EXPORTED = (
    "run",
    "task",
    "trial",
    "test_result",
    "call",
    "verdict",
    "ballot",
    "execution",
    "review",
    "matrix_promoted",
    "budget",
)
_READING = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})
_WAIT_STEP_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An answer to a free query."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Json, ...]]
    more: bool = False
    """There are more rows than were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Files that were written, and how many rows each holds."""

    rows: Mapping[Path, int]


class Store:
    """An open database. Made by :func:`open_store`."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._sealed = False

    def sync(self, journals: Path) -> Synced:
        """Takes over what is new in the journals of a folder; repeated, it does nothing."""
        if self._sealed:
            raise StoreError(f"{self.path}: opened for free queries; sync before the first of them")
        return sync(self._connection, self.path, journals)

    def ask(self, name: str, **parameters: Json) -> list[tuple[Any, ...]]:
        """The rows of ``sql/<name>.sql``. Rooms use the typed doors of ``queries.py``."""
        try:
            return self._connection.execute(question(name), parameters or None).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"{self.path}: {name}: {error}") from error

    def sql(self, query: str, *, rows_max: int | None = None, wait_s: float | None = None) -> Table:
        """The answer to one SELECT (or EXPLAIN) of the user's; its first *rows_max* rows (``None``: all).

        It can neither change anything nor reach a file, an extension or the network; from the first query on this
        store takes no journals over. Raises ConfigError with DuckDB's words when the query does not work, and when it
        has no answer after *wait_s* seconds (``None``: waits for ever).
        """
        self._seal()
        try:
            statements = self._connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in _READING:
                raise ConfigError(f"query {query!r}: must be one SELECT statement")
            self._connection.execute("BEGIN TRANSACTION READ ONLY")
            try:
                with self._interrupted_after(wait_s):
                    return self._answer(statements[0], rows_max)
            finally:
                self._connection.execute("ROLLBACK")
        except duckdb.InterruptException as error:
            raise ConfigError(f"query {query!r}: no answer within {wait_s:g} s") from error
        except duckdb.Error as error:
            raise ConfigError(f"query {query!r}: {str(error).splitlines()[0]}") from error

    def _answer(self, statement: duckdb.Statement, rows_max: int | None) -> Table:
        answer = self._connection.execute(statement)
        columns = tuple(str(column[0]) for column in answer.description or ())
        rows = answer.fetchall() if rows_max is None else answer.fetchmany(rows_max + 1)
        return Table(columns=columns, rows=rows[:rows_max], more=len(rows) > len(rows[:rows_max]))

    @contextlib.contextmanager
    def _interrupted_after(self, wait_s: float | None) -> Iterator[None]:
        if wait_s is None:
            yield
            return
        timer = threading.Timer(wait_s, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def export(self, folder: Path, *, form: Literal["parquet", "csv"] = "parquet") -> Exported:
        """Every table as ``<folder>/<table>.<form>``. Raises StoreError when a file cannot be written."""
        written: dict[Path, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for table in _EXPORTED:
                file = folder / f"{table}.{form}"
                rows = self._connection.sql(f'SELECT * FROM "{table}" ORDER BY ALL')  # noqa: S608 -- our own names
                if form == "csv":
                    rows.write_csv(str(file), header=True)
                else:
                    rows.write_parquet(str(file), compression="zstd")
                written[file] = self._count(table)
        except (OSError, duckdb.Error) as error:
            raise StoreError(f"{folder}: cannot export: {error}") from error
        return Exported(rows=written)

    def export_trials(self, run_id: str, file: Path) -> int:
        """The graded trials of *run_id* as one Parquet file with the columns of ``sql/trials.sql``; how many there are.

        Raises StoreError when the file cannot be written. Its path is handed to DuckDB as a value, never as SQL.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            rows = self._connection.sql(question("trials").rstrip().removesuffix(";"), params={"run_id": run_id})
            number = len(rows)
            rows.write_parquet(str(file), compression="zstd")
        except (OSError, duckdb.Error) as error:
            raise StoreError(f"{file}: cannot export: {error}") from error
        return number

    def _count(self, table: str) -> int:
        # All rows are fetched, always: DuckDB takes nothing new while a result is unfinished.
        ((rows,),) = self._connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()  # noqa: S608 -- our own names
        return int(rows)

    def _seal(self) -> None:
        if not self._sealed:
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
            self._sealed = True


@contextlib.contextmanager
def open_store(path: Path, *, wait_s: float = 0.0, steps: Sequence[Migration] | None = None) -> Iterator[Store]:
    """The database at *path*, made if need be, for as long as the block lasts. Keep the block short.

    A database of an older schema is copied to ``<file>.schema-<n>`` and upgraded (by *steps*; ``None``: ours).
    Raises StoreError: another process has it and does not let go within *wait_s* (names its pid and command), it is
    of a newer schema, it is no database. Nothing that runs needs the store: journals are complete without it.
    """
    known = migrations() if steps is None else steps
    connection = _connect(path, wait_s)
    try:
        missing = schema.pending(connection, path, known)
        version = schema.applied_up_to(connection)
        if missing and version:
            connection.execute("CHECKPOINT")
            connection.close()
            schema.back_up(path, version)
            connection = _connect(path, wait_s)
            # It was let go for the copy: another process may have upgraded it meanwhile.
            missing = schema.pending(connection, path, known)
        schema.apply(connection, path, missing)
        yield Store(path, connection)
    finally:
        connection.close()


def _connect(path: Path, wait_s: float) -> duckdb.DuckDBPyConnection:
    deadline_s = time.monotonic() + wait_s
    while True:
        try:
            return _connect_once(path)
        except duckdb.Error as error:
            if not is_held(error) or time.monotonic() >= deadline_s:
                raise _told(path, error) from error
        time.sleep(_WAIT_STEP_S)


def _connect_once(path: Path) -> duckdb.DuckDBPyConnection:
    # Nothing is ever fetched from the network: all that is used is built in.
    config: dict[str, Any] = {"autoinstall_known_extensions": False}
    if int(duckdb.__version__.partition(".")[0]) > 1:
        # Earlier ones write a format that is older still.
        config["storage_compatibility_version"] = STORAGE_VERSION
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It holds prompts and outputs: made by us, so that nobody else can read it.
        new = not path.exists()
        connection = duckdb.connect(str(path), config=config)
        if new:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
    return connection


def _told(path: Path, error: duckdb.Error) -> StoreError:
    if is_held(error):
        return StoreError(
            f"{path}: is in use by {holder(error)}; try again when it is done. Journals are complete without the "
            "database: whatever runs goes on"
        )
    return StoreError(f"{path}: cannot be opened as a database: {str(error).strip().splitlines()[0]}. {schema.REBUILD}")
