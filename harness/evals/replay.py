"""What a policy would have done on recorded answers: the live machine, fed from the journal. Pure, no call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from harness.consensus import UNCALIBRATED, Abstain, Ask, Machine, Serve, Standing, Wait
from harness.core.ballot import Ballot
from harness.core.errors import ConfigError
from harness.core.ids import GENERAL, ModelId, TaskClass
from harness.core.money import sum_known
from harness.core.policy import Policy
from harness.core.response import Failure, FailureKind, Reply, Retry
from harness.engine import Role, missing_ballot
from harness.evals.replay_reader import Reader, reader_of
from harness.stats import Interval, wilson_ci


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one model said to one task, and whether it was right."""

    reply: Reply
    right: bool | None
    """``None``: could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One task in one epoch, with everybody's recorded answer."""

    task_id: str
    epoch: int
    recorded: Mapping[ModelId, Recorded]
    prices: Mapping[ModelId, Decimal] = field(default_factory=dict)
    """What the models cost relative to each other, in any unit; without: unknown."""
    suite: str = ""
    digest: str = ""
    """Hash of the task's content: an edited task is another question under the same id."""
    task_class: TaskClass = GENERAL


StandingOf = Callable[[Item], Standing]
"""What the policy's calibrations say about an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the policy would have done on one item."""

    task_id: str
    epoch: int
    served: bool
    right: bool | None
    """Of what was served; ``None`` when nothing was, or when nobody judged it."""
    calls: int
    """Members that would have been asked, whether or not the decision waited for them."""
    cost_usd: Decimal | None
    """Of those calls; None when one is not on record, or its cost is not known."""
    reason: str
    """Why it was not served; empty when it was."""
    winner: ModelId | None
    """The member whose answer was served."""
    confidence: float | None = None
    """Calibrated chance that the answer, or the likeliest one if none is served, is right; None without calibration."""
    certified: bool = False
    """Served by a calibration that keeps the policy's risk limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySummary:
    """The figures of ``harness replay``."""

    policy: str
    n: int
    served: int
    coverage: float
    """Served of all."""
    precision: float | None
    """Right of the served and judged; ``None`` when nothing was."""
    precision_ci: Interval | None
    """Wilson's, at 95 %, counting tasks: epochs of one task are one piece of evidence."""
    calls_mean: float
    cost_usd: Decimal | None
    reasons: Mapping[str, int]
    certified: bool
    """Everything that was served kept the policy's risk limit by a certificate, and something was."""


def replay(
    items: Iterable[Item],
    policy: Policy,
    standing_of: StandingOf = lambda _item: UNCALIBRATED,
    *,
    reader: Reader | None = None,
) -> list[Replayed]:
    """Put *policy* to every item. Members answer in the order they are asked; a member without a record is missing."""
    read = reader or reader_of(policy)
    return [_replay_one(item, policy, read, standing_of(item)) for item in items]


def summary(policy: Policy, replayed: Sequence[Replayed]) -> ReplaySummary:
    """Coverage, precision, calls and cost. Raises ConfigError when there is nothing to replay."""
    if not replayed:
        raise ConfigError(f"policy {policy.name!r}: the run holds no answers of {', '.join(policy.members)}")
    served = [item for item in replayed if item.served]
    judged = [item.right for item in served if item.right is not None]
    reasons = sorted({item.reason for item in replayed if not item.served})
    return ReplaySummary(
        policy=policy.name,
        n=len(replayed),
        served=len(served),
        coverage=len(served) / len(replayed),
        precision=sum(judged) / len(judged) if judged else None,
        precision_ci=precision_ci(served),
        calls_mean=sum(item.calls for item in replayed) / len(replayed),
        cost_usd=sum_known(item.cost_usd for item in replayed),
        reasons={reason: sum(item.reason == reason for item in replayed) for reason in reasons},
        certified=bool(served) and all(item.certified for item in served),
    )


def precision_ci(served: Iterable[Replayed]) -> Interval | None:
    """Wilson's interval of the share that is right; None when nothing was judged."""
    by_task: dict[str, list[bool]] = {}
    for item in served:
        if item.right is not None:
            by_task.setdefault(item.task_id, []).append(item.right)
    right = sum(sum(epochs) / len(epochs) for epochs in by_task.values())
    return wilson_ci(k=right, n=len(by_task)) if by_task else None


def recorded_ballot(item: Item, reader: Reader, model: ModelId, role: Role = "panel") -> Ballot:
    """The ballot that *model*'s recorded reply amounts to."""
    known = item.recorded.get(model)
    if known is None:
        return missing_ballot(model, "no record of an answer", role=role, reply=_no_record(model))
    return reader.ballot(known.reply, role)


def _replay_one(item: Item, policy: Policy, reader: Reader, standing: Standing) -> Replayed:
    machine = Machine(policy, reader.group, item.prices.get, standing)
    action = machine.start()
    while isinstance(action, Ask):
        role = action.role
        for model in action.models:
            action = machine.heard(recorded_ballot(item, reader, model, role))
            if not isinstance(action, Wait):
                break
    assert isinstance(action, Serve | Abstain), "every member that was asked has been heard"
    winner = action.winner.model if isinstance(action, Serve) else None
    return Replayed(
        task_id=item.task_id,
        epoch=item.epoch,
        served=winner is not None,
        right=item.recorded[winner].right if winner else None,
        calls=len(machine.asked),
        cost_usd=sum_known(_cost_usd(item, model) for model in machine.asked),
        reason="" if isinstance(action, Serve) else action.reason.value,
        winner=winner,
        confidence=action.confidence,
        certified=isinstance(action, Serve) and action.certificate is not None,
    )


def _no_record(model: ModelId) -> Failure:
    return Failure(model=model, kind=FailureKind.CANCELLED, message="no record of an answer", retry=Retry.NEVER)


def _cost_usd(item: Item, model: ModelId) -> Decimal | None:
    known = item.recorded.get(model)
    return known.reply.cost_usd if known else None
