"""The promise itself, on voters whose truth is known: no data needed."""

import hashlib

import pytest

from harness.consensus.calibration import metrics
from harness.consensus.calibration.calibrate import crossfit, scored, train, try_thresholds
from harness.consensus.calibration.certify import LIMITS, certify
from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.fit import fit
from harness.consensus.calibration.head import Head
from harness.consensus.calibration.model import Parameters
from harness.consensus.calibration.order import Rule, walk
from tests.consensus.calibration.voters import survey

ALIKE = (1.0,) * 6


def risk(estimator, items, threshold, order="value"):
    """(share served, share of it that is wrong)."""
    rule = Rule(order=order, cost=ALIKE, threshold=threshold)
    stops = [(walk(estimator, item.votes, rule), item) for item in items]
    served = [stop.group == item.right for stop, item in stops if stop.group is not None]
    return len(served) / len(items), served.count(False) / max(len(served), 1)


def test_certified_limits_hold_on_fresh_questions(calibration):
    fresh = survey(4000, 77)
    for certificate in calibration.thresholds:
        if certificate.certified:
            coverage, wrong = risk(calibration.estimator(), fresh, certificate.threshold)
            assert wrong <= certificate.risk_limit
            assert coverage == pytest.approx(certificate.coverage, abs=0.05)
    assert metrics.ece(scored(fresh, [calibration.estimator()] * len(fresh))) < 0.02


def test_confidence_of_half_heard_panels_is_calibrated_too(calibration):
    estimator = calibration.estimator()
    for heard in ((4, 5), (0, 1), (0, 2, 5), (1, 2, 3, 4)):
        partial = [
            item.__class__(
                task=item.task,
                votes=(votes := tuple(g if i in heard else None for i, g in enumerate(item.votes))),
                right=item.right if item.right in votes else None,
            )
            for item in survey(3000, 78)
        ]
        assert metrics.ece(scored(partial, [estimator] * len(partial))) < 0.05


def test_independence_would_break_its_word():
    """The same votes, with no attractor and one class: what is called 99 % sure is wrong far more often."""
    items = survey(600, 79)
    shared = fit(items)
    alone = fit(items, classes=1)
    naive = Parameters(
        difficulty=alone.difficulty,
        accuracy=alone.accuracy,
        attraction=((1e-9,),) * 6,
        coincidence=alone.coincidence,
        answering=alone.answering,
    )
    fresh = survey(4000, 80)
    _, believed = risk(Estimator(naive, Head()), fresh, 0.99, "all_at_once")
    _, honest = risk(Estimator(shared, Head()), fresh, 0.99, "all_at_once")
    assert honest < 0.01 < believed


@pytest.mark.slow
def test_certificates_are_rarely_wrong():
    """Ten calibrations of 300 labels each, against 4,000 fresh questions: at most one in ten over its limit."""
    fresh = survey(4000, 10**6)
    cells = broken = 0
    for seed in range(10):
        items = sorted(survey(300, seed), key=lambda item: hashlib.sha256(item.task.encode()).digest())
        tried = try_thresholds(items, crossfit(items), order="value", cost=ALIKE)
        final = train(items)
        for limit in LIMITS:
            verdict = certify(tried, labels=len(items), risk_limit=limit)
            if verdict.threshold is not None:
                cells += 1
                broken += risk(final, fresh, verdict.threshold)[1] > limit
    print(f"\n{broken} of {cells} certified cells over their limit")
    assert cells >= 15
    assert broken <= 0.1 * cells
