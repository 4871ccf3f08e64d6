"""How much a candidate differs from itself, from the rows of a run of it against itself."""

import math
from collections.abc import Sequence

from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.stats import noise_floor


def noise_results(run: RunRow, rows: Sequence[TrialRow]) -> dict[str, Json] | None:
    """Epochs of even number against those of odd number, over tasks; ``None`` when no task was measured in both.

    Shares and differences are shares, not points.
    """
    samples: dict[tuple[str, str], tuple[list[bool], list[bool]]] = {}
    for row in rows:
        if row.run_id == run.run_id and row.grade.measured:
            both = samples.setdefault((row.task_id, row.task_digest), ([], []))
            both[row.epoch % 2].append(row.grade is Grade.RESOLVED)
    floor = noise_floor([(_rate(first), _rate(second)) for first, second in samples.values() if first and second])
    if floor is None:
        return None
    return {
        "run": run.run_id,
        "candidate": run.candidates[0],
        "measured_at": run.started_at.isoformat(timespec="seconds"),
        "tasks": floor.tasks,
        "flips": floor.flips,
        "share": floor.share,
        "ci": [floor.lo, floor.hi],
        "sd": floor.sd,
        "smallest": floor.smallest,
    }


def _rate(passed: Sequence[bool]) -> float:
    return math.fsum(passed) / len(passed)
