"""``harness schedule``, ``baseline`` and ``report regression``: a night that is quiet, and one that is not."""

import csv
import io
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from xml.etree import ElementTree as ET

import duckdb
import pytest
from ruamel.yaml import YAML

from harness.report.regression_words import EXIT_CODES
from tests.cli.command_line import A

SCHEDULE = """schedules:
  nightly:
    suite: starter
    candidates: [{candidate}]
    cron: "0 2 * * *"
    max_cost_usd: 1.00
    max_month_usd: 5.00
    alert_env: NIGHT_HOOK
  off: {{suite: starter, candidates: [{candidate}], cron: "0 0 29 2 *", enabled: false}}
"""


@pytest.fixture
def hook(monkeypatch):
    """A real server that keeps what it is sent."""
    kept = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self):
            kept.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("NIGHT_HOOK", f"http://127.0.0.1:{server.server_port}/hidden-path")
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def scheduled(home, candidate=A):
    (home.root / "registry" / "schedules.yaml").write_text(SCHEDULE.format(candidate=candidate))


def spoil(home):
    """The model answers everything wrongly from now on."""
    file = home.root / "suites" / "starter" / "scripted" / f"{A.partition('/')[2]}.jsonl"
    file.write_text(re.sub(r"<answer>.*?</answer>", "<answer>nothing</answer>", file.read_text()))


def nights(home, number):
    for _ in range(number):
        assert home.call("run", "starter", "--models", A, "--fresh", "--quiet").code == 0


@pytest.mark.slow
def test_a_regression_is_found_confirmed_told_and_remembered(home, hook, tmp_path):
    scheduled(home)
    nights(home, 3)
    spoil(home)
    out = tmp_path / "out"
    said = home.call("schedule", "once", "nightly", "--out-dir", out)
    assert said.code == 3, said
    assert "Regression: " in said.out
    assert "confirmed" in said.out
    assert "hidden-path" not in said.out + said.err
    assert "told: NIGHT_HOOK" in said.out
    (message,) = hook
    assert message["verdict"] == "regression"
    assert message["text"].startswith("Regression: ")
    assert {cell["state"] for cell in message["cells"]} == {"new"}
    _outputs_agree(out)
    # The same night again: nothing is paid, nothing is due, the answer stays.
    before = home.json("runs")
    assert home.call("schedule", "run", "--due").out == "nothing is due\n"
    assert home.call("schedule", "once", "nightly").code == 3
    assert len(home.json("runs")) == len(before) == 5
    again = home.call("report", "regression", "starter", "--json")
    assert (again.code, again.json["verdict"]) == (3, "regression")
    assert [cell["cause"] for cell in again.json["cells"] if cell["state"] == "new"] != []


def _outputs_agree(out):
    results = json.loads(next(out.glob("*.results.json")).read_text())
    worse = sum(cell["state"] == "new" for cell in results["cells"])
    suites = ET.fromstring((out / "junit.xml").read_text())
    assert sum(int(suite.get("failures")) for suite in suites) == worse == len(suites.findall(".//failure"))
    rows = list(csv.DictReader(io.StringIO((out / "classes.csv").read_text())))
    assert [row["state"] for row in rows] == [cell["state"] for cell in results["cells"]]
    lines = (out / "annotations.txt").read_text().splitlines()
    assert sum(line.startswith("::error ") for line in lines) == worse
    assert (out / "comment.md").read_text().startswith("<!-- harness:regression:starter -->\n")
    assert results["verdict"]["headline"].split(":")[0] in (out / "summary.md").read_text()
    with duckdb.connect() as fresh:
        (number,) = fresh.execute(
            "SELECT count(*) FROM read_parquet($file)", {"file": str(out / "trials.parquet")}
        ).fetchone()
    assert number == results["run"]["trials"]
    page = next(out.glob("*.html")).read_text()
    assert results["verdict"]["headline"][:40] in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_quiet_night_tells_nobody(home, hook):
    scheduled(home)
    nights(home, 1)
    said = home.call("schedule", "run", "--due", "--json")
    assert said.code == 0
    (night,) = said.json
    assert (night["exit_code"], night["report"]["verdict"], night["confirming"]) == (0, "ok", [])
    assert hook == []
    (listed, off) = home.json("schedule")
    assert (listed["state"], off["state"], listed["missed"]) == ("done", "disabled", 0)


def test_the_first_night_has_nothing_to_compare_with(home, hook):
    scheduled(home)
    said = home.call("schedule", "once", "nightly", "--json")
    assert (said.code, said.json["report"]["verdict"]) == (5, "insufficient")


