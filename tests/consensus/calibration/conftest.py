import pytest

from harness.consensus.calibration.calibrate import PolicyFacts, calibrate
from harness.core.ids import ModelId, PolicyName, TaskClass
from tests.consensus.calibration.voters import survey

NAMES = tuple(ModelId(f"v/{letter}") for letter in "abcdef")


def facts(order="value", cost=()) -> PolicyFacts:
    return PolicyFacts(
        task_class=TaskClass("sums"),
        policy=PolicyName("payments"),
        policy_version="0123456789ab",
        comparator="numeric@3",
        models=NAMES,
        order=order,
        cost=cost,
    )


@pytest.fixture(scope="session")
def calibration():
    """Six synthetic voters, 600 labels: certified at 2 % and looser."""
    return calibrate(survey(600, 21), facts(), fitted_at="2026-11-21T08:00:00Z", versions={"harness": "0.1.0"})
