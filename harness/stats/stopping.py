"""When a paired run may stop early, and what may then be said: a look after every pair, valid at all looks at once.

Rule ``stop-early/1``. After each measured pair: *better* or *worse* once the e-value on discordant pairs reaches
``1/alpha``; *equivalent* once two bettors with a quarter of alpha each have excluded every difference beyond the
margin; *futile* once neither is within reach of what is left. Futility claims nothing, so it costs no alpha.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Literal

from harness.core.hashing import digest
from harness.stats.arguments import inside, whole
from harness.stats.effect import CONF, PairedEffect
from harness.stats.multiple import holm
from harness.stats.sequential import (
    Bettor,
    betting_confidence_sequence,
    evalue_discordant_beta_mixture,
)
from harness.stats.verdict import ClassEffect, Infra, Verdict, unmeasured

RULE = "stop-early/1"
FUTILITY_FROM = 20
"""Measured pairs before futility is thought of."""
FUTILITY_EVERY = 10
PLAUSIBLE_SD = 2.0
"""Rates of what is left are taken to be at most this many standard deviations off."""

_SHARES = 4
"""Of alpha: one for each end of the interval, two for the side on which the e-value may cut it off at 0."""

StopState = Literal["open", "better", "worse", "equivalent", "futile", "exhausted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """What was laid down before the first call. Raises ValueError for numbers that it cannot mean."""

    pairs: int
    """Planned: the most there can be."""
    margin: float = 0.03
    alpha: float = 0.05
    version: str = RULE

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole("pairs", self.pairs, least=1)
        inside("margin", self.margin)
        inside("alpha", self.alpha)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Where a run stands after its last pair."""

    state: StopState
    seen: int
    """Pairs so far, in the planned order, those that could not be measured included."""
    n: int
    """Measured: as many looks were taken."""
    a_only: int
    b_only: int
    e: float
    """E-value of this look; 1 before the first."""
    e_max: float
    """The highest so far: ``1/e_max`` is the p that holds at any time."""
    infra: Infra

    @property
    def stopped(self) -> bool:
        """Nothing more is asked."""
        return self.state != "open"


def place_of(order_seed: int, task_id: str, task_digest: str) -> str:
    """Sorts tasks into an order that depends on the seed and on nothing else, whichever tasks there are."""
    return digest((order_seed, task_id, task_digest))


@dataclass(slots=True, kw_only=True)
class Watch:
    """Takes pairs in the planned order and says, after each, whether the run may stop. After that it takes no more."""

    rule: StopRule
    _differences: list[int] = field(default_factory=list)
    _seen: int = 0
    _infra_a: int = 0
    _infra_b: int = 0
    _a_only: int = 0
    _b_only: int = 0
    _e_max: float = 1.0
    _state: StopState = "open"
    _above: Bettor = field(init=False)
    _below: Bettor = field(init=False)

    def __post_init__(self) -> None:
        """Let both bettors begin."""
        share = self.rule.alpha / _SHARES
        self._above = Bettor(m=(1 - self.rule.margin) / 2, alpha=share, upwards=True)
        self._below = Bettor(m=(1 + self.rule.margin) / 2, alpha=share, upwards=False)

    @property
    def look(self) -> Look:
        """Where it stands."""
        return Look(
            state=self._state,
            seen=self._seen,
            n=len(self._differences),
            a_only=self._a_only,
            b_only=self._b_only,
            e=self._e,
            e_max=self._e_max,
            infra=Infra(a=self._infra_a, trials_a=self._seen, b=self._infra_b, trials_b=self._seen),
        )

    @property
    def differences(self) -> tuple[int, ...]:
        """B - A of the measured pairs so far."""
        return tuple(self._differences)

    def take(self, *, a: bool | None, b: bool | None) -> Look:
        """The next pair: whether each resolved it, ``None``: could not be measured, and says nothing.

        Raises ValueError once the run has stopped.
        """
        if self._state != "open":
            raise ValueError(f"the run has stopped: {self._state}")
        self._seen += 1
        self._infra_a += a is None
        self._infra_b += b is None
        if a is not None and b is not None:
            self._measured(int(b) - int(a))
        self._state = self._decided(measured=a is not None and b is not None)
        return self.look

    def _measured(self, difference: int) -> None:
        self._differences.append(difference)
        self._a_only += difference < 0
        self._b_only += difference > 0
        self._e_max = max(self._e_max, self._e)
        self._above.take((difference + 1) / 2)
        self._below.take((difference + 1) / 2)

    @property
    def _e(self) -> float:
        return evalue_discordant_beta_mixture(a_only=self._a_only, b_only=self._b_only).e

    def _decided(self, *, measured: bool) -> StopState:
        if measured and not unmeasured(self.look.infra):
            if self._e >= 1 / self.rule.alpha:
                return "better" if self._b_only > self._a_only else "worse"
            if _both_rich(self._above, self._below, self.rule.alpha):
                return "equivalent"
        if self._seen >= self.rule.pairs:
            return "exhausted"
        n = len(self._differences)
        due = measured and n >= FUTILITY_FROM and n % FUTILITY_EVERY == 0
        return "futile" if due and not self._within_reach() else "open"

    def _within_reach(self) -> bool:
        left = self.rule.pairs - self._seen
        counts = (self._a_only, self._b_only)
        return any(
            self._could_lead(lead, trail, left) for lead, trail in (counts, counts[::-1])
        ) or self._could_be_alike(left)

    def _could_lead(self, lead: int, trail: int, left: int) -> bool:
        # What is left at the best plausible rates for one side, seen from the rates so far.
        high = lead + math.ceil(left * min(1.0, self._plausible(lead, left, sign=1)))
        low = trail + math.floor(left * max(0.0, self._plausible(trail, left, sign=-1)))
        return evalue_discordant_beta_mixture(a_only=low, b_only=high).e >= 1 / self.rule.alpha and high > low

    def _plausible(self, count: int, left: int, *, sign: int) -> float:
        n = len(self._differences)
        rate = (count + 0.5) / (n + 1)
        return rate + sign * PLAUSIBLE_SD * math.sqrt(rate * (1 - rate) * (1 / n + 1 / left))

    def _could_be_alike(self, left: int) -> bool:
        # At best for equivalence: every pair that is left comes out alike.
        above, below = copy(self._above), copy(self._below)
        for _ in range(left):
            above.take(0.5)
            below.take(0.5)
            if _both_rich(above, below, self.rule.alpha):
                return True
        return False


