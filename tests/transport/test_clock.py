"""The real clock."""

import asyncio
from datetime import UTC, datetime

from harness.core.ports import Clock
from harness.transport import SystemClock


def test_it_tells_and_takes_real_time():
    clock: Clock = SystemClock()
    began_s = clock.monotonic_s()
    asyncio.run(clock.sleep(0.02))
    assert 0.019 < clock.monotonic_s() - began_s < 2
    assert clock.now().utcoffset() == UTC.utcoffset(None)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
