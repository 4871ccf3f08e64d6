"""A person's decision as a labelled case: what fits, and how it is written."""

import json
from dataclasses import replace

import pytest

from harness.content import find_home, load_suite
from harness.core.errors import ConfigError
from harness.core.request import Message
from harness.evals.reviewing import append_case, check_fits, prompt_of, reviewed_case

SUITE = "name: sums\nkind: answer\ntask_class: math\nextract: {last: number}\ncompare: {name: numeric}\nmin_isolation: none\n"
ONE = {"id": "t1", "prompt": "What is 1 + 1?", "expected": "2"}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "registry").mkdir()
    folder = tmp_path / "suites" / "sums"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "cases.jsonl").write_text(json.dumps(ONE))  # without a line feed at its end
    return find_home(flag=tmp_path, environ={}, cwd=tmp_path)


def user(*contents):
    return [Message(role="user", content=content) for content in contents]


def made(suite, messages=None, **changes):
    fields = {"verdict_id": "abc", "answer": "1,234.50", "who": "ann", "task_class": "math"}
    return reviewed_case(messages or user("What is it?"), suite, **{**fields, **changes})


def test_a_case_carries_the_question_the_answer_and_who_decided(home):
    suite = load_suite(home, "sums")
    case = made(suite)
    assert case == {
        "id": "review-abc", "prompt": "What is it?", "expected": "1,234.50", "meta": {"reviewer": "ann", "verdict": "abc"},
    }  # fmt: skip
    assert made(suite, task_class="finance")["task_class"] == "finance"


def test_it_is_appended_and_the_suite_has_another_digest(home):
    suite = load_suite(home, "sums")
    case = made(suite, user("What is\nit ä \ud83d\ude00?"))
    check_fits(suite, case)
    digest = append_case(home, suite, case)
    again = load_suite(home, "sums")
    assert digest == again.digest != suite.digest
    assert [task.id for task in again.tasks] == ["t1", "review-abc"]
    assert again.tasks[0].digest == suite.tasks[0].digest
    assert again.tasks[1].meta["reviewer"] == "ann"
    assert again.version == suite.version
    append_case(home, again, made(again, user("And this?"), verdict_id="def"))
    assert len(load_suite(home, "sums").tasks) == 3
    assert len((suite.folder / "cases.jsonl").read_text().splitlines()) == 3


def test_what_does_not_fit_is_refused(home):
    suite = load_suite(home, "sums")
    with pytest.raises(ConfigError, match="of kind 'code'"):
        made(replace(suite, kind="code"))
    with pytest.raises(ConfigError, match="asks this already, in its case 't1'"):
        made(suite, user(" What is 1 + 1? "))
    with pytest.raises(ConfigError, match="'numeric', the comparator of 'sums', cannot read 'many'"):
        made(suite, answer="many")
    append_case(home, suite, made(suite))
    with pytest.raises(ConfigError, match="has the case 'review-abc' already"):
        made(load_suite(home, "sums"), user("Another?"))


def test_a_question_is_one_prompt(home):
    suite = replace(load_suite(home, "sums"), instructions="Answer with a number.")
    system = Message(role="system", content="Be brief.")
    assert prompt_of([system, *user("What is it?")], suite) == "Be brief.\n\nWhat is it?"
    assert prompt_of(user("Answer with a number.\n\nWhat is it?"), suite) == "What is it?"
    with pytest.raises(ConfigError, match="a conversation of 3 turns"):
        prompt_of([*user("a"), Message(role="assistant", content="b"), *user("c")], suite)


def test_cases_that_lie_elsewhere_are_left_to_the_user(home):
    folder = home.suites / "sums"
    (folder / "other.jsonl").write_text(json.dumps({**ONE, "id": "t2"}) + "\n")
    (folder / "suite.yaml").write_text(SUITE + "source: other.jsonl\n")
    suite = load_suite(home, "sums")
    with pytest.raises(ConfigError, match="do not lie in"):
        check_fits(suite, made(suite))


def test_a_case_that_would_not_be_read_is_not_written(home):
    suite = load_suite(home, "sums")
    before = (suite.folder / "cases.jsonl").read_bytes()
    with pytest.raises(ConfigError, match="task_class"):
        check_fits(suite, {**made(suite), "task_class": "no class!"})
    assert (suite.folder / "cases.jsonl").read_bytes() == before


def test_a_file_that_is_gone_is_told(home):
    suite = load_suite(home, "sums")
    (suite.folder / "cases.jsonl").unlink()
    with pytest.raises(ConfigError, match=r"cases\.jsonl"):
        append_case(home, suite, made(suite))
