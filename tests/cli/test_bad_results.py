"""Results nobody hopes for: each has a defined verdict or one line that says what would work; nothing is dropped unsaid."""

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from harness.core.execution import Isolation
from harness.core.trial import Grade
from tests.cli.command_line import Folder
from tests.cli.recorded import NEW, OLD, record, trials

YES, NO, INFRA = True, False, Grade.INFRA_ERROR
MIXED = [YES, NO, YES, YES, NO, YES, YES, NO, YES, YES]


def old(grades, **fields):
    return trials(grades, candidate=OLD, **fields)


def new(grades, **fields):
    return trials(grades, candidate=NEW, **fields)


RUNS = {
    "no-shared-task": old(MIXED) + new(MIXED, first=100),
    "one-candidate": old(MIXED),
    "few-ties": old(MIXED) + new(MIXED),
    "many-ties": old(MIXED * 30) + new(MIXED * 30),
    "no-success": old([NO] * 10) + new([NO] * 10),
    "one-task": old([YES]) + new([NO]),
    "unequal-epochs": [row for epoch in range(3) for row in old(MIXED, epoch=epoch)] + new(MIXED),
    "no-prices": old(MIXED, cost_usd=None) + new([YES] * 10, cost_usd=None),
    "some-prices": old(MIXED) + new([YES] * 10, cost_usd=None),
    "free": old(MIXED, cost_usd=Decimal(0)) + new([YES] * 10, cost_usd=Decimal(0)),
    "classes-of-one": old(MIXED, classes=10) + new([YES] * 10, classes=10),
    "infra": old([*MIXED[:6], *[INFRA] * 4]) + new(MIXED),
    "all-infra": old([INFRA] * 10) + new([INFRA] * 10),
    "some-changed": old(MIXED) + new(MIXED[:8], digest="d") + new(MIXED[8:], first=8, digest="other"),
    "all-changed": old(MIXED) + new(MIXED, digest="other"),
    "all-lost": old([YES] * 30) + new([NO] * 30),
    "many-lost": old([YES] * 45) + new([NO] * 45),
}
OPEN_RUNS = {"going": old(MIXED) + new(MIXED[:4]), "just-begun": [], "one-side": old(MIXED)}
SIDES = {
    "before": old(MIXED),
    "after": old([NO, *MIXED[1:]]),
    "three-epochs": [row for epoch in range(3) for row in old(MIXED, epoch=epoch)],
    "some-epochs": [row for epoch in range(3) for row in old(MIXED[: 10 - (epoch == 1)], epoch=epoch)],
    "three-other": [row for epoch in range(3) for row in old([NO, *MIXED[1:]], epoch=epoch)],
    "fewer": old(MIXED[:7]),
    "other-tasks": old(MIXED, first=100),
    "edited": old(MIXED[:8]) + old(MIXED[8:], first=8, digest="other"),
    "rewritten": old(MIXED, digest="other"),
    "strict": old(MIXED, isolation=Isolation.STRICT),
    "bare": old(MIXED, isolation=Isolation.NONE),
    "regraded": old(MIXED, grader="numeric@2"),
    "other-model": new(MIXED),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Folder:
    """With all of these runs on record."""
    root: Path = tmp_path_factory.mktemp("odd") / "home"
    content = Path(__file__).parents[2]
    for folder in ("registry", "reports"):
        shutil.copytree(content / folder, root / folder)
    for name, rows in (RUNS | SIDES).items():
        record(root, name, rows)
    for name, rows in OPEN_RUNS.items():
        record(root, name, rows, finished=False, candidates=(OLD, NEW))
    record(root, "elsewhere", old(MIXED), suite="another")
    return Folder(root)


def finite(value) -> bool:
    """Nothing in *value* is NaN or infinite; Python's own reader would let both pass."""
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, list):
        return all(map(finite, value))
    return not isinstance(value, float) or value - value == 0


