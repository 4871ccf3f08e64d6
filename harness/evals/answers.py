"""Judging an answer against what is expected. Pure."""

import json
from dataclasses import dataclass

from harness.compare import Unreadable, read
from harness.core.ballot import Answer, Comparator, Extract, Relation
from harness.core.hashing import Json
from harness.core.trial import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A grade and what it rests on."""

    grade: Grade
    detail: str
    """Expected against observed, in one line."""
    answer: str | None = None
    flags: tuple[str, ...] = ()


def judge_answer(text: str, expected: Json, *, extract: Extract, judge: Comparator) -> Judged:
    """Whether the answer in *text* is the expected one. What a comparator cannot tell is not a success."""
    if expected is None:
        return Judged(grade=Grade.INFRA_ERROR, detail="nobody knows the right answer: the task has no 'expected'")
    if not text.strip():
        return Judged(grade=Grade.EMPTY, detail="no text")
    answer = read(text, extract)
    if isinstance(answer, Unreadable):
        return Judged(grade=Grade.FORMAT_FAILURE, detail=answer.why)
    wanted = expected_text(expected)
    judgement = judge(answer, Answer(text=wanted))
    if judgement.relation is Relation.SAME:
        return Judged(grade=Grade.RESOLVED, detail=judgement.why, answer=answer.text)
    flags = ("comparator_unknown",) if judgement.relation is Relation.UNKNOWN else ()
    detail = f"expected {wanted!r}, got {answer.text!r}: {judgement.why}"
    return Judged(grade=Grade.NOT_RESOLVED, detail=detail, answer=answer.text, flags=flags)


def expected_text(expected: Json) -> str:
    """The expected value as an answer would be written."""
    return expected if isinstance(expected, str) else json.dumps(expected, ensure_ascii=False, sort_keys=True)
