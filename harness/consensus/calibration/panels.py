"""Which models make a good panel: measured shared errors, accuracy and cost, for every small panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.consensus.calibration.certify import upper_bound
from harness.consensus.calibration.votes import Labelled
from harness.core.ids import ModelId

CANDIDATES = 22
"""Only the most accurate so many are combined: 1,540 panels of three."""
ECHO = 0.5
"""Two models that, both wrong, surely say the same thing more often than this are one voter."""
RISK = 0.02
"""A wrong answer served outweighs (1 - RISK) / RISK right ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How two models err together."""

    models: tuple[ModelId, ModelId]
    n: int
    """Questions both answered."""
    agree: int
    both_wrong: int
    same_wrong: int
    """Both wrong with the same answer."""
    same_given_wrong: float
    """``same_wrong / both_wrong``; 0 when never both wrong."""
    echo: bool
    """Though of different families they are one voter: the 90 % lower bound of the rate above exceeds ``ECHO``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel under the rule "any two that agree are served"."""

    models: tuple[ModelId, ...]
    accuracy: float
    """Mean over its members."""
    coverage: float
    """Share of questions on which two members agree."""
    precision: float
    """Share of those whose agreed answer is right; a wrong pair beside a right one counts as wrong."""
    same_wrong: float
    """Mean over its pairs: share of questions on which both give the same wrong answer."""
    cost: float | None
    """Sum of its members' costs, None when one is unknown."""
    utility: float
    """Right answers served minus what the wrong ones outweigh, per question; panels are ranked by it."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Votes:
    """Questions as bits of integers."""

    questions: int
    answered: tuple[int, ...]
    right: tuple[int, ...]
    agree: Mapping[tuple[int, int], int]


def pairs(
    items: Sequence[Labelled], models: Sequence[ModelId], *, family: Mapping[ModelId, str] | None = None
) -> list[Pair]:
    """Every pair of *models*, the order of the votes; most echoing first.

    Without *family* every model is taken as its own vendor.
    """
    votes = _votes(items, range(len(models)))
    found = [_pair(votes, models, i, j, family or {}) for i, j in combinations(range(len(models)), 2)]
    return sorted(found, key=lambda pair: (-pair.same_given_wrong, pair.models))


def suggest(
    items: Sequence[Labelled],
    models: Sequence[ModelId],
    *,
    size: int = 3,
    cost: Mapping[ModelId, float] | None = None,
    budget: float | None = None,
    family: Mapping[ModelId, str] | None = None,
    most: int = 10,
) -> list[Panel]:
    """The best *most* panels of *size* members within *budget*, best first.

    Ties go to the cheaper panel. With a budget, models of unknown cost are left out. Raises ValueError for a size
    below 2 or above the number of models.
    """
    if not 2 <= size <= len(models):
        raise ValueError(f"a panel of {size!r} out of {len(models)} models; 2 to {len(models)} are possible")
    price = cost or {}
    everyone = _votes(items, range(len(models)))
    able = sorted(range(len(models)), key=lambda i: -everyone.right[i].bit_count())[:CANDIDATES]
    votes = _votes(items, able)
    chosen = [models[i] for i in able]
    echoes = {
        (i, j): pair
        for i, j in combinations(range(len(chosen)), 2)
        if (pair := _pair(votes, chosen, i, j, family or {})).echo
    }
    panels = [
        _panel(votes, chosen, members, total, echoes)
        for members in combinations(range(len(chosen)), size)
        if _affordable(total := _total(price, [chosen[i] for i in members]), budget)
    ]
    return sorted(panels, key=lambda panel: (-panel.utility, panel.cost or 0.0, panel.models))[:most]


def _votes(items: Sequence[Labelled], members: Sequence[int]) -> _Votes:
    answered, right = [0] * len(members), [0] * len(members)
    agree = dict.fromkeys(combinations(range(len(members)), 2), 0)
    for q, item in enumerate(items):
        bit = 1 << q
        given = [item.votes[i] for i in members]
        for i, group in enumerate(given):
            answered[i] |= bit * (group is not None)
            right[i] |= bit * (group is not None and group == item.right)
        for i, j in agree:
            agree[i, j] |= bit * (given[i] is not None and given[i] == given[j])
    return _Votes(len(items), tuple(answered), tuple(right), agree)


def _pair(votes: _Votes, models: Sequence[ModelId], i: int, j: int, family: Mapping[ModelId, str]) -> Pair:
    both = votes.answered[i] & votes.answered[j]
    wrong = both & ~votes.right[i] & ~votes.right[j]
    same = (votes.agree[i, j] & wrong).bit_count()
    other_vendor = family.get(models[i], models[i]) != family.get(models[j], models[j])
    lower = 1 - upper_bound(wrong.bit_count() - same, wrong.bit_count())
    return Pair(
        models=(models[i], models[j]),
        n=both.bit_count(),
        agree=votes.agree[i, j].bit_count(),
        both_wrong=wrong.bit_count(),
        same_wrong=same,
        same_given_wrong=same / max(wrong.bit_count(), 1),
        echo=other_vendor and lower > ECHO,
    )


def _panel(
    votes: _Votes,
    models: Sequence[ModelId],
    members: tuple[int, ...],
    total: float | None,
    echoes: Mapping[tuple[int, int], Pair],
) -> Panel:
    agreed = wrong = shared = 0
    inside = list(combinations(members, 2))
    for i, j in inside:
        agreed |= votes.agree[i, j]
        wrongly = votes.agree[i, j] & ~votes.right[i]
        wrong |= wrongly
        shared += wrongly.bit_count()
    served, bad, questions = agreed.bit_count(), wrong.bit_count(), max(votes.questions, 1)
    return Panel(
        models=tuple(models[i] for i in members),
        accuracy=sum(votes.right[i].bit_count() for i in members) / len(members) / questions,
        coverage=served / questions,
        precision=(served - bad) / max(served, 1),
        same_wrong=shared / len(inside) / questions,
        cost=total,
        utility=(served - bad - bad * (1 - RISK) / RISK) / questions,
        warnings=tuple(_warning(echoes[pair]) for pair in inside if pair in echoes),
    )


def _warning(pair: Pair) -> str:
    a, b = pair.models
    return f"{a} and {b} are one voter: of {pair.both_wrong} shared errors {pair.same_wrong} are the same wrong answer"


def _total(price: Mapping[ModelId, float], members: Sequence[ModelId]) -> float | None:
    return sum(price[model] for model in members) if all(model in price for model in members) else None


def _affordable(total: float | None, budget: float | None) -> bool:
    return budget is None or (total is not None and total <= budget)
