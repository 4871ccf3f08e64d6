"""Votes of live traffic against what the calibration expects of them. No labels. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.consensus.calibration import Calibration, Drift, drift
from harness.consensus.calibration.drift import LEAST_QUESTIONS, Heard
from harness.core.ballot import BallotKind
from harness.core.ids import ModelId, TaskClass
from harness.store import PolicyVoteRow

LEAST_VERDICTS = LEAST_QUESTIONS
"""Verdicts with two votes or more, below which nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What live verdicts of one task class say about its calibration."""

    task_class: TaskClass
    calibration: Calibration
    verdicts: int
    """With two valid votes or more, made as the calibration's were."""
    other: int
    """Left aside: under another version of the policy, or another comparator."""
    found: Drift | None
    """None: too few verdicts, or too few labels at fitting time, to tell."""

    @property
    def alarm(self) -> bool:
        return self.found is not None and self.found.alarm

    @property
    def why(self) -> str:
        """The alarm in one line."""
        assert self.found is not None, "there is no alarm without a look"
        found = self.found
        worst = min(range(len(found.model_p_values)), key=found.model_p_values.__getitem__)
        return (
            f"drift: in {self.verdicts} verdicts {100 * found.observed:.1f} % of the votes joined a group, "
            f"{100 * found.predicted:.1f} % were expected (p {found.p_value:.1g}); most of all "
            f"{self.calibration.models[worst]}"
        )


def look(calibration: Calibration, rows: Iterable[PolicyVoteRow]) -> Look:
    """Compares the votes of *rows*, ordered by verdict and within it as they were heard, with *calibration*."""
    heard: list[Heard] = []
    other = 0
    for _, ballots in groupby(rows, key=lambda row: row.verdict_id):
        every = list(ballots)
        if every[0].task_class != calibration.task_class:
            continue
        if (every[0].policy_version, every[0].comparator) != (calibration.policy_version, calibration.comparator):
            other += 1
            continue
        votes, asked = _heard(every, calibration.models)
        if sum(vote is not None for vote in votes) > 1:
            heard.append((votes, asked))
    enough = min(len(heard), calibration.baseline.panel.n) >= LEAST_VERDICTS
    return Look(
        task_class=calibration.task_class,
        calibration=calibration,
        verdicts=len(heard),
        other=other,
        found=drift(calibration.estimator(), calibration.baseline, heard) if enough else None,
    )


def _heard(ballots: Sequence[PolicyVoteRow], models: Sequence[ModelId]) -> Heard:
    """Group of each model in panel order, and who was heard in which order."""
    numbers = _numbers(ballots[0])
    votes = {row.model: numbers.get(row.model) for row in ballots if row.kind == BallotKind.ANSWERED}
    order = [models.index(ModelId(row.model)) for row in ballots if row.model in models]
    return tuple(votes.get(model) for model in models), tuple(order)


def _numbers(row: PolicyVoteRow) -> Mapping[str, int]:
    return {model: number for number, group in enumerate(row.groups) for model in _models(group)}


def _models(group: object) -> Sequence[str]:
    names = group.get("models", ()) if isinstance(group, dict) else ()
    return [name for name in names if isinstance(name, str)]