def test_an_overdue_schedule_is_an_alarm(home, hook):
    scheduled(home)
    assert home.call("schedule", "list").code == 0
    state = home.root / ".harness" / "schedules.json"
    state.parent.mkdir(exist_ok=True)
    entry = {"slot": "2026-01-01T02:00:00+00:00", "run": "x", "ended_at": "2026-01-01T02:10:00+00:00", "exit_code": 0}
    state.write_text(json.dumps({"nightly": entry}))
    said = home.call("schedule", "list")
    assert said.code == 3
    assert "nightly: overdue, " in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines())
    ran = home.call("schedule", "once", "nightly")
    assert "missed: " in ran.out
    assert len(hook) == 1
    assert home.call("schedule", "list").code == 0
    state.write_text("[]")
    assert home.call("schedule", "list").code == 2


def test_the_months_money_is_a_limit(home, hook):
    scheduled(home)
    file = home.root / "registry" / "schedules.yaml"
    file.write_text(file.read_text().replace("max_month_usd: 5.00", "max_month_usd: 0"))
    said = home.call("schedule", "once", "nightly")
    assert said.code == 4
    assert "max_month_usd" in said.told


def test_the_workflow_is_yaml_and_its_commands_exist(home, tmp_path):
    scheduled(home)
    text = home.call("schedule", "export", "nightly").out
    workflow = YAML(typ="safe").load(text)
    assert workflow["on"]["schedule"] == [{"cron": "0 2 * * *"}]
    steps = workflow["jobs"]["nightly"]["steps"]
    (script,) = [step["run"] for step in steps if "harness " in step.get("run", "") and "pip" not in step["run"]]
    command = next(line for line in script.splitlines() if line.startswith("harness ")).split()
    assert command == ["harness", "--home", ".", "schedule", "once", "nightly", "--out-dir", "harness-out"]
    assert home.call(*command[3:6], "--help").code == 0
    files = home.json("schedule", "export", "--format", "systemd", "-o", tmp_path / "units")["files"]
    assert sorted(files) == ["harness-nightly.service", "harness-nightly.timer"]
    assert "OnCalendar=*-*-* 02:00:00 UTC" in (tmp_path / "units" / "harness-nightly.timer").read_text()
    assert "0 2 * * * harness --home" in home.call("schedule", "export", "--format", "cron").out


@pytest.mark.parametrize(
    "argv",
    [
        ("schedule", "once", "weekly"),
        ("schedule", "export", "--format", "airflow"),
        ("report", "regression", "nothing"),
        ("report", "regression", "starter", "--margin", "2"),
        ("report", "regression", "starter", "--baseline", "nothing"),
        ("baseline", "set", "starter", "nothing", "--reason", "why"),
        ("baseline", "clear", "starter"),
    ],
)
def test_what_does_not_work_is_told_in_a_line(home, argv):
    scheduled(home)
    said = home.call(*argv)
    assert (said.code, said.out) == (2, "")
    assert said.told


def test_a_frozen_baseline_stays(home):
    nights(home, 3)
    first, second, last = (row["run"] for row in reversed(home.json("runs")))
    assert home.call("baseline").out == "no baseline is frozen: the last accepted runs are pooled\n"
    assert home.call("baseline", "set", "starter", first, second, "--reason", "first: two", "--who", "ann").code == 0
    (shown,) = home.json("baseline", "show")
    assert (shown["runs"], shown["who"], shown["reason"]) == ([first, second], "ann", "first: two")
    assert "ann" in home.call("baseline", "show", "starter").out
    assert home.json("report", "regression", "starter")["baseline"] == [first, second]
    assert home.json("report", "regression", "starter", "--baseline", first)["baseline"] == [first]
    assert home.call("report", "regression", "starter", "--run", last, "--baseline", last).code == 2
    assert home.call("report", "regression", "starter", "--run", first).code == 2
    assert home.json("baseline", "set", "starter", last, "--reason", "again")["runs"] == [last]
    for argv in (("other", last, "--reason", "x"), ("starter", last, "--reason", " ")):
        assert home.call("baseline", "set", *argv).code == 2
    assert home.call("baseline", "clear", "starter").out == "starter: the last accepted runs are pooled\n"
    assert home.json("baseline") == []


def test_every_verdict_has_an_exit_code():
    assert EXIT_CODES == {"ok": 0, "regression": 3, "suspected": 5, "unmeasured": 5, "insufficient": 5}
