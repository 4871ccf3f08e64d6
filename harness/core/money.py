"""Prices, and what one answer costs. Decimal throughout: floats lose cents, and unknown is None, never 0."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one answer, as disjoint counts: their sum is what the vendor processed."""

    input: int = 0
    """Prompt tokens that were neither read from nor written to a cache."""
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    """Visible output tokens, without reasoning."""
    reasoning: int = 0
    """Hidden reasoning tokens; billed as output."""

    @property
    def prompt(self) -> int:
        """Every token of the prompt, cached or not."""
        return self.input + self.cache_read + self.cache_write

    @property
    def generated(self) -> int:
        """Every token billed as output."""
        return self.output + self.reasoning

    @property
    def total(self) -> int:
        return self.prompt + self.generated

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """USD per million tokens. ``None``: the vendor's figure is not known."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Other rates for long prompts."""

    above: int
    """Applies to the whole call when the prompt has more tokens than this."""
    rates: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, on which day, and who says so."""

    rates: Rates
    tiers: tuple[Tier, ...] = ()
    """In ascending order of ``above``."""
    as_of: str
    """ISO date."""
    source: str
    """``vendor``, ``litellm``, ``user``, …"""

    def rates_for(self, prompt_tokens: int) -> Rates:
        """The rates of a call with *prompt_tokens* in its prompt."""
        reached = [tier.rates for tier in self.tiers if prompt_tokens > tier.above]
        return reached[-1] if reached else self.rates

    def cost_usd(self, usage: Usage) -> Decimal | None:
        """What *usage* costs; None when it has cached tokens and the price has no rate for them."""
        rates = self.rates_for(usage.prompt)
        parts = (
            _cost(usage.input, rates.input),
            _cost(usage.cache_read, rates.cache_read),
            _cost(usage.cache_write, rates.cache_write),
            _cost(usage.generated, rates.output),
        )
        return sum_known(parts)

    def bound_usd(self, *, prompt_tokens_max: int, output_tokens_max: int) -> Decimal:
        """The most that a call within these token counts can cost, whatever tier and cache it lands in."""
        all_rates = (self.rates, *(tier.rates for tier in self.tiers))
        input_rate = max(
            rate
            for rates in all_rates
            for rate in (rates.input, rates.cache_read, rates.cache_write)
            if rate is not None
        )
        output_rate = max(rates.output for rates in all_rates)
        return (input_rate * prompt_tokens_max + output_rate * output_tokens_max) / _MILLION


def _cost(tokens: int, rate: Decimal | None) -> Decimal | None:
    if tokens == 0:
        return Decimal(0)
    return None if rate is None else rate * tokens / _MILLION


def sum_known(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of *costs*, or None as soon as one of them is unknown."""
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
