"""The read path: a DuckDB database that is filled from journals and can be rebuilt from them at any time.

To ask something new: write ``sql/<name>.sql`` with its header, add a typed door in ``queries.py``, and a test.
"""

from harness.store.database import Exported, Store, Table, open_store
from harness.store.queries import (
    ballots,
    calls,
    cells,
    reviews,
    run,
    runs,
    spent_usd,
    trial_tests,
    trials,
    verdict,
    verdict_ballots,
    verdicts,
)
from harness.store.rows import BallotRow, CellRow, ReviewRow, Spent, TestRow, VerdictRow
from harness.store.sync import Synced

__all__ = [
    "BallotRow",
    "CellRow",
    "Exported",
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
    "open_store",
    "reviews",
    "run",
    "runs",
    "spent_usd",
    "trial_tests",
    "trials",
    "verdict",
    "verdict_ballots",
    "verdicts",
]
