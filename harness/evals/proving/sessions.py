"""Runs the tests of one state of a claim and says what was seen."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from harness.core.execution import Ending, TestOutcome
from harness.core.ports import Ran, Sandbox
from harness.evals.environments import PreparedEnvironment
from harness.evals.grading.pytest_config import read_config
from harness.evals.grading.report import Report, last_line
from harness.evals.grading.session import (
    Session,
    import_roots,
    own_installed,
    read_tree_top,
    run_session,
    write_tools,
)
from harness.evals.proving.proof import RunMade

State = Literal["base", "before", "after", "full"]
Scope = Literal["touched", "whole"]

HASH_SEEDS: Final = (0, 1, 2)
WHOLE_S: Final = 600.0
"""For a session of which nothing is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One session to be made."""

    state: State
    scope: Scope
    tree: Path
    files: tuple[str, ...]
    hash_seed: int = 0
    shuffled: bool = False
    timeout_s: float = WHOLE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one session showed."""

    made: RunMade
    files: frozenset[str]
    """It was given."""
    outcomes: Mapping[str, TestOutcome]
    """By test id."""
    broken: Mapping[str, str]
    """Files that could not be collected, and why."""
    messages: tuple[str, ...]
    """Why tests did not pass."""
    finished: bool
    why: str = ""
    """Of a session that did not come to its end."""

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(name for name, outcome in self.outcomes.items() if outcome is TestOutcome.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Where sessions are run."""

    sandbox: Sandbox
    environment: PreparedEnvironment
    args: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    """Folders for the import path, before those that every tree has."""

    async def run(self, order: Order) -> Seen:
        """Make the session of *order*. A session that crashes or hangs is a fact, not an error."""
        with tempfile.TemporaryDirectory(prefix="harness-prove-", ignore_cleanup_errors=True) as name:
            tools = Path(name) / "tools"
            config = await asyncio.to_thread(lambda: read_config(read_tree_top(order.tree)))
            await asyncio.to_thread(write_tools, tools, config)
            roots = tuple(dict.fromkeys((*self.roots, *import_roots(order.tree, config))))
            session = Session(
                files=order.files,
                roots=roots,
                own=own_installed(order.tree, roots, self.environment),
                args=("--continue-on-collection-errors", *self.args),
                timeout_s=order.timeout_s,
                hash_seed=order.hash_seed,
                order_seed=order.hash_seed if order.shuffled else None,
            )
            ran, report = await run_session(session, self.sandbox, self.environment, tree=order.tree, tools=tools)
        return _seen(order, ran, report)


def _seen(order: Order, ran: Ran, report: Report) -> Seen:
    tests = [test for test in report.results if "::" in test.id]
    broken = {test.id: test.message for test in report.results if "::" not in test.id}
    outcomes = {test.id: test.outcome for test in tests}
    counts = Counter(outcome.value for outcome in outcomes.values())
    if broken:
        counts["uncollected_files"] = len(broken)
    made = RunMade(
        state=order.state,
        scope=order.scope,
        hash_seed=order.hash_seed,
        shuffled=order.shuffled,
        wall_s=ran.wall_s,
        counts=dict(sorted(counts.items())),
    )
    return Seen(
        made=made,
        files=frozenset(order.files),
        outcomes=outcomes,
        broken=broken,
        messages=(*broken.values(), *(test.message for test in tests if test.message)),
        finished=report.finished and ran.ending is Ending.EXITED,
        why=_why(ran, report),
    )


def _why(ran: Ran, report: Report) -> str:
    if ran.ending is not Ending.EXITED:
        return f"ended by {ran.ending.value} after {ran.wall_s:.1f} s"
    if not report.finished:
        return last_line(ran.stderr) or "the process ended before the session did"
    return last_line(ran.stdout) if report.exit_code not in (0, 1) else ""
