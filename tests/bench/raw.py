"""Bare aiohttp: what the engine's requests per second are held against.

``python -m tests.bench.raw PORT N CONCURRENCY`` prints ``{"wall_s", "cpu_s"}`` of the asking alone.
"""

import asyncio
import json
import sys
import time

from tests.bench.floor import ask_all


async def main() -> None:
    port, count, concurrency = map(int, sys.argv[1:])
    await ask_all(port, concurrency, concurrency)  # not counted: imports, first connections
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    await ask_all(port, count, concurrency)
    print(json.dumps({"wall_s": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s}))


if __name__ == "__main__":
    asyncio.run(main())
