"""Takes new lines of journals over into the tables, in one short transaction.

What was taken over is remembered by file, byte and hash in the same transaction, so a killed sync repeats cleanly and
a repeated one does nothing. A journal that shrank, was changed or does not chain is told and left alone as a whole.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from harness.core.errors import StoreError
from harness.core.event import KINDS
from harness.store.questions import question
from harness.store.slices import Broken, Slice, Taken, cut, root_hash

_INGESTS = (
    "ingest_run_started",
    "ingest_task_declared",
    "ingest_run_finished",
    "ingest_grade",
    "ingest_test_result",
    "ingest_call",
    "ingest_verdict",
    "ingest_ballot",
    "ingest_execution",
    "ingest_review",
    "ingest_matrix_promoted",
    "ingest_budget",
)

_LINE_BYTES_MIN = 16 << 20
"""DuckDB's own default for the longest line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync did."""

    files: int
    """Journals with new lines."""
    lines: int
    """Lines taken over."""
    problems: tuple[str, ...] = ()
    """Journals, or lines of them, that were not taken over, and why; one line each."""


def sync(connection: duckdb.DuckDBPyConnection, database: Path, journals: Path) -> Synced:
    """Takes over what is new in the ``*.jsonl`` files of the folder *journals*.

    Raises StoreError when the folder or the database cannot be used; a fault of one journal is a problem of that one.
    """
    scratch = database.with_name(f"{database.name}.sync")
    # Left by a killed sync; nobody else can be at work in it while we hold the database.
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(mode=0o700)
        slices, problems = _slices(connection, journals, scratch)
        taken, refused = _take_over(connection, slices)
    except OSError as error:
        raise StoreError(f"{error.filename or journals}: cannot be read or copied: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Synced(
        files=len(taken), lines=sum(piece.lines for piece in taken), problems=tuple(sorted((*problems, *refused)))
    )


def _slices(connection: duckdb.DuckDBPyConnection, journals: Path, scratch: Path) -> tuple[list[Slice], list[str]]:
    known = _known(connection)
    roots = {taken.root_hash: name for name, taken in known.items()}
    slices, problems = [], []
    for journal in sorted(journals.glob("*.jsonl")):
        before = known.get(journal.name)
        root = root_hash(journal) if before is None else None
        if root is not None and root in roots:
            problems.append(f"{journal.name}: is a copy of {roots[root]}, which is taken over already")
            continue
        try:
            piece = cut(journal, before, scratch)
        except Broken as broken:
            problems.append(f"{broken}; nothing new of it was taken over")
            continue
        if piece is not None:
            roots[piece.after.root_hash] = journal.name
            slices.append(piece)
    return slices, problems


def _known(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Taken]:
    rows = connection.execute(question("files")).fetchall()
    return {
        name: Taken(name=name, root_hash=root, head_hash=head, bytes=length, lines=lines)
        for name, root, head, length, lines in rows
    }


def _take_over(connection: duckdb.DuckDBPyConnection, slices: Sequence[Slice]) -> tuple[Sequence[Slice], list[str]]:
    """All *slices* at once; if DuckDB refuses that, one by one, so that one odd journal does not hold the others."""
    if not slices:
        return [], []
    try:
        return slices, _ingest(connection, slices)
    except duckdb.Error as error:
        if len(slices) == 1:
            reason = str(error).splitlines()[0]
            return [], [f"{slices[0].after.name}: {reason}; nothing new of it was taken over"]
    taken: list[Slice] = []
    problems: list[str] = []
    for piece in slices:
        done, refused = _take_over(connection, [piece])
        taken.extend(done)
        problems.extend(refused)
    return taken, problems


def _ingest(connection: duckdb.DuckDBPyConnection, slices: Sequence[Slice]) -> list[str]:
    """One transaction. Returns what was passed over."""
    return _in_transaction(connection, lambda: _ingest_stage(connection, slices))


def _ingest_stage(connection: duckdb.DuckDBPyConnection, slices: Sequence[Slice]) -> list[str]:
    longest = max(piece.line_bytes_max for piece in slices)
    connection.execute(
        question("stage"),
        {
            "slices": [str(piece.file) for piece in slices],
            "line_bytes_max": max(_LINE_BYTES_MIN, longest + 1),
        },
    )
    unknown = connection.execute(question("unknown_kinds"), {"kinds": sorted(KINDS.values())}).fetchall()
    for name in _INGESTS:
        connection.execute(question(name))
    for piece in slices:
        after = piece.after
        connection.execute(
            question("file_taken"),
            {
                "name": after.name,
                "root_hash": after.root_hash,
                "head_hash": after.head_hash,
                "bytes": after.bytes,
                "lines": after.lines,
            },
        )
    connection.execute("DROP TABLE stage")
    return [f"{file}: {lines} lines of kind {kind!r}, unknown to this version" for file, kind, lines in unknown]


def _in_transaction(connection: duckdb.DuckDBPyConnection, work: Callable[[], list[str]]) -> list[str]:
    connection.execute("BEGIN")
    try:
        result = work()
        connection.execute("COMMIT")
    except duckdb.Error:
        connection.execute("ROLLBACK")
        raise
    return result
