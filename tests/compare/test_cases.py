"""Every comparator against its case file: a, b, relation, and why."""

import json
from pathlib import Path

import pytest

from harness.compare import COMPARATORS, comparator
from harness.core.ballot import Answer, Compare, Relation

CASES = Path(__file__).parent / "cases"


def _cases() -> list[tuple[str, dict[str, object]]]:
    return [
        (path.stem, json.loads(line))
        for path in sorted(CASES.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


@pytest.mark.parametrize(
    ("name", "case"), _cases(), ids=lambda value: str(value["why"]) if isinstance(value, dict) else value
)
def test_case(name: str, case: dict[str, str]) -> None:
    judge = comparator(Compare(name=name, options=case.get("options", {})))  # type: ignore[arg-type]
    for a, b in ((case["a"], case["b"]), (case["b"], case["a"])):
        said = judge(Answer(text=a), Answer(text=b))
        assert said.relation is Relation(case["relation"]), said.why
        assert said.why


def test_every_comparator_of_texts_has_a_case_file() -> None:
    assert {path.stem for path in CASES.glob("*.jsonl")} == set(COMPARATORS) - {"tests", "judge"}
