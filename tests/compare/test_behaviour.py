"""Same behaviour in the sandbox."""

import pytest

from harness.compare import comparator
from harness.core.ballot import Answer, Compare, Relation
from harness.core.execution import Ending, Execution, Isolation, Output, TestOutcome, TestResult

JUDGE = comparator(Compare(name="tests"))
WORDS = {"P": TestOutcome.PASSED, "F": TestOutcome.FAILED, "S": TestOutcome.SKIPPED}


def ran(outcomes: str, *, finished: bool = True, flags: tuple[str, ...] = ()) -> Answer:
    tests = tuple(TestResult(id=f"t{n}", outcome=WORDS[word]) for n, word in enumerate(outcomes))
    run = Execution(
        ending=Ending.EXITED,
        exit_code=0,
        tests=tests,
        finished=finished,
        wall_s=0.1,
        isolation=Isolation.STANDARD,
        flags=flags,
    )
    return Answer(text="code", execution=run)


@pytest.mark.parametrize(
    ("a", "b", "relation", "part"),
    [
        (ran("PPF"), ran("PPF"), Relation.SAME, "all 3 tests end alike, 2 of them passed"),
        (ran("PP"), ran("PF"), Relation.DIFFERENT, "t1: passed against failed"),
        (ran("PP"), ran("P"), Relation.DIFFERENT, "t1: passed against absent"),
        (ran("FF"), ran("FF"), Relation.UNKNOWN, "no_signal"),
        (ran("SS"), ran("SS"), Relation.UNKNOWN, "no_signal"),
        (ran(""), ran(""), Relation.UNKNOWN, "no_signal"),
        (ran("P", flags=("canary_passed",)), ran("P"), Relation.UNKNOWN, "flagged: canary_passed"),
        (ran("P", finished=False), ran("P"), Relation.UNKNOWN, "did not run to the end: exited"),
        (Answer(text="code"), ran("P"), Relation.UNKNOWN, "no execution"),
    ],
)
def test_behaviour(a: Answer, b: Answer, relation: Relation, part: str) -> None:
    for said in (JUDGE(a, b), JUDGE(b, a)):
        assert said.relation is relation
    assert part in JUDGE(a, b).why


# --- on inputs that the panel made up ---------------------------------------------------------------------------------

GENERATED = comparator(Compare(name="tests", options={"tests": "generated"}))


def did(outputs: str, tests: str = "P", *, flags: tuple[str, ...] = (), first: int = 0) -> Answer:
    """One letter per input: `v` to `z` a value, `E` an exception, `-` not known."""
    made = tuple(
        Output(input=f"f({first + n})", lost="it did not end")
        if word == "-"
        else Output(input=f"f({first + n})", raised="KeyError")
        if word == "E"
        else Output(input=f"f({first + n})", value=word)
        for n, word in enumerate(outputs)
    )
    results = tuple(TestResult(id=f"t{n}", outcome=WORDS[word]) for n, word in enumerate(tests))
    run = Execution(
        ending=Ending.EXITED,
        exit_code=0,
        tests=results,
        outputs=made,
        finished=True,
        wall_s=0.1,
        isolation=Isolation.STANDARD,
        flags=flags,
    )
    return Answer(text="code", execution=run)


@pytest.mark.parametrize(
    ("a", "b", "relation", "part"),
    [
        (did("vwx", "PF"), did("vwx", "PF"), Relation.SAME, "equal values for 3 of 3 inputs; 1 of 2 tests pass"),
        (did("vwxE"), did("vwxE"), Relation.SAME, "equal values for 3 of 4 inputs"),
        (did("vwx-"), did("vwx-"), Relation.SAME, "equal values for 3 of 4 inputs"),
        (did("vwx", ""), did("vwx", ""), Relation.SAME, "0 of 0 tests pass"),
        (did("vwx"), did("vwy"), Relation.DIFFERENT, "f(2): x against y"),
        (did("vwx"), did("vwE"), Relation.DIFFERENT, "f(2): x against raises KeyError"),
        (did("-wx"), did("v-y"), Relation.DIFFERENT, "f(2): x against y"),
        (did("vwx-"), did("vwxy"), Relation.UNKNOWN, "f(3): it did not end against y"),
        (did("vwxE"), did("vwx-"), Relation.UNKNOWN, "f(3): raises KeyError against it did not end"),
        (did("vwx", "FF"), did("vwx", "FF"), Relation.UNKNOWN, "no_signal: none of 2 tests passes for either"),
        (did("EEE"), did("EEE"), Relation.UNKNOWN, "no_signal: neither returns a value for any input"),
        (did("---"), did("---"), Relation.UNKNOWN, "no_signal: neither returns a value for any input"),
        (did("vw"), did("vw"), Relation.UNKNOWN, "equal values for 2 inputs; fewer than 3"),
        (did(""), did(""), Relation.UNKNOWN, "no_signal"),
        (did("vwx"), did("vwxy"), Relation.UNKNOWN, "different inputs"),
        (did("vwx"), did("vwx", first=1), Relation.UNKNOWN, "different inputs"),
        (did("vwx", flags=("forged_report",)), did("vwx"), Relation.UNKNOWN, "flagged: forged_report"),
        (Answer(text="code"), did("vwx"), Relation.UNKNOWN, "no execution"),
    ],
)
def test_behaviour_on_generated_inputs(a: Answer, b: Answer, relation: Relation, part: str) -> None:
    for said in (GENERATED(a, b), GENERATED(b, a)):
        assert said.relation is relation
    assert part in GENERATED(a, b).why


def test_the_two_ways_are_two_versions() -> None:
    assert (JUDGE.name, GENERATED.name) == ("tests", "tests")
    assert JUDGE.version != GENERATED.version
    assert comparator(Compare(name="tests", options={"tests": "generated", "function": "f"})) != GENERATED
