"""What other people's scripts rely on: the shapes of JSON, and the exit codes. One row per contract."""

import json

import pytest

from tests.cli.command_line import AGREED, NOT_SERVED, VAT, A, B, Folder, call

NUMBER = (int, float)
MAYBE = (int, float, type(None))

OUTCOME = {
    "served": bool, "answer": (str, type(None)), "reason": (str, type(None)), "confidence": MAYBE, "certified": bool,
    "policy": str, "groups": list, "ballots": list, "quorum": dict, "cost_usd": MAYBE, "latency_s": NUMBER, "verdict_id": str,
}  # fmt: skip
GROUP = {"answer": str, "models": list, "weight": NUMBER}
BALLOT = {
    "model": str, "kind": str, "answer": (str, type(None)), "finish": (str, type(None)), "latency_s": MAYBE, "cost_usd": MAYBE,
    "tokens": (dict, type(None)),
}  # fmt: skip
QUORUM = {"declared": int, "called": int, "valid": int, "missing": list}
RUN = {"run": str, "suite": str, "candidates": dict, "complete": bool}
TOTALS = {"trials": int, "resolved": int, "grades": dict, "cost_usd": MAYBE, "tokens": int, "p95_latency_s": MAYBE}
GRADES = {"run": str, "grades": list}
GRADE = {
    "task_id": str, "model": str, "epoch": int, "grade": str, "flags": list, "isolation": (str, type(None)), "detail": str,
}  # fmt: skip
REPLAY = {
    "policy": str, "n": int, "served": int, "coverage": MAYBE, "precision": MAYBE, "calls_mean": MAYBE, "cost_usd": MAYBE,
    "ece": MAYBE, "brier": MAYBE, "aurc": MAYBE, "certified": bool,
}  # fmt: skip
AB = {
    "verdict": str, "a": str, "b": str, "n_paired": int, "success": dict, "cost_per_success": dict, "tokens_per_success": dict,
    "p95_latency_s": dict, "more_tasks_needed": (int, type(None)), "file": str,
}  # fmt: skip
SUCCESS = {"a": MAYBE, "b": MAYBE, "diff": MAYBE, "ci": list, "p": MAYBE}


def holds(shape, value) -> None:
    """*value* has at least the keys of *shape*, each of its type."""
    assert shape.keys() <= value.keys()
    for name, kind in shape.items():
        assert isinstance(value[name], kind), f"{name}: {value[name]!r}"


def prompt(home: Folder, beginning: str) -> str:
    """The whole prompt that begins like this: of a case, or of a question of the demonstration."""
    lines = (home.root / "suites" / "starter" / "cases.jsonl").read_text().splitlines()
    prompts = [json.loads(line)["prompt"] for line in lines]
    from harness.content import Home, load_demo

    prompts += [each.prompt for each in load_demo(Home(root=home.root, why="", state=home.root))]
    return next(str(text) for text in prompts if text.startswith(beginning))


@pytest.mark.parametrize(
    ("beginning", "served", "code"), [(AGREED, True, 0), (VAT, True, 0), (NOT_SERVED, False, 3), ("", False, 3)]
)
def test_ask(home, beginning, served, code):
    text = prompt(home, beginning) if beginning else "a question that no script answers"
    said = home.call("ask", text, "--policy", "starter", "--json")
    outcome = said.json
    holds(OUTCOME, outcome)
    holds(QUORUM, outcome["quorum"])
    for group in outcome["groups"]:
        holds(GROUP, group)
    for ballot in outcome["ballots"]:
        holds(BALLOT, ballot)
    for missing in outcome["quorum"]["missing"]:
        holds({"model": str, "why": str}, missing)
    assert (outcome["served"], said.code) == (served, code)
    assert (outcome["answer"] is None) is not served
    assert (outcome["reason"] is None) is served
    shown = home.call("ask", text, "--policy", "starter")
    assert shown.code == code
    assert shown.out.splitlines()[0] == (outcome["answer"] if served else f"not served: {outcome['reason']}")


def test_run(home):
    said = home.call("run", "starter", "--models", f"{A},{B}", "--limit", "4", "--seed", "1", "--json")
    assert said.code == 0
    assert said.err == ""
    result = said.json
    holds(RUN, result)
    assert list(result["candidates"]) == [A, B]
    for totals in result["candidates"].values():
        holds(TOTALS, totals)
        assert totals["trials"] == 4 == sum(totals["grades"].values())
        assert totals["grades"].get("resolved", 0) == totals["resolved"]
    assert result["complete"] is True
    assert home.json("run", "starter", "--models", f"{A},{B}", "--limit", "4", "--seed", "1") == result, "it continues"


