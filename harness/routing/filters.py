"""The hard filters, in order. Each says what is demanded and what the card has; none of them scores."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from harness.core.card import Card
from harness.core.ids import ModelId
from harness.core.money import Usage
from harness.routing.decision import RejectReason, Stage
from harness.routing.matrix import Cell
from harness.routing.profile import Guards, Needs, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One candidate before the filters."""

    card: Card
    needs: Needs
    profile: Profile
    guards: Guards
    open_breaker: bool
    cell: Cell | None
    """Of the request's class; ``None`` without sufficient evidence."""
    latency_s: float | None

    @property
    def response_tokens(self) -> int:
        """Reserved for the reply."""
        return max(self.needs.response_tokens, self.profile.response_tokens)

    @property
    def cost_usd(self) -> Decimal | None:
        """Estimate: the whole prompt uncached, the whole response budget used; ``None`` without a price."""
        price = self.card.price
        return None if price is None else price.cost_usd(Usage(input=self.needs.tokens, output=self.response_tokens))

    @property
    def window(self) -> int | None:
        """Prompt and reply together, in tokens; ``None``: not known."""
        return _least(self.card.context.max, self.profile.max_context)

    @property
    def reliable(self) -> int | None:
        """The longest prompt that is trusted; the guard's where the card states none."""
        guard = self.guards.context.above if self.guards.context else None
        return self.card.context.reliable if self.card.context.reliable is not None else guard


def refusals(question: Question) -> tuple[RejectReason, ...]:
    """Why this candidate cannot serve; empty when it can."""
    return tuple(RejectReason(stage=stage, why=why) for stage, check in _FILTERS for why in check(question))


def remarks(question: Question) -> Iterator[str]:
    """What was let through although it is not known, or not approved. Of candidates without refusals."""
    model = question.card.id
    if question.window is None and question.needs.tokens:
        yield f"{model}: the window is not known; whether {question.needs.tokens} tokens fit was not checked"
    if question.needs.max_latency_s is not None and question.latency_s is None:
        yield f"{model}: latency was not measured; the bound of {question.needs.max_latency_s:g} s was not checked"
    for flag in sorted(_unapproved(question)):
        yield f"{model}: not approved for {flag!r}, used because the guard does not block"


def _status(question: Question) -> Iterator[str]:
    if question.card.status not in question.profile.statuses:
        yield f"status is {question.card.status}, allowed: {', '.join(sorted(question.profile.statuses))}"


def _breaker(question: Question) -> Iterator[str]:
    if question.open_breaker:
        yield "its circuit breaker is open"


def _capability(question: Question) -> Iterator[str]:
    lacking = (question.needs.capabilities | question.profile.capabilities) - question.card.supports
    if lacking:
        has = ", ".join(sorted(question.card.supports)) or "nothing"
        yield f"does not support {', '.join(sorted(lacking))} (supports {has})"


def _compliance(question: Question) -> Iterator[str]:
    for flag in sorted(_unapproved(question)):
        if not _waived(question, flag):
            yield f"not approved for {flag!r}"


def _unapproved(question: Question) -> frozenset[str]:
    demanded = question.needs.compliance | question.profile.compliance
    guard = question.guards.compliance
    approved = {guard.flag} if guard is not None and guard.approves(question.card.id) else set()
    return demanded - question.card.compliance - approved


def _waived(question: Question, flag: str) -> bool:
    guard = question.guards.compliance
    return guard is not None and guard.flag == flag and not guard.block


def _context(question: Question) -> Iterator[str]:
    tokens, response = question.needs.tokens, question.response_tokens
    if question.window is not None and tokens + response > question.window:
        yield f"{tokens} + {response} tokens exceed its window of {question.window}"
    if question.reliable is not None and tokens > question.reliable:
        yield f"{tokens} tokens exceed the {question.reliable} up to which it is reliable: slice the prompt"
    output = question.card.context.output
    if output is not None and response > output:
        yield f"a reply of {response} tokens exceeds its output limit of {output}"


def _budget(question: Question) -> Iterator[str]:
    bound = question.needs.max_cost_usd
    if bound is None:
        return
    cost_usd = question.cost_usd
    if cost_usd is None:
        yield f"has no price, and the request may cost at most {bound:f} USD"
    elif cost_usd > bound:
        yield f"would cost about {cost_usd:f} USD, more than {bound:f}"


def _latency(question: Question) -> Iterator[str]:
    bound_s = question.needs.max_latency_s
    if bound_s is not None and question.latency_s is not None and question.latency_s > bound_s:
        yield f"p95 latency {question.latency_s:g} s exceeds {bound_s:g} s"


def _quality(question: Question) -> Iterator[str]:
    floor = question.profile.quality_floor
    if question.cell is None:
        if question.profile.unmeasured == "refuse":
            yield f"insufficient evidence for class {question.needs.task_class!r}"
    elif question.cell.quality_lo < floor:
        yield f"lower bound of quality {question.cell.quality_lo:.3f} is below {floor:g}"


_FILTERS: tuple[tuple[Stage, Callable[[Question], Iterator[str]]], ...] = (
    ("status", _status),
    ("breaker", _breaker),
    ("capability", _capability),
    ("compliance", _compliance),
    ("context", _context),
    ("budget", _budget),
    ("latency", _latency),
    ("quality", _quality),
)


def _least(*bounds: int | None) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return min(known, default=None)


def no_card(model: ModelId) -> RejectReason:
    """The refusal of a model that the registry does not know."""
    return RejectReason(stage="card", why=f"{model} has no card in registry/models.yaml")
