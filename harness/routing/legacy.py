"""Two older routing configurations, read as profiles and guards.

Both have everything below the key ``routing``. One (snake_case) has ``context``, ``cost``, ``profiles`` and
``fallback``; the other (camelCase) has ``evaluation``, ``fallback``, ``telemetry`` and ``compliance``. They are one
schema here and may be given together; see :mod:`harness.routing.legacy_keys`. What is read and changes nothing is
named in the notes of the result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.core.card import Card, Context
from harness.core.errors import ConfigError, Fault, FaultsError
from harness.core.hashing import Json
from harness.core.ids import ModelId, ProfileName
from harness.routing.legacy_keys import merge, read_section
from harness.routing.legacy_score import provider_api
from harness.routing.profile import (
    Breaker,
    BudgetGuard,
    ComplianceGuard,
    ContextGuard,
    Fallback,
    Guards,
    Profile,
    Routing,
    Weights,
)

CHEAP = ProfileName("cost_sensitive")
"""Where the older router sends requests of a short budget."""

_LONG = ProfileName("deep_research")
_GUARDED_MODEL = "gpt-5.5"
_DEAR = 0.7
"""Profiles of a higher cost weight yield when the budget is short."""
_DEFAULT = ProfileName("default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Legacy:
    """What was read of one or more older files."""

    routing: Routing
    cards: Mapping[ModelId, Card]
    """Of the models the profiles name, as far as the file knows them: no price, no capabilities. The registry's win."""
    cost_weights: Mapping[ProfileName, float]
    """As written; the direction is ambiguous in the format, so that nothing but the budget guard uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyChoice:
    """What the older router would have done."""

    profile: ProfileName
    model: ModelId
    effective_max_tokens: int
    fallback_triggered: bool
    """Also when the fallback led to the same profile: that is how the older router counted."""
    truncates: bool
    """It would have cut the prompt without a word."""
    rationale: str


def read_legacy(documents: Mapping[str, Json]) -> Legacy:
    """The older configuration in *documents*: parsed values by file name, a later file before an earlier one.

    Raises FaultsError with every unknown key, wrong type, contradiction and lost indentation.
    """
    faults: list[Fault] = []
    sections: dict[str, Mapping[str, Json]] = {}
    for file, document in documents.items():
        problem = _shape(document)
        if problem:
            faults.append(Fault(file=file, place="routing", problem=problem))
            continue
        section = read_section(document["routing"], file=file)
        faults.extend(section.faults)
        sections[file] = section.values
    merged, notes = merge(sections)
    file = " + ".join(documents) or "routing"
    faults.extend(Fault(file=file, place=place, problem=why) for place, why in _contradictions(merged))
    if faults:
        raise FaultsError(faults)
    return _legacy(merged, (*notes, *_unused(merged)))


def resolve_legacy(legacy: Legacy, workload: ProfileName, *, tokens: int, budget: float) -> LegacyChoice:
    """The older router's own decision, with its faults, for comparison with :func:`harness.routing.decide`.

    Above the context threshold one model gives way to the research profile; below the budget trigger profiles of a
    cost weight above 0.7 give way to the cheap one. Raises ConfigError for a profile the file does not have.
    """
    profiles, guards = legacy.routing.profiles, legacy.routing.guards
    active, triggered = _known(profiles, workload), False
    if guards.context and tokens > guards.context.above and active.candidates[0].endswith(f"/{_GUARDED_MODEL}"):
        active, triggered = _known(profiles, _LONG), True
    if guards.budget and budget < guards.budget.below and legacy.cost_weights.get(active.name, 0.0) > _DEAR:
        active, triggered = _known(profiles, CHEAP), True
    window = active.max_context if active.max_context is not None else tokens
    return LegacyChoice(
        profile=active.name,
        model=active.candidates[0],
        effective_max_tokens=min(tokens, window),
        fallback_triggered=triggered,
        truncates=tokens > window,
        rationale=active.rationale,
    )


def _shape(document: Json) -> str | None:
    if not isinstance(document, Mapping) or "routing" not in document:
        return "is missing: an older routing configuration has everything below this key"
    if isinstance(document["routing"], Mapping):
        extra = sorted(str(key) for key in document if key != "routing")
        return f"stands beside {', '.join(map(repr, extra))}: is the indentation lost?" if extra else None
    return f"is {document['routing']!r}, not a section of keys: the indentation is lost"


def _contradictions(values: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    weights = values.get("evaluation", {}).get("score_weights")
    if weights is not None and abs(_weights(weights).total - 1) > 1e-9:
        yield "routing.evaluation.scoreWeights", f"the weights sum to {_weights(weights).total:g}, not to 1"
    for name, profile in values.get("profiles", {}).items():
        for key in ("model", "provider"):
            if key not in profile:
                yield f"routing.profiles.{name}", f"has no {key!r}"


def _legacy(values: Mapping[str, Json], notes: tuple[str, ...]) -> Legacy:
    written: Mapping[str, Mapping[str, Json]] = values.get("profiles", {})
    profiles = {ProfileName(name): _profile(name, entry, values) for name, entry in written.items()}
    if not profiles:
        profiles = {_DEFAULT: _with_evaluation(Profile(name=_DEFAULT), values)}
    routing = Routing(
        profiles=profiles,
        default=next(iter(profiles)),
        guards=_guards(values),
        fallback=_fallback(values.get("fallback", {})),
        notes=notes,
    )
    return Legacy(
        routing=routing,
        cards={card.id: card for card in map(_card, written.values())},
        cost_weights={ProfileName(name): float(entry.get("cost_weight", 0)) for name, entry in written.items()},
    )


def _profile(name: str, entry: Mapping[str, Json], values: Mapping[str, Json]) -> Profile:
    dear = float(entry.get("cost_weight", 0)) > _DEAR and name != CHEAP and CHEAP in values["profiles"]
    profile = Profile(
        name=ProfileName(name),
        candidates=(_model_id(entry),),
        rationale=entry.get("rationale", ""),
        max_context=entry.get("max_context"),
        on_budget=CHEAP if dear else None,
    )
    return _with_evaluation(profile, values)


def _with_evaluation(profile: Profile, values: Mapping[str, Json]) -> Profile:
    evaluation = values.get("evaluation", {})
    return Profile(
        name=profile.name,
        candidates=profile.candidates,
        rationale=profile.rationale,
        max_context=profile.max_context,
        on_budget=profile.on_budget,
        weights=_weights(evaluation["score_weights"]) if "score_weights" in evaluation else profile.weights,
        max_candidates=evaluation.get("max_candidates", profile.max_candidates),
    )


def _weights(written: Mapping[str, Json]) -> Weights:
    return Weights(
        cost=float(written.get("cost", 0)),
        latency=float(written.get("latency", 0)),
        quality=float(written.get("capability_match", 0)),
    )


def _guards(values: Mapping[str, Json]) -> Guards:
    above = values.get("context", {}).get("reliability_threshold")
    below = values.get("cost", {}).get("budget_fallback_trigger")
    approved = values.get("compliance", {}).get("pii_safe_models")
    return Guards(
        context=None if above is None else ContextGuard(above=above),
        budget=None if below is None else BudgetGuard(below=float(below)),
        compliance=None
        if approved is None
        else ComplianceGuard(
            approved=frozenset(approved), block=values["compliance"].get("block_unsafe_routing", True)
        ),
    )


def _fallback(written: Mapping[str, Json]) -> Fallback:
    breaker, rate, default = written.get("circuit_breaker", {}), written.get("circuit_breaker_threshold"), Breaker()
    return Fallback(
        enabled=written.get("enabled", True),
        max_retries=written.get("max_retries", 2),
        breaker=Breaker(
            failures=breaker.get("failure_threshold", default.failures),
            cooldown_s=float(breaker.get("cooldown_seconds", default.cooldown_s)),
            half_open_requests=breaker.get("half_open_requests", default.half_open_requests),
            error_rate=None if rate is None else float(rate),
        ),
    )


def _unused(values: Mapping[str, Json]) -> Iterator[str]:
    """Settings that change nothing, said once each."""
    if "summarization_strategy" in values.get("context", {}):
        yield "routing.context.summarization_strategy: prompts are not summarised; one that is too long is refused"
    if "metric" in values.get("cost", {}):
        yield "routing.cost.metric: cost per success is always computed"
    if "backoff_strategy" in values.get("fallback", {}):
        yield "routing.fallback.backoffStrategy: back-off is always exponential, with full jitter"
    if "telemetry" in values:
        yield "routing.telemetry: nothing is exported; every decision is in the journal"
    if "audit_logging" in values.get("compliance", {}):
        yield "routing.compliance.auditLogging: every decision is journaled, whatever this says"


def _model_id(entry: Mapping[str, Json]) -> ModelId:
    return ModelId(f"{entry['provider']}/{entry['model']}")


def _card(entry: Mapping[str, Json]) -> Card:
    return Card(
        id=_model_id(entry),
        api=provider_api(entry["provider"]),
        model=entry["model"],
        family=entry["provider"],
        context=Context(max=entry.get("max_context")),
    )


def _known(profiles: Mapping[ProfileName, Profile], name: ProfileName) -> Profile:
    profile = profiles.get(name)
    if profile is None or not profile.candidates:
        raise ConfigError(f"no profile {name!r} with a model; there are: {', '.join(sorted(profiles))}")
    return profile
