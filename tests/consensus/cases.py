"""A tiny comparator and panels of letters: enough to play every path of the machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.consensus import Abstain, Action, Ask, Machine, Serve
from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.ids import ModelId, PolicyName
from harness.core.policy import Policy, Quorum, Rule, Tiebreak


@dataclass(frozen=True)
class Groups:
    groups: tuple[tuple[Ballot, ...], ...]
    unknown: tuple[tuple[ModelId, ModelId, str], ...] = ()


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


def play(one: Policy, answers: dict[str, str | None], price: Callable[[ModelId], Decimal | None] = no_price):
    """(final action, everyone asked, rounds). Members answer in the order they are asked."""
    machine = Machine(one, by_text, price)
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
