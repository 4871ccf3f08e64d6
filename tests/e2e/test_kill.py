"""``kill -9`` at any moment, then the same command: nothing acknowledged is asked again, and the rows are the same."""

import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.core.response import Failure, FailureKind
from harness.journal import verify
from tests.e2e.home import Home, Row, make_home, sums
from tests.servers.vendor import Options, Vendor, spawn

pytestmark = pytest.mark.slow

CONCURRENCY = 16
TASKS = sums(200)
COMMAND = ("run", "sums", "--models", "v/a,v/b", "--concurrency", str(CONCURRENCY))
PANEL = ("run", "sums", "--models", "consensus/p", "--concurrency", str(CONCURRENCY))
FAULTS = ("not_json", "wrong_json", "empty", "refusal")
"""Lasting ones: how a prompt ends does not depend on how often it was asked."""
KILLS_PER_RUN = 5
RUNS = 4


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What an undisturbed run leaves."""

    result: dict[str, Any]
    rows: set[Row]
    journal: str
    journal_bytes: int


@dataclass(slots=True)
class Witness:
    """Compares what the server was asked with what was on record, session by session."""

    vendor: Vendor
    home: Home
    journal: Path
    at_once: int = CONCURRENCY
    seen: int = 0
    """Entries of the server's log that belong to sessions that are over."""
    recorded: set[tuple[str, str]] = field(default_factory=set)
    """Model and prompt of every call that was on record when the last session ended."""

    def check(self) -> None:
        """A session is over."""
        log = self.settled()
        asked = Counter((entry["model"], entry["prompt"]) for entry in log)
        assert not self.recorded & set(asked), "a call that was on record was sent again"
        assert max(asked.values(), default=1) == 1, "a session asked the same thing twice"
        recorded = self.acknowledged()
        assert self.recorded <= recorded, "a call that was on record is gone"
        assert len(set(asked) - recorded) <= self.at_once, "more was in flight than may be"
        self.seen, self.recorded = self.seen + len(log), recorded

    def acknowledged(self) -> set[tuple[str, str]]:
        calls = self.home.calls(self.journal) if self.journal.exists() else []
        found = Counter(
            (call.model.removeprefix("v/"), call.request.messages[-1].content)
            for call in calls
            if call.request is not None
            and not (isinstance(call.reply, Failure) and call.reply.kind is FailureKind.CANCELLED)
        )
        assert max(found.values(), default=1) == 1, "a call is on record twice"
        return set(found)

    def settled(self) -> list[dict[str, Any]]:
        """What is new in the server's log, once it has read all that a dead client had sent."""
        log = self.vendor.log(self.seen)
        while True:
            time.sleep(0.05)
            more = self.vendor.log(self.seen)
            if len(more) == len(log):
                return more
            log = more


def options() -> Options:
    return Options(faults=0.08, kinds=FAULTS, seed=5, latency_ms=4)


def undisturbed_run(folder: Path, command: tuple[str, ...], tasks: list[dict[str, Any]]) -> Undisturbed:
    with spawn(options()) as vendor:
        home = make_home(folder, vendor.base_url, tasks=tasks)
        result = home.json(*command)
        assert {entry["kind"] for entry in vendor.log()} == {"ok", *FAULTS}
    return Undisturbed(result, home.rows(result["run"]), home.journal.name, home.journal.stat().st_size)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed_run(tmp_path_factory.mktemp("undisturbed"), COMMAND, TASKS)


def kill_when(process: "subprocess.Popen[str]", journal: Path, size: int, delay_s: float) -> None:
    """``kill -9`` a moment after the journal has grown to *size* bytes."""
    while not (journal.exists() and journal.stat().st_size >= size):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    time.sleep(delay_s)
    process.kill()
    assert process.wait(30) == -signal.SIGKILL, "it was over before the kill"


def kill_often(witness: Witness, command: tuple[str, ...], journal_bytes: int, rng: random.Random) -> None:
    """Kill *command* several times on its way."""
    for moment in sorted(rng.uniform(0.0, 0.9) for _ in range(KILLS_PER_RUN)):
        with witness.home.start(*command) as process:
            kill_when(process, witness.journal, int(moment * journal_bytes), rng.uniform(0, 0.02))
        witness.check()


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_same_command_after_kills_pays_for_nothing_twice(tmp_path: Path, undisturbed: Undisturbed, seed: int):
    with spawn(options()) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=TASKS)
        witness = Witness(vendor, home, tmp_path / ".harness" / "journal" / undisturbed.journal)
        kill_often(witness, COMMAND, undisturbed.journal_bytes, random.Random(seed))
        result = home.json(*COMMAND)
        witness.check()
        paid = [times for prompts in vendor.stats()["paid"].values() for times in prompts.values()]
    assert len(paid) == len(witness.recorded) == 2 * len(TASKS)
    assert sum(paid) <= 2 * len(TASKS) + KILLS_PER_RUN * CONCURRENCY
    assert result["complete"] is True
    for candidate, totals in undisturbed.result["candidates"].items():
        assert {**result["candidates"][candidate], "p95_latency_s": 0} == {**totals, "p95_latency_s": 0}
    assert home.rows(result["run"]) == undisturbed.rows
    assert verify(witness.journal).intact


def test_a_panel_that_was_killed_decides_the_same(tmp_path: Path):
    """What its members cost may differ: which of them was not waited for depends on the moment."""
    tasks = TASKS[:100]
    whole = undisturbed_run(tmp_path / "undisturbed", PANEL, tasks)
    with spawn(options()) as vendor:
        home = make_home(tmp_path / "killed", vendor.base_url, tasks=tasks)
        witness = Witness(vendor, home, tmp_path / "killed" / ".harness" / "journal" / whole.journal, 3 * CONCURRENCY)
        with home.start(*PANEL) as process:
            kill_when(process, witness.journal, whole.journal_bytes // 2, 0.0)
        recorded = witness.acknowledged()
        seen = len(witness.settled())
        result = home.json(*PANEL)
        again = {(entry["model"], entry["prompt"]) for entry in vendor.log(seen)}
        assert not recorded & again, "a call that was on record was sent again"
    assert [row[:5] for row in sorted(home.rows(result["run"]))] == [row[:5] for row in sorted(whole.rows)]


def test_a_finished_run_is_not_asked_again(tmp_path: Path):
    with spawn(Options(latency_ms=1)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=sums(20))
        first = home.json(*COMMAND)
        again = home.json(*COMMAND)
        assert vendor.stats()["requests"] == 40
    assert again == first


def test_two_at_once_pay_once(tmp_path: Path):
    """One of two identical commands writes the journal; the other is told so, or finds everything done."""
    with spawn(Options(latency_ms=1)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=sums(20))
        for _ in range(3):
            with home.start(*COMMAND) as one, home.start(*COMMAND) as other:
                told = [process.communicate(timeout=60)[1] for process in (one, other)]
            codes = [process.returncode for process in (one, other)]
            assert 0 in codes, told
            assert set(codes) <= {0, 2}, told
            assert vendor.stats()["requests"] == 2 * 20
    assert verify(home.journal).intact
