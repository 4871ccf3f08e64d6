"""Calibrated consensus: a probability that knows models share their errors, and thresholds that keep a risk limit.

Deciding is plain arithmetic and imported here. Fitting needs numpy and is imported from where it lives:
``calibration.calibrate`` (``calibrate``, ``PolicyFacts``) and ``calibration.fit`` (``coincidence_rate``,
``permuted_pairs``).
"""

from harness.consensus.calibration.calibration import Calibration, Revocation, Scores, from_json
from harness.consensus.calibration.certify import LIMITS, Threshold, least_labels, upper_bound
from harness.consensus.calibration.decide import Abstain, Ask, Decision, Moment, Ranking, Serve, Wait, decide
from harness.consensus.calibration.drift import Drift, drift
from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.model import Parameters, Posterior, posterior
from harness.consensus.calibration.panels import Pair, Panel, pairs, suggest
from harness.consensus.calibration.votes import Labelled, State, canonical

__all__ = [
    "LIMITS",
    "Abstain",
    "Ask",
    "Calibration",
    "Decision",
    "Drift",
    "Estimator",
    "Labelled",
    "Moment",
    "Pair",
    "Panel",
    "Parameters",
    "Posterior",
    "Ranking",
    "Revocation",
    "Scores",
    "Serve",
    "State",
    "Threshold",
    "Wait",
    "canonical",
    "decide",
    "drift",
    "from_json",
    "least_labels",
    "pairs",
    "posterior",
    "suggest",
    "upper_bound",
]
