"""Which files a single request shows: what the statement speaks of, within the budget, and an outline of the rest."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import Home, load_suite
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import RepoTask, SolverLimits, Task
from harness.evals.benches import reference_files
from harness.evals.grading import base_tree, read_tree
from harness.evals.solvers.patch import budget_tokens, choose_files
from harness.evals.solvers.repo_map import BYTES_PER_TOKEN, Module, choose, module_of, rank, words
from tests.engine.cases import card

TREE = {
    "src/book/money.py": "def parse(text):\n    return int(text)\n\n\nclass Amount:\n    pass\n",
    "src/book/report.py": "async def render(x):\n    return x\n",
    "tests/test_money.py": "def test_parse(): pass\n",
    "README.md": "# book\n",
    "pyproject.toml": "[project]\n",
}
MANY = 20_000


def task(prompt: str = "?", files: tuple[str, ...] = ()) -> Task:
    repo = RepoTask(base_commit=None, f2p=("t::x",), reference_patch="", hidden={}, files=files)
    return Task(id=TaskId("t"), task_class=TaskClass("python.bugfix"), prompt=prompt, repo=repo, digest="d")


def test_files_that_the_task_names_are_shown_and_no_others():
    shown = choose_files(task(files=("README.md", "src/book/new.py", "src/book/report.py")), TREE, 1)
    assert list(shown.files) == ["README.md", "src/book/report.py"], "there is no new.py yet"
    assert shown.outline == ""


@pytest.mark.parametrize(
    ("prompt", "first"),
    [
        ("tests/test_money.py fails.", "tests/test_money.py"),
        ("See report.py.", "src/book/report.py"),
        ("Amount has no sign.", "src/book/money.py"),
        ("render() is slow.", "src/book/report.py"),
        ("The money is wrong.", "src/book/money.py"),
        ("pyproject.toml names no version.", "pyproject.toml"),
        ("Something is wrong.", "src/book/report.py"),
    ],
)
def test_what_the_statement_mentions_comes_first(prompt, first):
    assert next(iter(choose(prompt, TREE, MANY).files)) == first


def test_tests_and_texts_come_last():
    assert rank("?", TREE)[-3:] == ["tests/test_money.py", "README.md", "pyproject.toml"]


def test_a_file_name_inside_another_is_no_mention():
    tree = {"a/money.py": "x = 1\n", "a/old_money.py": "y = 1\n"}
    assert rank("old_money.py is wrong", tree)[0] == "a/old_money.py"


def test_what_the_best_file_imports_follows_it():
    tree = {
        "pkg/api.py": "from pkg import deep\nfrom .near import thing\n\n\ndef balance(): pass\n",
        "pkg/deep.py": "x = 1  # a longer file than the others, by some words\n",
        "pkg/near.py": "thing = 1  # a longer file than the others, by some words\n",
        "pkg/zero.py": "y = 1\n",
        "tests/test_api.py": "import pkg.zero\n\n\ndef test_balance(): pass\n",
    }
    assert rank("balance is wrong", tree)[:3] == ["pkg/api.py", "pkg/deep.py", "pkg/near.py"]


def test_no_more_is_shown_than_fits_and_the_small_are_not_crowded_out():
    size = 1000 * BYTES_PER_TOKEN
    big = {f"big{n}.py": "#" * (size // 3) for n in range(3)}
    shown = choose("?", {**big, "small.py": "x = 1\n", "ü.py": "ü" * size}, 1000)
    given = sum(len(text.encode()) for text in shown.files.values()) + len(shown.outline.encode())
    assert given <= size
    assert "small.py" in shown.files
    assert len(shown.files) == 3


def test_what_is_not_shown_is_outlined():
    long = "def long_one(a: int, *, b=2) -> str:\n    return ''\n\n\nclass Box(list):\n    size: int\n\n    def put(self): pass\n"
    tree = {"a.py": "def cents(): pass\n" + "# \n" * 80, "b.py": long + "# \n" * 400, "tests/test_b.py": "def test_b(): pass\n" + "#\n" * 900}  # fmt: skip
    shown = choose("cents", tree, 400)
    assert list(shown.files) == ["a.py"]
    assert shown.outline.splitlines() == [
        "b.py",
        "  def long_one(a: int, *, b=2) -> str",
        "  class Box(list)",
        "    size: int",
        "    def put(self)",
        "tests/test_b.py",
    ]


def test_an_outline_too_long_names_the_file():
    many = "".join(f"def function_number_{n}(): pass\n" for n in range(200))
    assert choose("?", {"many.py": many}, 100).outline == "many.py"
    assert choose("?", {"many.py": many}, 1).outline == ""


def test_long_arguments_are_cut():
    arguments = ", ".join(f"argument_{n}" for n in range(40))
    (line,) = module_of("a.py", f"def f({arguments}): pass\n").signatures
    assert line.endswith("...)")
    assert len(line) < 140


@pytest.mark.parametrize("line", ["def", "class :", "def (", "class", "\0", "x = " + "(" * 5000, "async def y(): pass"])
def test_what_cannot_be_parsed_is_no_trouble(line):
    assert dict(choose("x y", {"odd.py": line}, MANY).files) == {"odd.py": line}


def test_a_huge_file_is_ranked_by_its_text():
    assert module_of("a.py", "x = 1\n" * 200_000) == Module()


def test_words_of_names():
    assert words("parse_amount, HTTPServer2 and CamelCases é") == ["parse", "amount", "http", "server", "and", "camel", "case"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d.txt", "tests/t.py"]), st.text(max_size=200)), st.text(max_size=80), st.integers(0, 200))  # fmt: skip
def test_the_budget_holds_for_any_tree(tree, statement, budget):
    shown = choose(statement, tree, budget)
    used = sum(len(text.encode("utf-8", "replace")) for text in shown.files.values())
    assert used + len(shown.outline.encode("utf-8", "replace")) <= budget * BYTES_PER_TOKEN
    assert sorted(rank(statement, tree)) == sorted(tree)


def test_the_budget_is_the_suites_or_what_a_small_window_holds():
    limits = SolverLimits(prompt_tokens=8000)
    assert budget_tokens(limits, []) == 8000
    unknown, small = card("a"), card("b", context=card("b").context.__class__(max=10_000))
    assert budget_tokens(limits, [unknown]) == 8000
    assert budget_tokens(limits, [unknown, small]) == 5000
    reliable = card("c", context=card("c").context.__class__(max=1_000_000, reliable=4000))
    assert budget_tokens(limits, [reliable, small]) == 2000


def test_recall_of_the_references_files_on_the_ledger_suite(tmp_path):
    """At 8,000 tokens, less than half of the repository: 27 of the 28 files that the references change."""
    home = Home(root=Path(__file__).parents[3], why="here", state=tmp_path)
    suite = load_suite(home, "ledger")
    changed = shown = 0
    for each in suite.tasks:
        assert each.repo is not None
        assert suite.repo_path is not None
        tree = read_tree(asyncio.run(base_tree(suite.repo_path, each.repo.base_commit, tmp_path)))
        files = choose(each.prompt, tree, 8000).files
        wanted = [path for path in reference_files(each, tree) if path in tree]
        changed += len(wanted)
        shown += sum(path in files for path in wanted)
    assert changed == 28
    assert shown >= 26
