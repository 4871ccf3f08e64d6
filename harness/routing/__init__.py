"""Which model a request goes to, and why. Pure: a decision is a function of the request, the cards and the evidence.

:func:`decide` filters and scores, :func:`explain` says why in lines, :func:`read_legacy` reads two older
configuration formats, :func:`propose`, :func:`diff` and :func:`gate` lead from measured cells to a reviewed matrix.
"""

from harness.routing.decide import decide, request_needs, wider
from harness.routing.decision import NO_MODEL, Decision, Rejection, RejectReason, Scored
from harness.routing.explain import explain, to_json
from harness.routing.legacy import Legacy, LegacyChoice, read_legacy, resolve_legacy
from harness.routing.legacy_score import legacy_card, legacy_score
from harness.routing.matrix import EMPTY, Cell, CellState, Choice, Matrix, Objective, propose
from harness.routing.profile import (
    Breaker,
    BudgetGuard,
    ComplianceGuard,
    ContextGuard,
    Fallback,
    Guards,
    Needs,
    Profile,
    Routing,
    Weights,
)
from harness.routing.promotion import Change, Gate, diff, gate

__all__ = [
    "EMPTY",
    "NO_MODEL",
    "Breaker",
    "BudgetGuard",
    "Cell",
    "CellState",
    "Change",
    "Choice",
    "ComplianceGuard",
    "ContextGuard",
    "Decision",
    "Fallback",
    "Gate",
    "Guards",
    "Legacy",
    "LegacyChoice",
    "Matrix",
    "Needs",
    "Objective",
    "Profile",
    "RejectReason",
    "Rejection",
    "Routing",
    "Scored",
    "Weights",
    "decide",
    "diff",
    "explain",
    "gate",
    "legacy_card",
    "legacy_score",
    "propose",
    "read_legacy",
    "request_needs",
    "resolve_legacy",
    "to_json",
    "wider",
]
