"""Figures, targets and the page they are written to."""

import json
import sys

import pytest

from tests.bench.measure import Figure, spend
from tests.bench.table import as_json, markdown, terminal

MET = Figure(name="tax", value=5.0, at_most=10, rounds=(4.5, 5.0, 6.0), load=(0.02,), detail="5 µs | 1 µs")
MISSED = Figure(name="speed", value=0.5, at_least=0.8)
UNKNOWN = Figure(name="sandbox", value=None, unit="/s", detail="bubblewrap is not installed")


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (MET, True),
        (MISSED, False),
        (UNKNOWN, None),
        (Figure(name="x", value=1.0), None),
        (Figure(name="none", value=1, at_most=0), False),
        (Figure(name="none", value=0, at_most=0), True),
    ],
)
def test_a_target_is_met_missed_or_not_known(figure, met):
    assert figure.met is met


def test_people_and_programs_read_the_same():
    shown = terminal([MET, MISSED, UNKNOWN])
    assert "≤ 10 ×" in shown
    assert "NO" in shown.splitlines()[2]
    told = json.loads(as_json([MET, MISSED, UNKNOWN]))
    assert [each["met"] for each in told["figures"]] == [True, False, None]
    assert "Python" in told["machine"]


def test_the_page_says_how_it_is_made_again():
    page = markdown([MET], ["--write"])
    assert "`.venv/bin/python -m tests.bench --write`" in page
    assert "| tax | 5 × | ≤ 10 × | yes | 4.5 … 6 | 2 % | 5 µs \\| 1 µs |" in page


def test_a_process_is_measured_whole():
    spent = spend([sys.executable, "-c", "import time; b = bytes(64 << 20); time.sleep(0.1); print(len(b))"])
    assert spent.stdout.strip() == str(64 << 20)
    assert spent.wall_s >= 0.1
    assert spent.cpu_s < spent.wall_s
    assert spent.rss_bytes > 8 << 20


def test_a_process_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"exit code 3\nno"):
        spend([sys.executable, "-c", "import sys; sys.stderr.write('no'); sys.exit(3)"])
