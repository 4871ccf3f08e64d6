"""Levels of isolation in their order, and the behaviour that an execution showed."""

from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult


def test_levels_are_in_order_strongest_first():
    strengths = [level.strength for level in Isolation]
    assert strengths == sorted(strengths, reverse=True) == [3, 2, 1, 0]


def test_the_signature_is_outcome_by_test_and_nothing_else():
    def execution(log: str, message: str) -> Execution:
        tests = (
            TestResult(id="a", outcome=TestOutcome.PASSED),
            TestResult(id="b", outcome=TestOutcome.FAILED, message=message),
        )
        return Execution(
            ending=Ending.EXITED, exit_code=1, tests=tests, wall_s=len(log), isolation=Isolation.NONE, log=log
        )

    assert execution("x", "1 is not 2").signature == (("a", "passed"), ("b", "failed"))
    assert execution("x", "1 is not 2").signature == execution("other", "").signature
