"""The decision: budget downgrade, hard filters, promoted choice, score, and fallbacks that lose no capability."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.hashing import digest
from harness.core.ids import GENERAL, ModelId, ProfileName
from harness.core.request import Request
from harness.routing.decision import Decision, Rejection, RejectReason, Scored
from harness.routing.filters import Question, no_card, refusals, remarks
from harness.routing.matrix import EMPTY, Matrix
from harness.routing.profile import Needs, Profile, Routing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sifted:
    """Candidates after the filters."""

    passed: tuple[Question, ...]
    rejected: tuple[Rejection, ...]


def decide(
    needs: Needs,
    *,
    profile: ProfileName | None = None,
    routing: Routing,
    cards: Mapping[ModelId, Card],
    matrix: Matrix = EMPTY,
    open_breakers: Collection[ModelId] = frozenset(),
    latency_s: Mapping[ModelId, float] | None = None,
) -> Decision:
    """Where a request with these needs goes under *profile* (``None``: the default one).

    *latency_s* are p95 figures of health checks; where one is missing the matrix's is used. Raises ConfigError for
    a profile that does not exist. No capable model is a decision, not an error: ``selected`` is None.
    """
    asked = _profile(profile or routing.default, routing)
    used, path = _downgrade(asked, needs, routing)
    if needs.task_class == GENERAL and used.task_class is not None:
        needs = replace(needs, task_class=used.task_class)
    measured = latency_s or {}

    def question(card: Card) -> Question:
        cell = matrix.measured(needs.task_class, card.id)
        return Question(
            card=card,
            needs=needs,
            profile=used,
            guards=routing.guards,
            open_breaker=card.id in open_breakers,
            cell=cell,
            latency_s=measured.get(card.id, cell.p95_latency_s if cell else None),
        )

    sifted = _sift(used, cards, question)
    order, choice_notes = _order(sifted.passed, used, needs, matrix)
    fallbacks, not_fallback = _fallbacks(order, {each.card.id: each for each in sifted.passed}, used, routing)
    return Decision(
        profile=used.name,
        asked_profile=asked.name,
        task_class=needs.task_class,
        selected=order[0].model if order else None,
        fallbacks=fallbacks,
        rejected=sifted.rejected,
        not_fallback=not_fallback,
        scored=order,
        rationale=used.rationale,
        notes=(*path, *choice_notes, *(note for each in sifted.passed for note in remarks(each)), *routing.notes),
        estimated_cost_usd=order[0].cost_usd if order else Decimal(0),
        estimated_latency_s=order[0].latency_s if order else None,
        matrix_version=matrix.version,
        registry_version=digest(dict(cards))[:12],
    )


def request_needs(request: Request) -> Needs:
    """The needs that a request states itself: its class, an upper bound on its tokens, and its reply's schema."""
    return Needs(
        task_class=request.task_class,
        tokens=request.prompt_tokens_max,
        response_tokens=request.sampling.max_tokens or 0,
        capabilities=frozenset({"json_schema"}) if request.json_schema is not None else frozenset(),
    )


def wider(decision: Decision, failed: ModelId, cards: Mapping[ModelId, Card]) -> tuple[ModelId, ...]:
    """The fallbacks with a larger window than *failed*: all that may be tried after a context overflow."""
    window = cards[failed].context.max
    if window is None:
        return ()
    return tuple(model for model in decision.fallbacks if (cards[model].context.max or 0) > window)


def _profile(name: ProfileName, routing: Routing) -> Profile:
    if name in routing.profiles:
        return routing.profiles[name]
    known = sorted(routing.profiles)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    raise ConfigError(f"registry/routing.yaml: no profile {name!r}; {hint}")


def _downgrade(asked: Profile, needs: Needs, routing: Routing) -> tuple[Profile, tuple[str, ...]]:
    """The profile to decide by: another one when the budget is short and the request is not critical."""
    guard, left = routing.guards.budget, needs.budget_remaining
    if guard is None or left is None or left >= guard.below or asked.on_budget in (None, asked.name):
        return asked, ()
    shortage = f"{left:.0%} of the budget is left, below {guard.below:.0%}"
    if needs.critical:
        return asked, (f"{shortage}: the request is critical and keeps profile {asked.name!r}",)
    cheaper = _profile(ProfileName(str(asked.on_budget)), routing)
    return cheaper, (f"budget downgrade: {shortage}: profile {asked.name!r} → {cheaper.name!r}",)


