"""Trials with the fields that statistics look at."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from harness.core.rows import TrialRow
from harness.core.trial import Grade

MakeTrial = Callable[..., TrialRow]


def _make(
    task: str,
    candidate: str,
    grade: Grade = Grade.RESOLVED,
    *,
    epoch: int = 0,
    digest: str = "d",
    task_class: str = "general",
) -> TrialRow:
    return TrialRow(
        run_id="r-1",
        task_id=task,
        task_digest=digest,
        task_class=task_class,
        candidate=candidate,
        epoch=epoch,
        grade=grade,
        cost_usd=Decimal("0.01"),
        tokens_in=10,
        tokens_out=5,
        latency_s=1.0,
        calls=1,
    )


@pytest.fixture
def make_trial() -> MakeTrial:
    return _make
