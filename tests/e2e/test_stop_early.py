"""``kill -9`` in the middle of a run that may stop early, then the same command: the decision of an undisturbed run."""

import signal
import time

import pytest

from tests.e2e.home import make_home, sums
from tests.servers.vendor import Options, spawn

pytestmark = pytest.mark.slow

COMMAND = ("run", "sums", "--models", "v/a,v/b", "--concurrency", "4", "--stop-early", "--seed", "2")


def test_the_same_decision_after_a_kill(tmp_path):
    with spawn(Options(faults=0.3, kinds=("wrong_json", "empty", "refusal"), seed=5, latency_ms=20)) as vendor:
        undisturbed = make_home(tmp_path / "one", vendor.base_url, tasks=sums(80)).json(*COMMAND)["stopping"]
        home = make_home(tmp_path / "two", vendor.base_url, tasks=sums(80))
        for lines in (8, 40):
            with home.start(*COMMAND) as process:
                deadline = time.monotonic() + 30
                while not (_lines(home) >= lines or process.poll() is not None):
                    assert time.monotonic() < deadline
                    time.sleep(0.005)
                process.kill()
                assert process.wait(30) == -signal.SIGKILL, "it was over before the kill"
        assert home.json(*COMMAND)["stopping"] == undisturbed
    assert undisturbed["state"] != "open"
    assert undisturbed["seen"] > 10


def _lines(home) -> int:
    found = list((home.root / ".harness" / "journal").glob("*.jsonl"))
    return found[0].read_bytes().count(b"\n") if found else 0