def test_runs_show_and_grade(measured_copy, run_id):
    shown = measured_copy.json("runs", "show", run_id)
    holds(GRADES, shown)
    assert len(shown["grades"]) == 86
    for grade in shown["grades"]:
        holds(GRADE, grade)
    again = measured_copy.json("grade", run_id)
    assert again == shown


def test_replay(measured, run_id):
    result = measured.json("replay", run_id, "--policy", "starter")
    holds(REPLAY, result)
    assert result["n"] == 43
    assert result["coverage"] == result["served"] / 43
    assert result["certified"] is False


def test_report_ab(measured, run_id, tmp_path):
    page = tmp_path / "deep" / "page.html"
    result = measured.json("report", "ab", run_id, "-o", page)
    holds(AB, result)
    holds(SUCCESS, result["success"])
    assert result["file"] == str(page)
    assert page.read_text().startswith("<!doctype html>")
    assert (result["a"], result["b"], result["n_paired"]) == (A, B, 43)
    swapped = measured.call("report", "ab", run_id, "--a", B, "--b", A, "-o", page, "--json")
    assert (swapped.json["verdict"], swapped.code) == ("worse", 3)
    assert swapped.json["success"]["diff"] == -result["success"]["diff"]


def test_report_ab_without_enough_data_exits_5(home):
    run = home.json("run", "starter", "--models", f"{A},{B}", "--limit", "5", "--seed", "3")["run"]
    said = home.call("report", "ab", run, "--json")
    assert (said.json["verdict"], said.code) == ("insufficient", 5)
    assert "Not enough data" in home.call("report", "ab", run).out


