"""The pure machine that decides: ask, wait, serve or abstain. It is told ballots, and never asks anyone itself."""

from harness.consensus.machine import Abstain, Action, Ask, Machine, Serve, Wait
from harness.consensus.plan import PriceOf, effective_rule, rungs
from harness.consensus.tally import Grouping, GroupOf, Tally

__all__ = [
    "Abstain",
    "Action",
    "Ask",
    "GroupOf",
    "Grouping",
    "Machine",
    "PriceOf",
    "Serve",
    "Tally",
    "Wait",
    "effective_rule",
    "rungs",
]
