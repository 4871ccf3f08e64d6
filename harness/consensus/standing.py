"""What a policy's calibrations are worth for one request: which of them speaks for its votes, and what it certifies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.consensus.actions import Chances
from harness.consensus.calibration import (
    Abstain,
    Calibration,
    Estimator,
    Moment,
    Threshold,
    canonical,
    decide,
    least_labels,
)
from harness.consensus.tally import Tally, independent
from harness.core.ids import ModelId, TaskClass
from harness.core.outcome import Reason
from harness.core.policy import Policy, RiskLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A calibration, ready to use. Made once and kept: its estimator remembers what it has weighed."""

    calibration: Calibration
    estimator: Estimator
    version: str

    def votes(self, tally: Tally) -> dict[ModelId, int | None]:
        """The group of each calibrated member that was heard; None without an answer of its own."""
        numbers = {ballot.model: number for number, group in enumerate(tally.groups) for ballot in group}
        own = independent(tally.ballots)
        heard = (ballot.model for ballot in tally.ballots if ballot.model in self.calibration.models)
        return {model: numbers.get(model) if model in own else None for model in heard}

    def chances(self, tally: Tally) -> Chances:
        """The chance of being right of each group."""
        votes = self.votes(tally)
        given = [votes.get(model) for model in self.calibration.models]
        state = canonical(given)
        named = dict(zip(state, given, strict=True))
        found = {named[number]: chance for number, chance in self.estimator.ranking(state)}
        return tuple(found.get(number) for number in range(len(tally.groups)))


def fitted(calibration: Calibration) -> Fitted:
    """*calibration*, ready to use."""
    return Fitted(calibration=calibration, estimator=calibration.estimator(), version=calibration.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be said about the votes of one request."""

    fitted: Fitted | None = None
    """The calibration that speaks for them: their probabilities are known."""
    certificate: Threshold | None = None
    """What keeps the policy's risk limit; None without a limit, or when it is not certified."""
    reason: Reason = Reason.UNCERTIFIED
    """Without a certificate: what to call that."""
    why: str = "the policy is not calibrated"
    labels_missing: int | None = None
    """About how many more labels would certify the limit; None: nobody knows, or no number would."""

    def doubt(self, policy: Policy) -> str:
        """Why the risk limit of *policy* does not hold; empty when it does, and when the policy promises none."""
        limited = isinstance(policy.rule, RiskLimit) and self.certificate is None
        return f"{self.reason}: {self.why}" if limited else ""


UNCALIBRATED = Standing()


def standing(
    policy: Policy, calibrations: Mapping[TaskClass, Fitted], *, task_class: TaskClass, comparator: str
) -> Standing:
    """The standing of *policy* for a request of *task_class* whose answers *comparator* (``name@version``) compares.

    *calibrations* are those of the policy, by class of work; a class that has none has no standing: a calibration does
    not transfer from one kind of work to another.
    """
    own = calibrations.get(task_class)
    if own is None:
        return _elsewhere(policy, calibrations, task_class)
    mismatch = _mismatch(policy, own.calibration, comparator)
    if mismatch is not None:
        return Standing(why=mismatch)
    if not isinstance(policy.rule, RiskLimit):
        return Standing(fitted=own, why="the policy promises no risk limit")
    certificate = own.calibration.certificate(policy.rule.alpha)
    if certificate is not None:
        return Standing(fitted=own, certificate=certificate, why="")
    verdict = decide(own.calibration, Moment(votes={}, asked=()), policy.rule.alpha)
    assert isinstance(verdict, Abstain), "nothing is decided without a certificate"
    return Standing(fitted=own, why=verdict.why, labels_missing=verdict.labels_missing)


def _elsewhere(policy: Policy, calibrations: Mapping[TaskClass, Fitted], task_class: TaskClass) -> Standing:
    if calibrations:
        known = ", ".join(sorted(calibrations))
        return Standing(
            reason=Reason.OUT_OF_CLASS, why=f"the policy is calibrated on {known}, and this is {task_class}"
        )
    if not isinstance(policy.rule, RiskLimit):
        return UNCALIBRATED
    least = least_labels(policy.rule.alpha)
    return Standing(
        why=f"{UNCALIBRATED.why}: a risk limit of {policy.rule.alpha:g} takes at least {least} labelled questions",
        labels_missing=least,
    )


def _mismatch(policy: Policy, calibration: Calibration, comparator: str) -> str | None:
    found = calibration.mismatch(policy_version=policy.version, comparator=comparator)
    if found is not None:
        return found
    if set(calibration.models) != set(policy.voters):
        return f"calibrated for the panel {_listed(calibration.models)}, not {_listed(policy.voters)}"
    if calibration.order != policy.order:
        return f"calibrated for order: {calibration.order}, not {policy.order}"
    return None


def _listed(models: Sequence[ModelId]) -> str:
    return ", ".join(models)
