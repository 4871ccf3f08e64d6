"""Holding one request within its own limit: the tokens it may generate follow from the money it may cost. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from harness.core.card import Card
from harness.core.request import Request

LEAST_TOKENS = 64
"""An answer shorter than this is not worth asking for."""


def fit(request: Request, cards: Iterable[Card], limit_usd: Decimal) -> Request | str:
    """*request* with a bound on its output such that all *cards* together cannot cost more than *limit_usd*.

    The same bound goes to every member: they all get the same bytes. A bound that the caller chose is only ever
    lowered. Returns one line that says why when no useful bound exists.
    """
    members = tuple(cards)
    unpriced = [card.id for card in members if card.price is None]
    if unpriced:
        return f"no price is known for {', '.join(unpriced)}: a limit of {limit_usd} USD cannot be held"
    fixed = _bound(request, members, 0)
    per_token = _bound(request, members, 1) - fixed
    left = limit_usd - fixed
    if per_token == 0:
        return request if left >= 0 else _too_little(limit_usd, fixed)
    tokens = int((left / per_token).to_integral_value(ROUND_FLOOR))
    if tokens < LEAST_TOKENS:
        return _too_little(limit_usd, fixed)
    asked = request.sampling.max_tokens
    return replace(
        request, sampling=replace(request.sampling, max_tokens=min(tokens, asked or tokens, *_caps(members)))
    )


def _bound(request: Request, cards: Iterable[Card], output_tokens: int) -> Decimal:
    bounds = (
        card.price.bound_usd(prompt_tokens_max=request.prompt_tokens_max, output_tokens_max=output_tokens)
        for card in cards
        if card.price is not None
    )
    return sum(bounds, start=Decimal(0))


def _caps(cards: Iterable[Card]) -> list[int]:
    return [card.context.output for card in cards if card.context.output is not None]


def _too_little(limit_usd: Decimal, fixed: Decimal) -> str:
    return (
        f"the limit of {limit_usd} USD leaves no room for an answer: reading the prompt may cost {fixed:f} USD already"
    )
