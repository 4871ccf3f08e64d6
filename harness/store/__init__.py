"""The read path: a DuckDB database that is filled from journals and can be rebuilt from them at any time.

To ask something new: write ``sql/<name>.sql`` with its header, add a typed door in ``queries.py``, and a test.
"""

from harness.store.database import Exported, Store, Table, open_store
from harness.store.queries import (
    ballots,
    calls,
    cells,
    find_verdict,
    review_queue,
    reviews,
    run,
    runs,
    spent_usd,
    trial_tests,
    trials,
    verdict,
    verdict_ballots,
    verdict_lines,
    verdicts,
)
from harness.store.rows import BallotRow, CellRow, QueueRow, ReviewRow, Spent, TestRow, VerdictRow
from harness.store.sync import Synced

__all__ = [
    "BallotRow",
    "CellRow",
    "Exported",
    "QueueRow",
    "ReviewRow",
    "Spent",
    "Store",
    "Synced",
    "Table",
    "TestRow",
    "VerdictRow",
    "ballots",
    "calls",
    "cells",
    "find_verdict",
    "open_store",
    "review_queue",
    "reviews",
    "run",
    "runs",
    "spent_usd",
    "trial_tests",
    "trials",
    "verdict",
    "verdict_ballots",
    "verdict_lines",
    "verdicts",
]
