"""Which threshold keeps a promise, with a finite sample: Clopper-Pearson bounds and the fixed-sequence test.

A limit is kept when two things hold with confidence ``1 - delta``: the share of wrong answers in the long run is within
it (Clopper-Pearson), and so is the share in the next batch of a hundred, which is what a user sees (beta-binomial). The
second alone would be no guarantee; the first alone lets one batch in five break a limit that is certified at its edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

DELTA = 0.1
"""Chance that a certificate is wrong."""
LIMITS = (0.01, 0.02, 0.05, 0.1)
BATCH = 100
"""Served answers over which a limit should hold; for limits below 1 %, as many as make one error."""
_MANY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What the stopped policy did at one threshold, over all labelled questions."""

    threshold: float
    served: int
    errors: int
    expected: float
    """Errors that the confidences themselves predict: sum of 1 - confidence over the served."""
    calls_mean: float
    cost_mean: float

    @property
    def counted(self) -> int:
        """Errors that are held against it: never fewer than the confidences predict, so luck certifies nothing."""
        return max(self.errors, math.ceil(self.expected - 1e-9))

    def risk_upper(self, delta: float) -> float:
        """Upper confidence bound of the share of wrong answers among the served."""
        return upper_bound(self.counted, self.served, delta=delta)

    def keeps(self, risk_limit: float, delta: float) -> bool:
        """Whether the limit holds in the long run and in the next batch."""
        return _kept(self.counted, self.served, risk_limit, delta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The verdict on one risk limit."""

    risk_limit: float
    certified: bool
    threshold: float | None
    """Serve from this confidence on; None unless certified."""
    served: int
    """Of the labelled questions, at the threshold; uncertified: at the most promising one."""
    errors: int
    coverage: float
    risk_upper: float
    """Upper confidence bound of the share of wrong answers among the served (:meth:`Tried.risk_upper`)."""
    calls_mean: float
    cost_mean: float
    labels_missing: int | None
    """How many more labels could certify it at the same rates; 0 when certified, None: no number seems enough."""


def upper_bound(errors: int, n: int, *, delta: float = DELTA) -> float:
    """One-sided Clopper-Pearson bound: the largest rate under which *errors* or fewer of *n* have chance *delta*.

    1.0 without trials or when all are errors.
    """
    if n == 0 or errors >= n:
        return 1.0
    if errors == 0:
        return -math.expm1(math.log(delta) / n)
    low, high = errors / n, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(errors, n, middle) > delta else (low, middle)
    return high


def least_labels(risk_limit: float, *, errors: int = 0, delta: float = DELTA) -> int:
    """How many served questions with *errors* errors certify *risk_limit*: ``ln delta / ln(1 - limit)`` for none.

    >>> [least_labels(0.01), least_labels(0.01, errors=1), least_labels(0.02)]
    [230, 388, 114]
    """
    if errors == 0:
        return math.ceil(math.log(delta) / math.log1p(-risk_limit) - 1e-9)
    low, high = errors, 2 * errors + 2
    while upper_bound(errors, high, delta=delta) > risk_limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper_bound(errors, middle, delta=delta) > risk_limit else (low, middle)
    return high


def breach(errors: int, n: int, risk_limit: float) -> float:
    """The chance that more than *risk_limit* of the next batch is wrong, after *errors* errors among *n*.

    Beta-binomial with Jeffreys' prior: Beta(errors + ½, n - errors + ½) mixed over a binomial of ``BATCH``, or of
    ``1 / risk_limit`` where that is more.
    """
    batch = max(BATCH, math.ceil(1 / risk_limit - 1e-9))
    a, b = errors + 0.5, n - errors + 0.5
    head = math.lgamma(batch + 1) - _log_beta(a, b)
    within = math.fsum(
        math.exp(head - math.lgamma(k + 1) - math.lgamma(batch - k + 1) + _log_beta(a + k, b + batch - k))
        for k in range(math.floor(risk_limit * batch + 1e-9) + 1)
    )
    return max(1 - within, 0.0)


def certify(tried: Sequence[Tried], *, labels: int, risk_limit: float, delta: float = DELTA) -> Threshold:
    """The loosest threshold that the fixed-sequence test keeps; *tried* runs from strict to loose.

    Each threshold is kept while the limit holds there (:meth:`Tried.keeps`); the first where it does not ends the
    test. Where the sequence starts depends on how many are served and how sure, not on who was right, and errors are
    never counted below what the confidences predict: both keep the guarantee, chance ``delta`` of being wrong.
    """
    kept: Tried | None = None
    end = start(tried, risk_limit, delta=delta)
    while end < len(tried) and tried[end].keeps(risk_limit, delta):
        kept = tried[end]
        end += 1
    if kept is not None:
        return _verdict(kept, labels, risk_limit, delta, missing=0)
    reached = tried[: end + 1]
    needs = [(need, one) for one in reached if (need := _labels_needed(one, labels, risk_limit, delta)) is not None]
    if needs:
        need, best = min(needs, key=lambda pair: (pair[0], -pair[1].served))
        return _verdict(best, labels, risk_limit, delta, missing=max(need - labels, 1))
    best = min(reached, key=lambda one: one.risk_upper(delta))
    return _verdict(best, labels, risk_limit, delta, missing=None)


def start(tried: Sequence[Tried], risk_limit: float, *, delta: float = DELTA) -> int:
    """Index of the first threshold to test; the length when none serves enough.

    It serves enough to survive one error more than its confidences predict; if none does, one error; if none does, no
    error. Starting earlier would let a single unlucky question among few end the test.
    """
    for surplus in (lambda one: math.ceil(one.expected) + 1, lambda _: 1, lambda _: 0):
        for i, one in enumerate(tried):
            if _kept(surplus(one), one.served, risk_limit, delta):
                return i
    return len(tried)


def _labels_needed(one: Tried, labels: int, risk_limit: float, delta: float) -> int | None:
    """Labels that would certify this threshold if its rates stayed as they are; None when its risk is too near."""
    if one.served == 0:
        return None
    need = _served_needed(max(one.errors, one.expected) / one.served, one.served, risk_limit, delta)
    if (
        need is not None and need <= one.served
    ):  # it holds, and was not reached: the sequence must be able to start here
        need = _served_needed((math.ceil(one.expected) + 1) / one.served, one.served, risk_limit, delta)
    return None if need is None else math.ceil(need * labels / one.served)


def _served_needed(rate: float, served: int, risk_limit: float, delta: float) -> int | None:
    """About how many served questions with this *rate* of errors would certify the limit, from *served* upwards.

    None when no number would: the rate itself breaks one batch in ``1 / delta``.
    """
    if rate >= risk_limit or breach(round(rate * _MANY), _MANY, risk_limit) > delta:
        return None
    needed = max(served, least_labels(risk_limit, delta=delta))
    while not _kept(math.ceil(rate * needed - 1e-9), needed, risk_limit, delta):
        needed = math.ceil(needed * 1.1)
        if needed > _MANY // 10:
            return None
    return needed


def _kept(errors: int, n: int, risk_limit: float, delta: float) -> bool:
    return upper_bound(errors, n, delta=delta) <= risk_limit and breach(errors, n, risk_limit) <= delta


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _verdict(one: Tried, labels: int, risk_limit: float, delta: float, *, missing: int | None) -> Threshold:
    return Threshold(
        risk_limit=risk_limit,
        certified=missing == 0,
        threshold=one.threshold if missing == 0 else None,
        served=one.served,
        errors=one.errors,
        coverage=one.served / labels,
        risk_upper=one.risk_upper(delta),
        calls_mean=one.calls_mean,
        cost_mean=one.cost_mean,
        labels_missing=missing,
    )


def _at_most(errors: int, n: int, rate: float) -> float:
    """P(X <= errors) for X binomial(n, rate), 0 < rate < 1."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    head = math.lgamma(n + 1)
    return math.fsum(
        math.exp(head - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_rate + (n - k) * log_rest)
        for k in range(errors + 1)
    )
