"""Taking a journal over into the store, or letting DuckDB read its lines as they are; prints seconds as JSON.

``python -m tests.bench.reading sync|read_json JOURNALS``
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from harness.store import open_store


def seconds(how: str, journals: Path) -> float:
    """Wall clock of taking over every journal in the folder."""
    with tempfile.TemporaryDirectory() as folder:
        if how == "sync":
            with open_store(Path(folder) / "store.duckdb") as store:
                began_s = time.perf_counter()
                synced = store.sync(journals)
                took_s = time.perf_counter() - began_s
            assert not synced.problems, synced.problems
            return took_s
        with duckdb.connect(str(Path(folder) / "plain.duckdb")) as database:
            began_s = time.perf_counter()
            database.execute(
                "CREATE TABLE line AS SELECT * FROM read_json(?, format = 'newline_delimited')", [f"{journals}/*.jsonl"]
            )
            return time.perf_counter() - began_s


if __name__ == "__main__":
    print(json.dumps({"wall_s": seconds(sys.argv[1], Path(sys.argv[2]))}))
