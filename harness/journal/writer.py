"""The one writer of a journal: appends gather in the event loop, a thread writes each batch durably.

An ``append`` that returned is on disk. Appends of the same moment share one write. The thread is there so that a slow
disk does not hold up the loop; it is woken once per batch, since each time it takes the interpreter's lock from a busy
loop it may have to wait for it.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
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
_LINGER_LINES_MAX = 32
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
        self._gathering: list[_Entry] = []
        self._flush: asyncio.TimerHandle | None = None
        self._patience = _Patience()
        self._batches: SimpleQueue[list[_Entry] | None] = SimpleQueue()
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
        self._gather(_Entry(at=at, kind=KINDS[type(event)], body=self._body(event), waiter=waiter))
        return await waiter

    def close(self) -> None:
        """Waits until everything that was handed in is on disk. Appends after it are refused."""
        if self._refusal is None:
            self._refusal = f"{self.path}: the journal is closed"
        self._hand_over()
        self._batches.put(None)
        self._thread.join()

    def _gather(self, entry: _Entry) -> None:
        """Puts *entry* with the others of this moment; the first of them says how long the moment lasts."""
        self._gathering.append(entry)
        if len(self._gathering) >= _LINGER_LINES_MAX:
            self._hand_over()
        elif self._flush is None:
            self._flush = self._loop.call_later(self._patience.linger_s, self._end_of_moment)

    def _end_of_moment(self) -> None:
        self._patience.learn(lines=len(self._gathering))
        self._hand_over()

    def _hand_over(self) -> None:
        """Gives what has gathered to the writer thread."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._gathering:
            self._batches.put(self._gathering)
            self._gathering = []

    def _body(self, event: Event) -> bytes:
        full = self._capture == "full"
        body = encode(event if full else hashed(event))
        text = body.decode()
        if (clean := self._redact.redact_json(text)) is not text:
            body = clean.encode()
        return body if full else body[:-1] + HASHES_MARK

    def _work(self) -> None:
        """The writer thread."""
        while (batch := self._next_batch()) is not None:
            results: Sequence[str | JournalError]
            try:
                results = self._file.append([(entry.at, entry.kind, entry.body) for entry in batch])
            except JournalError as error:
                self._refusal = str(error)
                results = [error] * len(batch)
            self._loop.call_soon_threadsafe(_resolve, batch, results)

    def _next_batch(self) -> list[_Entry] | None:
        """What was handed over, together with what came while the disk was busy; None when the journal is closed."""
        batch = self._batches.get()
        while batch is not None and len(batch) < _BATCH_LINES_MAX:
            try:
                more = self._batches.get_nowait()
            except Empty:
                break
            if more is None:
                self._batches.put(None)  # for the next round
                break
            batch += more
        return batch


class _Patience:
    """Whether to wait a moment for company before a write.

    A write and a wake-up of the event loop cost some 0.2 ms of CPU, whether for one line or for a hundred: at hundreds
    of appends a second, 5 ms of waiting halve the price. They are wasted when one task appends line after line, so
    after some waits that brought nobody most lines go out at once.
    """

    def __init__(self) -> None:
        self._in_vain = 0
        self._skip = 0

    @property
    def linger_s(self) -> float:
        """How long to wait now."""
        return 0.0 if self._skip else _LINGER_S

    def learn(self, *, lines: int) -> None:
        """Takes note that *lines* went out together after the wait."""
        if self._skip:
            self._skip -= 1
            return
        self._in_vain = 0 if lines > 1 else self._in_vain + 1
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