def _both_rich(above: Bettor, below: Bettor, alpha: float) -> bool:
    return min(above.highest, below.highest) >= _SHARES / alpha


def watch_all(rule: StopRule, pairs: Iterable[tuple[bool | None, bool | None]]) -> Watch:
    """A watch that took *pairs* (A, B) up to where it stopped, if it did."""
    watch = Watch(rule=rule)
    for a, b in pairs:
        if watch.take(a=a, b=b).stopped:
            break
    return watch


def anytime_effect(differences: Sequence[int]) -> PairedEffect:
    """The difference with an interval and a p that hold however often somebody looked and whyever the run stopped.

    *differences* are B - A of single trials, in the planned order. p is one over the highest e-value on discordant
    pairs. The interval is a betting confidence sequence at half of alpha; the other half is the e-value's, which alone
    says on which side of 0 the difference lies: once it reaches ``1/alpha`` the interval ends at 0 on that side, until
    then it holds 0. So interval and verdict never disagree. Of a true difference above 0 the e-value says "below" with
    a probability of ``alpha/2`` at most: under none at all it says either by symmetry half the time that it errs, and
    a difference makes the wrong side rarer.
    """
    if not differences:
        return PairedEffect(n=0, diff=None, lo=-1.0, hi=1.0, p=1.0, lower_one_sided=-1.0, method="no measured pair")
    interval = betting_confidence_sequence(d=differences, alpha=(1 - CONF) / 2)
    e_max, side = _evidence(differences)
    lo = max(0.0, interval.lo) if side > 0 else min(0.0, interval.lo)
    hi = min(0.0, interval.hi) if side < 0 else max(0.0, interval.hi)
    return PairedEffect(
        n=len(differences),
        diff=math.fsum(differences) / len(differences),
        lo=lo,
        hi=hi,
        p=min(1.0, 1 / e_max),
        lower_one_sided=lo,
        method="e-value on discordant pairs, betting confidence sequence",
    )


def _evidence(differences: Sequence[int]) -> tuple[float, int]:
    # The highest e-value, and on which side it was when it first was enough; 0: never.
    a_only = b_only = side = 0
    highest = 1.0
    for difference in differences:
        a_only, b_only = a_only + (difference < 0), b_only + (difference > 0)
        if difference:
            highest = max(highest, evalue_discordant_beta_mixture(a_only=a_only, b_only=b_only).e)
        if not side and 1 / highest <= 1 - CONF:
            side = 1 if b_only > a_only else -1
    return highest, side


def anytime_state(effect: PairedEffect, margin: float, *, p: float | None = None) -> Verdict:
    """What *effect* of :func:`anytime_effect` shows; *p* stands for its own, where that was adjusted."""
    if (effect.p if p is None else p) <= 1 - CONF:
        return "better" if effect.lo >= 0 else "worse"
    if -margin < effect.lo and effect.hi < margin:
        return "equivalent"
    return "insufficient"


def anytime_classes(classes: Mapping[str, Sequence[int]], *, margin: float) -> tuple[ClassEffect, ...]:
    """The difference in each task class, sorted by name, with Holm's adjustment of what holds at any time."""
    names = sorted(classes)
    effects = [anytime_effect(classes[name]) for name in names]
    adjusted = holm(p=[effect.p for effect in effects]).p_adj
    return tuple(
        ClassEffect(task_class=name, effect=effect, p_holm=p, state=anytime_state(effect, margin, p=p))
        for name, effect, p in zip(names, effects, adjusted, strict=True)
    )
