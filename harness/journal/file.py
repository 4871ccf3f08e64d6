"""The file of a journal: opened by one writer, healed after a crash, appended to durably. Synchronous."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.core.errors import JournalError
from harness.journal.line import spell
from harness.journal.reader import Verification, verify


class JournalFile:
    """An open journal file, locked by this process. Made by :func:`opened`."""

    def __init__(self, descriptor: int, *, found: Verification, notices: Sequence[str]) -> None:
        self.path = found.path
        self.notices = tuple(notices)
        self.seq = found.lines
        """Lines on disk."""
        self.head_hash = found.head_hash
        """Hash of the last of them."""
        self._descriptor = descriptor
        self._failure: str | None = None

    def append(self, entries: Sequence[tuple[str, str, bytes]]) -> list[str]:
        """Chain and write *entries* (time, kind, body); returns their positions once all are on disk.

        Raises JournalError when the disk does not take them, and for every call after that: a line behind an
        unfinished one could not be read.
        """
        if self._failure is not None:
            raise JournalError(self._failure)
        chunks, head = [], self.head_hash
        for seq, (at, kind, body) in enumerate(entries, start=self.seq + 1):
            chunk, head = spell(seq=seq, at=at, kind=kind, prev=head, body=body)
            chunks.append(chunk)
        try:
            _write(self._descriptor, b"".join(chunks))
        except OSError as error:
            self._failure = (
                f"{self.path}: cannot be written: {error.strerror}; {self.seq} lines are safe, nothing more is recorded"
            )
            raise JournalError(self._failure) from error
        first = self.seq + 1
        self.seq, self.head_hash = self.seq + len(entries), head
        return [f"{self.path.name}:{seq}" for seq in range(first, self.seq + 1)]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[JournalFile]:
    """The file at *path*, made if need be (0600, its folder 0700), checked and locked while the block lasts.

    Raises JournalError: it cannot be opened, another process writes it, or it does not chain.
    """
    descriptor = _open(path)
    try:
        with _claimed(descriptor, path):
            found = verify(path)
            if found.broken is not None:
                raise JournalError(found.broken)
            notices = [_set_aside(descriptor, found)] if found.torn_bytes else []
            yield JournalFile(descriptor, found=found, notices=notices)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_DSYNC, 0o600)
        os.fchmod(descriptor, 0o600)
        _sync_folder(path.parent)
    except OSError as error:
        raise JournalError(f"{path}: cannot be opened for writing: {error.strerror}") from error
    return descriptor


@contextlib.contextmanager
def _claimed(descriptor: int, path: Path) -> Iterator[None]:
    """Makes this process the only writer. The lock is the kernel's; the file beside it only says whose it is."""
    holder = path.with_name(f"{path.name}.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(f"{path}: is being written by process {_pid(holder)}; a journal has one writer") from error
    with contextlib.suppress(OSError):  # a full disk; the kernel's lock holds without the name
        holder.write_text(f"{os.getpid()}\n")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink()


def _pid(holder: Path) -> str:
    try:
        return holder.read_text().strip() or "unknown"
    except OSError:
        return "unknown"


def _set_aside(descriptor: int, found: Verification) -> str:
    """Moves the unfinished last line to a file of its own; says so in one line."""
    with found.path.open("rb") as file:
        file.seek(found.bytes)
        torn = file.read()
    number = found.lines + 1
    while (aside := found.path.with_name(f"{found.path.name}.torn-{number}")).exists():
        number += 1
    try:
        copy = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write(copy, torn)
            _sync(copy)
        finally:
            os.close(copy)
        os.ftruncate(descriptor, found.bytes)
        _sync(descriptor)
    except OSError as error:
        raise JournalError(f"{found.path}: unfinished last line cannot be removed: {error.strerror}") from error
    return (
        f"{found.path.name}:{found.lines + 1}: unfinished last line dropped "
        f"({len(torn)} bytes, kept in {aside.name}); nobody was told it was recorded"
    )


def _write(descriptor: int, data: bytes) -> None:
    """All of *data*. To a journal, which is open with ``O_DSYNC``: until the bytes and the length are on disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(descriptor: int) -> None:
    """Until the bytes and the length are on disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
