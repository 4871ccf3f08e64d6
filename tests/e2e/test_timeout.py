"""``--timeout``: how long one call may take, retries included."""

from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.response import Failure, FailureKind
from harness.transport import Deadlines
from tests.e2e.home import make_home, sums
from tests.servers.vendor import Options, spawn


@pytest.mark.slow
def test_a_silent_model_is_given_up_and_the_others_are_heard(tmp_path: Path):
    tasks = [
        {"id": "hang", "prompt": "[[hang]] What is 1 + 1?", "expected": 2},
        {"id": "stall", "prompt": "[[stall]] What is 2 + 2?", "expected": 4},
        {"id": "later", "prompt": "[[429_seconds]] What is 3 + 3?", "expected": 6},
        *sums(3),
    ]
    with spawn(Options(retry_after_s=60)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=tasks)
        done = home.json("run", "sums", "--models", "v/a", "--timeout", "1.5")
        assert vendor.stats()["requests"] == len(tasks), "who asks to wait longer than the deadline is not waited for"
    assert done["candidates"]["v/a"]["grades"] == {"resolved": 3, "limit": 2, "infra_error": 1}
    failures = [call.reply for call in home.calls() if isinstance(call.reply, Failure)]
    kinds = sorted(failure.kind for failure in failures)
    assert kinds == [FailureKind.THROTTLED, FailureKind.TIMEOUT, FailureKind.TIMEOUT]
    assert all("1.5 s" in failure.message for failure in failures if failure.kind is FailureKind.TIMEOUT)


def test_no_deadline_is_longer_than_the_total():
    assert Deadlines.within(3) == Deadlines(connect_s=3, first_byte_s=3, idle_s=3, total_s=3)
    assert Deadlines.within(100) == Deadlines(first_byte_s=100, total_s=100)
    assert Deadlines.within(Deadlines().total_s) == Deadlines()


def test_a_longer_total_gives_models_longer_to_think():
    assert Deadlines.within(900) == Deadlines(first_byte_s=360, idle_s=180, total_s=900)


@pytest.mark.parametrize("total_s", [0.0, -1.0, float("nan")])
def test_a_total_is_above_zero(total_s: float):
    with pytest.raises(ConfigError, match="is not above 0 seconds"):
        Deadlines.within(total_s)