AB = [
    # run, exit code, verdict (None: refused), what is said
    ("no-shared-task", 5, "insufficient", "share no measured task"),
    ("one-candidate", 2, None, "needs two different candidates; there are: acme/old"),
    ("few-ties", 5, "insufficient", "neither a difference nor equivalence"),
    ("many-ties", 0, "equivalent", r"within ±3 points"),
    ("no-success", 5, "insufficient", "Success differs by 0.0 percentage points on 10 tasks"),
    ("one-task", 5, "insufficient", "on 1 task"),
    ("unequal-epochs", 5, "insufficient", "20 trials of A and 0 of B have no partner and were left out"),
    ("no-prices", 5, "insufficient", "Success differs by"),
    ("some-prices", 5, "insufficient", "Success differs by"),
    ("free", 5, "insufficient", "Success differs by"),
    ("classes-of-one", 5, "insufficient", "Success differs by"),
    ("infra", 5, "insufficient", r"It could not be measured: 40.0% of A's trials"),
    ("all-infra", 5, "insufficient", r"It could not be measured: 100.0% of A's trials"),
    ("some-changed", 5, "insufficient", "2 tasks met the candidates with different content"),
    ("all-changed", 5, "insufficient", "10 tasks met the candidates with different content"),
    ("all-lost", 3, "worse", "acme/new is worse than acme/old"),
    ("going", 5, "insufficient", "The run is not complete: 14 of 20 trials"),
    ("just-begun", 5, "insufficient", "share no measured task"),
    ("one-side", 5, "insufficient", "The run is not complete: 10 of 20 trials"),
]


@pytest.mark.parametrize(("run", "code", "verdict", "said"), AB, ids=[row[0] for row in AB])
def test_report_ab(home, tmp_path, *, run, code, verdict, said):
    page = tmp_path / "page.html"
    shown = home.call("report", "ab", run, "-o", page, "--json")
    assert shown.code == code, shown
    if verdict is None:
        assert said in shown.told
        assert not page.exists()
        return
    results = json.loads(page.with_suffix(".results.json").read_text())
    assert shown.json["verdict"] == results["verdict"]["verdict"] == verdict
    lines = [results["verdict"]["headline"], *results["verdict"]["why"], *(line["text"] for line in results["health"])]
    assert said in " ".join(lines)
    assert finite(shown.json)
    assert finite(results)
    assert not re.search(r"(?<![\w-])(nan|inf|infinity|NaN|Infinity)(?![\w-])", page.read_text().split("<body", 1)[1])


def test_what_fell_out_is_said_in_the_terminal_too(home, tmp_path):
    shown = home.call("report", "ab", "some-changed", "-o", tmp_path / "page.html")
    said = " ".join(shown.out.split())
    assert "2 trials of A and 2 of B have no partner and were left out." in said
    assert "2 tasks met the candidates with different content." in said
    assert "The run is not complete" in home.call("report", "ab", "going", "-o", tmp_path / "page.html").out


def test_what_is_not_known_is_null_and_not_zero(home, tmp_path):
    unpriced = home.call("report", "ab", "no-prices", "-o", tmp_path / "p.html", "--json").json["cost_per_success"]
    assert unpriced == {"a": None, "b": None, "ratio": None, "ci": None}
    half = home.call("report", "ab", "some-prices", "-o", tmp_path / "p.html", "--json").json["cost_per_success"]
    assert (half["b"], half["ratio"]) == (None, None)
    assert half["a"] > 0
    failing = home.call("report", "ab", "no-success", "-o", tmp_path / "p.html", "--json").json
    assert failing["cost_per_success"]["a"] is None
    assert failing["success"]["a"] == failing["success"]["b"] == 0


