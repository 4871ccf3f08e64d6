"""What several sessions together say of each test. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.execution import TestOutcome
from harness.evals.proving.proof import CORE, Origin
from harness.evals.proving.sessions import Seen

_QUIET = frozenset({TestOutcome.SKIPPED, TestOutcome.XFAILED})
"""Neither passed nor failed: nothing is expected of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The tests of a claim, sorted out."""

    f2p: Mapping[str, Origin]
    p2p: tuple[str, ...]
    known_failures: Mapping[str, str]
    flaky: Mapping[str, float]
    lost: tuple[str, ...]

    @property
    def has_core(self) -> bool:
        return any(origin in CORE for origin in self.f2p.values())


def weigh(base: Seen, befores: Sequence[Seen], afters: Sequence[Seen]) -> Weighed:
    """Sort every test out by how it went at the base, before the reference and after it.

    A run counts for a test if it ran the test's file. A test that is absent from such a run did not pass it.
    """
    ids = sorted({name for seen in afters for name in seen.outcomes} | set(base.outcomes))
    flaky = {name: rate for name in ids if 0 < (rate := _missed(name, afters)) < 1}
    steady = [name for name in ids if _missed(name, afters) == 0]
    f2p = {name: origin for name in steady if (origin := _origin(name, base, befores)) is not None}
    never = [name for name in ids if _missed(name, afters) == 1]
    return Weighed(
        f2p=f2p,
        p2p=tuple(name for name in steady if name not in f2p and (name in base.passed or _passed(name, befores))),
        known_failures={
            name: outcome.value
            for name in never
            if name not in base.passed and (outcome := _last(name, afters, base)) not in _QUIET
        },
        flaky=flaky,
        lost=tuple(name for name in never if name in base.passed),
    )


def _origin(name: str, base: Seen, befores: Sequence[Seen]) -> Origin | None:
    """Why a test that passes after fails before; ``None`` if it does not fail in every run that could have run it."""
    counted = [seen for seen in befores if _ran(name, seen)]
    if not counted or any(name in seen.passed for seen in counted):
        return None
    if name not in base.outcomes:
        return "new"
    if name not in base.passed:
        return "unchanged"
    file = name.partition("::")[0]
    lost_with_others = any(file in seen.broken or not (seen.finished or name in seen.outcomes) for seen in counted)
    return "unchanged_collateral" if lost_with_others else "changed"


def _passed(name: str, befores: Sequence[Seen]) -> bool:
    """Whether a test of the fix passed in every run before the reference."""
    counted = [seen for seen in befores if _ran(name, seen)]
    return bool(counted) and all(name in seen.passed for seen in counted)


def _missed(name: str, afters: Sequence[Seen]) -> float:
    """Share of the runs that could have run the test and did not see it pass."""
    counted = [seen for seen in afters if _ran(name, seen)]
    return sum(name not in seen.passed for seen in counted) / len(counted) if counted else 1.0


def _ran(name: str, seen: Seen) -> bool:
    """Whether the session was given the test's file."""
    return name.partition("::")[0] in seen.files


def _last(name: str, afters: Sequence[Seen], base: Seen) -> TestOutcome:
    found = [seen.outcomes[name] for seen in (base, *afters) if name in seen.outcomes]
    return found[-1] if found else TestOutcome.ABSENT
