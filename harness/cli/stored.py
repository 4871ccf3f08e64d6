"""The store, brought up to date from the journals, for as long as a question takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.content import Home
from harness.store import Store, open_store

WAIT_S = 1.0
"""For another command to let go of the database: each holds it only as long as a question takes."""


@contextmanager
def open_synced(home: Home) -> Iterator[Store]:
    """The home folder's store with every journal line in it. Held only for the block: nobody keeps the database."""
    with open_store(home.state / "harness.duckdb", wait_s=WAIT_S) as store:
        store.sync(home.state / "journal")
        yield store
