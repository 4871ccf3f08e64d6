"""Which group of an outcome was right: by a person's decision, the grade, or the answer of its task. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.compare import comparator
from harness.core.ballot import Answer, Comparator, Compare, Relation
from harness.core.errors import ConfigError
from harness.core.hashing import Json, canonical
from harness.core.trial import Grade
from harness.store import DecisionRow

Source = Literal["review", "grade", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of the right answer to one question."""

    right: int | None
    """Place of the right group in the outcome; ``None``: no group is right."""
    source: Source
    answer: str | None
    """The right answer in words; ``None``: not on record."""


Judge = Callable[[str, str], Relation]
Compares = Mapping[tuple[str, str], Mapping[str, Json]]
"""``{"name", "options"}`` of the comparator of a policy and its version."""


def truth(row: DecisionRow, compares: Compares) -> Truth | None:
    """What is known of *row*; ``None``: nothing.

    A person's decision comes first. The grade says of a served answer whether it was right. Otherwise each group is
    compared with the right answer by the comparator of the policy; a group it cannot tell leaves the question open.
    """
    judge = judge_of(row, compares)
    if row.reviewed:
        if row.review_answer is None:
            return Truth(right=None, source="review", answer=None)
        return _compared(row, row.review_answer, judge, "review")
    expected = _text(row.expected)
    served = _served(row)
    if row.grade is Grade.RESOLVED and served is not None:
        return Truth(right=served, source="grade", answer=expected or row.answer)
    if row.grade is Grade.NOT_RESOLVED and served is not None:
        return _wrong(row, served, expected, judge)
    if expected is None:
        return None
    return _compared(row, expected, judge, "answer")


def judge_of(row: DecisionRow, compares: Compares) -> Judge | None:
    """What compares answers as the policy of *row* did; None when it needs more than texts, or is not known here."""
    name = row.comparator.partition("@")[0]
    known = compares.get((row.policy, row.policy_version)) or {"name": name, "options": {}}
    try:
        found = comparator(Compare(name=known["name"], options=known["options"]))
    except ConfigError:
        return None
    return None if found.needs == "execution" else _by_text(found)


def _by_text(judge: Comparator) -> Judge:
    return lambda one, other: judge(Answer(text=one), Answer(text=other)).relation


def _compared(row: DecisionRow, answer: str, judge: Judge | None, source: Source) -> Truth | None:
    said = _relations(row.groups, answer, judge)
    if Relation.SAME in said:
        return Truth(right=said.index(Relation.SAME), source=source, answer=answer)
    if Relation.UNKNOWN in said:
        return None
    return Truth(right=None, source=source, answer=answer)


def _wrong(row: DecisionRow, served: int, expected: str | None, judge: Judge | None) -> Truth:
    """The served answer is wrong; perhaps another group had it right."""
    said = [] if expected is None else _relations(row.groups, expected, judge)
    others = [place for place, relation in enumerate(said) if relation is Relation.SAME and place != served]
    return Truth(right=others[0] if others else None, source="grade", answer=expected)


def _relations(groups: Sequence[Json], answer: str, judge: Judge | None) -> list[Relation]:
    if judge is None:
        return [Relation.SAME if group["answer"] == answer else Relation.UNKNOWN for group in groups]
    return [judge(group["answer"], answer) for group in groups]


def _served(row: DecisionRow) -> int | None:
    """The place of the group that was served."""
    if not row.served:
        return None
    return next((place for place, group in enumerate(row.groups) if group["answer"] == row.answer), None)


def _text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return canonical(value).decode("utf-8", errors="replace")
