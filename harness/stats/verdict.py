"""The one place where a paired verdict is made: what the page prints, what the exit code says, and why.

A is the incumbent, B the candidate; differences are B - A, as shares; the verdict is about B. "Not significant" is
never called "no difference": equivalence has to be shown, within the margin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.stats.arguments import inside
from harness.stats.effect import CONF, DIFFERING_MIN, PairedEffect, PairedFacts, facts_of, paired_effect
from harness.stats.multiple import holm
from harness.stats.pairing import Pairing, TaskPair
from harness.stats.power import mcnemar_sample_size_connor, noninferiority_sample_size, paired_t_sample_size

Verdict = Literal["better", "worse", "equivalent", "insufficient"]

EXIT_CODES: Mapping[Verdict, int] = {"better": 0, "equivalent": 0, "worse": 3, "insufficient": 5}

INFRA_SHARE_MAX = 0.10
"""More trials of an arm than this not measured: no verdict."""
INFRA_GAP_MAX = 0.05
"""Arms that differ by more than this in the share not measured: no verdict."""
TASKS_MAX = 1_000_000
"""A need beyond this many tasks is not worth stating as a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infra:
    """Trials that say nothing about a candidate, because environment or vendor failed."""

    a: int = 0
    trials_a: int = 0
    """All graded trials of A."""
    b: int = 0
    trials_b: int = 0

    @property
    def share_a(self) -> float:
        """0 without trials."""
        return self.a / self.trials_a if self.trials_a else 0.0

    @property
    def share_b(self) -> float:
        """0 without trials."""
        return self.b / self.trials_b if self.trials_b else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEffect:
    """The difference within one task class."""

    task_class: str
    effect: PairedEffect
    p_holm: float
    """Adjusted for having looked at every class."""
    state: Verdict
    """``better`` and ``worse`` only where the adjusted p is below 0.05 too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedVerdict:
    """Whether B may replace A, as far as the data tell."""

    verdict: Verdict
    headline: str
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    effect: PairedEffect
    margin: float
    beyond_margin: bool
    """The whole interval lies beyond the margin, on either side."""
    more_tasks_needed: int | None
    """Insufficient only: how many more tasks would settle it with 80 % power, if the rates stay as observed."""
    more_tasks_reason: str
    """Why that number is missing; empty when it is there or not called for."""
    classes: tuple[ClassEffect, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 better or equivalent, 3 worse, 5 insufficient."""
        return EXIT_CODES[self.verdict]


def _state(effect: PairedEffect, margin: float) -> Verdict:
    if effect.lo > 0:
        return "better"
    if effect.hi < 0:
        return "worse"
    if -margin < effect.lo and effect.hi < margin:
        return "equivalent"
    return "insufficient"


def class_effects(classes: Mapping[str, PairedFacts], *, margin: float) -> tuple[ClassEffect, ...]:
    """The difference in each task class, sorted by name, with Holm's adjustment over the classes."""
    names = sorted(classes)
    effects = [paired_effect(classes[name]) for name in names]
    adjusted = holm(p=[effect.p for effect in effects]).p_adj
    found = []
    for name, effect, p in zip(names, effects, adjusted, strict=True):
        state = _state(effect, margin)
        if state in {"better", "worse"} and p >= 1 - CONF:
            state = "insufficient"
        found.append(ClassEffect(task_class=name, effect=effect, p_holm=p, state=state))
    return tuple(found)


def _needed(facts: PairedFacts, effect: PairedEffect, margin: float) -> list[float]:
    # Tasks after which a difference would show, and tasks after which equivalence would: whichever can be computed.
    # Rates are smoothed by half a task per cell, so that no discordant pair yet does not mean none ever.
    assert effect.diff is not None, "asked only when there are pairs"
    room = margin - abs(effect.diff)
    sizes: list[float] = []
    if facts.differences is None:
        total = facts.n + 2
        low, high = sorted(((facts.a_only + 0.5) / total, (facts.b_only + 0.5) / total))
        if low != high:
            sizes.append(mcnemar_sample_size_connor(p_a_only=low, p_b_only=high).n)
        if high - low < margin:
            sizes.append(noninferiority_sample_size(p_a_only=high, p_b_only=low, margin=margin, alpha=0.025).n)
        return sizes
    squares = sum(difference**2 for difference in facts.differences) + 1
    spread = (squares / (facts.n + 2)) ** 0.5
    if effect.diff:
        sizes.append(paired_t_sample_size(delta=abs(effect.diff), sd=spread).n)
    if room > 0:
        sizes.append(paired_t_sample_size(delta=room, sd=spread).n)
    return sizes


def more_tasks(facts: PairedFacts, effect: PairedEffect, margin: float) -> tuple[int | None, str]:
    """How many more tasks would settle it with 80 % power, if the rates stay as observed, or why nobody can say."""
    if facts.n == 0:
        return None, "How often they differ is not known, so neither is how many tasks it takes."
    sizes = _needed(facts, effect, margin)
    if not sizes:
        return None, "They were exactly alike so far and the margin is 0, which no number of tasks can show."
    if min(sizes) > TASKS_MAX:
        return None, "More than a million tasks: the observed difference is too close to the margin or to 0."
    return max(1, int(min(sizes)) - facts.n), ""


def outlook(more: int | None, missing: str) -> str:
    """The sentence that says what :func:`more_tasks` found."""
    if more is None:
        return missing
    return f"About {more:,} more tasks like these would settle it (80% power), if the rates stay as observed."


def _points(share: float) -> str:
    written = f"{share * 100:+.1f}".replace("-", "−")
    return "0.0" if written in {"+0.0", "−0.0"} else written


