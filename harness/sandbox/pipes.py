"""Pipes between the supervisor and a job, and the draining of what comes out of them."""

import asyncio
import os
from pathlib import Path
from typing import Self

from harness.sandbox.capture import HeadTail

READ_BYTES = 1 << 16


class Pipe:
    """A pipe whose ends are closed once each, at the latest at the end of the ``with`` block."""

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        self.read_fd, self.write_fd = ends or os.pipe()
        self._open = {self.read_fd, self.write_fd}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self.read_fd)
        self._close(self.write_fd)

    def close_read(self) -> None:
        self._close(self.read_fd)

    def close_write(self) -> None:
        """Give the write end away: from now on end-of-file means that nobody else holds it."""
        self._close(self.write_fd)

    def _close(self, fd: int) -> None:
        if fd in self._open:
            self._open.remove(fd)
            os.close(fd)


def named_pipe(path: Path) -> Pipe:
    """A pipe that others open by its *path*. Holding the write end keeps it from ending before they come."""
    os.mkfifo(path)
    return Pipe((os.open(path, os.O_RDONLY | os.O_NONBLOCK), os.open(path, os.O_WRONLY)))


class Drain:
    """Reads a descriptor as fast as it fills, until end-of-file, ``stop`` or *flood_bytes*."""

    def __init__(self, fd: int, *, keep_bytes: int, flood_bytes: int) -> None:
        self._fd = fd
        self._flood_bytes = flood_bytes
        self._loop = asyncio.get_running_loop()
        self.kept = HeadTail(limit=keep_bytes)
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.flooded: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def stop(self) -> None:
        """Read no more; the descriptor stays open and belongs to its pipe."""
        if not self.ended.done():
            self._loop.remove_reader(self._fd)
            self.ended.set_result(None)
        if not self.flooded.done():
            self.flooded.cancel()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.stop()
            return
        self.kept.take(data)
        if self.kept.seen > self._flood_bytes and not self.flooded.done():
            self.flooded.set_result(None)


class Feed:
    """Writes *data* into a pipe as fast as it is read, then closes it. A reader that goes away is no error."""

    def __init__(self, pipe: Pipe, data: bytes) -> None:
        self._pipe, self._left = pipe, memoryview(data)
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._waiting = False
        os.set_blocking(pipe.write_fd, False)
        self._write()
        if self._open:
            self._waiting = True
            self._loop.add_writer(pipe.write_fd, self._write)

    def stop(self) -> None:
        if self._open:
            self._open = False
            if self._waiting:
                self._loop.remove_writer(self._pipe.write_fd)
            self._pipe.close_write()

    def _write(self) -> None:
        try:
            self._left = self._left[os.write(self._pipe.write_fd, self._left) :] if self._left else self._left
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._left = memoryview(b"")
        if not self._left:
            self.stop()
