"""How good the confidences of a replay are, and what they would serve at every threshold. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.consensus.calibration import canonical, metrics
from harness.core.policy import Policy
from harness.evals.replay import Item
from harness.evals.replay_reader import Reader
from harness.evals.replay_standing import Grounds
from harness.evals.replay_votes import votes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Of the confidence in the likeliest answer once everybody on record is heard."""

    n: int
    """Questions with a known answer."""
    ece: float
    brier: float
    aurc: float
    curve: tuple[metrics.Point, ...]


def score(items: Sequence[Item], policy: Policy, grounds: Grounds, reader: Reader) -> Scores | None:
    """The scores over the labelled questions of *items*; None when there are none, or nothing knows how sure to be."""
    pairs: list[tuple[float, bool]] = []
    for voted in votes_of(items, policy, reader):
        known = grounds.fitted(voted.item)
        if known is None or not voted.labelled:
            continue
        places = {ballot.model: place for place, ballot in enumerate(voted.ballots)}
        votes = [voted.votes[places[model]] for model in known.calibration.models]
        state = canonical(votes)
        top, confidence = known.estimator.top(state)
        pairs.append((confidence, top is not None and votes[state.index(top)] == voted.right))
    if not pairs:
        return None
    return Scores(
        n=len(pairs),
        ece=metrics.ece(pairs),
        brier=metrics.brier(pairs),
        aurc=metrics.aurc(pairs),
        curve=tuple(metrics.curve(pairs)),
    )
