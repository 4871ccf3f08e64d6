"""The least a run can cost: ask with bare aiohttp, compare with ``==``, put everything into DuckDB at once.

No journal, no retries, no limits, no costs. ``python -m tests.bench.floor PORT N CONCURRENCY``
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

Row = tuple[int, str, str, bool]


async def ask_all(port: int, count: int, concurrency: int) -> list[Row]:
    """The rows of *count* questions."""
    rows: list[Row] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work(numbers: Iterator[int]) -> None:
            for number in numbers:
                question = f"What is 6*7? ({number}) Answer with the number."
                body = {"model": "stub", "messages": [{"role": "user", "content": question}]}
                async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body) as reply:
                    said = (await reply.json())["choices"][0]["message"]["content"]
                rows.append((number, question, said, said == "42"))

        numbers = iter(range(count))
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work(numbers))
    return rows


def main() -> None:
    port, count, concurrency = map(int, sys.argv[1:])
    rows = asyncio.run(ask_all(port, count, concurrency))
    columns = dict(zip(("number", "question", "said", "is_right"), map(list, zip(*rows, strict=True)), strict=True))
    table = pa.table(columns)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder) / "floor.duckdb")) as database:
        database.register("answers", table)
        database.execute("CREATE TABLE result AS SELECT * FROM answers")
        ((right,),) = database.execute("SELECT count(*) FROM result WHERE is_right").fetchall()
    assert right == count, f"{right} of {count} are right"


if __name__ == "__main__":
    main()
