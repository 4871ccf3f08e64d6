"""What is kept of a stream that may be endless: its head, its tail, and how much lay between."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class HeadTail:
    """Takes any number of bytes, keeps at most *limit*: the first half of it and the last."""

    limit: int
    seen: int = 0
    """Bytes taken so far, dropped ones included."""
    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        self.seen += len(data)
        room = max(0, (self.limit + 1) // 2 - len(self._head))
        self._head += data[:room]
        keep = self.limit // 2
        self._tail += data[room:]
        # Trimmed at twice its size, so that a byte is moved once on average.
        if len(self._tail) > 2 * keep:
            del self._tail[: len(self._tail) - keep]

    def text(self) -> bytes:
        """Everything, or head + a line that says how many bytes are missing + tail."""
        keep = self.limit // 2
        tail = bytes(self._tail[max(0, len(self._tail) - keep) :])
        dropped = self.seen - len(self._head) - len(tail)
        gap = b"\n[... %d bytes dropped ...]\n" % dropped if dropped else b""
        return bytes(self._head) + gap + tail
