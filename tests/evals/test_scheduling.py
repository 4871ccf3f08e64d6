"""Schedules: which time is due, what was missed, what may be spent, and how others are told to keep time."""

import asyncio
import json
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import Home, Schedule
from harness.core.errors import BudgetError, ConfigError
from harness.core.ids import CandidateId, SuiteName
from harness.evals.notifying import notify
from harness.evals.schedule_exports import calendar, to_cron, to_github, to_systemd
from harness.evals.scheduling import Done, last_slot, limit_usd, month_of, read_done, standing, write_done

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ONE = Schedule(name="nightly", suite=SuiteName("s"), candidates=(CandidateId("a/a"),), cron="0 2 * * *")


@pytest.fixture
def home(tmp_path):
    return Home(root=tmp_path, why="--home", state=tmp_path / ".harness")


def done(days):
    slot = datetime(2026, 11, 21, 2, tzinfo=UTC) - timedelta(days=days)
    return Done(slot=slot, run_id="r", ended_at=slot + timedelta(minutes=9), exit_code=0)


@pytest.mark.parametrize(
    ("before", "due", "missed", "overdue"),
    [(None, True, 0, False), (0, False, 0, False), (1, True, 0, False), (2, True, 1, True), (9, True, 8, True)],
)
def test_where_a_schedule_stands(before, due, missed, overdue):
    found = standing(ONE, NOW, None if before is None else done(before))
    assert (found.due, found.missed, found.overdue) == (due, missed, overdue)
    assert (found.slot, found.next) == (datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 22, 2, tzinfo=UTC))
    assert not standing(replace(ONE, enabled=False), NOW, None).due


def test_a_time_is_due_at_its_very_second():
    at = datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert last_slot(ONE.cron, at) == at
    assert last_slot(ONE.cron, at - timedelta(seconds=1)) == at - timedelta(days=1)


def test_what_was_done_is_remembered(home):
    assert read_done(home) == {}
    write_done(home, "nightly", done(0))
    write_done(home, "weekly", done(3))
    assert read_done(home) == {"nightly": done(0), "weekly": done(3)}
    (home.state / "schedules.json").write_text('{"nightly": {"slot": 3}}')
    with pytest.raises(ConfigError, match="delete it"):
        read_done(home)


def test_a_state_that_cannot_be_written_is_told(home):
    home.state.write_text("a file")
    with pytest.raises(ConfigError):
        write_done(home, "nightly", done(0))


@pytest.mark.parametrize(
    ("run", "month", "spent", "limit"),
    [
        (None, None, "9", None),
        ("1", None, "9", "1"),
        (None, "5", "2", "3"),
        ("1", "5", "2", "1"),
        ("1", "5", "4.5", "0.5"),
    ],
)
def test_the_smaller_limit_holds(run, month, spent, limit):
    money = {"max_cost_usd": run and Decimal(run), "max_month_usd": month and Decimal(month)}
    assert limit_usd(replace(ONE, **money), Decimal(spent)) == (limit and Decimal(limit))


def test_a_month_without_money_stops():
    with pytest.raises(BudgetError, match="max_month_usd"):
        limit_usd(replace(ONE, max_month_usd=Decimal(2)), Decimal(2))
    assert month_of(NOW) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        ("0 2 * * *", ["*-*-* 02:00:00 UTC"]),
        ("*/30 8-18/5 * * *", ["*-*-* 08,13,18:00,30:00 UTC"]),
        ("5 4 1 * 7", ["*-*-01 04:05:00 UTC", "Sun *-*-* 04:05:00 UTC"]),
        ("0 2 * 1,7 1-5", ["Mon,Tue,Wed,Thu,Fri *-01,07-* 02:00:00 UTC"]),
        ("0 2 15 * *", ["*-*-15 02:00:00 UTC"]),
    ],
)
def test_cron_as_systemd_reads_it(cron, times):
    assert calendar(cron) == times


@given(st.integers(0, 59), st.integers(0, 23), st.sampled_from(["*", "1-5", "0,6", "7", "*/2"]))
def test_every_cron_becomes_a_calendar(minute, hour, weekday):
    (time,) = calendar(f"{minute} {hour} * * {weekday}")
    assert f"{hour:02d}:{minute:02d}:00 UTC" in time


def test_exports_name_every_secret_and_quote_what_they_must():
    text = to_github(replace(ONE, alert_env="HOOK", alert_via="apprise", cron="0 2 * * 5-7"), keys={"A_KEY"})
    assert "          A_KEY: ${{ secrets.A_KEY }}\n          HOOK: ${{ secrets.HOOK }}\n" in text
    assert 'pip install "consensus-harness[notify]"' in text
    assert 'cron: "0 2 * * 0,5,6"' in text
    assert "100\\%" in to_cron([ONE, replace(ONE, enabled=False)], home="/a b/100%")
    assert to_cron([ONE, replace(ONE, enabled=False)], home="/h").count("schedule once") == 1
    assert '"/a b/100%%"' in to_systemd(ONE, home="/a b/100%")["harness-nightly.service"]


@pytest.fixture
def server():
    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self):
            kept.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            status = 500 if self.path.startswith("/broken") else 204
            if self.path.startswith("/slow"):
                stop.wait(5)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    kept, stop = [], threading.Event()
    made = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", kept
    stop.set()
    made.shutdown()
    thread.join()
    made.server_close()


def told(address, via="webhook", **more):
    message = {"title": "t", "text": "worse ä"}
    return asyncio.run(notify(message, variable="HOOK", environ={"HOOK": address}, via=via, **more))


def test_a_message_arrives_or_says_why_without_its_address(server):
    address, kept = server
    assert told(f"{address}/token-1234") == ""
    assert kept == [{"title": "t", "text": "worse ä"}]
    assert told(f"{address}/broken/token-1234") == "was answered with status 500"
    for bad in ("http://127.0.0.1:1/token-1234", "token-1234", "ftp://x/token-1234", "http://[token-1234"):
        why = told(bad)
        assert why.startswith("could not be sent: ")
        assert "token" not in why
    assert told(f"{address}/slow", total_s=0.3) == "no answer within 0.3 s"


def test_nobody_to_tell_is_an_error_that_names_the_variable():
    with pytest.raises(ConfigError, match="HOOK is not set"):
        told("")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise imports
def test_apprise_when_it_is_there(server):
    pytest.importorskip("apprise")
    address, kept = server
    assert told(address.replace("http://", "json://"), via="apprise") == ""
    assert kept[0]["message"] == "worse ä"
    assert "no address that Apprise knows" in told("nothing", via="apprise")


def test_apprise_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"consensus-harness\[notify\]"):
        told("json://x", via="apprise")
