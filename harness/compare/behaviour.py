"""The comparator ``tests``: same behaviour in the sandbox. It judges facts and runs nothing."""

from dataclasses import dataclass
from typing import Literal, Self

from harness.compare.options import Options
from harness.core.ballot import Answer, Judgement, Relation
from harness.core.execution import Execution, TestOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBehaviour:
    """Same when every test ends alike and at least one passes. What all fail alike tells nothing."""

    name: str = "tests"
    version: str = "1"
    needs: Literal["text", "execution"] = "execution"

    @classmethod
    def build(cls, _options: Options) -> Self:
        """It has no options."""
        return cls()

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN for executions that cannot be trusted and for ``no_signal``."""
        doubt = _doubt(a.execution) or _doubt(b.execution)
        if a.execution is None or b.execution is None or doubt:
            return Judgement(relation=Relation.UNKNOWN, why=doubt)
        if a.execution.signature != b.execution.signature:
            return Judgement(relation=Relation.DIFFERENT, why=_difference(a.execution, b.execution))
        passed = sum(test.outcome is TestOutcome.PASSED for test in a.execution.tests)
        total = len(a.execution.tests)
        if not passed:
            return Judgement(relation=Relation.UNKNOWN, why=f"no_signal: none of {total} tests passes for either")
        return Judgement(relation=Relation.SAME, why=f"all {total} tests end alike, {passed} of them passed")


def _doubt(execution: Execution | None) -> str:
    if execution is None:
        return "there is no execution to judge"
    if execution.flags:
        return f"the execution is flagged: {', '.join(execution.flags)}"
    if not execution.finished:
        return f"the tests did not run to the end: {execution.ending.value}"
    return ""


def _difference(a: Execution, b: Execution) -> str:
    left, right = dict(a.signature), dict(b.signature)
    test = min(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    return f"{test}: {left.get(test, 'absent')} against {right.get(test, 'absent')}"
