"""``harness runs``, ``run``, ``import`` and ``grade``: what was measured, shown and handed on."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from harness.cli.output import visible
from harness.core.trial import Grade
from tests.cli.command_line import A, B, Folder
from tests.cli.recorded import Trial, record

LINES = [
    {
        "task_id": "vat-on-net",
        "model": "vendor/x",
        "text": "<answer>209.87 EUR</answer>",
        "cost_usd": 0.01,
        "latency_s": 1.5,
    },
    {"task_id": "half-even", "model": "vendor/x", "text": "=cmd() <answer>1 EUR</answer>"},
    {"task_id": "vat-on-net", "model": "vendor/y", "text": "I \x1b[31mdo not know\x00"},
]


@pytest.fixture
def imported(home, tmp_path):
    file = tmp_path / "outputs.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)))
    said = home.call("import", "starter", file, "--run-name", "recorded")
    assert said.code == 0, said
    return home


def test_nothing_yet(home):
    assert home.call("runs").out == "nothing has been run yet\n"
    assert home.json("runs") == []
    assert home.call("report").out == "no run of two candidates yet\n"


def test_a_run_is_shown_in_a_table(home):
    said = home.call("run", "starter", "--models", f"{A},{B}", "--limit", "3")
    lines = said.out.splitlines()
    assert lines[0].split() == ["candidate", "resolved", "of", "rate", "cost", "p95", "latency", "otherwise"]
    assert lines[1].startswith(A)
    assert " complete" in lines[-1]
    assert said.err.startswith("next: harness report ab ")
    assert home.call("run", "starter", "--models", A, "--limit", "3", "--fresh").err.startswith(
        "next: harness runs show "
    )


def test_imported_runs_are_found_by_name(imported):
    (row,) = imported.json("runs")
    assert (row["name"], row["origin"], row["candidates"], row["trials"]) == (
        "recorded",
        "import",
        ["vendor/x", "vendor/y"],
        3,
    )
    shown = imported.call("runs", "show", "recorded")
    assert "vendor/x: 1 of 2 resolved (50.0 %)" in shown.out
    assert "format_failure" in shown.out
    assert "\x1b" not in shown.out
    assert imported.call("runs", "show", row["run"][:6]).out == shown.out


def test_import_without_grades_then_grade(home, tmp_path):
    file = tmp_path / "outputs.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)))
    said = home.call("import", "starter", file, "--run-name", "later", "--no-grade")
    assert said.code == 0
    assert said.out.endswith(": 3 outputs stored, none judged\n")
    assert said.err.startswith("next: harness grade ")
    graded = home.call("grade", "later")
    assert graded.code == 0
    assert "3 grades changed" in graded.out
    assert "not judged" in graded.out
    assert "no grade changed" in home.call("grade", "later").out


def test_every_line_of_json(imported):
    said = imported.call("runs", "export", "recorded")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["task_id"] for row in rows] == ["half-even", "vat-on-net", "vat-on-net"]
    assert said.err == ""


def test_a_spreadsheet_finds_no_formula(imported, tmp_path):
    rows = list(csv.DictReader(io.StringIO(imported.call("runs", "export", "recorded", "--format", "csv").out)))
    assert [row["output"] for row in rows if row["task_id"] == "half-even"] == ["'=cmd() <answer>1 EUR</answer>"]
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]


EVIL = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1", "\x1b]8;;http://evil.example/\x07", "\x9b31m", "a\u202eb",
    "nul\x00", "</failure><x/>", "]]>&<!--", 'quote" , "x', "\ud800", "two\r\nlines",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Folder:
    """A run with every one of these as name of a task, detail and output."""
    root = tmp_path_factory.mktemp("hostile") / "home"
    for folder in ("registry", "reports"):
        shutil.copytree(Path(__file__).parents[2] / folder, root / folder)
    rows = [
        Trial(task=text, detail=text, output=text, grade=Grade.NOT_RESOLVED, epoch=epoch, task_class=text)
        for text in EVIL
        for epoch in (0, 1)
        if text != "\ud800" or epoch == 0
    ]
    record(root, "evil", [row for row in rows if row.task != "\ud800"])
    return Folder(root)


def test_csv_of_hostile_texts(hostile):
    text = hostile.call("runs", "export", "evil", "--format", "csv").out
    assert visible(text) == text
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 2 * (len(EVIL) - 1)
    for row in rows:
        for value in row.values():
            assert value.lstrip()[:1] not in {*"=+-@＝"}
    assert "\\x9b31m" in {row["output"] for row in rows}


def test_junit_of_hostile_texts(hostile):
    text = hostile.call("runs", "export", "evil", "--format", "junit").out
    assert visible(text) == text
    cases = ET.fromstring(text).findall("testcase")
    assert len({case.get("name") for case in cases}) == len(cases) == 2 * (len(EVIL) - 1)
    assert {case[0].tag for case in cases} == {"failure"}
    assert "</failure><x/> #1" in {case.get("name") for case in cases}


def test_jsonl_and_parquet_of_hostile_texts_lose_nothing(hostile, tmp_path):
    text = hostile.call("runs", "export", "evil").out
    assert visible(text) == text
    told = {json.loads(line)["output"] for line in text.splitlines()}
    assert hostile.call("runs", "export", "evil", "--format", "parquet", "-o", tmp_path / "x.parquet").code == 0
    with duckdb.connect() as fresh:
        kept = fresh.execute("SELECT output FROM read_parquet($file)", {"file": str(tmp_path / "x.parquet")}).fetchall()
    assert told == {row[0] for row in kept} == {*EVIL} - {"\ud800"}


def test_hostile_names_fit_the_terminal(hostile):
    for words in (["runs"], ["runs", "show", "evil"], ["db", "sql", "SELECT * FROM trial"], ["db", "sql", "FROM task"]):
        shown = hostile.call(*words)
        assert shown.code == 0
        assert visible(shown.out) == shown.out
        assert max(map(len, shown.out.splitlines())) <= 100


def test_the_help_says_what_each_format_does_with_hostile_texts(home):
    said = " ".join(home.call("runs", "export", "--help").out.split())
    for word in ("jsonl, csv, parquet or junit", "apostrophe", "control characters", "infra_error is an error"):
        assert word in said


def test_junit_counts_what_it_holds(imported):
    suite = ET.fromstring(imported.call("runs", "export", "recorded", "--format", "junit").out)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    assert len(suite.findall("testcase")) == 3
    assert len(suite.findall(".//failure")) == 2


def test_parquet_has_one_row_per_trial(imported, tmp_path):
    file = tmp_path / "it's" / "trials.parquet"
    said = imported.call("runs", "export", "recorded", "--format", "parquet", "-o", file)
    assert said == type(said)(0, "", f"{file}: 3 trials\n")
    with duckdb.connect() as fresh:
        found = fresh.execute("SELECT candidate, grade FROM read_parquet($file)", {"file": str(file)}).fetchall()
    assert sorted(found) == [("vendor/x", "not_resolved"), ("vendor/x", "resolved"), ("vendor/y", "format_failure")]


@pytest.mark.parametrize("form", ["jsonl", "csv", "junit", "parquet"])
def test_with_json_the_file_is_named(imported, tmp_path, form):
    file = tmp_path / f"trials.{form}"
    assert imported.json("runs", "export", "recorded", "--format", form, "-o", file)["file"] == str(file)
    assert file.stat().st_size > 0


@pytest.mark.parametrize("argv", [["--format", "xml"], ["--format", "parquet"], ["-o", "/proc/nowhere/x"]])
def test_an_export_that_does_not_work_is_told(imported, argv):
    said = imported.call("runs", "export", "recorded", *argv)
    assert (said.code, said.out) == (2, "")
    assert said.told


def test_the_store_in_tables(measured, tmp_path):
    shown = measured.call(
        "db", "sql", "SELECT candidate, count(*) AS n, sum(cost_usd) AS usd FROM trial GROUP BY ALL ORDER BY ALL"
    )
    assert shown.out.splitlines()[0].split() == ["candidate", "n", "usd"]
    rows = measured.json(
        "db",
        "sql",
        "SELECT 1 AS a, 2 AS a, 1.5::DECIMAL(9,2) AS d, 'nan'::DOUBLE AS n, [1, NULL] AS l, {'k': DATE '2026-11-20'} AS s",
    )
    assert rows == [{"a": 1, "a_2": 2, "d": 1.5, "n": "nan", "l": [1, None], "s": {"k": "2026-11-20"}}]
    exported = measured.json("db", "export", tmp_path / "out")
    assert (tmp_path / "out" / "trial.parquet").exists()
    assert exported[str(tmp_path / "out" / "trial.parquet")] == 86
    assert "trial.parquet" in measured.call("db", "export", tmp_path / "out").out
    assert measured.json("db")["tables"]["trial"] == 86


def test_a_free_query_has_limits(measured):
    some = measured.call("db", "sql", "SELECT task_id FROM trial", "--limit", "3")
    assert len(some.out.splitlines()) == 4
    assert some.err == "the first 3 rows; there are more: --limit N, or 0 for all\n"
    assert len(measured.json("db", "sql", "SELECT task_id FROM trial", "--limit", "0")) == 86
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
    late = measured.call("db", "sql", endless, "--timeout", "0.1")
    assert (late.code, late.out) == (2, "")
    assert late.told.endswith(": no answer within 0.1 s")
    refused = measured.call("db", "sql", "DROP TABLE grade")
    assert refused.code == 2
    assert "must be one SELECT statement" in refused.told


def test_what_no_table_can_hold_is_shown_row_by_row(measured):
    shown = measured.call("db", "sql", "SELECT * FROM trial LIMIT 2")
    assert max(map(len, shown.out.splitlines())) <= 100
    assert [line for line in shown.out.splitlines() if line.startswith("row ")] == ["row 1", "row 2"]
    assert "task_id " in shown.out
    assert "NULL" not in shown.out


HOLDER = """
import sys
from pathlib import Path
from harness.store import open_store
with open_store(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_a_locked_database_stops_no_run_and_is_told_by_the_rest(home):
    database = home.root / ".harness" / "harness.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        ran = home.call("run", "starter", "--models", f"{A},{B}", "--limit", "3")
        refused = home.call("runs")
        holder.communicate("\n")
    assert ran.code == 0, ran
    assert refused.code == 2
    assert f"is in use by process {holder.pid} (" in refused.told
    assert "python" in refused.told
    assert [row["trials"] for row in home.json("runs")] == [6]
