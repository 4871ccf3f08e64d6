"""How much a candidate differs from itself: the noise that every comparison on the same tasks has to rise above."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.power import smallest_difference
from harness.stats.proportions import wilson_ci


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """Two samples of one candidate on the same tasks."""

    tasks: int
    flips: int
    """Tasks on which the two were not alike."""
    share: float
    lo: float
    """Wilson, 95 %."""
    hi: float
    sd: float
    """Of the difference of a task, about 0: the true difference of a candidate from itself is known."""
    smallest: float | None
    """The smallest difference, in whole points as a share, that as many tasks would show with 80 % power between two
    candidates that differ on as many tasks; ``None``: none."""


def noise_floor(pairs: Sequence[tuple[float, float]]) -> NoiseFloor | None:
    """*pairs* are the success rates of the two samples, per task; ``None`` without a task.

    The share of flips is smoothed by half a task for ``smallest``, so that none yet does not mean none ever.
    """
    if not pairs:
        return None
    differences = [second - first for first, second in pairs]
    flips = sum(1 for difference in differences if difference)
    ends = wilson_ci(k=flips, n=len(pairs))
    return NoiseFloor(
        tasks=len(pairs),
        flips=flips,
        share=flips / len(pairs),
        lo=ends.lo,
        hi=ends.hi,
        sd=math.sqrt(math.fsum(difference**2 for difference in differences) / len(pairs)),
        smallest=smallest_difference(len(pairs), discordant=(flips + 0.5) / (len(pairs) + 1)),
    )
