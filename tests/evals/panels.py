"""Recorded answers of a synthetic panel: who is right how often is known, and errors are shared as in real panels."""

from collections.abc import Sequence

from harness.core.ids import ModelId, TaskClass
from harness.core.response import FailureKind
from harness.evals.replay import Item, Recorded
from tests.consensus.calibration.voters import survey
from tests.engine.cases import failure, reply

NAMES = tuple("abcd")
CLASS = TaskClass("sums")
RIGHT = 0
"""Group of the truth in a survey."""


def answered(group: int) -> str:
    """What a member of *group* says: different groups, different numbers."""
    return f"It is {100 + group}."


def item(
    task: str,
    votes: Sequence[int | None],
    *,
    names: Sequence[str] = NAMES,
    right: int | None = RIGHT,
    epoch: int = 0,
    digest: str = "",
    task_class: TaskClass = CLASS,
) -> Item:
    """One question: group per model, None for a model that failed; graded by whether it is in group *right*."""
    recorded = {
        ModelId(name): Recorded(reply=failure(name, FailureKind.OVERLOADED), right=None)
        if group is None
        else Recorded(reply=reply(name, answered(group)), right=group == right)
        for name, group in zip(names, votes, strict=True)
    }
    return Item(task_id=task, epoch=epoch, recorded=recorded, suite="s", digest=digest or task, task_class=task_class)


def items(count: int, seed: int = 21) -> list[Item]:
    """A survey of four good voters as recorded answers."""
    return [item(each.task, each.votes[2:]) for each in survey(count, seed)]
