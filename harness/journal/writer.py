"""The one writer of a journal: a thread that drains a queue, writes, and syncs once per batch.

An ``append`` that returned is on disk. Appends that arrive while the disk is busy share the next sync.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from harness.core.errors import JournalError
from harness.core.event import KINDS, Event
from harness.core.ports import Clock
from harness.guard import Redactor, redactor
from harness.journal.capture import hashed
from harness.journal.codec import encode
from harness.journal.file import JournalFile, opened
from harness.journal.reader import HASHES_MARK

Capture = Literal["full", "hashes"]

_BATCH_LINES_MAX = 1024
_LINGER_LINES_MAX = 16
_LINGER_S = 0.005
_IN_VAIN_MAX = 3
_SKIPPED = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An event on its way to the disk."""

    at: str
    kind: str
    body: bytes
    waiter: "asyncio.Future[str]"


@contextlib.asynccontextmanager
async def open_journal(
    path: Path,
    *,
    clock: Clock,
    redact: Redactor | None = None,
    capture: Capture = "full",
) -> "AsyncIterator[FileJournal]":
    """The journal at *path*, new or continued, for as long as the block lasts.

    *redact* sees every string before it is written; ``None``: one that knows the usual key formats only. With
    *capture* ``hashes``, prompts and outputs are recorded as hashes and the journal cannot be resumed.

    An existing file is checked line by line. An unfinished last line, left by a crash, is moved to
    ``<file>.torn-<n>`` and told in ``notices``. Raises JournalError when the file does not chain, when another
    process writes it (names its pid), and when it cannot be opened.
    """
    with opened(path) as file:
        journal = FileJournal(file, clock=clock, redact=redactor() if redact is None else redact, capture=capture)
        try:
            yield journal
        finally:
            journal.close()


class FileJournal:
    """An open journal; an implementation of :class:`harness.core.ports.Journal`. Made by :func:`open_journal`."""

    def __init__(self, file: JournalFile, *, clock: Clock, redact: Redactor, capture: Capture) -> None:
        self.path = file.path
        self.notices = file.notices
        """What was odd about the file when it was opened, one line each."""
        self.recovered = file.seq
        """Lines it held when it was opened."""
        self._file, self._clock, self._redact, self._capture = file, clock, redact, capture
        self._refusal: str | None = None
        """Why nothing more is taken. Set by the writer thread when the disk fails, by ``close`` otherwise."""
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"journal {file.path.name}", daemon=True)
        self._thread.start()

    @property
    def seq(self) -> int:
        """Lines on disk."""
        return self._file.seq

    @property
    def head_hash(self) -> str:
        """Hash of the last line on disk."""
        return self._file.head_hash

    async def append(self, event: Event) -> str:
        """Write *event*; returns its position ``<file>:<seq>`` once it is on disk.

        Raises JournalError when the disk does not take it. From then on every append is refused; what was recorded
        before stays readable. An append that is cancelled may be recorded all the same.
        """
        if self._refusal is not None:
            raise JournalError(self._refusal)
        waiter: asyncio.Future[str] = self._loop.create_future()
        at = self._clock.now().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._queue.put(_Entry(at=at, kind=KINDS[type(event)], body=self._body(event), waiter=waiter))
        return await waiter

    def close(self) -> None:
        """Waits until everything that was handed in is on disk. Appends after it are refused."""
        if self._refusal is None:
            self._refusal = f"{self.path}: the journal is closed"
        self._queue.put(None)
        self._thread.join()

    def _body(self, event: Event) -> bytes:
        full = self._capture == "full"
        body = self._redact.redact_json(encode(event if full else hashed(event)).decode()).encode()
        return body if full else body[:-1] + HASHES_MARK

    def _work(self) -> None:
        """The writer thread."""
        for batch in self._batches():
            results: Sequence[str | JournalError]
            try:
                results = self._file.append([(entry.at, entry.kind, entry.body) for entry in batch])
            except JournalError as error:
                self._refusal = str(error)
                results = [error] * len(batch)
            self._loop.call_soon_threadsafe(_resolve, batch, results)

    def _batches(self) -> Iterator[list[_Entry]]:
        """Whatever is waiting, until the journal is closed."""
        patience = _Patience()
        while (entry := self._queue.get()) is not None:
            batch = [entry]
            more = self._drain(batch)
            if more and patience.lasts(len(batch)):
                alone = len(batch)
                time.sleep(_LINGER_S)
                more = self._drain(batch)
                patience.learn(gained=len(batch) - alone)
            yield batch
            if not more:
                return

    def _drain(self, batch: list[_Entry]) -> bool:
        """Moves what waits into *batch*; False when the journal is being closed."""
        with contextlib.suppress(Empty):
            while len(batch) < _BATCH_LINES_MAX:
                if (entry := self._queue.get_nowait()) is None:
                    return False
                batch.append(entry)
        return True


class _Patience:
    """Whether to wait a moment for company before a sync.

    A sync and a wake-up of the event loop cost some 0.2 ms of CPU, whether for one line or for a hundred: at hundreds
    of appends a second, 5 ms of waiting halve the price. They are wasted when one task appends line after line, so
    after some waits that brought nobody most batches go out at once.
    """

    def __init__(self) -> None:
        self._in_vain = 0
        self._skip = 0

    def lasts(self, waiting: int) -> bool:
        """Whether to wait when *waiting* lines are there already."""
        if self._skip:
            self._skip -= 1
            return False
        return waiting < _LINGER_LINES_MAX

    def learn(self, *, gained: int) -> None:
        """Takes note that a wait brought *gained* lines."""
        self._in_vain = 0 if gained else self._in_vain + 1
        if self._in_vain >= _IN_VAIN_MAX:
            self._skip = _SKIPPED


def _resolve(batch: Sequence[_Entry], results: Sequence[str | JournalError]) -> None:
    """Wakes everybody who waits for a line of *batch*; runs in the event loop."""
    for entry, result in zip(batch, results, strict=True):
        if entry.waiter.done():
            continue
        if isinstance(result, JournalError):
            entry.waiter.set_exception(JournalError(str(result)))
        else:
            entry.waiter.set_result(result)
