"""One small change that matters is never "same", for any comparator of texts."""

from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

from harness.compare import comparator, read
from harness.core.ballot import Answer, Compare, Extract, Relation


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """The generator beside this file; tests are no package."""
    spec = util.spec_from_file_location("metamorphic", Path(__file__).with_name("metamorphic.py"))
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    import sys

    sys.modules["metamorphic"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("numeric", {}),
        ("numeric", {"locale": "auto"}),
        ("fuzzy", {"threshold": 70}),
        ("exact", {"casefold": True}),
        ("value", {}),
    ],
)
def test_no_changed_pair_is_the_same(made: ModuleType, name: str, options: dict[str, object]) -> None:
    judge = comparator(Compare(name=name, options=options))
    wrong = []
    for pair in made.pairs(20261121, 2_200):
        assert pair.a != pair.b
        if judge(Answer(text=pair.a), Answer(text=pair.b)).relation is Relation.SAME:
            wrong.append(pair)
    assert wrong == []


def test_the_generator_repeats_itself(made: ModuleType) -> None:
    assert list(made.pairs(1, 50)) == list(made.pairs(1, 50))
    assert {pair.change for pair in made.pairs(1, 50)} >= {"digit", "sign", "unit", "negation", "role", "path"}


def test_a_changed_number_stays_changed_through_extraction(made: ModuleType) -> None:
    judge, last = comparator(Compare(name="numeric")), Extract(how="last", arg="number")
    for pair in made.pairs(7, 600):
        if pair.change in {"digit", "sign"} and "7-A" not in pair.a:
            a, b = read(pair.a, last), read(pair.b, last)
            assert isinstance(a, Answer), pair
            assert isinstance(b, Answer), pair
            assert judge(a, b).relation is not Relation.SAME, pair
