"""What simple rules would have done with the ballots of an outcome. Pure.

The rules see the votes of the panel alone; a tiebreaker that is also a member votes like the others. Members that
were not asked, or not waited for, might have changed the result; where they could have, that is said instead of a
guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.core.ballot import Ballot
from harness.core.hashing import Json
from harness.core.ids import ModelId
from harness.core.outcome import Outcome

Ending = Literal["served", "not served", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What the panel said."""

    ballots: tuple[Ballot, ...]
    """Of the panel, in its order, without those that were not waited for."""
    group_of: dict[ModelId, int]
    """Place of the group in the outcome, by model."""
    unheard: int
    """Members whose vote is not known: not asked, not waited for, or perhaps no member."""

    @property
    def sizes(self) -> dict[int, int]:
        """Votes by group."""
        count: dict[int, int] = {}
        for ballot in self.ballots:
            if ballot.model in self.group_of:
                count[self.group_of[ballot.model]] = count.get(self.group_of[ballot.model], 0) + 1
        return count


def alternatives(outcome: Outcome, *, panel: Sequence[ModelId] | None, tiebreaker: ModelId | None) -> list[Json]:
    """What each rule would have done, one object per rule.

    ``{"rule", "ending", "group", "answer", "why"}``: *ending* as in :data:`Ending`, *group* the place of the served
    answer's group in the outcome, ``None`` when nothing is served. *panel* is who has an independent vote; ``None``,
    when that is not known: the members with a ballot of their own, and others as far as the quorum facts count them.
    """
    votes = _votes(outcome, panel)
    rules = (
        ("any two of the panel", _any_two(votes)),
        ("unanimous", _unanimous(votes)),
        ("plurality", _plurality(votes)),
        _single(outcome, panel, tiebreaker),
    )
    return [_row(outcome, rule, ending, group, why) for rule, (ending, group, why) in rules]


_Found = tuple[Ending, int | None, str]


def _row(outcome: Outcome, rule: str, ending: Ending, group: int | None, why: str) -> Json:
    answer = None if group is None else outcome.groups[group].answer
    return {"rule": rule, "ending": ending, "group": group, "answer": answer, "why": why}


def _votes(outcome: Outcome, panel: Sequence[ModelId] | None) -> Votes:
    group_of = {model: place for place, group in enumerate(outcome.groups) for model in group.models}
    voting = [each for each in outcome.ballots if (each.role == "panel" if panel is None else each.model in panel)]
    heard = tuple(ballot for ballot in voting if not _unwaited(ballot))
    # Without the policy nobody knows whether a tiebreaker is also a member: its vote may count, or not.
    voters = outcome.quorum.declared if panel is None else len(panel)
    return Votes(ballots=heard, group_of=group_of, unheard=max(0, voters - len(heard)))


def _unwaited(ballot: Ballot) -> bool:
    """Whether the decision was made without waiting for it: what it would have said is not known."""
    return ballot.why.startswith("not waited for")


def _any_two(votes: Votes) -> _Found:
    count: dict[int, int] = {}
    for ballot in votes.ballots:
        group = votes.group_of.get(ballot.model)
        if group is None:
            continue
        count[group] = count.get(group, 0) + 1
        if count[group] == 2:
            return "served", group, "the first two in the order of the panel that say the same"
    if votes.unheard and (count or votes.unheard > 1):
        return "unknown", None, f"no two say the same so far, and {_unheard(votes)}"
    return "not served", None, "no two say the same"


def _unanimous(votes: Votes) -> _Found:
    sizes = votes.sizes
    if len(sizes) > 1:
        return "not served", None, f"{len(sizes)} different answers"
    if sum(sizes.values()) < len(votes.ballots):
        return "not served", None, "a member gave no valid ballot"
    if votes.unheard:
        return "unknown", None, _unheard(votes)
    if len(votes.ballots) < 2:
        return "not served", None, "one voice is no agreement"
    return "served", next(iter(sizes)), "all members say the same"


def _plurality(votes: Votes) -> _Found:
    ranked = sorted(votes.sizes.items(), key=lambda item: -item[1])
    if not ranked:
        return ("unknown", None, _unheard(votes)) if votes.unheard else ("not served", None, "no valid ballot")
    first, second = ranked[0][1], ranked[1][1] if len(ranked) > 1 else 0
    if votes.unheard and second + votes.unheard >= first:
        return "unknown", None, f"{first} against {second}, and {_unheard(votes)}"
    if first == second:
        return "not served", None, f"a tie of {first} against {second}"
    return "served", ranked[0][0], f"{first} of {sum(votes.sizes.values())} votes"


def _single(outcome: Outcome, panel: Sequence[ModelId] | None, tiebreaker: ModelId | None) -> tuple[str, _Found]:
    """The model the policy trusts most by its own words: the tiebreaker, else whom it names first."""
    roles = {ballot.role: ballot.model for ballot in reversed(outcome.ballots)}
    model = tiebreaker or roles.get("tiebreak") or (panel[0] if panel else roles.get("panel"))
    rule = "best-declared single" if model is None else f"best-declared single ({model})"
    ballot = next((ballot for ballot in outcome.ballots if ballot.model == model), None)
    for place, group in enumerate(outcome.groups):
        if model in group.models:
            why = "the tiebreaker" if model in (tiebreaker, roles.get("tiebreak")) else "named first in the panel"
            return rule, ("served", place, f"{why}, asked alone: nobody checks it")
    if ballot is None or _unwaited(ballot):
        return rule, ("unknown", None, "it was not asked, or not waited for")
    return rule, ("not served", None, ballot.why or ballot.kind.value)


def _unheard(votes: Votes) -> str:
    members = "one member" if votes.unheard == 1 else f"{votes.unheard} members"
    return f"how {members} would have voted is not known"
