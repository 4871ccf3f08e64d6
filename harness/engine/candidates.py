"""Anything that can be asked, read from its id: a model, ``consensus/<policy>`` or ``route/<profile>``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import TypeVar

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId, ModelId, PolicyName, ProfileName, TraceId
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
    """Of every member."""


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
        absent = [model for model in policy.members if model not in self.cards]
        if absent:
            raise ConfigError(
                f"policy {policy.name!r} names {', '.join(map(repr, absent))} without a card in registry/models.yaml: "
                "it can be replayed on imported runs, not asked"
            )
        _refuse_second_votes(policy, [self.cards[model] for model in policy.members])
        return Consensus(policy=policy, cards={model: self.cards[model] for model in policy.members})


def _refuse_second_votes(policy: Policy, cards: Sequence[Card]) -> None:
    """Raise ConfigError when a model would vote twice: under one name, or under those of two of *cards*."""
    pair = next(((a.id, b.id) for a, b in combinations(cards, 2) if _is_alias(a, b)), None)
    if pair is None:
        return
    one, other = pair
    what = f"{one!r} is in the panel twice" if one == other else f"{one!r} and {other!r} are one model by their cards"
    raise ConfigError(f"policy {policy.name!r}: {what}: its second vote would be no independent one")


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
