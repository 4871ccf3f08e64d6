"""Routing, bound to what is known here: the cards, the promoted matrix, and which breakers are open now."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from harness.core.card import Card
from harness.core.ids import ModelId, ProfileName
from harness.core.request import Request
from harness.routing import Decision, Matrix, Routing, decide, request_needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Decides where a request goes. Keeps no state of its own."""

    routing: Routing
    cards: Mapping[ModelId, Card]
    matrix: Matrix
    open_breakers: Callable[[], Collection[ModelId]]

    def decide(self, profile: ProfileName, request: Request) -> Decision:
        """The decision for *request* under *profile*."""
        return decide(
            request_needs(request),
            profile=profile,
            routing=self.routing,
            cards=self.cards,
            matrix=self.matrix,
            open_breakers=self.open_breakers(),
        )
