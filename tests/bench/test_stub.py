"""The stub server of the benchmarks: what it answers, when, and what it counts."""

import json
import shutil
import statistics
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bench.world import Stub, stub

pytestmark = pytest.mark.skipif(not (shutil.which("gcc") or shutil.which("cc")), reason="no C compiler")
BODY = json.dumps({"model": "stub", "messages": [{"role": "user", "content": "6*7?"}]}).encode()


def ask(server: Stub) -> tuple[str, float]:
    began_s = time.monotonic()
    url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(url, BODY), timeout=10) as reply:
        said = json.load(reply)["choices"][0]["message"]["content"]
    return said, time.monotonic() - began_s


def test_every_reply_waits_and_is_counted(tmp_path):
    with stub(tmp_path, "const", 30) as server:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ask(server), range(24)))
        assert {said for said, _ in answers} == {"42"}
        assert min(took_s for _, took_s in answers) >= 0.03
        seen = server.stats()
        assert seen["requests"] == 24
        assert 1 <= seen["in_flight_max"] <= 8
        server.reset()
        assert server.stats()["requests"] == 0


def test_delays_have_the_median_they_were_given_and_some_answers_differ(tmp_path):
    with stub(tmp_path, "lognormal", 20, 60, 0.5) as server, ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: ask(server), range(400)))
    assert 0.015 < statistics.median(took_s for _, took_s in answers) < 0.08
    different = [said for said, _ in answers if said != "42"]
    assert 100 < len(different) < 300
    assert all(said.isdigit() and len(said) == 2 for said in different)


def test_a_request_nobody_waits_for_is_told(tmp_path):
    with stub(tmp_path, "const", 200) as server:
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/v1/chat/completions", BODY, timeout=0.05)
        time.sleep(0.3)
        assert server.stats()["abandoned"] == 1
