"""Synthetic voters with known truth: hard and easy questions, a shared fallacy, stray errors, silences."""

import random

from harness.consensus.calibration import Labelled
from harness.consensus.calibration.model import Parameters

SIX = Parameters(
    difficulty=(0.7, 0.2, 0.1),
    accuracy=(
        (0.97, 0.6, 0.2),
        (0.98, 0.7, 0.2),
        (0.99, 0.75, 0.3),
        (0.99, 0.8, 0.3),
        (0.99, 0.85, 0.4),
        (0.995, 0.9, 0.5),
    ),
    attraction=((0.3, 0.4, 0.5),) * 6,
    coincidence=0.01,
    answering=(0.98, 1.0, 1.0, 0.97, 1.0, 1.0),
)
"""Six voters, from fair to good, whose errors coincide as those of real panels do."""


def ask(parameters: Parameters, rng: random.Random, task: str) -> Labelled:
    """One question: group 0 is the truth, 1 the attractor, 2... stray values."""
    z = rng.choices(range(len(parameters.difficulty)), parameters.difficulty)[0]
    votes = []
    for i, answering in enumerate(parameters.answering):
        if rng.random() > answering:
            votes.append(None)
        elif rng.random() < parameters.accuracy[i][z]:
            votes.append(0)
        elif rng.random() < parameters.attraction[i][z]:
            votes.append(1)
        else:
            votes.append(rng.randrange(1, 1 + round(1 / parameters.coincidence)))
    return Labelled(task=task, votes=tuple(votes), right=0 if 0 in votes else None)


def survey(n: int, seed: int, parameters: Parameters = SIX) -> list[Labelled]:
    """*n* questions, the same for the same seed."""
    rng = random.Random(seed)
    return [ask(parameters, rng, f"q{seed}-{i}") for i in range(n)]
