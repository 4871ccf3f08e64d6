"""Ctrl-C, once or several times: one line, exit code 130, everything recorded, and the same command goes on."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.core.response import Failure, FailureKind
from harness.journal import verify
from tests.e2e.home import CHECKOUT, lines_of, make_home, sums
from tests.servers.vendor import Options, Vendor, spawn

TASKS = sums(90)
COMMAND = ("run", "sums", "--models", "v/a,v/b")
SAID = "interrupted: what was recorded is kept, the same command continues"


def interrupt(process: "subprocess.Popen[str]", *pauses_s: float) -> tuple[str, str]:
    """Ctrl-C, and once more after each of *pauses_s*; what the process printed."""
    process.send_signal(signal.SIGINT)
    for pause_s in pauses_s:
        time.sleep(pause_s)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)


def wait_for_calls(process: "subprocess.Popen[str]", vendor: Vendor, count: int) -> None:
    while vendor.stats()["requests"] < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def check_ended(process: "subprocess.Popen[str]", out: str, err: str) -> None:
    assert process.returncode == 130, err
    assert lines_of(err) == [SAID]
    assert out == ""


@pytest.mark.slow
@pytest.mark.parametrize("pauses_s", [(), (0.0,), (0.02,), (0.1, 0.1), (0.001,) * 8], ids=str)
def test_ctrl_c_keeps_what_was_recorded(tmp_path: Path, pauses_s: tuple[float, ...]):
    with spawn(Options(latency_ms=30)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=TASKS)
        with home.start(*COMMAND) as process:
            wait_for_calls(process, vendor, 40)
            out, err = interrupt(process, *pauses_s)
        check_ended(process, out, err)
        found = verify(home.journal)
        assert found.intact
        recorded = {(call.model, call.key) for call in home.calls() if call.reply.cost_usd is not None}
        assert recorded
        seen = vendor.stats()["requests"]
        done = home.json(*COMMAND)
        assert done["complete"] is True
        assert vendor.stats()["requests"] - seen == 2 * len(TASKS) - len(recorded), "recorded calls were sent again"
    assert verify(home.journal).intact


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_a_silent_vendor(tmp_path: Path):
    """What was in flight is on record with the most it can have cost."""
    tasks = [{"id": "silent", "prompt": "[[hang]] 1 + 1?", "expected": 2}, *sums(3)]
    with spawn(Options()) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=tasks)
        with home.start("run", "sums", "--models", "v/a") as process:
            wait_for_calls(process, vendor, 4)
            time.sleep(0.5)
            out, err = interrupt(process)
        check_ended(process, out, err)
    (cancelled,) = [call.reply for call in home.calls() if isinstance(call.reply, Failure)]
    assert (cancelled.kind, cancelled.cost_usd) == (FailureKind.CANCELLED, None)
    assert cancelled.cost_bound_usd


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.6])
def test_ctrl_c_while_it_starts_shows_no_traceback(tmp_path: Path, after_s: float):
    with spawn(Options(latency_ms=30)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=TASKS)
        with home.start(*COMMAND) as process:
            time.sleep(after_s)
            out, err = interrupt(process)
    assert out == ""
    assert f"{CHECKOUT}/harness/" not in err, "Python's own words come only before there is any code of ours"
    if process.returncode == 130:
        assert lines_of(err) in ([SAID], ["interrupted"])