def _sift(profile: Profile, cards: Mapping[ModelId, Card], question: Callable[[Card], Question]) -> _Sifted:
    passed: list[Question] = []
    rejected: list[Rejection] = []
    for model in profile.candidates or sorted(cards):
        card = cards.get(model)
        asked = question(card) if card else None
        reasons = refusals(asked) if asked else (no_card(model),)
        if asked is not None and not reasons:
            passed.append(asked)
        else:
            rejected.append(Rejection(model=model, reasons=reasons))
    return _Sifted(passed=tuple(passed), rejected=tuple(rejected))


def _order(
    passed: Sequence[Question], profile: Profile, needs: Needs, matrix: Matrix
) -> tuple[tuple[Scored, ...], tuple[str, ...]]:
    """Everyone who passed, best score first; the matrix's choice before them if it is among them."""
    ranked = sorted(_scores(passed, profile), key=lambda each: (-each.score, each.model))
    choice = matrix.choices.get(needs.task_class)
    if choice is None or not profile.follow_matrix:
        return tuple(ranked), ()
    promoted = str(choice.candidate)
    chosen = [each for each in ranked if each.model == promoted]
    if not chosen:
        return tuple(ranked), (f"the matrix's choice {choice.candidate!r} is not among the models that can serve",)
    others = [each for each in ranked if each.model != promoted]
    return (*chosen, *others), (f"{choice.candidate}: promoted choice for {needs.task_class!r}: {choice.why}",)


def _scores(passed: Sequence[Question], profile: Profile) -> Iterator[Scored]:
    costs = {each.card.id: None if each.cost_usd is None else float(each.cost_usd) for each in passed}
    latencies = {each.card.id: each.latency_s for each in passed}
    weights = profile.weights
    for each in passed:
        model = each.card.id
        cost, latency = _relative(costs[model], costs), _relative(latencies[model], latencies)
        quality = each.cell.quality_lo if each.cell else 0.0
        yield Scored(
            model=model,
            score=weights.cost * cost + weights.latency * latency + weights.quality * quality,
            cost=cost,
            latency=latency,
            quality=quality,
            cost_usd=each.cost_usd,
            latency_s=each.latency_s,
            quality_lo=each.cell.quality_lo if each.cell else None,
        )


def _relative(value: float | None, everyone: Mapping[ModelId, float | None]) -> float:
    """The least known figure divided by this one: 1 for the least, 0 for an unknown one."""
    if value is None:
        return 0.0
    least = min(known for known in everyone.values() if known is not None)
    return 1.0 if value == least else least / value


def _fallbacks(
    order: Sequence[Scored], passed: Mapping[ModelId, Question], profile: Profile, routing: Routing
) -> tuple[tuple[ModelId, ...], tuple[Rejection, ...]]:
    """Those after the first who lower no capability, and the reasons of those who would."""
    kept: list[ModelId] = []
    refused: list[Rejection] = []
    for each in order[1:]:
        why = tuple(_lowers(passed[order[0].model], passed[each.model]))
        if not routing.fallback.enabled:
            why = (RejectReason(stage="fallback", why="fallbacks are switched off"),)
        elif not why and len(kept) + 1 >= profile.max_candidates:
            why = (RejectReason(stage="rank", why=f"beyond {profile.max_candidates} candidates"),)
        if why:
            refused.append(Rejection(model=each.model, reasons=why))
        else:
            kept.append(each.model)
    return tuple(kept), tuple(refused)


def _lowers(first: Question, other: Question) -> Iterator[RejectReason]:
    """What *other* lacks of *first*. A smaller window that holds this request is no loss; see :func:`wider`."""
    lacking = first.card.supports - other.card.supports
    if lacking:
        yield RejectReason(stage="fallback", why=f"lacks {', '.join(sorted(lacking))} of {first.card.id}")
    if first.cell is None:
        return
    if other.cell is None:
        yield RejectReason(stage="fallback", why=f"not measured, and {first.card.id} is")
    elif other.cell.quality_lo < first.cell.quality_lo:
        yield RejectReason(
            stage="fallback",
            why=f"lower bound of quality {other.cell.quality_lo:.3f} is below {first.cell.quality_lo:.3f}",
        )
