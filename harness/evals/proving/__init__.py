"""Does a task tell right from wrong? Proven by running its tests without and with its reference, several times."""

from harness.evals.proving.checking import Checked, check_suite, check_task
from harness.evals.proving.proof import (
    CORE,
    CanaryResult,
    Claim,
    EnvironmentRecord,
    Origin,
    Proof,
    Rejection,
    RunMade,
)
from harness.evals.proving.prove import Prover, open_prover, prove
from harness.evals.proving.rules import RULES, Rule

__all__ = [
    "CORE",
    "RULES",
    "CanaryResult",
    "Checked",
    "Claim",
    "EnvironmentRecord",
    "Origin",
    "Proof",
    "Prover",
    "Rejection",
    "Rule",
    "RunMade",
    "check_suite",
    "check_task",
    "open_prover",
    "prove",
]
