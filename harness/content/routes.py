"""``registry/routing.yaml``: profiles and guards.

::

    default: balanced                # the profile of requests that name none; default: the first
    profiles:
      balanced:
        candidates: [openai/gpt-5.5, openai/gpt-5.4]   # absent: every card of models.yaml
        rationale: Said with every decision.
        task_class: finance.calculation                # of requests that name none
        weights: {cost: 0.3, latency: 0.4, quality: 0.3}    # sum 1
        quality_floor: 0.7           # least lower bound of measured quality
        unmeasured: allow            # allow | refuse: models without enough evidence for the class
        follow_matrix: true          # the promoted choice of a class goes first when it can serve
        statuses: [active]           # of cards that may be used: active | degraded | offline
        needs: [tools]               # capabilities demanded of every request
        compliance: [pii_safe]       # flags demanded of every request
        response_tokens: 2048        # kept free in the window for the reply
        max_context: 200000          # tokens, tighter than the card's window
        max_candidates: 5            # selected model and fallbacks together
        on_budget: economy           # where uncritical requests go when the budget guard fires
    guards:
      context: {above: 600000}       # reliable prompt length of cards that state none
      budget: {below: 0.2}           # share of the budget left: 80 % used is 0.2
      compliance: {flag: pii_safe, approved: [openai/gpt-5.5], block: true}
    fallback:
      enabled: true
      max_retries: 2
      breaker: {failures: 3, cooldown_s: 60, half_open_requests: 1, error_rate: 0.15, minimum_sample: 20}

Only ``profiles`` must be there. A file whose only key is ``routing`` is read as one of the two older formats of
:mod:`harness.routing.legacy`; it may also be JSON.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from harness.content.documents import json_value, read_section
from harness.content.faults import Faults, nearest
from harness.content.fields import (
    Capabilities,
    ClassName,
    Count,
    Flag,
    ModelName,
    Number,
    Positive,
    Seconds,
    Share,
    Spec,
    plain_name,
)
from harness.content.home import Home
from harness.core.card import Status
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import ModelId, ProfileName, TaskClass
from harness.routing import (
    Breaker,
    BudgetGuard,
    ComplianceGuard,
    ContextGuard,
    Fallback,
    Guards,
    Legacy,
    Profile,
    Routing,
    Weights,
    read_legacy,
)

FILE: Final = "routing.yaml"


class _Weights(Spec):
    cost: Share = 0.0
    latency: Share = 0.0
    quality: Share = 0.0


def _active() -> list[Status]:
    return ["active"]


class _Profile(Spec):
    candidates: list[ModelName] = Field(default_factory=list)
    rationale: str = ""
    task_class: ClassName | None = None
    weights: _Weights | None = None
    quality_floor: Share = 0.0
    unmeasured: Literal["allow", "refuse"] = "allow"
    follow_matrix: bool = True
    statuses: Annotated[list[Status], Field(min_length=1)] = Field(default_factory=_active)
    needs: Capabilities = Field(default_factory=list)
    compliance: list[Flag] = Field(default_factory=list)
    response_tokens: Count = 0
    max_context: Positive | None = None
    max_candidates: Positive = 5
    on_budget: str | None = None

    @field_validator("weights")
    @classmethod
    def _sum(cls, weights: _Weights | None) -> _Weights | None:
        total = weights.cost + weights.latency + weights.quality if weights else 1.0
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the weights sum to {total:g}, not to 1")
        return weights

    @field_validator("candidates")
    @classmethod
    def _once(cls, candidates: list[str]) -> list[str]:
        repeated = sorted({model for model in candidates if candidates.count(model) > 1})
        if repeated:
            raise ValueError(f"{repeated[0]!r} is named twice")
        return candidates

    def profile(self, name: str) -> Profile:
        weights = self.weights
        return Profile(
            name=ProfileName(name),
            candidates=tuple(map(ModelId, self.candidates)),
            rationale=self.rationale,
            task_class=TaskClass(self.task_class) if self.task_class else None,
            weights=Weights(cost=weights.cost, latency=weights.latency, quality=weights.quality)
            if weights
            else Weights(),
            quality_floor=self.quality_floor,
            unmeasured=self.unmeasured,
            follow_matrix=self.follow_matrix,
            statuses=frozenset(self.statuses),
            capabilities=frozenset(self.needs),
            compliance=frozenset(self.compliance),
            response_tokens=self.response_tokens,
            max_context=self.max_context,
            max_candidates=self.max_candidates,
            on_budget=ProfileName(self.on_budget) if self.on_budget else None,
        )


class _ContextGuard(Spec):
    above: Positive


class _BudgetGuard(Spec):
    below: Share


class _ComplianceGuard(Spec):
    flag: Flag = "pii_safe"
    approved: list[str] = Field(default_factory=list)
    block: bool = True


class _Guards(Spec):
    context: _ContextGuard | None = None
    budget: _BudgetGuard | None = None
    compliance: _ComplianceGuard | None = None

    def guards(self) -> Guards:
        compliance = self.compliance
        return Guards(
            context=ContextGuard(above=self.context.above) if self.context else None,
            budget=BudgetGuard(below=self.budget.below) if self.budget else None,
            compliance=ComplianceGuard(
                flag=compliance.flag, approved=frozenset(compliance.approved), block=compliance.block
            )
            if compliance
            else None,
        )


class _Breaker(Spec):
    failures: Positive = 3
    cooldown_s: Seconds = 60.0
    half_open_requests: Positive = 1
    error_rate: Annotated[Number, Field(gt=0, le=1)] | None = None
    minimum_sample: Positive = 20


class _Fallback(Spec):
    enabled: bool = True
    max_retries: Count = 2
    breaker: _Breaker = _Breaker()

    def fallback(self) -> Fallback:
        return Fallback(
            enabled=self.enabled, max_retries=self.max_retries, breaker=Breaker(**self.breaker.model_dump())
        )


class _Routing(Spec):
    default: str | None = None
    profiles: Annotated[dict[str, Any], Field(min_length=1)]
    guards: _Guards = _Guards()
    fallback: _Fallback = _Fallback()


def load_routing(home: Home) -> Routing:
    """The home's routing; a single profile over all cards when there is no file. Raises FaultsError."""
    path = home.registry / FILE
    return load_route_config([path]).routing if path.exists() else Routing.single()


