"""Which of many programs to trust, by how they behave: execution agreement weighted by generated tests.

Textual majorities of programs are worse than a random pick, and so is any single generated test. What carries is
behaviour: programs that give the same outputs on the same inputs support each other, and tests that models wrote say
which behaviour was meant. A score is::

    score(p) = sqrt( Σ_q weight(q) · agreement(p, q)^4 ) · Σ_t weight(t) · [p passes t]

with agreement the share of inputs on which both programs return the same value. The fourth power lies between exact
clusters (one undefined input splits them) and plain averages (everybody agrees on the easy inputs); 3 to 6 do equally
well. The square root and the product with the tests are those of CodeT (Chen et al. 2022, arXiv:2207.10397), the
agreement per input that of MBR-EXEC (Shi et al. 2022, arXiv:2204.11454).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARPNESS = 4
"""Power of the agreement of two programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one program did, and how often it was written."""

    outputs: tuple[str | None, ...]
    """Per input the spelling of the value it returned; None where it returned none (an exception, a time-out)."""
    passed: tuple[bool, ...]
    """Per generated test."""
    weight: int = 1
    """Samples with exactly this program."""


def execution_agreement(programs: Sequence[Behaviour], test_weights: Sequence[int]) -> tuple[float, ...]:
    """The score of each of *programs*; the largest is the pick. All 0: nothing speaks for any of them (no signal).

    *test_weights*: how often each test was written. Raises ValueError when lengths differ.
    """
    _check(programs, test_weights)
    return tuple(math.sqrt(_support(one, programs)) * _tested(one, test_weights) for one in programs)


def by_tests_alike(programs: Sequence[Behaviour], test_weights: Sequence[int]) -> tuple[float, ...]:
    """CodeT's rule: square root of the samples that pass the same tests, times the tests they pass."""
    _check(programs, test_weights)
    sizes = _sizes(programs, [one.passed for one in programs])
    return tuple(math.sqrt(sizes[one.passed]) * _tested(one, test_weights) for one in programs)


def by_outputs_alike(programs: Sequence[Behaviour], test_weights: Sequence[int]) -> tuple[float, ...]:
    """The rule of output clusters: samples that return the same values on all inputs; 0 without a single value."""
    _check(programs, test_weights)
    sizes = _sizes(programs, [one.outputs for one in programs])
    return tuple(float(sizes[one.outputs]) if any(one.outputs) else 0.0 for one in programs)


RULES = {
    "execution_agreement": execution_agreement,
    "codet": by_tests_alike,
    "output_clusters": by_outputs_alike,
}
"""By name; the first is ours, the others are what it is held against."""


def picks(scores: Sequence[float]) -> tuple[int, ...]:
    """The places of the largest of *scores*: more than one when nothing tells them apart, none when all are 0."""
    best = max(scores, default=0.0)
    return tuple(place for place, score in enumerate(scores) if best > 0 and math.isclose(score, best))


def _support(one: Behaviour, programs: Sequence[Behaviour]) -> float:
    return sum(other.weight * _agreement(one, other) ** SHARPNESS for other in programs)


def _agreement(one: Behaviour, other: Behaviour) -> float:
    """Share of the inputs on which both return the same value; 1 without inputs: then only the tests speak."""
    if not one.outputs:
        return 1.0
    alike = sum(a is not None and a == b for a, b in zip(one.outputs, other.outputs, strict=True))
    return alike / len(one.outputs)


def _tested(one: Behaviour, test_weights: Sequence[int]) -> int:
    return sum(weight for weight, passed in zip(test_weights, one.passed, strict=True) if passed)


def _sizes(programs: Sequence[Behaviour], keys: Sequence[tuple[object, ...]]) -> Mapping[tuple[object, ...], int]:
    sizes: dict[tuple[object, ...], int] = {}
    for one, key in zip(programs, keys, strict=True):
        sizes[key] = sizes.get(key, 0) + one.weight
    return sizes


def _check(programs: Sequence[Behaviour], test_weights: Sequence[int]) -> None:
    shapes = {(len(one.outputs), len(one.passed)) for one in programs}
    if len(shapes) > 1 or any(tests != len(test_weights) for _, tests in shapes):
        raise ValueError(
            f"programs were run on unequal inputs or tests: {sorted(shapes)}, with {len(test_weights)} test weights"
        )
