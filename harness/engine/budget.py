"""Holding one request within its own limit: the tokens it may generate follow from the money it may cost. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from harness.core.card import Card
from harness.core.money import sum_known
from harness.core.request import Request
from harness.transport.bounds import bound_usd, output_tokens_max

LEAST_TOKENS = 64
"""An answer shorter than this is not worth asking for."""
_MANY_TOKENS = 10**9
"""More than any card's own options ask for: from here on, a bound grows with the request's."""


def fit(request: Request, cards: Iterable[Card], limit_usd: Decimal) -> Request | str:
    """*request* with a bound on its output such that one attempt of each of *cards* cannot cost more than *limit_usd*.

    The same bound goes to every member: they all get the same bytes. A bound that the caller chose is only ever
    lowered. Returns one line that says why when no useful bound exists.
    """
    members = tuple(cards)
    unpriced = [card.id for card in members if card.price is None]
    if unpriced:
        return f"no price is known for {', '.join(unpriced)}: a limit of {limit_usd} USD cannot be held"
    most, more = (_total(_bounded(request, _MANY_TOKENS + extra), members) for extra in (0, 1))
    if most is None or more is None:
        return _not_held(request, members, limit_usd)
    per_token = more - most
    fixed = most - per_token * _MANY_TOKENS
    if per_token == 0:
        return request if fixed <= limit_usd else _not_held(request, members, limit_usd)
    tokens = int(((limit_usd - fixed) / per_token).to_integral_value(ROUND_FLOOR))
    if tokens < LEAST_TOKENS:
        return _not_held(request, members, limit_usd)
    fitted = _bounded(request, min(tokens, request.sampling.max_tokens or tokens, *_caps(members)))
    total = _total(fitted, members)
    return fitted if total is not None and total <= limit_usd else _not_held(request, members, limit_usd)


def _total(request: Request, cards: Sequence[Card]) -> Decimal | None:
    """The most that one attempt of each can cost, with what their cards add to the request."""
    return sum_known(bound_usd(card, request) for card in cards)


def _bounded(request: Request, tokens: int) -> Request:
    return replace(request, sampling=replace(request.sampling, max_tokens=tokens))


def _caps(cards: Iterable[Card]) -> list[int]:
    return [card.context.output for card in cards if card.context.output is not None]


def _not_held(request: Request, cards: Sequence[Card], limit_usd: Decimal) -> str:
    """Why: whoever generates more than it is asked for, else the prompt."""
    least = _bounded(request, LEAST_TOKENS)
    more = [card.id for card in cards if output_tokens_max(card, least) != LEAST_TOKENS]
    if more:
        return (
            f"a limit of {limit_usd} USD cannot be held: {', '.join(more)} may generate more than the request allows, "
            "by the options or rejects on the card"
        )
    total = _total(least, cards)
    return (
        f"the limit of {limit_usd} USD leaves no room for an answer: {LEAST_TOKENS} tokens of each member may cost "
        f"{total or 0:f} USD with the prompt"
    )
