"""How far an answer can be trusted, in the words of the terminal and in the shape for scripts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.cli.options import Options
from harness.cli.outcomes import outcome_json, print_outcome
from harness.cli.output import Output
from harness.core.ids import CandidateId, ModelId, TaskClass, VerdictId
from harness.core.outcome import CalibrationFacts, Group, Outcome, QuorumFacts, Reason

FACTS = CalibrationFacts(
    version="0123456789ab",
    task_class=TaskClass("sums"),
    labels=412,
    fitted_at="2026-11-20T02:00:00Z",
    threshold=0.99,
    risk_limit=0.01,
)
CERTIFIED = Outcome(
    verdict_id=VerdictId("v"),
    candidate=CandidateId("consensus/p"),
    served=True,
    answer="7",
    confidence=0.99239,
    certified=True,
    calibration=FACTS,
    policy="p",
    groups=(Group(answer="7", models=(ModelId("a"), ModelId("b")), weight=1.0, chance=0.99239),),
    quorum=QuorumFacts(declared=3, called=2, valid=2),
    cost_usd=Decimal("0.001"),
    latency_s=0.5,
)
FALLBACK = replace(
    CERTIFIED,
    certified=False,
    calibration=replace(FACTS, threshold=None, risk_limit=None),
    uncertified="uncertified: …",
)
UNKNOWN = replace(
    FALLBACK, confidence=None, calibration=None, groups=(replace(CERTIFIED.groups[0], chance=None),), labels_missing=230
)


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (CERTIFIED, "2 × 7 (99.2 %) · calibrated: 99.2 % · limit 1 % certified from 412 labels"),
        (replace(CERTIFIED, confidence=0.999999), "calibrated: 99.99 % · limit"),
        (
            replace(CERTIFIED, served=False, reason=Reason.DIVERGENT, confidence=0.5),
            "calibrated: 50.0 % for the likeliest answer · limit 1 % certified",
        ),
        (replace(FALLBACK, labels_missing=120), "calibrated: 99.2 % · uncertified: about 120 labels missing"),
        (FALLBACK, "calibrated: 99.2 % · uncertified"),
        (UNKNOWN, "2 × 7 · uncertified: about 230 labels missing"),
        (replace(UNKNOWN, uncertified="", labels_missing=None), "no calibration, so no probability is claimed"),
    ],
)
def test_what_is_claimed(outcome, told, capsys):
    print_outcome(Output(Options()), outcome)
    assert told in " ".join(capsys.readouterr().out.split())


def test_scripts_get_the_numbers():
    found = outcome_json(CERTIFIED)
    assert (found["confidence"], found["certified"], found["uncertified"]) == (0.99239, True, None)
    assert found["groups"][0]["chance"] == 0.99239
    assert found["calibration"]["threshold"] == 0.99
    assert outcome_json(UNKNOWN)["labels_missing"] == 230
    assert outcome_json(UNKNOWN)["calibration"] is None