@pytest.mark.parametrize(
    ("a", "b", "as_", "relation", "code"),
    [
        ("1,000", "1000", "numeric", "same", 0), ("5", "-5", "numeric", "different", 3), ("-5", "-5.0", "numeric", "same", 0),
        ("-5 EUR", "-5 USD", "numeric", "different", 3), ("yes", "yes", "exact", "same", 0), ('{"a":1}', '{"a": 1}', "json", "same", 0),
    ],
)  # fmt: skip
def test_compare(a, b, as_, relation, code):
    said = call("compare", a, b, "--as", as_, "--json")
    holds({"relation": str, "why": str}, said.json)
    assert (said.json["relation"], said.code) == (relation, code)
    assert call("compare", a, b, "--as", as_).out.startswith(relation)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["ask", "x"], "give either --policy NAME or --models"),
        (["ask", "x", "--policy", "starter", "--models", A], "give either"),
        (["ask", "", "--models", A], "the question is empty"),
        (["ask", "x", "--policy", "nope"], "no policy 'nope'"),
        (["ask", "x", "--models", "nope/x"], "no model 'nope/x'"),
        (["ask", "x", "--models", "route/nope"], "no profile 'nope'"),
        (["ask", "x", "--models", f"{A},{A}"], "named twice"),
        (["ask", "x", "--models", f"{A},{B}", "--quorum", "3"], "--quorum 3"),
        (["ask", "x", "--models", f"{A},{B}", "--quorum", "1"], "--quorum 1"),
        (["ask", "x", "--models", f"{A},{B}", "--compare", "nope"], "no comparator 'nope'"),
        (["ask", "x", "--models", f"{A},{B}", "--compare", "tests"], "give --tests FILE"),
        (["ask", "x", "--models", A, "--quorum", "2"], "--quorum 2: one model is asked alone"),
        (["ask", "x", "--models", A, "--tests", "t.py"], "--tests: one model is asked alone"),
        (["ask", "x", "--policy", "starter", "--compare", "exact"], "--compare exact: a policy decides"),
        (["ask", "x", "--policy", "starter", "--tests", "t.py"], "compares text (value)"),
        (["ask", "x", "--models", A, "--context", "/nowhere"], "/nowhere: cannot be read"),
        (["ask", "x", "--policy", "payments"], "OPENAI_API_KEY is not set"),
        (["run", "nope", "--models", A], "no suite 'nope'"),
        (["run", "starter", "--models", "nope/x"], "no model 'nope/x'"),
        (["run", "starter", "--models", ","], "--models: names no candidate"),
        (["run", "starter", "--models", f"{A},{A}"], "named twice"),
        (["run", "starter", "--models", "builtin/nope"], "no candidate 'builtin/nope'"),
        (["run", "starter", "--models", A, "--epochs", "0"], "--epochs: 0 is below 1"),
        (["run", "starter", "--models", A, "--limit", "0"], "--limit: 0 is below 1"),
        (["run", "starter", "--models", A, "--concurrency", "0"], "--concurrency: 0 is below 1"),
        (["run", "starter", "--models", A, "--timeout", "0"], "--timeout: 0 is not"),
        (["run", "starter", "--models", A, "--max-cost", "much"], "--max-cost: 'much' is not an amount"),
        (["run", "starter", "--models", A, "--max-cost", "-1"], "--max-cost: '-1' is not an amount"),
        (["run", "starter", "--models", A, "--max-cost", "NaN"], "--max-cost: 'NaN' is not an amount"),
        (["run", "starter", "--models", A, "--executor", "moon"], "--executor 'moon'"),
        (["run", "starter", "--models", "openai/gpt-5.5"], "OPENAI_API_KEY is not set"),
        (["import", "starter", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (["runs", "show", "nope"], "'nope'"),
        (["runs", "export", "nope", "-o", "x"], "'nope'"),
        (["grade", "nope"], "'nope'"),
        (["replay", "nope", "--policy", "starter"], "'nope'"),
        (["report", "ab", "nope"], "'nope'"),
        (["suites", "show", "nope"], "no suite 'nope'"),
        (["suites", "validate", "nope"], "no suite 'nope'"),
        (["models", "show", "scripted/carefull"], "did you mean 'scripted/careful'?"),
        (["models", "check", "nope"], "no model 'nope'"),
        (["models", "import", "nope", "x"], "no source 'nope'"),
        (["compare", "1", "2", "--as", "nope"], "no comparator 'nope'"),
        (["compare", "1", "2", "--as", "tests"], "compares behaviour"),
        (["compare", "1", "2", "--as", "numeric", "--context", "/nowhere"], "/nowhere: cannot be read"),
        (["route", "explain", "--needs", "wings"], "no capability 'wings'"),
        (["route", "explain", "--profile", "nope"], "'nope'"),
        (["matrix", "propose"], "nothing has been measured yet"),
        (["matrix", "propose", "--objective", "fame"], "no objective 'fame'"),
        (["audit", "verify"], "no journal yet"),
        (["db", "sql", "DELETE FROM run"], "must be one SELECT"),
        (["init", "/proc/nowhere"], "cannot be written"),
        (["init", "x", "--example", "nope"], "no example 'nope'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_an_error_is_one_line_and_nothing_on_stdout(scaffolded, tmp_path, monkeypatch, argv, told):
    monkeypatch.setenv("HARNESS_HOME", str(scaffolded))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    for flags in ([], ["--json"], ["--quiet"]):
        said = call(*argv, *flags)
        assert said.code == 2, said
        assert said.out == ""
        assert told in said.told


@pytest.mark.parametrize(
    "argv",
    [
        ["models"], ["models", "list"], ["models", "show", A], ["models", "check", A], ["suites"], ["suites", "list"],
        ["suites", "show", "starter"], ["runs"], ["runs", "list"], ["report"], ["matrix"], ["matrix", "propose"], ["matrix", "diff"],
        ["route"], ["route", "explain"], ["audit"], ["audit", "verify"], ["db"], ["db", "sync"], ["db", "sql", "SELECT 1 AS a, 1 AS a"],
        ["doctor"], ["--version"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_json_is_one_document_and_nothing_else(measured, argv):
    said = measured.call(*argv, "--json")
    assert said.code in (0, 3), said
    assert said.json is not None
    assert said.err == ""
    shown = measured.call(*argv)
    assert shown.code == said.code
    assert shown.out
    assert "\x1b" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 120
    assert measured.call(*argv, "--quiet").err == ""


def test_a_budget_that_is_used_up_exits_4_and_more_money_continues(home):
    argv = ["run", "starter", "--models", B]
    stopped = home.call(*argv, "--max-cost", "0.01", "--json")
    assert stopped.code == 4
    assert stopped.json["complete"] is False
    assert stopped.json["candidates"][B]["cost_usd"] <= 0.01
    shown = home.call(*argv, "--max-cost", "0.01")
    assert shown.code == 4
    assert "not complete" in shown.out
    assert "the same command with more money continues it" in shown.out
    done = home.json(*argv, "--max-cost", "5")
    assert (done["complete"], done["run"]) == (True, stopped.json["run"])


def test_what_cannot_be_measured_exits_5(home):
    models = (home.root / "registry" / "models.yaml").read_text()
    dead = "  - {id: dead/model, api: openai-chat, base_url: 'http://127.0.0.1:9/v1', key_env: null, price: {input: 1, output: 1, as_of: 2026-11-20}}\n"
    (home.root / "registry" / "models.yaml").write_text(models + dead)
    said = home.call("run", "starter", "--models", "dead/model", "--limit", "1", "--timeout", "0.2")
    assert said.code == 5, said
    assert "nothing could be measured" in said.out
    assert home.call("models", "check", "dead/model", "--json").code == 3
