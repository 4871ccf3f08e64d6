"""The pure machine that decides: ask, wait, serve or abstain. It is told ballots, and never asks anyone itself."""

from harness.consensus.actions import Abstain, Action, Ask, Chances, Serve, Vote, Wait
from harness.consensus.machine import Machine
from harness.consensus.plan import PriceOf, effective_rule, rungs
from harness.consensus.standing import UNCALIBRATED, Fitted, Standing, fitted, standing
from harness.consensus.tally import Grouping, GroupOf, Tally, served_name

__all__ = [
    "UNCALIBRATED",
    "Abstain",
    "Action",
    "Ask",
    "Chances",
    "Fitted",
    "GroupOf",
    "Grouping",
    "Machine",
    "PriceOf",
    "Serve",
    "Standing",
    "Tally",
    "Vote",
    "Wait",
    "effective_rule",
    "fitted",
    "rungs",
    "served_name",
    "standing",
]
