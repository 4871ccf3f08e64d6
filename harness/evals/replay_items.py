"""What a journal knows of each question: everybody's recorded answer, and whether it was right. Pure."""

from collections.abc import Iterable

from harness.core.event import Call, Event, GradeGiven, RunStarted
from harness.core.ids import ModelId
from harness.core.policy import Policy
from harness.core.response import Failure, FailureKind, Reply
from harness.core.trial import Grade
from harness.evals.replay import Item, Recorded

_JUDGED = frozenset({Grade.INFRA_ERROR})
"""Grades that say nothing about the answer."""


def items_of(events: Iterable[Event], policy: Policy) -> list[Item]:
    """One item per task and epoch of the run, in the order of its tasks.

    Models count that were asked alone; calls that a panel of the run made belong to that panel.
    """
    replies: dict[str, Reply] = {}
    right: dict[tuple[str, int, str], bool | None] = {}
    begun: RunStarted | None = None
    for event in events:
        if isinstance(event, RunStarted):
            begun = event
        elif isinstance(event, Call) and not _gave_up(event.reply):
            replies.setdefault(f"{event.trace_id}\n{event.model}", event.reply)
        elif isinstance(event, GradeGiven):
            key = event.graded.key
            grade = event.graded.grade
            right[key.task_id, key.epoch, key.candidate] = None if grade in _JUDGED else grade is Grade.RESOLVED
    if begun is None:
        return []
    return [
        Item(task_id=task.id, epoch=epoch, recorded=known)
        for epoch in range(begun.epochs)
        for task in begun.tasks
        if (known := _known(begun, task.id, epoch, policy, replies, right))
    ]


def _known(
    begun: RunStarted,
    task_id: str,
    epoch: int,
    policy: Policy,
    replies: dict[str, Reply],
    right: dict[tuple[str, int, str], bool | None],
) -> dict[ModelId, Recorded]:
    known: dict[ModelId, Recorded] = {}
    for model in policy.members:
        reply = replies.get(f"{begun.run_id}/{task_id}/{model}/{epoch}\n{model}")
        if reply is not None:
            known[model] = Recorded(reply=reply, right=right.get((task_id, epoch, model)))
    return known


def _gave_up(reply: Reply) -> bool:
    return isinstance(reply, Failure) and reply.kind is FailureKind.CANCELLED
