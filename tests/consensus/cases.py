"""A tiny comparator, panels of letters and a calibration of three: enough to play every path of the machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.consensus import UNCALIBRATED, Abstain, Action, Ask, Machine, Serve, Standing, fitted, standing
from harness.consensus.calibration import Calibration, Parameters, Scores, Threshold, upper_bound
from harness.consensus.calibration.drift import Baseline, Moments
from harness.consensus.calibration.head import Head
from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.ids import ModelId, PolicyName
from harness.core.policy import Policy, Quorum, Rule, Tiebreak


@dataclass(frozen=True)
class Groups:
    groups: tuple[tuple[Ballot, ...], ...]
    unknown: tuple[tuple[ModelId, ModelId, str], ...] = ()
    merge: None = None
    best: Ballot | None = None


def by_text(ballots: Sequence[Ballot]) -> Groups:
    """Equal text is the same answer; text that starts with '?' cannot be told from anything."""
    groups: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        groups.setdefault(ballot.answer.text, []).append(ballot)
    ordered = sorted(groups.values(), key=len, reverse=True)
    unknown = [
        (a.model, b.model, "doubtful")
        for i, a in enumerate(ballots)
        for b in ballots[i + 1 :]
        if a.answer.text != b.answer.text and (a.answer.text + b.answer.text).count("?")
    ]
    return Groups(tuple(map(tuple, ordered)), tuple(unknown))


def ballot(model: str, text: str | None, **fields: object) -> Ballot:
    if text is None:
        return Ballot(model=ModelId(model), kind=BallotKind.FAILED, why="overloaded", **fields)
    return Ballot(model=ModelId(model), kind=BallotKind.ANSWERED, answer=Answer(text=text), **fields)


def policy(panel: str, rule: Rule | None = None, **fields: object) -> Policy:
    """*panel*: one letter per member; *tie*: the tiebreaker's letter."""
    tie = fields.pop("tie", None)
    if tie:
        fields["tiebreak"] = Tiebreak(model=ModelId(str(tie)))
    return Policy(name=PolicyName("p"), panel=tuple(map(ModelId, panel)), rule=rule or Quorum(k=2), **fields)


def no_price(_model: ModelId) -> Decimal | None:
    return None


def limit(risk_limit: float, threshold: float | None, *, served: int, errors: int, missing: int | None = 0):
    return Threshold(
        risk_limit=risk_limit,
        certified=threshold is not None,
        threshold=threshold,
        served=served,
        errors=errors,
        coverage=served / LABELS,
        risk_upper=upper_bound(errors, served),
        calls_mean=2.2,
        cost_mean=2.2,
        labels_missing=missing,
    )


LABELS = 400
COMPARATOR = "text@1"
_MOMENTS = Moments(n=LABELS, mean=0.0, variance=0.1)


def calibration(one: Policy, **fields: object) -> Calibration:
    """Of a policy with the voters a, b and c, whose errors coincide. By the posterior of this model:

    two alike are right with 99.2 to 99.5 %, three with 99.9 %; two against one with 81 (ab), 91 (ac), 95 % (bc).
    0.1 % is not certified, 1 % from a confidence of 0.99 on, 5 % from 0.9 on.
    """
    usual = {
        "task_class": one.task_class,
        "policy": one.name,
        "policy_version": one.version,
        "comparator": COMPARATOR,
        "models": one.voters,
        "order": one.order,
        "cost": (1.0, 2.0, 4.0),
        "labels": LABELS,
        "parameters": Parameters(
            difficulty=(0.8, 0.2),
            accuracy=((0.97, 0.5), (0.98, 0.6), (0.99, 0.7)),
            attraction=((0.3, 0.4),) * 3,
            coincidence=0.01,
            answering=(1.0, 1.0, 1.0),
        ),
        "head": Head(),
        "delta": 0.1,
        "thresholds": (
            limit(0.001, None, served=320, errors=0, missing=1900),
            limit(0.01, 0.99, served=320, errors=0),
            limit(0.05, 0.9, served=360, errors=9),
        ),
        "scores": Scores(accuracy=0.96, ece=0.01, brier=0.03, aurc=0.004),
        "baseline": Baseline(panel=_MOMENTS, models=(_MOMENTS,) * 3),
        "data_hash": "0" * 64,
        "fitted_at": "2026-11-20T02:00:00Z",
        "versions": {"harness": "0.1.0"},
    }
    return Calibration(**{**usual, **fields})


def standing_of(one: Policy, **fields: object) -> Standing:
    """The standing of *one* with the calibration above."""
    known = {one.task_class: fitted(calibration(one, **fields))}
    return standing(one, known, task_class=one.task_class, comparator=COMPARATOR)


def play(
    one: Policy,
    answers: dict[str, str | None],
    price: Callable[[ModelId], Decimal | None] = no_price,
    held: Standing = UNCALIBRATED,
):
    """(final action, everyone asked, rounds). Members answer in the order they are asked."""
    machine = Machine(one, by_text, price, held)
    action: Action = machine.start()
    rounds = 0
    while isinstance(action, Ask):
        rounds += 1
        asked = action
        for model in asked.models:
            given = answers[model]
            action = machine.heard(given if isinstance(given, Ballot) else ballot(model, given, role=asked.role))
            if isinstance(action, Serve | Abstain):
                break
    return action, "".join(machine.asked), rounds
