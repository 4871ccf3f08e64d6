"""Reading tests out of what models wrote: what counts as one, and that nothing hostile gets through."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare.generated_tests import (
    ASSERTS_MAX,
    INPUTS_MAX,
    GeneratedTest,
    arguments_of,
    common_function,
    prompt_for_tests,
    read_tests,
)


def sources(*replies: str, name: str = "f") -> list[str]:
    return [test.source for test in read_tests(replies, name).tests]


def test_a_fenced_block_a_function_and_bare_lines_are_read():
    block = (
        "Here:\n```python\nassert f(1) == 2\n\ndef test_f():\n    assert f([1, -2], key='a') == {'a': 1}, 'why'\n```\n"
    )
    bare = "Sure!\nassert f(1) == 2\n  assert f(\n    3) == 4\nassert not Python\nassert f(5 == \n"
    found = read_tests([block, bare], "f")
    assert found.inputs == ("f(1)", "f([1, -2], key='a')", "f(3)")
    assert [(test.source, test.expression, test.weight) for test in found.tests] == [
        ("assert f(1) == 2", "_(0) == 2", 2),
        ("assert f([1, -2], key='a') == {'a': 1}", "_(1) == {'a': 1}", 1),
        ("assert f(3) == 4", "_(2) == 4", 1),
    ]


def test_one_reply_that_repeats_itself_weighs_once():
    (test,) = read_tests(["assert f(1) == 2\nassert f( 1 )==2, 'again'\n"] * 3, "f").tests
    assert test == GeneratedTest(source="assert f(1) == 2", expression="_(0) == 2", weight=3)


def test_an_assert_that_is_no_test_still_has_inputs():
    found = read_tests(["assert ____ == f(1)\nassert f(f(2)) == 3\nassert f(x) == 1\nassert g(1) == 1\n"], "f")
    assert (found.inputs, found.tests) == (("f(1)", "f(2)"), ())


@pytest.mark.parametrize(
    "sum_", ["1 / 0", "2 ** -1", "1e200 * 1e200", "10 ** 65", "(-2) ** 0.5", "1.0 % 0", "'a' * 2000", f"{10**40} * 3"]
)
def test_what_cannot_be_worked_out_is_left(sum_: str):
    assert read_tests([f"assert f(1) == 1 or f({sum_}) == 2\n"], "f").inputs == ("f(1)",)


def test_an_assert_may_not_be_endless():
    endless = "assert f(1) == (\n" + "1 +\n" * 300
    assert sources(f"prose\n{endless}\nassert f(2) == 3; x = 1\nassert f(4) == 5\n") == ["assert f(4) == 5"]


def test_small_sums_are_worked_out():
    found = read_tests(["assert f(27 ** 3, [0] * 3, 2 * 'ab', (1,) * 2) == -2 * 3 + 1.5\n"], "f")
    assert found.inputs == ("f(19683, [0, 0, 0], 'abab', (1, 1))",)
    assert found.tests[0].expression == "_(0) == -4.5"


@pytest.mark.parametrize(
    "expression",
    [
        "not f(1)",
        "f(1) is None",
        "abs(f(0.1) - 0.3) < 1e-06",
        "round(f(1), 2) == 0.33",
        "math.isclose(f(1), 0.1, rel_tol=1e-09)",
        "isinstance(f(1), (list, tuple))",
        "type(f(1)) == int",
        "sorted(f([3, 1]), reverse=True)[0] == 3",
        "f(1)[1:2] == [2] and len(f(2)) in {1, 2}",
        "f(1) == f(2) + 1",
        "f(1) % 2 == 0",
        "3 * f(1) == 9",
        "f({1, 2}, b'x', None, 1j, -1.5) == {'a': (1,)}",
    ],
)
def test_the_language_of_tests(expression: str):
    assert sources(f"assert {expression}\n") == [f"assert {expression}"]


@pytest.mark.parametrize(
    "expression",
    [
        "f(1) == __import__('os').system('id')",
        "f(1).__class__ == 1",
        "f(1) == open('/etc/passwd')",
        "f(1) == (lambda: 1)()",
        "f(1) == [x for x in (1,)]",
        "f(1) == eval('1')",
        "f(1) == f'{1}'",
        "f(1) == 9 ** 9 ** 9",
        "f(1) == 1 << 10 ** 9",
        "f(1) == 'a' * 10 ** 9",
        "f(1) * 10 ** 9 == 1",
        "f(1) == round(5, -10 ** 9)",
        "f(1) == '%999999999d' % 5",
        "f(1) == type('X', (), {})",
        "f(1) == max([1], key=print)",
        "f(1) == sum(*[1])",
        "f(1) == [*[1]]",
        "f(1) == math.factorial(10 ** 9)",
        "f(1) == ((yield))",
        "f(1) == (x := 1)",
        "f(1) == list(2 for _ in [1])",
    ],
)
def test_what_could_do_or_cost_something_is_dropped(expression: str):
    found = read_tests([f"def g():\n    assert {expression}\n"], "f")
    assert found.tests == ()


@pytest.mark.parametrize(
    "call", ["f(*[1])", "f(**{'a': 1})", "f(g(1))", "f(x)", "f({[]: 1})", "f('" + "a" * 600 + "')", "f(10 ** 99 ** 9)"]
)
def test_arguments_that_are_no_short_literals_are_no_input(call: str):
    found = read_tests([f"assert {call} == 1\nassert f(2) == 1 or {call} == 1\n"], "f")
    assert (found.inputs, found.tests) == (("f(2)",), ())


@pytest.mark.parametrize(
    "reply",
    [
        "assert f(" * 5000,
        "assert f(1) == " + "[" * 3000 + "]" * 3000,
        "assert f(1) == " + "(" * 90 + "1" + ")" * 90 + "\nassert f(1) == " + "-" * 200 + "1\n",
        "assert f([[[[0] * 1000] * 1000] * 1000] * 1000) == 1\n",
        "assert f(1) == " + " + ".join(["1"] * 3000) + "\n",
        "assert f(1) == " + "[" * 40 + "]" * 40 + "\n",
        "assert f(1) == (" + ", ".join(["[0] * 90"] * 70) + ")\n" * 80,
        "assert f(1) == '\ud800'\n",
        "assert f(1) == '\x00'\n",
        "assert (\n" * 20_000,
        f"assert f({'9' * 5000}) == 1\n",
        "```python\n" * 20_000,
    ],
)
def test_hostile_replies_cost_little_and_give_nothing(reply: str):
    found = read_tests([reply], "f")
    assert all(len(test.source) <= 1000 for test in found.tests)
    assert all(len(call) <= 500 for call in found.inputs)


def test_there_are_caps_and_each_reply_has_its_turn():
    many = ["\n".join(f"assert f({100 * who + n}) == 1" for n in range(90)) for who in range(3)]
    assert len(read_tests(many[:1], "f").tests) == ASSERTS_MAX
    found = read_tests(many, "f")
    assert len(found.inputs) == len(found.tests) == INPUTS_MAX
    assert found.inputs[:4] == ("f(0)", "f(100)", "f(200)", "f(1)")
    assert sum(call.startswith("f(2") and len(call) == 6 for call in found.inputs) > 40


def test_the_arguments_of_a_call():
    assert arguments_of("f([1, {'a': -2.5}], key=(None,))") == (([1, {"a": -2.5}],), {"key": (None,)})
    assert arguments_of("f()") == ((), {})


@pytest.mark.parametrize(
    ("programs", "question", "name"),
    [
        (["def f(x):\n    return x\n", "```python\ndef f(y): return g(y)\ndef g(y): return y\n```"], "Write it.", "f"),
        (["def f(x): ...\ndef g(x): ...\n"] * 2, "Write g, which calls f.", "g"),
        (["def f(x): ...\ndef g(x): ...\n"] * 2, "Write it.", None),
        (["def f(x): ...\n", "def g(x): ...\n"], "Write f.", None),
        (["def f(x): ...\n", "this is no Python"], "Write it.", "f"),
        (["x = 1\n", "no"], "Write f.", None),
    ],
)
def test_the_function_that_was_asked_for(programs: list[str], question: str, name: str | None):
    assert common_function(programs, question) == name


def test_the_prompt_shows_the_task_and_asks_for_no_program():
    prompt = prompt_for_tests("Write slug(text).", "slug", count=7)
    assert "Write slug(text)." in prompt.material
    assert "assert slug(" in prompt.material
    assert "up to 7 assertions" in prompt.material
    assert "Do not solve it" in prompt.rules


literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(literals, literals)
def test_every_literal_is_read_as_it_is(argument: object, expected: object):
    found = read_tests([f"assert f({argument!r}) == {expected!r}\n"], "f")
    if found.inputs:  # not what is too long
        assert arguments_of(found.inputs[0]) == ((argument,), {})
        (test,) = found.tests
        assert ast.literal_eval(test.expression.removeprefix("_(0) == ")) == expected


@given(st.text(alphabet="assert f(12)=[]'\"\n`,*_ +-", max_size=80))
def test_any_text_is_read_without_a_fault(reply: str):
    found = read_tests([reply], "f")
    for test in found.tests:
        ast.parse(test.expression, mode="eval")
    for call in found.inputs:
        arguments_of(call)


@given(st.permutations(["assert f(1) == 1\n", "assert f(2) == 1\nassert f(1) == 1\n", "", "assert f(3) == f(1)\n"]))
def test_the_order_of_replies_decides_no_weight(replies: list[str]):
    found = read_tests(replies, "f")
    assert {test.source: test.weight for test in found.tests} == {
        "assert f(1) == 1": 2,
        "assert f(2) == 1": 1,
        "assert f(3) == f(1)": 1,
    }
