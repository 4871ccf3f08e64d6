"""Who is asked in which round, and which rule holds."""

from collections.abc import Callable
from decimal import Decimal

from harness.core.errors import ConfigError
from harness.core.ids import ModelId
from harness.core.policy import Policy, Quorum, RiskLimit, Unanimous

PriceOf = Callable[[ModelId], Decimal | None]
"""What a model costs relative to the others (any unit); None when unknown."""


def effective_rule(policy: Policy) -> Quorum | Unanimous | None:
    """The rule that holds without a calibration; None: nothing may be served, whatever is answered."""
    if isinstance(policy.rule, RiskLimit):
        return policy.rule.fallback
    return policy.rule


def needed(rule: Quorum | Unanimous, panel_size: int) -> int:
    """How many ballots must say the same; never one."""
    return max(2, rule.k if isinstance(rule, Quorum) else panel_size)


def rungs(policy: Policy, price_of: PriceOf) -> tuple[tuple[ModelId, ...], ...]:
    """The rounds of the panel under a quorum or unanimity, without the tiebreak.

    A tiebreaker that is also a member of the panel is held back: asked in the first round, it would have no
    independent vote left. ``all_at_once`` is one round. The other orders ask as few as could decide, then one
    more at a time: ``cheap_first`` by price (unknown prices last), ``accurate_first`` as the panel is written. The
    fallback of a risk limit knows no value of an answer: under ``order: value`` it goes by price.

    Raises ConfigError for ``order: value`` without a risk limit: a policy is carried out as written or not at all.
    """
    if policy.order == "value" and not isinstance(policy.rule, RiskLimit):
        raise ConfigError(
            f"policies.yaml: {policy.name}.order: 'value' weighs gain against price by a calibration, and needs a rule "
            "with a risk_limit. Without one there are: cheap_first, accurate_first, all_at_once"
        )
    held_back = policy.tiebreak.model if policy.tiebreak else None
    voters = tuple(model for model in policy.panel if model != held_back)
    if policy.order == "all_at_once":
        return (voters,)
    if policy.order in ("cheap_first", "value"):
        voters = tuple(sorted(voters, key=lambda model: _price_rank(price_of(model))))
    rule = effective_rule(policy)
    first = min(rule.k if isinstance(rule, Quorum) else 2, len(voters))
    return (voters[:first], *((model,) for model in voters[first:]))


def _price_rank(price: Decimal | None) -> tuple[bool, Decimal]:
    return (price is None, price or Decimal(0))
