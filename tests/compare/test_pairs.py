"""Adversarial pairs of every domain: two of different meaning are never the same, for any comparator of texts.

Each line of ``pairs.jsonl`` holds ``a``, ``b``, ``domain``, ``expected``, ``why``, and the ``options`` that it needs.
"""

import json
from pathlib import Path
from typing import Any

from harness.compare import comparator
from harness.core.ballot import Answer, Compare, Relation

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("pairs.jsonl").read_text("utf-8").splitlines()
]
NATURAL = {"json": "json", "code": "code", "choice": "choice", "number": "numeric", "math": "numeric"}
ANY = [
    Compare(name="exact"),
    Compare(name="choice"),
    Compare(name="numeric"),
    Compare(name="numeric", options={"locale": "auto"}),
    Compare(name="value"),
    Compare(name="value", options={"locale": "auto"}),
    Compare(name="fuzzy"),
    Compare(name="fuzzy", options={"threshold": 60, "measure": "token_set"}),
]


def _natural(row: dict[str, Any]) -> Compare:
    return Compare(name=NATURAL.get(row["domain"].split(".")[0], "value"), options=row.get("options", {}))


def _said(spec: Compare, row: dict[str, Any]) -> set[Relation]:
    """What *spec* says in both orders."""
    judge, one, other = comparator(spec), Answer(text=row["a"]), Answer(text=row["b"])
    return {judge(one, other).relation, judge(other, one).relation}


def test_no_different_pair_is_the_same() -> None:
    different = [row for row in ROWS if row["expected"] == "different"]
    wrong = [
        (spec.name, row["a"], row["b"])
        for row in different
        for spec in (*ANY, _natural(row))
        if Relation.SAME in _said(spec, row)
    ]
    assert len(different) >= 200
    assert wrong == []


def test_what_is_the_same_is_recognised_by_the_comparator_of_its_domain() -> None:
    same = [row for row in ROWS if row["expected"] == "same"]
    missed = [(row["a"], row["b"]) for row in same if _said(_natural(row), row) != {Relation.SAME}]
    assert len(same) >= 200
    assert missed == []
