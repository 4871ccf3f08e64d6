"""``harness ask``, ``run`` and ``compare`` under a policy whose panel makes up its tests: the real sandbox, scripted models."""

import json
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.journal import read
from harness.sandbox import open_sandbox
from tests.cli.command_line import Folder

ASK = "Write slug(text): lower case, words joined by a dash."
CODE = {
    "one": "def slug(text):\n    return '-'.join(text.lower().split())\n",
    "two": "def slug(text):\n    words = [word.lower() for word in text.split()]\n    return '-'.join(words)\n",
    "off": "def slug(text):\n    return text.lower().replace(' ', '-')\n",
}
TESTS = {
    "one": "assert slug('A b') == 'a-b'\nassert slug('') == ''\nassert slug('A  B') == 'a-b'\n",
    "two": "assert slug('x') == 'x'\nassert slug(' A b ') == 'a-b'\nassert __import__('os').system('id') == slug('x')\n",
    "off": "assert slug('A b') == 'a-b'\n",
}
COMPARE = "{name: tests, tests: generated}"


@pytest.fixture
def panel(tmp_path) -> Folder:
    """A home with three scripted programmers and a policy over them."""
    try:
        open_sandbox(Isolation.STANDARD)
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard here: {error}")
    (tmp_path / "registry").mkdir()
    (tmp_path / "suites" / "slugs").mkdir(parents=True)
    cards = []
    for name, code in CODE.items():
        rows = [
            {"when": "assertions for the function `slug`", "text": f"```python\n{TESTS[name]}```"},
            {"when": "slug", "text": f"```python\n{code}```"},
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        cards.append(f"  - {{id: s/{name}, api: scripted, file: ../{name}.jsonl, family: {name}}}\n")
    (tmp_path / "registry/models.yaml").write_text("models:\n" + "".join(cards))
    write_policy(tmp_path)
    suite = "name: slugs\nkind: code\nversion: 1\ntask_class: python.function\nsource: cases.jsonl\nsolver: code\n"
    (tmp_path / "suites/slugs/suite.yaml").write_text(suite)
    case = {
        "id": "slug",
        "prompt": ASK,
        "entry_point": "slug",
        "tests": "def check(f):\n    assert f('A  B') == 'a-b'\n",
    }
    (tmp_path / "suites/slugs/cases.jsonl").write_text(json.dumps(case) + "\n")
    return Folder(tmp_path)


def write_policy(root: Path, members: str = "s/off, s/one, s/two", more: str = "") -> None:
    (root / "registry/policies.yaml").write_text(
        f"policies:\n  behave:\n    panel: [{members}]\n    extract: {{block: python}}\n"
        f"    compare: {COMPARE}\n    rule: {{quorum: 2}}\n{more}"
    )


def test_a_question_is_answered_by_programs_that_behave_alike(panel):
    said = panel.json("ask", ASK, "--policy", "behave")
    assert said["served"]
    assert said["answer"].rstrip() == CODE["one"].rstrip()
    assert {tuple(group["models"]) for group in said["groups"]} == {("s/one", "s/two"), ("s/off",)}
    (journal,) = (panel.root / ".harness" / "journal").glob("ask-*.jsonl")
    calls = [line["body"] for line in map(json.loads, journal.read_text().splitlines()) if line["kind"] == "call"]
    assert sorted(call["purpose"] for call in calls) == ["tests"] * 3 + ["vote"] * 3
    assert read(journal)


def test_the_terminal_says_what_it_was_compared_on(panel):
    told = panel.call("ask", ASK, "--policy", "behave").out
    assert "5 tests on 5 inputs, written by the panel" in " ".join(told.split())


def test_a_divergent_panel_serves_its_best_where_the_policy_says_so(panel):
    write_policy(panel.root, "s/off, s/one", "    on_divergence: serve_best\n")
    said = panel.json("ask", ASK, "--policy", "behave")
    assert said["answer"].rstrip() == CODE["one"].rstrip(), "both wrote the test that only one of them passes"


def test_such_a_policy_is_a_candidate_of_a_run(panel):
    said = panel.json("run", "slugs", "--models", "consensus/behave,s/off", "--quiet")
    assert said["candidates"]["consensus/behave"]["resolved"] == 1
    assert said["candidates"]["s/off"]["resolved"] == 0


def test_what_does_not_fit_is_refused_in_one_line(panel, tmp_path):
    (tmp_path / "t.py").write_text("def test(): pass\n")
    told = panel.call("ask", ASK, "--policy", "behave", "--tests", tmp_path / "t.py").told
    assert "makes up its tests itself" in told
    told = panel.call("ask", ASK, "--models", "s/one,s/two", "--compare", "tests").told
    assert "give --tests FILE, or let the panel make up tests" in told
    (tmp_path / "options.json").write_text('{"tests": "generated"}')
    for more in ([], ["--context", tmp_path / "options.json"]):
        said = panel.call("compare", "def f(): 1", "def f(): 2", "--as", "tests", *more)
        assert (said.code, "use harness ask" in said.told) == (2, True)
    suite = panel.root / "suites/slugs/suite.yaml"
    text = suite.read_text().replace("kind: code", "kind: answer").replace("solver: code\n", "")
    suite.write_text(f"{text}compare: {COMPARE}\n")
    assert "asks a model" in panel.call("suites", "show", "slugs").err
