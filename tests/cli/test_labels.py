"""Figures and words for people."""

from decimal import Decimal
from pathlib import Path

import pytest

from harness.cli import labels


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "unknown"), (Decimal(0), "$0"), (Decimal("0.000011"), "$0.000011"), (Decimal("0.06744"), "$0.0674"),
        (Decimal(2), "$2.00"), (Decimal("1234.5"), "$1234.50"), (Decimal("1e-9"), "$0.000000"),
    ],
)  # fmt: skip
def test_dollars(cost, shown):
    assert labels.dollars(cost) == shown


def test_a_column_of_costs_has_its_points_in_line():
    shown = labels.dollars_alike([Decimal("0.00624"), Decimal("1.5"), Decimal(0), None])
    assert shown == ["$0.00624", "$1.50000", "$0", "unknown"]
    assert labels.dollars_alike([]) == []


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.0, "0.0 s"), (0.05, "0.050 s"), (12.34, "12.3 s"), (300, "300.0 s")]
)
def test_seconds(value, shown):
    assert labels.seconds(value) == shown


def test_a_column_of_durations_is_alike():
    assert labels.seconds_alike([2.0, 0.136, None]) == ["2.000 s", "0.136 s", "–"]


def test_words():
    assert labels.percent(0.9713) == "97.1 %"
    assert labels.percent(None) == "–"
    assert labels.times(8.598) == "8.6 times"
    assert labels.times(None) == "unknown"
    assert labels.listed(["a", "b", "c"]) == "a, b and c"
    assert labels.listed(["a"]) == "a"
    assert labels.listed([]) == "none"
    assert labels.counted(1, "entry") == "1 entry"
    assert labels.counted(2000, "entry") == "2,000 entries"
    assert labels.counted(0, "task") == "0 tasks"
    assert labels.shortened("one\ntwo") == "one"
    assert labels.shortened("abcdef", 4) == "abc…"
    assert labels.shortened(None) == ""
    assert labels.link(Path("/a b/ü.html")) == "file:///a%20b/%C3%BC.html"
