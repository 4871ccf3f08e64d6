"""Schedules: defaults, and cron lines that mean something."""

from decimal import Decimal

import pytest

from harness.content import load_schedules
from harness.content.schedules import parse_cron
from harness.core.errors import FaultsError


def test_a_schedule_and_its_defaults(folder):
    assert load_schedules(folder.home) == {}
    folder.write(
        "registry/schedules.yaml",
        """schedules:
  nightly: {suite: ledger, candidates: [a/a, consensus/p], cron: "0 2 * * *", max_cost_usd: 5.00, alert_env: HOOK}
""",
    )
    nightly = load_schedules(folder.home)["nightly"]
    assert (nightly.suite, nightly.candidates, nightly.cron) == ("ledger", ("a/a", "consensus/p"), "0 2 * * *")
    assert (nightly.max_cost_usd, nightly.epochs, nightly.limit, nightly.baseline) == (
        Decimal("5.00"),
        1,
        None,
        "previous",
    )
    assert (nightly.margin, nightly.propose_matrix, nightly.enabled, nightly.alert_env) == (0.03, False, True, "HOOK")


def test_all_faults_come_together(folder):
    folder.write(
        "registry/schedules.yaml",
        "schedules:\n  a b: {suite: x, candidates: [], cron: daily}\n  c: {suite: ../x, candidates: [a/a], cron: '0 2 * * *', maxcost: 1, alert_env: a-b}\n",
    )
    with pytest.raises(FaultsError) as caught:
        load_schedules(folder.home)
    assert {fault.place for fault in caught.value.faults} == {
        "schedules.a b",
        "schedules.a b.candidates",
        "schedules.a b.cron",
        "schedules.c.suite",
        "schedules.c.maxcost",
        "schedules.c.alert_env",
    }


@pytest.mark.parametrize("line", ["0 2 * * *", "*/15 0-6,12 1 1 0-7", " 5  4 * * 1 "])
def test_cron_lines_that_are_read(line):
    assert parse_cron(line) == " ".join(line.split())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("0 2 * *", "is not five fields"),
        (7, "is not five fields"),
        ("60 2 * * *", "minute: '60' is not within 0-59"),
        ("0 6-2 * * *", "hour: '6-2' is not within"),
        ("0 2 0 * *", "day: '0' is not within 1-31"),
        ("0 2 * jan *", "month: 'jan' is no number"),
        ("*/0 2 * * *", "minute: '\\*/0' has a step of 0"),
        ("0 2 * * 8", "weekday: '8' is not within"),
    ],
)
def test_cron_lines_that_are_refused(line, problem):
    with pytest.raises(ValueError, match=problem):
        parse_cron(line)
