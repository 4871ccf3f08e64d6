"""Same behaviour in the sandbox."""

import pytest

from harness.compare import comparator
from harness.core.ballot import Answer, Compare, Relation
from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult

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
