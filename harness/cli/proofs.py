"""Whether a task tells right from wrong: what its reference and what doing nothing were graded. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.ids import TaskId
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.evals.builtin import NOOP, REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One task, put to the two built-in candidates."""

    task_id: str
    proved: bool
    measured: bool
    """Both grades could be measured."""
    reference: str
    """The reference's grade."""
    noop: str
    """The grade of handing in nothing."""
    why: str
    """Empty where it is proved."""


def proofs_of(task_ids: Sequence[TaskId], trials: Sequence[TrialRow]) -> list[Proof]:
    """A proof or its failure for each of *task_ids*, in their order. A task without both trials is not measured."""
    found = {(trial.task_id, trial.candidate): trial for trial in trials}
    return [_proof(task_id, found.get((task_id, REFERENCE)), found.get((task_id, NOOP))) for task_id in task_ids]


def _proof(task_id: str, reference: TrialRow | None, noop: TrialRow | None) -> Proof:
    why = _why(reference, noop)
    return Proof(
        task_id=task_id,
        proved=not why,
        measured=all(trial is not None and trial.grade.measured for trial in (reference, noop)),
        reference=_word(reference),
        noop=_word(noop),
        why=why,
    )


def _why(reference: TrialRow | None, noop: TrialRow | None) -> str:
    for name, trial in (("the reference", reference), ("doing nothing", noop)):
        if trial is None or not trial.grade.measured:
            return f"{name} could not be measured: {trial.detail if trial else 'no trial'}"
    assert reference is not None and noop is not None, "both were measured"  # noqa: PT018 -- one fact
    if reference.grade is not Grade.RESOLVED:
        return f"the reference does not resolve it: {reference.detail}"
    return "doing nothing resolves it" if noop.grade is Grade.RESOLVED else ""


def _word(trial: TrialRow | None) -> str:
    return "absent" if trial is None else trial.grade.value