def measured(effect: PairedEffect) -> str:
    """The sentence that states *effect*."""
    assert effect.diff is not None, "said only when there are pairs"
    tasks = "1 task" if effect.n == 1 else f"{effect.n:,} tasks"
    return (
        f"Success differs by {_points(effect.diff)} percentage points on {tasks}, "
        f"95% interval [{_points(effect.lo)}, {_points(effect.hi)}]."
    )


def unmeasured(infra: Infra) -> str:
    """Why *infra* leaves no room for a verdict; empty when it does."""
    shares = f"{infra.share_a:.1%} of A's trials and {infra.share_b:.1%} of B's failed for reasons of infrastructure"
    if max(infra.share_a, infra.share_b) > INFRA_SHARE_MAX:
        return f"It could not be measured: {shares}, and {INFRA_SHARE_MAX:.0%} is the most a verdict may rest on."
    if abs(infra.share_a - infra.share_b) > INFRA_GAP_MAX:
        return f"It could not be measured: {shares}, more than {INFRA_GAP_MAX * 100:.0f} percentage points apart."
    return ""


def _reasons(state: Verdict, effect: PairedEffect, margin: float) -> list[str]:
    points = f"{margin * 100:g}"
    if state == "better":
        return [measured(effect), "The whole interval lies above 0."]
    if state == "worse" and effect.hi < -margin:
        return [measured(effect), f"The whole interval lies beyond the margin of −{points}."]
    if state == "worse":
        within = f"all of it within the margin of −{points}" if effect.lo > -margin else f"the margin is −{points}"
        return [measured(effect), f"The whole interval lies below 0; {within}."]
    if state == "equivalent":
        return [measured(effect), f"The whole interval lies within ±{points}."]
    if effect.diff is None:
        return ["The two candidates share no measured task."]
    found = [
        measured(effect),
        f"The interval holds 0 and reaches beyond ±{points}: neither a difference nor equivalence.",
    ]
    if effect.lower_one_sided > -margin:
        bound = _points(effect.lower_one_sided)
        found.append(f"Shown is only that B is not worse by more than {points} points (one-sided 95% bound {bound}).")
    return found


def headline(state: Verdict, effect: PairedEffect, margin: float, *, a: str, b: str) -> str:
    """The verdict in one line."""
    points = f"{margin * 100:g}"
    if state == "better":
        return f"{b} is better than {a}"
    if state == "worse":
        return f"{b} is worse than {a}" + (f" by more than {points} points" if effect.hi < -margin else "")
    if state == "equivalent":
        return f"{b} is equivalent to {a} within ±{points} points"
    return f"Not enough data to tell {b} from {a}"


def _warnings(facts: PairedFacts, infra: Infra, state: Verdict, classes: Sequence[ClassEffect]) -> list[str]:
    found = []
    if infra.a or infra.b:
        counts = f"{infra.a} of {infra.trials_a} trials of A and {infra.b} of {infra.trials_b} of B"
        found.append(f"{counts} could not be measured; such pairs were left out of both arms.")
    if state in {"better", "worse"} and facts.differing < DIFFERING_MIN:
        found.append(f"The verdict rests on {facts.differing} tasks with different results.")
    worse = [one for one in classes if one.state == "worse" and state != "worse"]
    found += [f"B is worse on {one.task_class} (Holm p = {one.p_holm:.3f})." for one in worse]
    return found


def paired_verdict(
    facts: PairedFacts,
    *,
    a: str = "A",
    b: str = "B",
    margin: float = 0.03,
    infra: Infra | None = None,
    classes: Mapping[str, PairedFacts] | None = None,
) -> PairedVerdict:
    """Judge B against A.

    better: the lower end of the two-sided 95 % interval lies above 0. worse: its upper end lies below 0. equivalent:
    all of it lies within ±margin. Otherwise insufficient, as it is when more than :data:`INFRA_SHARE_MAX` of an arm
    could not be measured or the arms differ by more than :data:`INFRA_GAP_MAX` in that. *margin* is a share: 0.03 is
    three percentage points. Raises ValueError for a margin outside [0, 1).
    """
    if margin != 0:
        inside("margin", margin)
    infra = infra or Infra()
    effect, unknown = paired_effect(facts), unmeasured(infra)
    state = "insufficient" if unknown else _state(effect, margin)
    by_class = class_effects(classes or {}, margin=margin)
    why, more, missing = _reasons(state, effect, margin), None, ""
    if unknown:
        why, missing = [unknown], "What was not measured has to be measured first; more tasks do not help."
    elif state == "insufficient":
        more, missing = more_tasks(facts, effect, margin)
        why.append(outlook(more, missing))
    return PairedVerdict(
        verdict=state,
        headline="Could not be measured" if unknown else headline(state, effect, margin, a=a, b=b),
        why=tuple(why),
        warnings=tuple(_warnings(facts, infra, state, by_class)),
        effect=effect,
        margin=margin,
        beyond_margin=effect.hi < -margin or effect.lo > margin,
        more_tasks_needed=more,
        more_tasks_reason=missing,
        classes=by_class,
    )


def judge_pairing(pairing: Pairing, *, margin: float = 0.03) -> PairedVerdict:
    """:func:`paired_verdict` of the tasks of *pairing*, with its classes and infrastructure counts."""
    classes: dict[str, list[TaskPair]] = {}
    for task in pairing.tasks:
        classes.setdefault(task.task_class, []).append(task)
    return paired_verdict(
        facts_of(pairing.tasks),
        a=pairing.a,
        b=pairing.b,
        margin=margin,
        infra=Infra(a=pairing.infra_a, trials_a=pairing.trials_a, b=pairing.infra_b, trials_b=pairing.trials_b),
        classes={name: facts_of(tasks) for name, tasks in classes.items()},
    )
