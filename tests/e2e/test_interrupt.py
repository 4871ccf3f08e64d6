"""Ctrl-C, once or several times: one line, exit code 130, everything recorded, and the same command goes on."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.cli.interrupts import SAID as SAID_LINE
from harness.cli.interrupts import run_async
from harness.core.response import Failure, FailureKind
from harness.journal import verify
from tests.e2e.home import CHECKOUT, lines_of, make_home, sums
from tests.servers.vendor import Options, Vendor, spawn

TASKS = sums(90)
COMMAND = ("run", "sums", "--models", "v/a,v/b")
SAID = SAID_LINE.rstrip("\n")


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


@pytest.fixture
def handler() -> Iterator[object]:
    before = signal.getsignal(signal.SIGINT)
    yield before
    signal.signal(signal.SIGINT, before)


async def work(seen: list[str], error: BaseException | None = None) -> int:
    if error is not None:
        raise error
    try:
        if seen:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(30)
    finally:
        seen.append("cleaned up")
    return 42


def test_without_ctrl_c_nothing_is_different(handler: object):
    assert run_async(work([])) == 42
    with pytest.raises(ValueError, match="as it was"):
        run_async(work([], ValueError("as it was")))
    with pytest.raises(asyncio.CancelledError):
        run_async(work([], asyncio.CancelledError()))
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_lets_the_work_clean_up(handler: object):
    seen = ["begun"]
    with pytest.raises(KeyboardInterrupt):
        run_async(work(seen))
    assert seen == ["begun", "cleaned up"]
    assert signal.getsignal(signal.SIGINT) is not handler, "a second one is still heard on the way out"


def test_threads_hear_no_signals(handler: object):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: run_async(work([]))).result() == 42
