"""Twins of tests whose expected values are changed."""

import ast

import pytest

from harness.evals.grading.canary import twin


def _twin(body: str) -> str:
    made = twin(body)
    return made.source if made else ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("assert f(1) == 2", "assert f(1) == 9"),
        ("assert 2 == f(1)", "assert 9 == f(1)"),
        ("assert f('a') == 'b'", "assert f('a') == 'b~'"),
        ("assert f() == '1.5'", "assert f() == '1.57'"),
        ("assert f() == b'x'", "assert f() == b'x~'"),
        ("assert f() == [1, {'a': 2.5}]", "assert f() == [8, {'a~': 9.5}]"),
        ("assert f() == Decimal('1')", "assert f() == Decimal('17')"),
        ("assert f() == pytest.approx(1)", "assert f() == pytest.approx(8)"),
        ("assert x == 1, 'why'", "assert x == 8, 'why'"),
        ("self.assertEqual(f(1), 2)", "self.assertEqual(f(1), 9)"),
        ("self.assertListEqual([1], f(1))", "self.assertListEqual([8], f(1))"),
    ],
)
def test_the_expected_side_is_changed(before, after):
    made = twin(f"def test_a():\n    {before}\n")
    assert made is not None
    assert made.source == f"def test_a():\n    {after}"
    assert made.changed == {"test_a"}


@pytest.mark.parametrize(
    "body",
    [
        "assert f(1)",
        "assert f(1) == f(2)",
        "assert f(1) != 2",
        "assert f(1) in (1, 2)",
        "assert f(1) < 2",
        "assert f() is None",
        "assert 1 < f() == 2",
        "self.assertTrue(f(1))",
        "f(1)",
    ],
)
def test_what_a_merely_wrong_answer_could_pass_is_left_alone(body):
    """Such a test fails at its end instead, under all code."""
    made = twin(f"def test_a():\n    {body}\n")
    assert made is not None
    assert made.source == f"def test_a():\n    {body}\n    assert [7] == [8]"
    assert made.changed == {"test_a"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("assert f() == True", "assert f() == (True, 7)"),
        ("assert f() == []", "assert f() == ([], 7)"),
        ("assert f() == expected.value", "assert f() == (expected.value, 7)"),
        ("self.assertEqual(actual, expected)", "self.assertEqual(actual, (expected, 7))"),
    ],
)
def test_what_is_written_elsewhere_is_held_against_a_pair(before, after):
    source = "class TestA(unittest.TestCase):\n    def test_a(self):\n        with self.subTest(msg=1):\n            "
    made = twin(f"{source}{before}\n")
    assert made is not None
    assert made.source.endswith(f"            {after}")
    assert made.changed == {"test_a"}


def test_a_few_tests_without_a_changed_value_are_made_to_fail():
    source = "\n".join(f"def test_{number}():\n    assert f({number})" for number in range(9))
    made = twin(f"def test_a():\n    assert f() == 1\n{source}\n")
    assert made is not None
    assert made.changed == {"test_a", "test_0", "test_1", "test_2", "test_3"}
    assert made.source.count("[7] == [8]") == 4


def test_parametrized_columns_only_where_they_are_expected():
    source = """
@pytest.mark.parametrize('text, want', [('1', 1), ['2', 2], pytest.param('3', 3, id='x')])
@pytest.mark.parametrize(['a', 'b'], [(1, 2)])
@pytest.mark.parametrize('want2', [5])
@pytest.mark.parametrize(names(), [5])
@pytest.mark.skipif(1 == 1)
def test_a(text, want, a, b, want2):
    assert f(text) == want
    assert g(a, b) == want2
"""
    made = _twin(source)
    assert "[('1', 8), ['2', 9], pytest.param('3', 10, id='x')]" in made
    assert "[(1, 2)]" in made
    assert "'want2', [12]" in made
    assert "names(), [5]" in made


def test_classes_async_tests_and_helpers():
    source = (
        "class TestA:\n    async def test_a(self):\n        assert f() == 1\n\ndef helper():\n    assert f() == 1\n"
    )
    made = twin(source)
    assert made is not None
    assert made.changed == {"test_a"}
    assert made.source.count("== 8") == 1
    ast.parse(made.source)


def test_files_without_test_functions_get_one():
    made = twin("from tests.base import *\n")
    assert made is not None
    (name,) = made.changed
    assert made.source.endswith(f"def {name}():\n    assert [7] == [8]")
    assert twin("from tests.base import *\n") == made


def test_what_does_not_parse_has_no_twin():
    assert twin("def (") is None
