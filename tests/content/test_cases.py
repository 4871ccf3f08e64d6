"""Cases: overrides of one case, choices, references kept apart, and all faults with their lines."""

import json

import pytest

from harness.content import load_suite, task_compare, task_extract
from harness.core.ballot import Compare, Extract
from harness.core.errors import FaultsError
from harness.core.suite import Suite

BASE = {"id": "a", "prompt": "What?"}


def load(folder, *rows, kind="answer", suite="extract: {tag: answer}\n") -> Suite:
    folder.write("suites/s/suite.yaml", f"kind: {kind}\n{suite}")
    folder.write(
        "suites/s/cases.jsonl", "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    return load_suite(folder.home, "s")


def faults(folder, *rows, kind="answer") -> dict[str, str]:
    with pytest.raises(FaultsError) as caught:
        load(folder, *rows, kind=kind)
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_a_case_may_be_read_and_judged_in_its_own_way(folder):
    suite = load(
        folder,
        BASE,
        {**BASE, "id": "b", "extract": {"last": "number"}, "compare": {"name": "numeric", "tolerance": 0.01}},
    )
    plain, own = suite.tasks
    assert task_extract(suite, plain) == Extract(how="tag", arg="answer")
    assert task_compare(suite, plain) == Compare()
    assert task_extract(suite, own) == Extract(how="last", arg="number")
    assert task_compare(suite, own) == Compare(name="numeric", options={"tolerance": 0.01})
    assert json.loads(json.dumps(dict(own.meta))) == own.meta


def test_choices_are_read_by_their_letters(folder):
    suite = load(
        folder,
        {**BASE, "choices": ["one", "two", "three"], "expected": "B"},
        {**BASE, "id": "b", "choices": {"A": "x", "D": "y"}, "extract": {"tag": "answer"}},
        {**BASE, "id": "c", "choices": ["x", "y"], "compare": "exact"},
    )
    first, second, third = suite.tasks
    assert first.meta["choices"] == {"A": "one", "B": "two", "C": "three"}
    assert task_extract(suite, first) == Extract(how="choice", arg="ABC")
    assert task_compare(suite, first).name == "choice"
    assert task_extract(suite, second) == Extract(how="tag", arg="answer")
    assert task_compare(suite, second).name == "exact"
    assert task_compare(suite, third).name == "exact"


def test_the_reference_of_a_code_case_is_kept_apart(folder):
    suite = load(
        folder,
        {**BASE, "tests": "assert f() == 1", "entry_point": "f", "reference": "def f(): return 1"},
        kind="code",
        suite="",
    )
    (task,) = suite.tasks
    assert task.meta["reference"] == "def f(): return 1"
    assert "return 1" not in task.prompt


def test_ids_may_be_numbers_and_have_slashes(folder):
    suite = load(folder, {**BASE, "id": 17}, {**BASE, "id": "HumanEval/0"})
    assert [task.id for task in suite.tasks] == ["17", "HumanEval/0"]


def test_the_digest_of_a_task_is_that_of_its_content(folder):
    def of(**fields) -> str:
        return load(folder, {**BASE, **fields}).tasks[0].digest

    base = of()
    assert base == of(task_class="other.class", meta={"note": "free"})
    assert len({base, of(prompt="Else?"), of(expected=1), of(compare="numeric"), of(choices=["x", "y"])}) == 5


def test_all_faults_of_all_lines_come_together(folder):
    found = faults(
        folder,
        BASE,
        "{broken",
        '{"id": "x", "id": "y", "prompt": "p"}',
        {"id": "b", "promt": "What?"},
        {**BASE, "meta": {"extract": 1}},
        "[]",
        {**BASE, "id": " "},
        {**BASE, "id": "c", "tests": "x", "entry_point": "f", "reference": "y"},
        {**BASE, "id": "d", "choices": ["x", "y"], "expected": "C"},
        {**BASE, "id": "e", "choices": ["x"]},
        {**BASE, "id": "f", "compare": {"name": "nope"}, "extract": "all"},
        {**BASE, "id": True},
    )
    assert "is not JSON" in found["line 2"]
    assert found["line 3"] == "key 'id' is given twice"
    assert found["line 4.promt"] == "unknown key 'promt'; did you mean 'prompt'?"
    assert found["line 4.prompt"] == "is missing"
    assert found["line 5.id"] == "duplicate id 'a', first at line 1"
    assert "is reserved" in found["line 5.meta.extract"]
    assert found["line 6"] == "[] is not a section of keys"
    assert "is no id" in found["line 7.id"]
    assert {"line 8.tests", "line 8.entry_point", "line 8.reference"} <= set(found)
    assert found["line 9.expected"] == "'C' is none of the choices; there are: A, B"
    assert "2 to 26 choices" in found["line 10.choices"]
    assert "no comparator 'nope'" in found["line 11.compare"]
    assert "is no way to read an answer" in found["line 11.extract"]
    assert "True is no id" in found["line 12.id"]


def test_a_code_case_needs_tests_and_a_suite_needs_cases(folder):
    assert "judged by its tests" in faults(folder, BASE, kind="code")["line 1.tests"]
    assert faults(folder)[""] == "has no cases"
