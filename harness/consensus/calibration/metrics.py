"""How good stated probabilities are: calibration error, Brier score, and what is wrong at which coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

Scored = Sequence[tuple[float, bool]]
"""Pairs of (stated probability of being right, was right)."""

BINS = 10
_TIE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What is served down to one confidence."""

    confidence: float
    coverage: float
    """Share of all questions served, in (0, 1]."""
    risk: float
    """Share of the served that is wrong."""


def ece(scored: Scored, *, bins: int = BINS) -> float:
    """Expected calibration error over *bins* equally wide bins of confidence, each closed above, the first also below.

    Sum over bins of (share of questions) × |mean confidence - share right|. 0 without questions.
    """
    inside: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in scored:
        inside[next((k for k in range(bins - 1) if confidence <= (k + 1) / bins), bins - 1)].append((confidence, right))
    gaps = (abs(sum(c for c, _ in rows) - sum(right for _, right in rows)) for rows in inside)
    return sum(gaps) / len(scored) if scored else 0.0


def brier(scored: Scored) -> float:
    """Mean squared difference between confidence and truth. 0 without questions."""
    return sum((confidence - right) ** 2 for confidence, right in scored) / len(scored) if scored else 0.0


def curve(scored: Scored) -> list[Point]:
    """The risk-coverage curve, most confident first, one point per distinct confidence."""
    points: list[Point] = []
    wrong = 0
    last = float("inf")
    for served, (confidence, right) in enumerate(sorted(scored, key=lambda pair: -pair[0]), start=1):
        wrong += not right
        point = Point(confidence=confidence, coverage=served / len(scored), risk=wrong / served)
        if last - confidence <= _TIE:
            points[-1] = point
        else:
            points.append(point)
            last = confidence
    return points


def aurc(scored: Scored) -> float:
    """Area under the risk-coverage curve: mean over k of the risk when the k most confident questions are served.

    Questions of equal confidence are taken in random order: each counts as the share that is wrong among them.
    0 without questions.
    """
    total = wrong = 0.0
    served = 0
    for _, tied in groupby(sorted(scored, key=lambda pair: -pair[0]), key=lambda pair: pair[0]):
        rights = [right for _, right in tied]
        share = rights.count(False) / len(rights)
        for _ in rights:
            served += 1
            wrong += share
            total += wrong / served
    return total / served if served else 0.0


def coverage_at(scored: Scored, precision: float) -> float:
    """The largest share of questions that one confidence threshold serves with at least *precision* right."""
    return max((point.coverage for point in curve(scored) if 1 - point.risk >= precision - _TIE), default=0.0)
