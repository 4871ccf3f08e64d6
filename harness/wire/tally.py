"""Vendors' token counts as disjoint ones, checked against the vendor's own total.

Vendors differ in what contains what: cached tokens stand inside the prompt count (OpenAI, Gemini) or beside it
(Anthropic), reasoning inside the output count (OpenAI, Anthropic) or beside it (Gemini, xAI). A family says what it
documents; where the vendor's total shows otherwise, the total is believed.
"""

from dataclasses import dataclass

from harness.core.money import Usage

INCONSISTENT = "usage_inconsistent"
"""The counts do not add up to the vendor's total, or a part is larger than its whole."""
INCOMPLETE = "usage_incomplete"
"""A count is missing and cannot be had from the others: the usage is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Tokens as the vendor counts them. ``None``: it did not say."""

    prompt: int | None
    output: int | None
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a call consumed, as far as it is known, and what was odd about the vendor's figures."""

    usage: Usage | None = None
    notes: tuple[str, ...] = ()


def tally(counts: Counts, *, cache_inside: bool, reasoning_inside: bool, notes: tuple[str, ...] = ()) -> Tally:
    """The disjoint counts of *counts*.

    Args:
        counts: As sent.
        cache_inside: The vendor documents that cached tokens are part of its prompt count.
        reasoning_inside: The vendor documents that reasoning is part of its output count.
        notes: Oddities that were seen before.
    """
    prompt, output = _completed(counts)
    counted = (prompt, output, counts.cache_read, counts.cache_write, counts.reasoning)
    if prompt is None or output is None or not any(counted):
        # a call without a single token does not exist: servers that do not count send zeros
        said_something = counts.prompt is not None or counts.output is not None or counts.total is not None
        return Tally(notes=(*notes, INCOMPLETE) if said_something else notes)
    documented = _reading(counts, prompt, output, (cache_inside, reasoning_inside))
    if documented is not None and counts.total in (None, documented.total):
        return Tally(usage=documented, notes=notes)
    readings = [
        usage
        for cache in (cache_inside, not cache_inside)
        for reasoning in (reasoning_inside, not reasoning_inside)
        if (usage := _reading(counts, prompt, output, (cache, reasoning))) is not None
    ]
    agreed = next((usage for usage in readings if usage.total == counts.total), None)
    if agreed is not None:
        return Tally(usage=agreed, notes=notes)
    # the documented reading stands first; the one with everything outside is never negative
    return Tally(usage=readings[0], notes=(*notes, INCONSISTENT))


def _completed(counts: Counts) -> tuple[int | None, int | None]:
    """Prompt and output; one that is missing is what the total leaves for it."""
    prompt, output = counts.prompt, counts.output
    if counts.total is not None and prompt is not None and output is None:
        # Gemini leaves the output count out when there is no visible output
        left = counts.total - prompt - counts.reasoning
        output = left if left >= 0 else None
    return prompt, output


def _reading(counts: Counts, prompt: int, output: int, inside: tuple[bool, bool]) -> Usage | None:
    """The counts under one assumption of what contains what; None when a count would be negative."""
    cache_inside, reasoning_inside = inside
    fresh = prompt - (counts.cache_read + counts.cache_write if cache_inside else 0)
    visible = output - (counts.reasoning if reasoning_inside else 0)
    if fresh < 0 or visible < 0:
        return None
    return Usage(
        input=fresh,
        cache_read=counts.cache_read,
        cache_write=counts.cache_write,
        output=visible,
        reasoning=counts.reasoning,
    )
