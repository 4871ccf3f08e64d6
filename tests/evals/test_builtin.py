"""The two candidates that every suite must tell apart: the reference resolves everything, nothing resolves nothing."""

import json
from functools import partial
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare import Unreadable, comparator, read
from harness.content import Home, load_registry, load_suite, task_extract
from harness.core.ballot import Answer, Compare, Extract, Relation
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId
from harness.core.trial import Grade
from harness.evals.builtin import NOOP, REFERENCE, is_builtin, written
from harness.evals.plan import make_plan
from tests.evals.world import Row, carry_out, grades, make_home, make_suite, needs_sandbox, run

CHECKOUT = Path(__file__).parents[2]
WORDS = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=12).map(partial(normalize, "NFC"))
NUMBERS = st.integers(min_value=-(10**12), max_value=10**12)
JSON = st.recursive(
    st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def reread(expected: object, extract: Extract) -> str:
    answer = read(written(expected, extract), extract)
    assert not isinstance(answer, Unreadable), answer.why
    return answer.text


@settings(deadline=None)
@given(WORDS)
def test_words_are_read_again_from_every_form_that_holds_words(word):
    for extract in (Extract(), Extract(how="tag", arg="answer"), Extract(how="json", arg="$.a.b[2].c")):
        assert reread(word, extract) == word
    assert reread(word, Extract(how="block", arg="text")).strip() == word


@settings(deadline=None)
@given(NUMBERS)
def test_numbers_are_read_again(number):
    same = comparator(Compare(name="numeric"))
    for extract in (
        Extract(how="last", arg="number"),
        Extract(),
        Extract(how="tag", arg="n"),
        Extract(how="json", arg="$.total"),
        Extract(how="json", arg="$"),
    ):
        judgement = same(Answer(text=reread(number, extract)), Answer(text=str(number)))
        assert judgement.relation is Relation.SAME, judgement.why


@settings(deadline=None)
@given(JSON, st.sampled_from(["$", "$.a", "$.a[1]", "$[0][3].b", "$.x.y.z"]))
def test_values_are_read_again_from_their_place(value, path):
    judgement = comparator(Compare(name="json"))(
        Answer(text=reread({"v": value}, Extract(how="json", arg=path))), Answer(text=json.dumps({"v": value}))
    )
    assert judgement.relation is Relation.SAME, judgement.why


@pytest.mark.parametrize("letter", "ABCD")
def test_choices_are_read_again(letter):
    assert reread(letter, Extract(how="choice", arg="ABCD")) == letter


@pytest.mark.parametrize("code", ["def f():\n    return 1\n", 'def f():\n    """\n```\nx\n```\n    """\n'])
def test_code_is_read_again_whatever_fences_it_holds(code):
    assert reread(code, Extract(how="block", arg="python")).strip() == code.strip()


def test_the_names_of_the_two():
    assert is_builtin(REFERENCE)
    assert is_builtin(NOOP)
    assert not is_builtin(CandidateId("v/builtin"))
    with pytest.raises(ConfigError, match="no candidate 'builtin/nop'; there are: builtin/reference, builtin/noop"):
        is_builtin(CandidateId("builtin/nop"))


CASES: list[Row] = [
    {"id": "tag", "prompt": "?", "expected": "209.87 EUR"},
    {"id": "last", "prompt": "?", "expected": 12.5, "extract": {"last": "number"}, "compare": "numeric"},
    {"id": "whole", "prompt": "?", "expected": "deny", "extract": "whole", "compare": "exact"},
    {"id": "json", "prompt": "?", "expected": 7, "extract": {"json": "$.items[1].n"}, "compare": "numeric"},
    {"id": "table", "prompt": "?", "expected": {"a": [1, 2]}, "extract": {"json": "$"}, "compare": "json"},
    {"id": "block", "prompt": "?", "expected": "x = 1\n", "extract": {"block": "python"}, "compare": "code"},
    {"id": "choice", "prompt": "?", "expected": "C", "choices": ["x", "y", "z"]},
]


def test_the_reference_follows_a_case_that_is_read_in_its_own_way(tmp_path):
    home = make_home(tmp_path, {"m": [{"text": "1"}]})
    suite = make_suite(home, CASES, extract={"tag": "answer"}, compare="value")
    assert {task_extract(suite, task).how for task in suite.tasks} == {
        "tag",
        "last",
        "whole",
        "json",
        "block",
        "choice",
    }
    run_id, result = run(home, suite.name, "builtin/reference,builtin/noop")
    found = grades(home, run_id)
    assert {task: grade for (task, who), grade in found.items() if who == REFERENCE} == dict.fromkeys(
        (case["id"] for case in CASES), Grade.RESOLVED
    )
    assert result.totals[NOOP].grades == {Grade.EMPTY: len(CASES)}
    assert result.totals[REFERENCE].cost_usd == 0


def test_without_a_reference_nothing_is_claimed(tmp_path):
    needs_sandbox()
    home = make_home(tmp_path, {"m": [{"text": "1"}]})
    make_suite(home, [{"id": "open", "prompt": "?"}])
    assert set(grades(home, run(home, "sums", REFERENCE)[0]).values()) == {Grade.INFRA_ERROR}
    cases = [{"id": "c", "prompt": "def f(): ...", "tests": "def test(): f()"}]
    make_suite(home, cases, "code", kind="code", extract="whole", compare="exact")
    run_id, _ = run(home, "code", "builtin/reference,builtin/noop")
    assert grades(home, run_id) == {("c", REFERENCE): Grade.INFRA_ERROR, ("c", NOOP): Grade.EMPTY}


def discriminates(name: str, state: Path, *, limit: int | None = None) -> None:
    """Of a suite that we ship: the reference resolves every task, and nothing none."""
    home = Home(root=CHECKOUT, why="checkout", state=state)
    suite = load_suite(home, name)
    plan = make_plan(suite, [REFERENCE, NOOP], limit=limit)
    run_id, result = carry_out(home, plan)
    assert result.complete
    failed = {key: grade for key, grade in grades(home, run_id).items() if key[1] == REFERENCE}
    assert set(failed.values()) == {Grade.RESOLVED}, failed
    assert result.totals[NOOP].grades == {Grade.EMPTY: len(plan.tasks)}


def test_starter(tmp_path):
    discriminates("starter", tmp_path)


@pytest.mark.slow
def test_starter_code(tmp_path):
    needs_sandbox()
    discriminates("starter-code", tmp_path)


@pytest.mark.slow
def test_ledger(tmp_path):
    needs_sandbox()
    discriminates("ledger", tmp_path)


def test_every_suite_that_we_ship_is_among_these():
    home = Home(root=CHECKOUT, why="checkout", state=CHECKOUT / ".harness")
    assert {path.parent.name for path in home.suites.glob("*/suite.yaml")} == {"starter", "starter-code", "ledger"}
    assert load_registry(home).cards
