"""What the members of panels are worth to each other: agreement, shared errors, who carries the majority. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.consensus.calibration.panels import pairs
from harness.consensus.calibration.votes import Labelled
from harness.core.hashing import Json
from harness.core.ids import ModelId, TaskId
from harness.report.truth import Truth
from harness.stats import wilson_ci
from harness.store import DecisionBallotRow, DecisionRow

MATRIX_MAX = 12
"""Only so many models, those with the most votes, stand in the matrices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One outcome with its ballots and what is known of the truth."""

    row: DecisionRow
    votes: Sequence[DecisionBallotRow]
    truth: Truth | None

    def group_of(self, model: str) -> int | None:
        """The place of the group that *model* is in."""
        return next((place for place, group in enumerate(self.row.groups) if model in group["models"]), None)

    @property
    def members(self) -> list[str]:
        """Who has a ballot, each once."""
        return list(dict.fromkeys(vote.model for vote in self.votes))


def voters(decisions: Sequence[Decision]) -> list[dict[str, Json]]:
    """One object per model, most votes first: how often it had an answer, was with the largest group, was right."""
    names = sorted({name for one in decisions for name in one.members})
    found = [_voter(name, [one for one in decisions if name in one.members]) for name in names]
    return sorted(found, key=lambda each: (-each["votes"], each["model"]))


def _voter(model: str, asked: Sequence[Decision]) -> dict[str, Json]:
    answered = [one for one in asked if one.group_of(model) is not None]
    labelled = [one for one in answered if one.truth is not None]
    right = [one for one in labelled if one.truth is not None and one.group_of(model) == one.truth.right]
    against = [one for one in labelled if one.group_of(model) != 0]
    mine = [vote for one in asked for vote in one.votes if vote.model == model and vote.calls]
    known = [float(vote.cost_usd) for vote in mine if vote.cost_usd is not None]
    ends = wilson_ci(k=len(right), n=len(labelled)) if labelled else None
    return {
        "model": model,
        "votes": len(asked),
        "valid": len(answered),
        "with_largest": sum(one.group_of(model) == 0 for one in answered),
        "labelled": len(labelled),
        "right": len(right),
        "rate": len(right) / len(labelled) if labelled else None,
        "lo": None if ends is None else ends.lo,
        "hi": None if ends is None else ends.hi,
        "against": len(against),
        "right_against": sum(one in right for one in against),
        "cost_usd": math.fsum(known) if len(known) == len(mine) else None,
    }


def singles(decisions: Sequence[Decision]) -> list[dict[str, Json]]:
    """Each model, had it been asked alone: on the labelled questions it was asked, how many it answered and got wrong.

    A member is not asked everything, and a tiebreaker only what is hard: the shares are those of what it was asked.
    """
    labelled = [one for one in decisions if one.truth is not None]
    found = []
    for each in voters(labelled):
        if each["labelled"]:
            wrong = each["labelled"] - each["right"]
            ends = wilson_ci(k=wrong, n=each["labelled"])
            found.append(
                {
                    "model": each["model"],
                    "n": each["votes"],
                    "coverage": each["labelled"] / each["votes"],
                    "risk": wrong / each["labelled"],
                    "lo": ends.lo,
                    "hi": ends.hi,
                }
            )
    return found


def matrices(decisions: Sequence[Decision]) -> dict[str, Json]:
    """``{"models", "agreement", "shared_errors"}``: per pair of models, how often they said the same, and how often
    both were wrong with the same answer. Pairs are given once, in the order of *models*.
    """
    models = [ModelId(each["model"]) for each in voters(decisions)][:MATRIX_MAX]
    labelled = [one for one in decisions if one.truth is not None]
    errors = {pair.models: pair for pair in pairs([_labelled(one, models) for one in labelled], models)}
    return {
        "models": list(models),
        "agreement": [_agreement(a, b, decisions) for a, b in combinations(models, 2)],
        "shared_errors": [
            {
                "a": pair.models[0],
                "b": pair.models[1],
                "n": pair.n,
                "both_wrong": pair.both_wrong,
                "same_wrong": pair.same_wrong,
                "rate": pair.same_given_wrong if pair.both_wrong else None,
                "echo": pair.echo,
            }
            for pair in (errors[a, b] for a, b in combinations(models, 2))
        ],
    }


def _agreement(a: str, b: str, decisions: Sequence[Decision]) -> dict[str, Json]:
    both = [one for one in decisions if one.group_of(a) is not None and one.group_of(b) is not None]
    same = sum(one.group_of(a) == one.group_of(b) for one in both)
    ends = wilson_ci(k=same, n=len(both)) if both else None
    return {
        "a": a,
        "b": b,
        "n": len(both),
        "same": same,
        "rate": same / len(both) if both else None,
        "lo": None if ends is None else ends.lo,
        "hi": None if ends is None else ends.hi,
    }


def _labelled(one: Decision, models: Sequence[ModelId]) -> Labelled:
    votes = tuple(one.group_of(model) for model in models)
    right = one.truth.right if one.truth is not None else None
    return Labelled(task=TaskId(one.row.verdict_id), votes=votes, right=right if right in votes else None)


def by_verdict(votes: Sequence[DecisionBallotRow]) -> Mapping[str, list[DecisionBallotRow]]:
    """The ballots of each outcome, in their order."""
    found: dict[str, list[DecisionBallotRow]] = {}
    for vote in votes:
        found.setdefault(vote.verdict_id, []).append(vote)
    return found
