"""What a trial may still use: looked at before each call and each command, so that no limit is found out too late."""

import math
from dataclasses import dataclass, field
from decimal import Decimal

from harness.core.ids import CandidateId
from harness.core.money import sum_known
from harness.core.outcome import Outcome
from harness.core.request import Request
from harness.core.suite import SolverLimits
from harness.engine import Engine
from harness.engine.candidates import Route

BYTES_PER_TOKEN = 4
"""Of prose and code together, for looking ahead; what was really used is counted as the vendors report it."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """The limits of one trial and what has gone of them. Counts what was used, not what time it is: a trial that is
    continued comes to the same end.
    """

    limits: SolverLimits
    steps: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    """Known costs, and the bound of every call whose cost is not known."""
    wall_s: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)

    def refusal(self, request: Request, bound_usd: Decimal | None) -> str:
        """Which limit the call of *request* would break; empty: none. *bound_usd*: the most it can cost, if known."""
        ahead = prompt_tokens(request)
        limits = self.limits
        if self.steps >= limits.steps:
            return f"limit of {limits.steps} calls"
        if self.tokens + ahead >= limits.tokens:
            return f"limit of {limits.tokens} tokens: {self.tokens} used, and the next prompt has about {ahead}"
        if limits.cost_usd is not None and self.cost_usd + (bound_usd or 0) > limits.cost_usd:
            most = "an unknown amount" if bound_usd is None else f"{bound_usd:f}"
            return f"limit of {limits.cost_usd} USD: {self.cost_usd:f} spent, and the next call may cost {most}"
        if limits.cost_usd is not None and bound_usd is None:
            return f"limit of {limits.cost_usd} USD: it cannot be held, since nothing bounds what the next call costs"
        return f"limit of {limits.wall_s:g} s" if self.left_s <= 0 else ""

    @property
    def left_s(self) -> float:
        return self.limits.wall_s - self.wall_s

    def took(self, outcome: Outcome) -> None:
        """Count a call, or the calls of a panel."""
        self.outcomes.append(outcome)
        self.steps += 1
        self.tokens += outcome.usage.total if outcome.usage else 0
        spent = outcome.cost_usd if outcome.cost_bound_usd is None else outcome.cost_bound_usd
        self.cost_usd += spent or Decimal(0)
        self.wall_s += outcome.latency_s


def prompt_tokens(request: Request) -> int:
    """About how many tokens the messages of *request* have."""
    size = sum(len(message.content.encode("utf-8", "surrogatepass")) for message in request.messages)
    return math.ceil(size / BYTES_PER_TOKEN)


def bound_usd(engine: Engine, candidate: CandidateId, request: Request) -> Decimal | None:
    """The most that one call of *candidate* can cost: of all members for a panel, of the dearest for a route."""
    cards = engine.directory.cards_of([candidate]).values()
    bounds = [engine.calls.bound_usd(card, request) for card in cards]
    if isinstance(engine.directory.resolve(candidate), Route):
        known = [bound for bound in bounds if bound is not None]
        return max(known) if known and len(known) == len(bounds) else None
    return sum_known(bounds)
