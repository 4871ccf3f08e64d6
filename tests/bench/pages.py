"""How long pages and their questions take; prints seconds, bytes and peak memory as JSON.

``python -m tests.bench.pages page|trials|query SIZE``
"""

import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import duckdb

from harness.report import ab_results, ab_tasks, render_ab
from harness.store import open_store, paired_counts
from tests.report.conftest import TEMPLATES, A, B, make_rows, make_run

WORDS = "The total is the net amount and its tax, rounded half up to two places. "


def page(tasks: int, *, padded: bool) -> dict[str, float]:
    """The A/B page of *tasks* tasks and two candidates, from rows to bytes."""

    rows = make_rows(tasks, candidates=(A, B))
    if padded:
        rows = [replace(row, output=f"{WORDS * 20}\n{row.output}", log=f"{WORDS * 5}") for row in rows]
    run = make_run(rows)
    began_s, before_s = time.perf_counter(), time.process_time()
    html = render_ab(ab_results(run, rows, a=A, b=B), ab_tasks(rows, a=A, b=B), templates=TEMPLATES)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - before_s
    return {"wall_s": took_s, "cpu_s": cpu_s, "bytes": len(html.encode())}


def query(trials: int) -> dict[str, float]:
    """The paired counts of one run of *trials* trials, half of each candidate, as the store answers them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        with open_store(path):
            pass
        with duckdb.connect(str(path)) as database:
            database.execute(
                """INSERT INTO grade SELECT 'r.jsonl', i, TIMESTAMP '2026-11-20' + to_microseconds(i), 'r', 't' || i // 2,
                sha256('t' || i // 2), 'class-' || i // 2 % 12, if(i % 2 = 0, 'a', 'b'), 0,
                if(hash(i) % 10 < 7, 'resolved', 'not_resolved'), [], NULL, '', 'exact@1', 'x', NULL, 'said ' || i, '',
                0.001, NULL, 100, 20, (hash(i) % 1000) / 1000, 1, NULL FROM range(?) t(i)""",
                [trials],
            )
        with open_store(path) as store:
            began_s, before_s = time.perf_counter(), time.process_time()
            rows = paired_counts(store, "r", a="a", b="b")
            took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - before_s
        assert sum(row.n for row in rows) == trials // 2
        return {"wall_s": took_s, "cpu_s": cpu_s}


def main(what: str, size: int) -> None:
    found = query(size) if what == "query" else page(size, padded=what == "page")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**found, "rss_bytes": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
