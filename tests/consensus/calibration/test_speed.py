import statistics
import time

import pytest

from harness.consensus.calibration import Moment, decide
from tests.consensus.calibration.conftest import NAMES

pytestmark = pytest.mark.bench


def median_ms(work, rounds=300):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


@pytest.mark.parametrize("votes", [(0, 0, 0, 0, 0, 0), (0, 0, 1, 0, 2, 1), (0, 1, 2, 3, 4, 5)])
def test_a_decision_on_six_votes(calibration, votes):
    moment = Moment(votes=dict(zip(NAMES, votes, strict=True)), asked=NAMES)
    cold = median_ms(lambda: decide(calibration, moment, 0.05))
    estimator = calibration.estimator()
    warm = median_ms(lambda: decide(calibration, moment, 0.05, estimator=estimator))
    print(f"\n{votes}: {cold:.3f} ms with nothing remembered, {warm:.3f} ms with a kept estimator")
    assert cold <= 0.3


@pytest.mark.parametrize("heard", [0, 2, 3])
def test_whom_to_ask_next(calibration, heard):
    moment = Moment(votes={name: i for i, name in enumerate(NAMES[:heard])}, asked=NAMES[:heard])
    estimator = calibration.estimator()
    warm = median_ms(lambda: decide(calibration, moment, 0.05, estimator=estimator))
    cold = median_ms(lambda: decide(calibration, moment, 0.05))
    print(f"\n{heard} heard: {cold:.3f} ms with nothing remembered, {warm:.3f} ms with a kept estimator")
    assert warm <= 0.3
