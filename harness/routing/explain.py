"""A decision in words, and as JSON."""

from collections.abc import Iterator

from harness.core.hashing import Json, plain
from harness.routing.decision import NO_MODEL, Decision, Rejection, Scored


def explain(decision: Decision) -> tuple[str, ...]:
    """The decision and its reasons, one fact per line, for ``harness route explain``."""
    return tuple(_lines(decision))


def to_json(decision: Decision) -> Json:
    """The decision as JSON values: its fields, amounts as decimal strings, and ``rejection``: a line or null."""
    fields = plain(decision)
    assert isinstance(fields, dict), "a dataclass becomes an object"
    fields["downgraded"] = decision.downgraded
    fields["rejection"] = None if decision.selected is not None else NO_MODEL
    return fields


def _lines(decision: Decision) -> Iterator[str]:
    if decision.selected is None:
        yield f"rejected: {NO_MODEL}"
    else:
        yield f"selected: {decision.selected}"
        yield f"fallbacks: {', '.join(decision.fallbacks) or 'none'}"
    yield f"profile: {decision.profile}" + (
        f" (downgraded from {decision.asked_profile})" if decision.downgraded else ""
    )
    yield f"task class: {decision.task_class}"
    if decision.rationale:
        yield f"rationale: {decision.rationale}"
    yield from map(_score_line, decision.scored)
    yield from (f"refused {line}" for each in decision.rejected for line in _refusals(each))
    yield from (f"no fallback {line}" for each in decision.not_fallback for line in _refusals(each))
    yield from (f"note: {note}" for note in decision.notes)
    yield f"matrix version {decision.matrix_version}, registry {decision.registry_version}"


def _score_line(each: Scored) -> str:
    cost = "price unknown" if each.cost_usd is None else f"{each.cost_usd:f} USD"
    latency = "latency not measured" if each.latency_s is None else f"p95 {each.latency_s:g} s"
    quality = "quality not measured" if each.quality_lo is None else f"quality ≥ {each.quality_lo:.3f}"
    return f"score {each.score:.3f} {each.model}: {cost}, {latency}, {quality}"


def _refusals(each: Rejection) -> Iterator[str]:
    return (f"{each.model} at {reason.stage}: {reason.why}" for reason in each.reasons)
