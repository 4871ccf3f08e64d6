"""What follows from the judgement on a divergent panel. A judge has no vote: it chooses a group, or it does not."""

from harness.consensus.actions import Abstain, Serve, Vote
from harness.core.ballot import Ballot, BallotKind
from harness.core.outcome import Reason


def judged(vote: Vote, reason: Reason, why: str) -> Serve | Abstain | str:
    """The end of a vote that the judge decided; else *why* it stays undecided, with what the judge said.

    An answer that speaks to the judge may have won by that: it is for a person to look at, whatever the policy says.
    """
    said = vote.judgement
    assert said is not None, "who is asked is heard"
    if said.kind is not BallotKind.JUDGED or said.answer is None:
        return f"{why}; not judged: {_doubt(said)}"
    chosen = [group for group in vote.tally.groups if _text(group[0]) == said.answer.text]
    if len(chosen) != 1:
        return f"{why}; not judged: it is not clear which group the judge chose"
    flags = sorted({flag for ballot in chosen[0] for flag in ballot.flags})
    if flags:
        spoken = (
            f"the answer that {said.model} chose may be addressed to it ({', '.join(flags)}): its judgement is not used"
        )
        return Abstain(reason, vote.tally, f"{spoken}; {why}", review=True)
    served = f"judged: {said.model} chose this answer in both orders, knowing neither authors nor votes; {why}"
    return Serve(chosen[0][0], vote.tally, served, agreed=False)


def _doubt(said: Ballot) -> str:
    if said.kind is BallotKind.ANSWERED:
        return f"{said.model} gave an answer of its own, and no judgement is on record"
    return said.why or said.kind.value


def _text(ballot: Ballot) -> str | None:
    return None if ballot.answer is None else ballot.answer.text