def load_route_config(paths: Sequence[Path]) -> Legacy:
    """The routing in *paths*: one file of our format, or one or more of the older ones, a later before an earlier.

    ``cards`` are those that an older file describes itself. Raises ConfigError or FaultsError.
    """
    documents = {str(path): read_section(path) for path in paths}
    older = [file for file, document in documents.items() if "routing" in document or "profiles" not in document]
    if older and len(older) == len(documents):
        return read_legacy({file: json_value(document) for file, document in documents.items()})
    if len(documents) != 1:
        raise ConfigError(f"{', '.join(documents)}: only files of the older routing formats can be given together")
    file, document = next(iter(documents.items()))
    return Legacy(routing=_routing(document, Faults(file)), cards={}, cost_weights={})


def _routing(document: Mapping[str, Json], faults: Faults) -> Routing:
    top = faults.check(_Routing, document)
    entries = document.get("profiles")
    profiles = _profiles(entries if isinstance(entries, dict) else {}, faults)
    default = document.get("default") or next(iter(profiles), "")
    if profiles and isinstance(default, str) and default not in profiles:
        faults.add("default", f"no profile {default!r}; {nearest(default, profiles)}")
    faults.done()
    assert top is not None, "without faults there is a value"
    return Routing(
        profiles=profiles,
        default=ProfileName(default),
        guards=top.guards.guards(),
        fallback=top.fallback.fallback(),
    )


def _profiles(entries: Mapping[str, Json], faults: Faults) -> dict[ProfileName, Profile]:
    found: dict[ProfileName, Profile] = {}
    for name, entry in entries.items():
        place = f"profiles.{name}"
        if not plain_name(name):
            faults.add(place, f"{name!r} is no name of letters, digits, dots, dashes and underscores")
        spec = faults.check(_Profile, {} if entry is None else entry, place)
        if spec is None:
            continue
        found[ProfileName(name)] = spec.profile(name)
        if spec.on_budget is not None and spec.on_budget not in entries:
            faults.add(f"{place}.on_budget", f"no profile {spec.on_budget!r}; {nearest(spec.on_budget, entries)}")
    return found
