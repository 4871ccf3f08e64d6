"""What is left of a policy's limit for judgements: what the votes have not used of what they may cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.core.card import Card
from harness.core.ids import ModelId
from harness.core.money import sum_known
from harness.core.request import Request
from harness.core.response import Reply


@dataclass(slots=True, kw_only=True)
class Purse:
    """One request's limit. Every voter that has not replied is counted at the most it may cost."""

    limit_usd: Decimal | None
    request: Request
    voters: Sequence[Card]
    replies: Mapping[ModelId, Reply]
    """What has come back so far."""
    bound_usd: Callable[[Card, Request], Decimal | None]
    spent_usd: Decimal = Decimal(0)
    """By judges."""

    def left_usd(self) -> Decimal | None:
        """None: there is no limit."""
        if self.limit_usd is None:
            return None
        votes = sum_known(self._vote_usd(card) for card in self.voters)
        return Decimal(0) if votes is None else max(Decimal(0), self.limit_usd - votes - self.spent_usd)

    def pay(self, reply: Reply, bound: Decimal | None) -> None:
        """Count a judge's call; at *bound* when its cost is not known."""
        self.spent_usd += _most_usd(reply, bound) or Decimal(0)

    def _vote_usd(self, card: Card) -> Decimal | None:
        bound = self.bound_usd(card, self.request)
        reply = self.replies.get(card.id)
        return bound if reply is None else _most_usd(reply, bound)


def _most_usd(reply: Reply, bound: Decimal | None) -> Decimal | None:
    if reply.cost_bound_usd is not None:
        return reply.cost_bound_usd
    return bound if reply.cost_usd is None else reply.cost_usd