COMPARED = [
    # words after `runs compare`, exit code, what is said
    (["no-shared-task"], 2, "acme/old and acme/new share no task"),
    (["before", "other-tasks"], 2, "runs before and other-tasks share no task"),
    (["before", "elsewhere"], 2, "run before is of suite 'odd', run elsewhere of 'another'"),
    (["one-candidate"], 2, "needs two different candidates; there are: acme/old; or name a second run"),
    (["before", "few-ties", "--b", "nobody"], 2, "--b: run few-ties has no candidate 'nobody'; there are: acme/old"),
    (["few-ties", "many-ties"], 2, "say which candidates with --a and --b"),
    (["few-ties", "--a", OLD, "--b", OLD], 2, "needs two different candidates"),
    (["few-ties"], 5, "no task flipped"),
    (["many-ties"], 0, "acme/new is equivalent to acme/old within ±3 points"),
    (["no-success"], 5, "Not enough data to tell acme/new from acme/old"),
    (["one-task"], 5, "1 task flipped: 1 lost, 0 won"),
    (["all-lost"], 3, "acme/new is worse than acme/old by more than 3 points"),
    (["no-prices"], 5, "p95 latency"),
    (["free"], 5, "cost per resolved task: A $0.00, B $0.00"),
    (["classes-of-one"], 5, "class-9"),
    (["infra"], 5, "Could not be measured"),
    (["all-infra"], 5, "Could not be measured"),
    (["before", "after"], 5, "t0 class-0 lost resolved not_resolved"),
    (["before", "other-model"], 5, "acme/new (other-model) from acme/old (before)"),
    (["before", "three-epochs"], 2, "unequal epochs: 1 against 3; --common compares those that both have"),
    (["before", "three-epochs", "--common"], 5, "0 trials of A and 20 of B have no partner: left out"),
    (["before", "fewer"], 2, "unequal tasks: fewer lacks 3 tasks (t7, t8, t9) of the other; --common compares the 7"),
    (["before", "fewer", "--common"], 5, "3 trials of A and 0 of B have no partner"),
    (["before", "edited"], 2, "2 tasks (t8, t9) changed between the runs; --common leaves them out"),
    (["before", "edited", "--common"], 5, "2 tasks changed between the two: left out"),
    (["before", "rewritten", "--common"], 2, "the content of every task changed between runs before and rewritten"),
    (["strict", "bare"], 2, "isolation differs: strict against none (task t0); run both where harness doctor shows"),
    (["strict", "bare", "--common"], 2, "isolation differs"),
    (["before", "regraded"], 2, "judged differently: numeric@1 against numeric@2 (task t0); harness grade RUN"),
    (["going"], 2, "acme/new lacks 6 tasks (t4, t5, t6, …) of the other; run going is not complete"),
    (["going", "--common"], 5, "Run going is not complete: it may still be going"),
    (["one-side"], 2, "run one-side has no graded trial of acme/new yet; run one-side is not complete"),
    (["just-begun"], 2, "run just-begun has no graded trial of acme/old yet"),
    (["before", "nowhere"], 2, "no run 'nowhere'; there are: "),
    (["many-lost"], 3, "5 more: --json has all"),
    (["some-epochs", "three-epochs"], 2, "unequal epochs: in 1 task (t9); --common compares those that both have"),
    (["before", "three-epochs", "--common", "--a", OLD], 5, "Not enough data to tell three-epochs from before"),
    (["three-epochs", "three-other"], 5, "3 of 3 resolved"),
    (["few-ties", "--margin", "nan"], 2, "--margin: nan is not between 0 and 1"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "said"), COMPARED, ids=["_".join(row[0]) for row in COMPARED])
def test_runs_compare(home, words, code, said):
    shown = home.call("runs", "compare", *words)
    assert shown.code == code, shown
    if code == 2:
        assert said in shown.told
        assert shown.out == ""
        return
    assert said in " ".join((shown.out + shown.err).split())
    assert max(map(len, shown.out.splitlines())) <= 100


@pytest.mark.parametrize("run", ["few-ties", "no-success", "no-prices", "all-infra", "one-task"])
def test_the_comparison_in_numbers(home, run):
    document = home.call("runs", "compare", run, "--json")
    assert (document.code, document.json["verdict"]) == (5, "insufficient")
    assert finite(document.json)


def test_swapping_the_sides_mirrors_the_comparison(home):
    there = home.call("runs", "compare", "before", "after", "--json").json
    back = home.call("runs", "compare", "after", "before", "--json").json
    assert there["success"]["diff"] == -back["success"]["diff"] == -0.1
    assert [(task["task_id"], task["change"]) for task in there["flipped"]] == [("t0", "lost")]
    assert [(task["task_id"], task["change"]) for task in back["flipped"]] == [("t0", "won")]


@pytest.mark.parametrize("run", ["infra", "no-prices", "unequal-epochs", "just-begun"])
def test_an_odd_run_is_shown_and_exported(home, tmp_path, run):
    shown = home.call("runs", "show", run)
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 100
    for form in ("jsonl", "csv", "junit", "parquet"):
        assert home.call("runs", "export", run, "--format", form, "-o", tmp_path / f"x.{form}").code == 0


def test_a_page_takes_the_place_of_a_page_and_of_nothing_else(home, tmp_path):
    page, notes, folder = tmp_path / "page.html", tmp_path / "notes.html", tmp_path / "folder.html"
    for _ in range(2):
        assert home.call("report", "ab", "many-ties", "-o", page).code == 0
    notes.write_text("my own notes")
    refused = home.call("report", "ab", "many-ties", "-o", notes)
    assert refused.code == 2
    assert "notes.html: exists and is no HTML page: it is left as it is; choose another name with -o" in refused.told
    assert notes.read_text() == "my own notes"
    folder.mkdir()
    assert home.call("report", "ab", "many-ties", "-o", folder).told.endswith(": cannot be written: Is a directory")
