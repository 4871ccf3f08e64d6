"""The comparator ``tests``: same behaviour in the sandbox. It judges facts and runs nothing.

Under given tests the behaviour of a program is how each of them ends. With ``tests: generated`` it is what the program
does on inputs that the panel made up: models write wrong tests, but what they call a function with is input all the
same, and two programs that return equal values for all of it agree, whatever was expected.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from harness.compare.options import Options
from harness.core.ballot import Answer, Comparator, Judgement, Relation
from harness.core.errors import ConfigError
from harness.core.execution import Execution, Output, TestOutcome

INPUTS_MIN = 3
"""Equal values that make two programs the same; fewer may be chance."""


def by_behaviour(options: Options) -> Comparator:
    """``tests: given``, or ``tests: generated``, then perhaps with ``function: name``."""
    generated = options.word("tests", ("given", "generated"), default="given") == "generated"
    return SameOutputs.build(options) if generated else SameBehaviour()


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBehaviour:
    """Same when every test ends alike and at least one passes. What all fail alike tells nothing."""

    name: str = "tests"
    version: str = "1"
    needs: Literal["text", "execution"] = "execution"

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN for executions that cannot be trusted and for ``no_signal``."""
        doubt = _unfinished(a.execution) or _unfinished(b.execution)
        if a.execution is None or b.execution is None or doubt:
            return _unknown(doubt)
        if a.execution.signature != b.execution.signature:
            return Judgement(relation=Relation.DIFFERENT, why=_difference(a.execution, b.execution))
        passed = _passed(a.execution)
        total = len(a.execution.tests)
        if not passed:
            return _unknown(f"no_signal: none of {total} tests passes for either")
        return Judgement(relation=Relation.SAME, why=f"all {total} tests end alike, {passed} of them passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SameOutputs:
    """Same when both do the same on every input, and return a value on some. Never when no test passes for either."""

    function: str | None = None
    """What is called; None: the one that the programs have in common."""
    name: str = "tests"
    version: str = "generated-1"
    needs: Literal["text", "execution"] = "execution"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy: ``function: name`` where the programs define several."""
        name = options.text("function", default="")
        if name and not name.isidentifier():
            raise ConfigError(f"comparator 'tests': option 'function' is {name!r}; it must be the name of a function")
        return cls(function=name or None)

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN for what was not run on the same inputs, or on too few, and for ``no_signal``."""
        doubt = _doubt(a.execution) or _doubt(b.execution)
        if a.execution is None or b.execution is None or doubt:
            return _unknown(doubt)
        pairs = list(zip(a.execution.outputs, b.execution.outputs, strict=False))
        if len(a.execution.outputs) != len(b.execution.outputs) or any(x.input != y.input for x, y in pairs):
            return _unknown("they were run on different inputs")
        if differing := _first_difference(pairs):
            return Judgement(relation=Relation.DIFFERENT, why=differing)
        return _alike(pairs, a.execution, b.execution)


def _first_difference(pairs: Iterable[tuple[Output, Output]]) -> str:
    for x, y in pairs:
        if not x.lost and not y.lost and (x.value, x.raised) != (y.value, y.raised):
            return f"{x.input}: {_did(x)} against {_did(y)}"
    return ""


def _alike(pairs: list[tuple[Output, Output]], a: Execution, b: Execution) -> Judgement:
    """Of two that differ on no input as far as that is known."""
    one_lost = next(((x, y) for x, y in pairs if bool(x.lost) != bool(y.lost)), None)
    if one_lost is not None:
        return _unknown(f"{one_lost[0].input}: {_did(one_lost[0])} against {_did(one_lost[1])}")
    values = sum(x.value is not None for x, _ in pairs)
    passed = min(_passed(a), _passed(b))
    if not values or (a.tests and not passed):
        what = f"none of {len(a.tests)} tests passes for either" if values else "neither returns a value for any input"
        return _unknown(f"no_signal: {what}")
    if values < INPUTS_MIN:
        return _unknown(f"they return equal values for {values} inputs; fewer than {INPUTS_MIN} may be chance")
    why = f"they return equal values for {values} of {len(pairs)} inputs; {passed} of {len(a.tests)} tests pass"
    return Judgement(relation=Relation.SAME, why=why)


def _did(output: Output) -> str:
    if output.lost:
        return output.lost
    return f"raises {output.raised}" if output.value is None else output.value


def _unknown(why: str) -> Judgement:
    return Judgement(relation=Relation.UNKNOWN, why=why)


def _passed(execution: Execution) -> int:
    return sum(test.outcome is TestOutcome.PASSED for test in execution.tests)


def _doubt(execution: Execution | None) -> str:
    if execution is None:
        return "there is no execution to judge"
    if execution.flags:
        return f"the execution is flagged: {', '.join(execution.flags)}"
    return ""


def _unfinished(execution: Execution | None) -> str:
    if execution is not None and not execution.flags and not execution.finished:
        return f"the tests did not run to the end: {execution.ending.value}"
    return _doubt(execution)


def _difference(a: Execution, b: Execution) -> str:
    left, right = dict(a.signature), dict(b.signature)
    test = min(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    return f"{test}: {left.get(test, 'absent')} against {right.get(test, 'absent')}"
