"""What a journal knows of each question: everybody's recorded answer, and whether it was right. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from harness.core.event import Call, Event, GradeGiven, RunStarted
from harness.core.ids import ModelId, TaskId
from harness.core.money import sum_known
from harness.core.policy import Policy
from harness.core.response import Failure, FailureKind, Reply
from harness.core.trial import Grade, TrialKey
from harness.evals.plan import trace_of
from harness.evals.replay import Item, Recorded


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What the members of one policy said and got."""

    members: frozenset[str]
    begun: RunStarted | None = None
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    """By trace and model."""
    right: dict[TrialKey, bool | None] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.begun = event
        elif isinstance(event, Call) and event.model in self.members and not _gave_up(event.reply):
            self.replies[event.trace_id, event.model] = event.reply
        elif isinstance(event, GradeGiven) and event.graded.key.candidate in self.members:
            grade = event.graded.grade
            self.right[event.graded.key] = grade is Grade.RESOLVED if grade.measured else None


def items_of(events: Iterable[Event], policy: Policy) -> list[Item]:
    """One item per task and epoch of the run, in the order of its tasks.

    Models count that were asked alone; calls that a panel of the run made belong to that panel. Of several replies in
    a trial, and of several grades, the last counts: a second try, or what was measured again.
    """
    seen = _Seen(members=frozenset(policy.members))
    for event in events:
        seen.take(event)
    if seen.begun is None:
        return []
    prices = _prices(seen.begun, policy, seen.replies)
    return [
        Item(
            task_id=task.id,
            epoch=epoch,
            recorded=known,
            prices=prices,
            suite=seen.begun.suite,
            digest=task.digest,
            task_class=task.task_class,
        )
        for epoch in range(seen.begun.epochs)
        for task in seen.begun.tasks
        if (known := _known(seen, seen.begun, task.id, epoch))
    ]


def _known(seen: _Seen, begun: RunStarted, task_id: TaskId, epoch: int) -> dict[ModelId, Recorded]:
    known: dict[ModelId, Recorded] = {}
    for model in begun.candidates:
        key = TrialKey(task_id=task_id, candidate=model, epoch=epoch)
        reply = seen.replies.get((trace_of(begun.run_id, key), model))
        if reply is not None:
            known[ModelId(model)] = Recorded(reply=reply, right=seen.right.get(key))
    return known


def _prices(begun: RunStarted, policy: Policy, replies: Mapping[tuple[str, str], Reply]) -> dict[ModelId, Decimal]:
    """The members' prices as the engine ranks them; where one has none, the mean cost of each one's calls instead."""
    prices = [begun.prices.get(model) for model in policy.members]
    if all(price is not None for price in prices):
        rates = [price.rates for price in prices if price is not None]
        return {model: rate.input + rate.output for model, rate in zip(policy.members, rates, strict=True)}
    costs: dict[ModelId, list[Decimal | None]] = {}
    for (_, model), reply in replies.items():
        costs.setdefault(ModelId(model), []).append(reply.cost_usd)
    sums = {model: (sum_known(each), len(each)) for model, each in costs.items()}
    return {model: total / count for model, (total, count) in sums.items() if total is not None}


def _gave_up(reply: Reply) -> bool:
    return isinstance(reply, Failure) and reply.kind is FailureKind.CANCELLED
