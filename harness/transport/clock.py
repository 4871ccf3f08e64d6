"""The clock of the machine it runs on."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Real time: see :class:`harness.core.ports.Clock`."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
