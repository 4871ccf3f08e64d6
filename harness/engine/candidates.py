"""Anything that can be asked, read from its id: a model, ``consensus/<policy>`` or ``route/<profile>``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import combinations
from typing import TypeVar

from harness.consensus import Fitted, fitted
from harness.consensus.calibration import Calibration
from harness.content import Registry
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId, ModelId, PolicyName, ProfileName, TaskClass, TraceId
from harness.core.policy import Policy
from harness.core.request import user_request
from harness.routing import Profile, Routing
from harness.wire import family

CONSENSUS = "consensus/"
ROUTE = "route/"
_PROBE = user_request("", trace_id=TraceId(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model, asked alone."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """A panel under a policy."""

    policy: Policy
    cards: Mapping[ModelId, Card]
    """Of every member, and of every judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whatever the routing decides."""

    profile: Profile


Target = Model | Consensus | Route

_K = TypeVar("_K", bound=str)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What can be asked here."""

    cards: Mapping[ModelId, Card]
    policies: Mapping[PolicyName, Policy]
    routing: Routing
    calibrations: Mapping[PolicyName, Mapping[TaskClass, Fitted]] = field(default_factory=dict)
    """Of each policy, by class of work. A policy without one is asked all the same, and promises no limit."""

    def resolve(self, candidate: CandidateId) -> Target:
        """What *candidate* names. Raises ConfigError with the nearest alternatives."""
        if candidate.startswith(CONSENSUS):
            return self.consensus(PolicyName(candidate.removeprefix(CONSENSUS)))
        if candidate.startswith(ROUTE):
            name = candidate.removeprefix(ROUTE)
            return Route(profile=_look_up("profile", ProfileName(name), self.routing.profiles, "registry/routing.yaml"))
        return Model(card=self.card(ModelId(candidate)))

    def card(self, model: ModelId) -> Card:
        """The card of *model*."""
        return _look_up("model", model, self.cards, "registry/models.yaml")

    def consensus(self, name: PolicyName) -> Consensus:
        """The policy *name* with the cards of its members, each of which must exist to be asked."""
        return self.panel(_look_up("policy", name, self.policies, "registry/policies.yaml"))

    def cards_of(self, candidates: Iterable[CandidateId]) -> dict[ModelId, Card]:
        """The cards of every model that *candidates* may ask. A route may ask any of its profile's candidates."""
        cards: dict[ModelId, Card] = {}
        for candidate in candidates:
            match self.resolve(candidate):
                case Model(card=card):
                    cards[card.id] = card
                case Consensus(cards=members):
                    cards.update(members)
                case Route(profile=profile):
                    names = profile.candidates or tuple(self.cards)
                    cards.update({name: self.cards[name] for name in names if name in self.cards})
        return cards

    def panel(self, policy: Policy) -> Consensus:
        """*policy* with the cards of its members."""
        named = tuple(dict.fromkeys((*policy.members, *policy.judges)))
        absent = [model for model in named if model not in self.cards]
        if absent:
            raise ConfigError(
                f"policy {policy.name!r} names {', '.join(map(repr, absent))} without a card in registry/models.yaml: "
                "it can be replayed on imported runs, not asked"
            )
        _refuse_second_votes(policy, [self.cards[model] for model in policy.members])
        for model in policy.judges:
            refuse_partial_judge(policy, self.cards[model], self.cards)
        return Consensus(policy=policy, cards={model: self.cards[model] for model in named})


def directory_of(registry: Registry) -> Directory:
    """Everything that *registry* names, its calibrations ready to use."""
    return Directory(
        cards=registry.cards,
        policies=registry.policies,
        routing=registry.routing,
        calibrations=calibrations_of(registry.calibrations.values()),
    )


def calibrations_of(calibrations: Iterable[Calibration]) -> dict[PolicyName, dict[TaskClass, Fitted]]:
    """*calibrations* by policy and class of work, ready to use."""
    found: dict[PolicyName, dict[TaskClass, Fitted]] = {}
    for calibration in calibrations:
        found.setdefault(calibration.policy, {})[calibration.task_class] = fitted(calibration)
    return found


def _refuse_second_votes(policy: Policy, cards: Sequence[Card]) -> None:
    """Raise ConfigError when a model would vote twice: under one name, or under those of two of *cards*."""
    pair = next(((a.id, b.id) for a, b in combinations(cards, 2) if _is_alias(a, b)), None)
    if pair is None:
        return
    one, other = pair
    what = f"{one!r} is in the panel twice" if one == other else f"{one!r} and {other!r} are one model by their cards"
    raise ConfigError(f"policy {policy.name!r}: {what}: its second vote would be no independent one")


def refuse_partial_judge(policy: Policy, judge: Card, cards: Mapping[ModelId, Card]) -> None:
    """Raise ConfigError when *judge* would judge its own answer, or its family's where another family is at hand.

    Where *cards* know no other family, it is asked all the same: the outcome says so.
    """
    voters = [cards[model] for model in policy.voters]
    own = next((card.id for card in voters if card.id == judge.id or _is_alias(card, judge)), None)
    if own is not None:
        raise ConfigError(f"policy {policy.name!r}: the judge {judge.id!r} is the voter {own!r}: it would judge itself")
    families = {card.family for card in voters}
    others = sorted(card.id for card in cards.values() if card.family not in families and card.status != "offline")
    if judge.family in families and others:
        raise ConfigError(
            f"policy {policy.name!r}: the judge {judge.id!r} is of a voter's family, {judge.family!r}: take another, "
            f"as {', '.join(map(repr, others[:3]))}"
        )


def _is_alias(a: Card, b: Card) -> bool:
    """Whether both send the same to the same address."""
    if (a.api, a.model, a.options, a.file) != (b.api, b.model, b.options, b.file):
        return False
    return a.api == "scripted" or b.api == "scripted" or _address(a) == _address(b)


def _address(card: Card) -> str:
    assert card.api != "scripted", "scripted models have no address"
    return str(family(card.api).encode(_PROBE, card, None).url)


def _look_up(kind: str, name: _K, table: Mapping[_K, _T], file: str) -> _T:
    if name in table:
        return table[name]
    raise ConfigError(f"{file}: no {kind} {name!r}; {_alternatives(name, table)}")


def _alternatives(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    near = get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"there are: {', '.join(known) or 'none'}"
