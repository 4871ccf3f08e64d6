"""What a call can cost before it is sent, and what it did cost after. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.money import Usage, sum_known
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Reply, Response, Retry

_OUTPUT_BOUNDS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"})
_COPIES = frozenset({"n", "candidateCount"})
_NOTHING = Usage()
_UNKNOWN = "attempts_of_unknown_cost:"
"""Begins the note that says how many earlier attempts of a response may have been billed."""


def bound_usd(card: Card, request: Request) -> Decimal | None:
    """The most that one attempt can cost; None when the card has no price or nothing bounds its output.

    Prompt: no tokeniser makes more tokens than bytes; the card's own options are sent along and counted too.
    """
    if card.price is None:
        return None
    output = output_tokens_max(card, request)
    if output is None:
        return None
    prompt = request.prompt_tokens_max
    if card.options:
        prompt += len(str(card.options).encode("utf-8", errors="replace"))
    return card.price.bound_usd(prompt_tokens_max=prompt, output_tokens_max=output)


def output_tokens_max(card: Card, request: Request) -> int | None:
    """The most tokens one attempt generates, or None.

    The request's bound if this model takes one, else the card's. A bound in the card's options is sent instead of
    the request's: the larger of the two counts, times the number of answers the options ask for.
    """
    asked = None if "max_tokens" in card.rejects else request.sampling.max_tokens
    if not card.options:
        return card.context.output if asked is None else asked
    fixed = list(_numbers(card.options, _OUTPUT_BOUNDS))
    bounds = fixed if asked is None else [*fixed, asked]
    bound = max(bounds) if bounds else card.context.output
    return None if bound is None else bound * max(_numbers(card.options, _COPIES), default=1)


def _numbers(options: Mapping[str, Json], names: frozenset[str]) -> Iterator[int]:
    """The whole numbers called one of *names*, at any depth."""
    for name, value in options.items():
        if name in names and isinstance(value, int):
            yield value
        elif isinstance(value, Mapping):
            yield from _numbers(value, names)


def unbounded(card: Card) -> Failure:
    """Why a call of *card* cannot be sent under a spending limit."""
    if card.price is None:
        missing = "has no price; give it one, {input: 0, output: 0} if it is free"
    else:
        missing = "has no bound on its output; set max_tokens in the request or context.output on its card"
    message = f"not sent: there is a spending limit, and {card.id} {missing}"
    return Failure(model=card.id, kind=FailureKind.BUDGET, message=message, retry=Retry.NEVER, attempts=0)


def cost_usd(reply: Reply) -> Decimal | None:
    """What an attempt cost; None when only its bound is known."""
    if isinstance(reply, Response):
        return reply.vendor_cost_usd if reply.cost_usd is None else reply.cost_usd
    if reply.status == 200 and reply.usage is None and not reply.cost_usd:
        return None  # it generated something, and did not say how much
    return reply.cost_usd


def settled_usd(card: Card | None, request: Request | None, reply: Reply) -> Decimal:
    """What a call that is over counts for against a spending limit: every attempt of unknown cost at its bound.

    Without a bound on record, and without the card, the request or a price to make one of, nothing is counted: no such
    call can be made under a limit.
    """
    if reply.cost_bound_usd is not None:
        return reply.cost_bound_usd
    bound = None if card is None or request is None else bound_usd(card, request)
    if isinstance(reply, Failure):
        return reply.cost_usd or Decimal(0)
    known = cost_usd(reply)
    unknown = sum(int(note.removeprefix(_UNKNOWN)) for note in reply.notes if note.startswith(_UNKNOWN))
    return (known or Decimal(0)) + (bound or Decimal(0)) * (unknown if known is not None else reply.attempts)


@dataclass(slots=True)
class Bill:
    """What the attempts of one call before its last have cost."""

    attempts: int = 0
    known_usd: Decimal = Decimal(0)
    open_usd: Decimal | None = Decimal(0)
    """Bounds of the attempts whose cost is not known; None when one has no bound."""
    unknown: int = 0
    usage: Usage = _NOTHING

    def add(self, reply: Reply, bound: Decimal | None) -> None:
        """Count an attempt that is not the call's last."""
        self.attempts += 1
        self.usage += reply.usage or _NOTHING
        cost = cost_usd(reply)
        if cost is not None:
            self.known_usd += cost
            return
        self.unknown += 1
        self.open_usd = None if bound is None or self.open_usd is None else self.open_usd + bound

    def most_usd(self, last: Reply, bound: Decimal | None) -> Decimal | None:
        """The most that the call can have cost up to *last*; None when nothing bounds it."""
        cost = cost_usd(last)
        return sum_known((self.known_usd, self.open_usd, bound if cost is None else cost))

    def total(self, last: Reply, bound: Decimal | None) -> Reply:
        """*last* with the costs, the usage and the number of all attempts.

        The cost of a response stays known when an earlier attempt's is not: its notes say how many such there were,
        and its bound what they can have added.
        """
        if isinstance(last, Failure):
            return self._failure(last, bound) if last.attempts else last
        open_ = self.unknown > 0 or last.cost_usd is None
        if self.attempts == 0 and not open_:
            return last
        unknown = (f"{_UNKNOWN}{self.unknown}",) if self.unknown else ()
        return replace(
            last,
            attempts=self.attempts + 1,
            cost_usd=None if last.cost_usd is None else last.cost_usd + self.known_usd,
            cost_bound_usd=self.most_usd(last, bound) if open_ else None,
            usage=None if last.usage is None else last.usage + self.usage,
            notes=(*last.notes, *unknown),
        )

    def _failure(self, last: Failure, bound: Decimal | None) -> Failure:
        everything = replace(self)
        everything.add(last, bound)
        return replace(
            last,
            attempts=everything.attempts,
            usage=None if everything.usage == _NOTHING else everything.usage,
            cost_usd=everything.known_usd if everything.unknown == 0 else None,
            cost_bound_usd=self.most_usd(last, bound) if everything.unknown else None,
        )
