"""Where the probabilities of a replay come from: a stored calibration, or others fitted within the run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.consensus import Fitted, Standing, fitted, standing
from harness.consensus.calibration import Calibration
from harness.core.errors import ConfigError
from harness.core.ids import TaskClass, TaskId
from harness.core.policy import Policy, RiskLimit
from harness.evals.calibrating import LEAST_LABELS, Evidence, Source, coincidence, gather, question
from harness.evals.replay import Item
from harness.evals.replay_reader import Reader

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the probabilities of one task class rest on."""

    task_class: TaskClass
    kind: Literal["stored", "crossfit", "none"]
    """``stored``: a calibration of the registry, as it is. ``crossfit``: of five, each fitted without the questions it
    is used on. ``none``: too few labels for either."""
    labels: int
    """The calibration's; under ``crossfit`` those of the run."""
    data_hash: str = ""
    version: str = ""
    why: str = ""
    """Why no stored calibration is used; empty when one is."""
    chosen: bool = False
    """Cross-fitting was asked for, whatever is stored."""
    seen: int = 0
    """Under ``stored``: questions of the run that the calibration was fitted to."""
    questions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The probabilities of every item of a run."""

    bases: tuple[Basis, ...]
    policy: Policy
    comparator: str
    stored: Mapping[TaskClass, Fitted]
    crossfit: Mapping[TaskId, Fitted]
    """By question: fitted without it."""
    others: Mapping[TaskClass, Fitted]
    """For questions that were not fitted to at all."""

    def fitted(self, item: Item) -> Fitted | None:
        """What knows how sure to be on *item*, and has not seen it, unless it is a stored one."""
        held = self.stored.get(item.task_class)
        return held or self.crossfit.get(question(item)) or self.others.get(item.task_class)

    def standing(self, item: Item) -> Standing:
        """The standing of the policy for *item*."""
        held = self.fitted(item)
        known = {} if held is None else {item.task_class: held}
        return standing(self.policy, known, task_class=item.task_class, comparator=self.comparator)


def grounds_of(
    items: Sequence[Item],
    policy: Policy,
    calibrations: Mapping[TaskClass, Calibration],
    *,
    reader: Reader,
    fitted_tasks: Mapping[str, frozenset[str]] | None = None,
    crossfit: bool = False,
) -> Grounds:
    """Whence the probabilities for *items* come.

    *calibrations* are the policy's stored ones; those that speak for its votes are applied as they are. Elsewhere, and
    everywhere with *crossfit*, five are fitted within the run. *fitted_tasks* are the digests of the tasks of the runs
    that calibrations name as their sources, as far as they are known.
    """
    name = reader.comparator
    evidence = {each.task_class: each for each in _evidence(items, policy, reader)}
    stored: dict[TaskClass, Fitted] = {}
    folded: dict[TaskId, Fitted] = {}
    others: dict[TaskClass, Fitted] = {}
    bases = []
    for task_class in sorted({item.task_class for item in items}):
        known = calibrations.get(task_class)
        why = _unusable(known, policy, name, calibrations, crossfit=crossfit)
        own = evidence.get(task_class)
        if known is not None and not why:
            stored[task_class] = fitted(known)
            here = [item for item in items if item.task_class == task_class]
            bases.append(_stored_basis(known, here, own, fitted_tasks or {}))
            continue
        folds = _folds(own, policy, reader) if own else {}
        folded.update(folds)
        if folds:
            others[task_class] = next(iter(folds.values()))
        labels = len(own.voted) if own else 0
        kind: Literal["crossfit", "none"] = "crossfit" if folds else "none"
        bases.append(Basis(task_class=task_class, kind=kind, labels=labels, why=why, chosen=crossfit))
    return Grounds(bases=tuple(bases), policy=policy, comparator=name, stored=stored, crossfit=folded, others=others)


def _evidence(items: Sequence[Item], policy: Policy, reader: Reader) -> list[Evidence]:
    """The labelled questions; none where no question has a label, which is no error in a replay."""
    try:
        return gather([Source(run_id="", items=items)], policy, reader=reader)
    except ConfigError:
        return []


def _unusable(
    known: Calibration | None,
    policy: Policy,
    comparator: str,
    calibrations: Mapping[TaskClass, Calibration],
    *,
    crossfit: bool,
) -> str:
    """Why the stored calibration is not used; empty when it is."""
    if crossfit:
        return "cross-fitting was asked for"
    if known is None:
        elsewhere = ", ".join(sorted(calibrations))
        return f"none is stored for this class, only for {elsewhere}" if elsewhere else "none is stored"
    held = standing(policy, {known.task_class: fitted(known)}, task_class=known.task_class, comparator=comparator)
    return "" if held.fitted is not None else f"the stored one does not speak for these votes: {held.why}"


def _stored_basis(
    known: Calibration, items: Sequence[Item], own: Evidence | None, fitted_tasks: Mapping[str, frozenset[str]]
) -> Basis:
    digests = {item.digest for item in items}
    there: frozenset[str] = frozenset().union(*(fitted_tasks.get(source, frozenset()) for source in known.sources))
    seen = len(digests & there)
    if own is not None and known.data_hash == _data_hash(own):
        seen = len(digests)
    return Basis(
        task_class=known.task_class,
        kind="stored",
        labels=known.labels,
        data_hash=known.data_hash,
        version=known.version,
        seen=seen,
        questions=len(digests),
    )


def _data_hash(own: Evidence) -> str:
    from harness.consensus.calibration.calibrate import data_hash  # noqa: PLC0415 -- numpy is for those who fit

    return data_hash(own.labelled, own.facts.models)


def _folds(own: Evidence, policy: Policy, reader: Reader) -> dict[TaskId, Fitted]:
    """For each question a calibration fitted to the other four fifths; none below that many labels.

    Under a risk limit the whole of it is made anew each time, thresholds included: nothing of a question is known to
    what decides on it.
    """
    from harness.consensus.calibration.calibrate import calibrate, shuffled  # noqa: PLC0415 -- numpy for who fits

    labelled = {item.task: item for item in own.labelled}
    voted = {question(each.item): each for each in own.voted}
    ordered = [item.task for item in shuffled(labelled.values())]
    rest = len(ordered) - -(-len(ordered) // FOLDS)
    if rest < LEAST_LABELS:
        return {}
    limits = (policy.rule.alpha,) if isinstance(policy.rule, RiskLimit) else ()
    found: dict[TaskId, Fitted] = {}
    for fold in range(FOLDS):
        known = [task for place, task in enumerate(ordered) if place % FOLDS != fold]
        made = calibrate(
            [labelled[task] for task in known],
            own.facts,
            fitted_at="",
            limits=limits,
            coincidence=coincidence([voted[task] for task in known], reader),
        )
        found.update(dict.fromkeys(ordered[fold::FOLDS], fitted(made)))
    return found
