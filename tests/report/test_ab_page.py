"""The page: its numbers are those of the results, it is one inert file, and it is complete for those who cannot see it."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.report import ab_results, ab_tasks, render_ab
from harness.report.page import render_page
from tests.report.kinds import ab_input, make_ab
from tests.report.parsed import Page, assert_inert, tile

A, B = "scripted/careful", "scripted/quick-2026-11"


def _page(run: RunRow, rows: list[TrialRow], templates: Path, *, a: str = A, b: str = B) -> str:
    return render_ab(ab_results(run, rows, a=a, b=b), ab_tasks(rows, a=a, b=b), templates=templates)


def test_numbers_are_those_of_the_results(run, rows, page):
    results = ab_results(run, rows, a=A, b=B)
    success, cost, latency = results["success"], results["cost"], results["latency"]
    shown = [float(number) for number in re.findall(r"[\d.]+(?=%)", tile(page, "success"))]
    assert shown == [round(100 * success["a"]["rate"], 1), round(100 * success["b"]["rate"], 1)]
    assert (
        f"Δ {100 * success['diff']:+.1f} points [−{-100 * success['ci'][0]:.1f}, {100 * success['ci'][1]:+.1f}]"
        in tile(page, "success")
    )
    assert f"${cost['a']['per_success']:.4f} → ${cost['b']['per_success']:.4f}" in tile(page, "cost")
    assert f"ratio {cost['ratio']:.2f}, [{cost['lo']:.2f}, {cost['hi']:.2f}]" in tile(page, "cost")
    assert f"{latency['a']['p95']:.1f} s → {latency['b']['p95']:.1f} s" in tile(page, "latency")
    assert tile(page, "pairs").startswith(
        f"Task by task {results['pairs']['b_better']} : {results['pairs']['a_better']} "
    )
    for line in (results["verdict"]["headline"], *results["verdict"]["why"]):
        assert line in page
    grades = re.findall(
        r'<td class="n">(\d+)</td><td class="n">(\d+)</td>', page.split('id="grades"')[1].split("</table>")[0]
    )
    assert [(int(a), int(b)) for a, b in grades] == [(row["a"], row["b"]) for row in results["grades"]]
    forest = page.split('id="forest-title"')[1].split("</table>")[0]
    for row in results["classes"]:
        assert f"<td>{row['n']}</td><td>{row['a']['rate']:.1%}</td><td>{row['b']['rate']:.1%}</td>" in forest


def test_every_task_is_listed_once_with_its_grades(run, rows, page):
    bodies = [
        attributes for tag, attributes in Page(page).elements if tag == "tbody" and attributes.get("class") == "task"
    ]
    assert len(bodies) == len({body["id"] for body in bodies}) == 120
    results = ab_results(run, rows, a=A, b=B)
    assert sum(body["data-outcome"] == "loss" for body in bodies) == results["pairs"]["a_better"]


def test_the_same_rows_give_the_same_bytes(run, rows, page, templates):
    assert page == _page(run, rows[::-1], templates)


def test_scripted_candidates_are_said_to_be(run, rows, page, templates):
    line = "The candidates of this run are scripted for the demonstration; they are no vendor's model."
    assert line in Page(page).text("strong")
    assert line not in Page(_page(replace(run, scripted=False), rows, templates)).text("strong")


def test_unknown_cost_is_unknown(run, rows, templates):
    page = _page(run, [replace(row, cost_usd=None, tokens_out=None, latency_s=0.0) for row in rows], templates)
    for name in ("cost", "tokens", "latency"):
        assert tile(page, name).count("unknown") == 2
        assert "$0" not in tile(page, name)
    assert "cost known for 0 of 120 trials of A" in tile(page, "cost")


PAGES: dict[str, Callable[[list[TrialRow]], list[TrialRow]]] = {
    "none": lambda rows: [],
    "one": lambda rows: rows[:3],
    "no success": lambda rows: [replace(row, grade=Grade.NOT_RESOLVED) for row in rows[:60]],
    "infra": lambda rows: [replace(row, grade=Grade.INFRA_ERROR) if at % 13 == 1 else row for at, row in enumerate(rows)],
    "epochs": lambda rows: rows[:90] + [replace(row, epoch=1, grade=Grade.RESOLVED) for row in rows[:90]],
    "many classes": lambda rows: [replace(row, task_class=f"class-{row.task_id}") for row in rows],
    "free": lambda rows: [replace(row, cost_usd=Decimal(0)) if row.candidate == A else row for row in rows],
    "dearer": lambda rows: [replace(row, cost_usd=Decimal(9), latency_s=99.0, tokens_out=9) if row.candidate == B else row for row in rows],
    "A alone": lambda rows: [row for row in rows if row.candidate == A],
}  # fmt: skip


@pytest.mark.parametrize("kind", PAGES, ids=str)
def test_every_kind_of_run_has_a_page_that_nests(run, rows, templates, kind: str):
    page = Page(_page(run, PAGES[kind](rows), templates))
    assert (page.open, page.unbalanced) == ([], [])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = [name for _, attributes in page.elements for name in (attributes.get("aria-labelledby") or "").split()]
    assert set(references) <= set(ids)
    assert "nan" not in re.findall(
        r"[a-z]+", " ".join(str(value) for _, attrs in page.elements for value in attrs.values())
    )


def test_names_without_end_are_cut(run, rows, templates):
    endless = "x" * 5_000_000
    few = [
        replace(row, task_id=row.task_id + endless, task_class=endless, detail=endless, grader=endless)
        for row in rows[:6]
    ]
    few = [replace(row, candidate=B + endless, output=endless) if row.candidate == B else row for row in few]
    page = _page(replace(run, name=endless, candidates=(A, B + endless)), few, templates, b=B + endless)
    assert len(page) < 400_000
    assert "bytes cut, sha256" in page


def test_the_policy_admits_exactly_the_style_and_the_script(page):
    parsed = Page(page)
    policy = next(
        attrs["content"] for tag, attrs in parsed.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256("".join(parsed.texts[tag]).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http" not in re.sub(r"http-equiv", "", page.split("</head>")[0].split("<style>")[0])


def test_charts_have_words_and_tables(page):
    elements = Page(page).elements
    charts = [attrs for tag, attrs in elements if tag == "svg"]
    assert len(charts) == 4
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in charts)
    assert sum(attrs.get("class") == "data" for tag, attrs in elements if tag == "details") == 3
    assert all(attrs.get("scope") for tag, attrs in elements if tag == "th")


def test_templates_hold_no_way_around_escaping(templates):
    for path in templates.iterdir():
        text = path.read_text()
        assert "safe" not in re.findall(r"\|\s*(\w+)", text), path
        assert not re.search(r"\sstyle=|\son[a-z]+=|autoescape|innerHTML|eval\(", text), path


@pytest.fixture
def copied(templates: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(templates, tmp_path / "templates"))


def test_an_edited_template_is_used(run, rows, copied):
    (copied / "style.css").write_text("body { color: teal }\r\n")
    assert "body { color: teal }\n" in _page(run, rows, copied)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ab.html.j2", "{{ r.nothing }}", "has no attribute 'nothing'"),
        ("ab.html.j2", "\n{% if %}", r"ab\.html\.j2:2: "),
        ("ab.html.j2", "{% include 'gone' %}", "there is no template 'gone'"),
        ("style.css", "</style>", "holds '</'"),
        ("app.js", None, r"app\.js: cannot be read"),
        ("ab.html.j2", None, r"there is no template 'ab\.html\.j2'"),
    ],
)
def test_templates_that_do_not_hold_together(copied, name, text, said):
    (copied / name).unlink()
    if text is not None:
        (copied / name).write_text(text)
    with pytest.raises(ConfigError, match=said):
        render_page(copied, "ab.html.j2", {"r": {}})


def test_tiles_say_which_way_it_went(run, rows, templates):
    page = _page(run, PAGES["dearer"](rows), templates)
    words = [tile(page, name).split()[-1] for name in ("cost", "latency")]
    assert words == ["dearer", "slower"]
    assert tile(page, "tokens").endswith("fewer tokens")


def test_a_task_shows_its_tests_its_calls_and_both_submissions():
    given = ab_input()
    files = [
        replace(row, answer=json.dumps({"src/vat.py": f"rate = {int(row.candidate == A)}\n", "old.py": None}))
        if row.isolation
        else row
        for row in given.rows
    ]
    made = make_ab(replace(given, rows=files))
    assert_inert(made.html)
    inner = made.html.split('id="task-vat-0003"')[1].split("</tbody>\n<tbody class")[0]
    for said in (
        "Tests: A passed",
        "tests/test_vat.py::test_rounds",
        "=== src/vat.py ===",
        "(deleted)",
        "Submissions, from A to B",
    ):
        assert said in inner
    assert "<del>-rate = 1</del>" in inner
    assert "at try 2" in inner
    assert inner.count("r-1.jsonl:4") == 2


def test_what_is_no_patch_is_shown_as_it_is():
    given = ab_input(3)
    for answer in ('{"a": 1}', "{not json", '{"total": "17"}', "[" * 100_000, "{" * 3):
        made = make_ab(replace(given, rows=[replace(row, answer=answer) for row in given.rows]))
        assert "===" not in made.html.split("<main>")[1].split("<script>")[0]
