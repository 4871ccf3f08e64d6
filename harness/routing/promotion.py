"""From one matrix to the next: what would change and why, and whether the evidence carries it."""

from dataclasses import dataclass

from harness.core.ids import CandidateId, TaskClass
from harness.routing.matrix import Cell, Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One class that would be routed differently."""

    task_class: TaskClass
    before: CandidateId | None
    """``None``: the class had no choice."""
    after: CandidateId | None
    """``None``: it loses its choice."""
    why: str
    supported: bool
    """Whether the cells of the new matrix carry the change statistically."""
    support: str
    """Why they do, or do not."""

    def __str__(self) -> str:
        return f"{self.task_class}: {self.before or 'none'} → {self.after or 'none'} ({self.why}; {self.support})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether a matrix may be promoted."""

    allowed: bool
    reasons: tuple[str, ...]
    """One line per refused change; one line for an allowed promotion."""


def diff(old: Matrix, new: Matrix) -> tuple[Change, ...]:
    """The classes whose chosen candidate differs, in the order of their names."""
    classes = sorted(old.choices.keys() | new.choices.keys())
    return tuple(change for change in (_change(name, old, new) for name in classes) if change.before != change.after)


def gate(old: Matrix, new: Matrix) -> Gate:
    """Promotion is allowed when something changes and every changed choice is supported.

    A new choice needs measured evidence. Replacing a choice needs the old one measured in the new matrix too, and
    the new one's lower bound not below the old one's success rate by more than the margin. A class that loses its
    choice is never supported by the absence of evidence.
    """
    changes = diff(old, new)
    refused = tuple(str(change) for change in changes if not change.supported)
    if refused:
        return Gate(allowed=False, reasons=refused)
    if not changes and old.cells == new.cells:
        return Gate(allowed=False, reasons=("nothing changes: the proposal equals the promoted matrix",))
    return Gate(allowed=True, reasons=(f"{len(changes)} changed choices, each supported by its cells",))


def _change(name: TaskClass, old: Matrix, new: Matrix) -> Change:
    before, after = old.choices.get(name), new.choices.get(name)
    supported, support = _support(name, before.candidate if before else None, after.candidate if after else None, new)
    return Change(
        task_class=name,
        before=before.candidate if before else None,
        after=after.candidate if after else None,
        why=after.why if after else "no candidate has enough evidence any more",
        supported=supported,
        support=support,
    )


def _support(name: TaskClass, before: CandidateId | None, after: CandidateId | None, new: Matrix) -> tuple[bool, str]:
    if after is None:
        return False, "the class would lose its route"
    chosen = new.measured(name, after)
    if chosen is None:
        return False, f"{after} has insufficient evidence"
    if before is None:
        return True, f"first choice, measured on {chosen.n_tasks} tasks"
    replaced = new.measured(name, before)
    if replaced is None:
        return False, f"{before} was not measured again: the two cannot be compared"
    return _not_worse(chosen, replaced, new.margin)


def _not_worse(chosen: Cell, replaced: Cell, margin: float) -> tuple[bool, str]:
    """Whether a route moves without losing more than the margin, as far as the intervals can tell."""
    bound = replaced.quality - margin
    facts = f"lower bound {chosen.quality_lo:.3f} against {replaced.candidate}'s {replaced.quality:.3f} − {margin:g}"
    if chosen.quality_lo >= bound:
        return True, f"not worse within the margin: {facts}"
    return False, f"could be worse by more than the margin: {facts}"
