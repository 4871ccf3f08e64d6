"""From graded answers of runs to a calibration per task class. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from harness.consensus.calibration import LIMITS, Calibration, Labelled
from harness.core.ballot import Relation
from harness.core.errors import ConfigError
from harness.core.ids import ModelId, TaskClass, TaskId
from harness.core.money import sum_known
from harness.core.policy import Policy, RiskLimit
from harness.evals.replay import Item, Recorded
from harness.evals.replay_reader import Reader, reader_of
from harness.evals.replay_votes import Voted, votes_of

if TYPE_CHECKING:
    from harness.consensus.calibration.calibrate import PolicyFacts

COMPARED = 4000
"""Pairs of unrelated wrong answers that are compared to learn how often they coincide."""
LEAST_LABELS = 5
"""Below this there is nothing to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One run whose grades are labels."""

    run_id: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Recorded answers that are no labels, and why."""

    repeated: int = 0
    """Answers of a model to a question it has answered already: other epochs, older runs."""
    outdated: int = 0
    """Answers to an older version of a task."""
    partial: int = 0
    """Questions that not all members were asked."""
    unlabelled: int = 0
    """Questions whose right answer nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one task class: questions that the whole panel answered, and their truth."""

    task_class: TaskClass
    voted: tuple[Voted, ...]
    """Labelled, each question once."""
    left_out: LeftOut = field(default_factory=LeftOut)
    facts: "PolicyFacts"
    coincidence: float
    """Chance that two unrelated wrong answers are the same."""

    @property
    def labelled(self) -> list[Labelled]:
        """The questions as calibration takes them."""
        return [Labelled(task=question(each.item), votes=each.votes, right=each.right) for each in self.voted]

    @property
    def mixed(self) -> int:
        """Questions on which the policy calls the same what was graded differently."""
        return sum(each.mixed for each in self.voted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What became of one task class."""

    evidence: Evidence
    calibration: Calibration | None
    """None: too few labels to fit anything."""


def calibrate_policy(
    sources: Sequence[Source],
    policy: Policy,
    *,
    fitted_at: str,
    risk_limit: float | None = None,
    versions: Mapping[str, str] | None = None,
    prices: Mapping[ModelId, Decimal] | None = None,
) -> list[Calibrated]:
    """One result per task class of the runs, by name.

    *sources* come newest first: of several answers of a model to a question the first counts. *risk_limit* is certified
    beside the usual limits, and so is the policy's own. Raises ConfigError when a member of the policy answered
    nothing, when no question has a known answer, and for a comparator that needs more than texts.
    """
    from harness.consensus.calibration.calibrate import calibrate  # noqa: PLC0415 -- numpy is for those who fit

    limits = limits_of(policy, risk_limit)
    found: list[Calibrated] = []
    runs = tuple(sorted({source.run_id for source in sources}))
    for evidence in gather(sources, policy, prices=prices):
        labelled = evidence.labelled
        calibration = None
        if len(labelled) >= LEAST_LABELS:
            calibration = calibrate(
                labelled,
                evidence.facts,
                fitted_at=fitted_at,
                limits=limits,
                coincidence=evidence.coincidence,
                versions=versions,
            )
            calibration = replace(calibration, sources=runs)
        found.append(Calibrated(evidence=evidence, calibration=calibration))
    return found


def limits_of(policy: Policy, risk_limit: float | None = None) -> tuple[float, ...]:
    """The limits to certify: the usual ones, the policy's own, and *risk_limit*."""
    own = [policy.rule.alpha] if isinstance(policy.rule, RiskLimit) else []
    asked = [] if risk_limit is None else [risk_limit]
    return tuple(sorted({*LIMITS, *own, *asked}))


def gather(
    sources: Sequence[Source],
    policy: Policy,
    *,
    prices: Mapping[ModelId, Decimal] | None = None,
    reader: Reader | None = None,
) -> list[Evidence]:
    """The labelled questions of *sources*, per task class. Errors as of :func:`calibrate_policy`."""
    read = reader or reader_of(policy)
    merged = _merged(sources)
    _check_members(merged, policy, sources)
    by_class: dict[TaskClass, list[_Question]] = defaultdict(list)
    for each in merged:
        by_class[each.item.task_class].append(each)
    found = [_evidence(task_class, by_class[task_class], policy, read, prices or {}) for task_class in sorted(by_class)]
    if not any(evidence.voted for evidence in found):
        raise ConfigError(_nothing(found, policy, sources))
    return found


def coincidence(voted: Sequence[Voted], reader: Reader) -> float:
    """The chance that two unrelated wrong answers are the same, from different models on different questions."""
    from harness.consensus.calibration.fit import coincidence_rate, permuted_pairs  # noqa: PLC0415 -- numpy

    items = [Labelled(task=question(each.item), votes=each.votes, right=each.right) for each in voted]
    pairs = permuted_pairs(items, most=COMPARED)
    said = [[ballot.answer for ballot in each.ballots] for each in voted]
    same = 0
    for (q, i), (r, j) in pairs:
        a, b = said[q][i], said[r][j]
        assert a is not None, "only those with an answer have a vote"
        assert b is not None, "only those with an answer have a vote"
        same += reader.judge(a, b).relation is Relation.SAME
    return coincidence_rate(same, len(pairs))


def question(item: Item) -> TaskId:
    """The name of a question among those of all suites."""
    return TaskId(f"{item.suite}/{item.task_id}" if item.suite else item.task_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One question with everybody's first answer."""

    item: Item
    repeated: int
    outdated: int


def _merged(sources: Sequence[Source]) -> list[_Question]:
    """Each question once, with the first answer of each model to its first version."""
    first: dict[TaskId, Item] = {}
    known: dict[TaskId, dict[ModelId, Recorded]] = defaultdict(dict)
    repeated: dict[TaskId, int] = defaultdict(int)
    outdated: dict[TaskId, int] = defaultdict(int)
    for item in (item for source in sources for item in source.items):
        name = question(item)
        if first.setdefault(name, item).digest != item.digest:
            outdated[name] += len(item.recorded)
            continue
        repeated[name] += len(item.recorded.keys() & known[name].keys())
        known[name] = {**item.recorded, **known[name]}
    return [
        _Question(item=replace(item, epoch=0, recorded=known[name]), repeated=repeated[name], outdated=outdated[name])
        for name, item in first.items()
    ]


def _check_members(questions: Sequence[_Question], policy: Policy, sources: Sequence[Source]) -> None:
    answered = {model for each in questions for model in each.item.recorded}
    absent = [model for model in policy.voters if model not in answered]
    if absent:
        there = ", ".join(model for model in policy.voters if model in answered) or "none of its members"
        raise ConfigError(
            f"policy {policy.name!r}: no answer of {', '.join(map(repr, absent))} asked alone in {_runs(sources)}; "
            f"there are answers of: {there}. harness run SUITE --models … records them"
        )


def _evidence(
    task_class: TaskClass,
    questions: Sequence[_Question],
    policy: Policy,
    reader: Reader,
    prices: Mapping[ModelId, Decimal],
) -> Evidence:
    from harness.consensus.calibration.calibrate import PolicyFacts  # noqa: PLC0415 -- numpy is for those who fit

    voted = votes_of((each.item for each in questions), policy, reader)
    whole = [each for each in voted if each.whole]
    kept = tuple(each for each in whole if each.labelled)
    return Evidence(
        task_class=task_class,
        voted=kept,
        left_out=LeftOut(
            repeated=sum(each.repeated for each in questions),
            outdated=sum(each.outdated for each in questions),
            partial=len(voted) - len(whole),
            unlabelled=len(whole) - len(kept),
        ),
        facts=PolicyFacts(
            task_class=task_class,
            policy=policy.name,
            policy_version=policy.version,
            comparator=reader.comparator,
            models=policy.voters,
            order=policy.order,
            cost=_costs([each.item for each in questions], policy.voters, prices),
        ),
        coincidence=coincidence(kept, reader),
    )


def _costs(
    items: Sequence[Item], models: Sequence[ModelId], prices: Mapping[ModelId, Decimal]
) -> tuple[float | None, ...]:
    """What each model costs relative to the others: what its calls cost, else its price where all have one."""
    paid = [_mean_cost(items, model) for model in models]
    if None not in paid:
        return tuple(paid)
    for known in (*(item.prices for item in items), prices):
        if all(model in known for model in models):
            return tuple(float(known[model]) for model in models)
    return tuple(paid)


def _mean_cost(items: Sequence[Item], model: ModelId) -> float | None:
    """None as soon as one of its calls has no known cost."""
    given = [item.recorded[model].reply.cost_usd for item in items if model in item.recorded]
    total = sum_known(given)
    return None if total is None or not given else float(total / len(given))


def _nothing(found: Sequence[Evidence], policy: Policy, sources: Sequence[Source]) -> str:
    partial = sum(evidence.left_out.partial for evidence in found)
    unlabelled = sum(evidence.left_out.unlabelled for evidence in found)
    if unlabelled:
        return (
            f"policy {policy.name!r}: no question of {_runs(sources)} has a right answer on record ({unlabelled} were "
            "answered): the cases need 'expected', and the answers a grade (harness grade RUN)"
        )
    return (
        f"policy {policy.name!r}: no question of {_runs(sources)} was put to all of {', '.join(policy.voters)} "
        f"({partial} to some of them)"
    )


def _runs(sources: Sequence[Source]) -> str:
    names = ", ".join(dict.fromkeys(source.run_id for source in sources))
    return f"run {names}" if len(sources) == 1 else f"runs {names}"
