"""``harness runs``, ``run``, ``import`` and ``grade``: what was measured, shown and handed on."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import duckdb
import pytest

from tests.cli.command_line import A, B

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
