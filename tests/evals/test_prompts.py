"""How a task is put: the same bytes for every candidate, the options of a choice, files whole and in fences."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import Home
from harness.core.ids import TraceId
from harness.core.request import Sampling
from harness.core.suite import Suite
from harness.evals.prompts import CHOICE, CODE, PATCH, fenced, patch_request, second_try, task_request
from tests.evals.world import make_home, make_suite

USUAL: dict[str, Any] = {"trace_id": TraceId("t"), "sampling": Sampling(seed=3)}


@pytest.fixture
def home(tmp_path) -> Home:
    return make_home(tmp_path, {"m": [{"text": "1"}]})


def shown(suite: Suite, index: int = 0) -> list[tuple[str, str]]:
    request = task_request(suite, suite.tasks[index], **USUAL)
    return [(message.role, message.content) for message in request.messages]


def test_an_answer_task_is_its_prompt_behind_the_suites_instructions(home):
    cases = [{"id": "a", "prompt": "What is 1 + 1?", "expected": 2}]
    assert shown(make_suite(home, cases)) == [("user", "What is 1 + 1?")]
    told = make_suite(home, cases, instructions="Only the number.")
    assert shown(told) == [("system", "Only the number."), ("user", "What is 1 + 1?")]


def test_the_trace_is_all_that_differs_between_candidates(home):
    suite = make_suite(home, [{"id": "a", "prompt": "?", "expected": 2, "choices": ["x", "y"]}])
    one = task_request(suite, suite.tasks[0], **USUAL)
    other = task_request(suite, suite.tasks[0], **{**USUAL, "trace_id": TraceId("other")})
    assert one.sha256 == other.sha256
    assert replace(other, trace_id=one.trace_id) == one
    assert one.sampling.seed == 3
    assert one.task_class == suite.tasks[0].task_class


@pytest.mark.parametrize(
    "choices", [["Paris", "Rome (the city)"], {"A": "Paris", "B": "Rome (the city)"}], ids=["list", "letters"]
)
def test_the_options_of_a_choice_are_shown(home, choices):
    suite = make_suite(home, [{"id": "a", "prompt": "Capital of France?", "choices": choices, "expected": "A"}])
    assert shown(suite) == [("system", CHOICE), ("user", "Capital of France?\n\nA) Paris\nB) Rome (the city)")]


def test_letters_are_shown_as_they_are_named(home):
    suite = make_suite(home, [{"id": "a", "prompt": "?", "choices": {"C": "x", "A": "y"}, "expected": "A"}])
    assert shown(suite)[-1] == ("user", "?\n\nC) x\nA) y")


def test_how_a_choice_is_written_down_is_said_by_the_suite_if_it_says_anything(home):
    case = {"id": "a", "prompt": "?", "choices": ["x", "y"], "expected": "A"}
    assert shown(make_suite(home, [case], instructions="A letter."))[0] == ("system", "A letter.")
    own = {**case, "extract": "whole", "compare": "exact"}
    assert [role for role, _ in shown(make_suite(home, [own]))] == ["user"], "it is not read as a letter"


def test_a_code_task_asks_for_a_module(home):
    case = {"id": "a", "prompt": "def f(): ...", "tests": "def test(): pass", "reference": "SECRET"}
    suite = make_suite(home, [case], kind="code", extract="whole", compare="exact")
    assert shown(suite) == [("system", CODE), ("user", "def f(): ...")]


def test_what_is_right_is_never_shown(home):
    cases = [{"id": "a", "prompt": "?", "expected": "SECRET", "meta": {"trap": "SECRET"}}]
    answer = make_suite(home, cases, compare="exact", extract="whole")
    code = [{"id": "a", "prompt": "?", "tests": "def test(): SECRET", "reference": "SECRET"}]
    for suite in (answer, make_suite(home, code, kind="code", extract="whole", compare="exact")):
        assert "SECRET" not in str(task_request(suite, suite.tasks[0], **USUAL))


def test_files_are_shown_whole_and_in_the_order_of_their_paths(home):
    suite = make_suite(home, [{"id": "a", "prompt": "Fix it.", "expected": 1}])
    files = {"b.py": "b = 1", "README.md": "```\nx\n```\n", "a.py": ""}
    request = patch_request(suite, suite.tasks[0], files, **USUAL)
    assert request.messages[0].content == PATCH
    assert request.messages[1].content == (
        "Fix it.\n\nThe files:\n\nREADME.md\n````\n```\nx\n```\n\n````\n\na.py\n```\n\n```\n\nb.py\n```\nb = 1\n```"
    )


@given(st.text(alphabet="`ab\n", max_size=40))
def test_no_text_ends_its_fence(text):
    first, *_, last = fenced(text, "python").split("\n")
    assert first == f"{last}python"
    assert len(last) >= 3
    assert last not in text


def test_a_second_try_continues_the_conversation(home):
    suite = make_suite(home, [{"id": "a", "prompt": "Fix it.", "expected": 1}])
    request = patch_request(suite, suite.tasks[0], {"a.py": "x"}, **USUAL)
    again = second_try(request, "nonsense", "no edit in the answer.")
    assert again.messages[:2] == request.messages
    assert (again.messages[2].role, again.messages[2].content) == ("assistant", "nonsense")
    assert again.messages[3].role == "user"
    assert "That could not be applied: no edit in the answer." in again.messages[3].content
    assert (again.trace_id, again.sampling) == (request.trace_id, request.sampling)
    assert again.sha256 != request.sha256
