"""The ladder of interpreters."""

from datetime import date
from pathlib import Path

from harness.evals.environments.declared import read_declared
from harness.evals.environments.interpreters import Interpreter, Wish, ladder, missing, wish_of

HERE = [Interpreter(version=(3, minor, 5), path=Path(f"/py/3.{minor}")) for minor in (6, 8, 9, 11, 13)]
OWN = Path("/py/3.11")


def rungs(requires="", named=(), day=None, installed=HERE):
    wish = Wish(requires=requires, named=frozenset(named), day=day)
    return [each.minor[1] for each in ladder(wish, installed, own=OWN)]


def test_of_its_time_first_and_named_before_others():
    assert rungs(day=date(2021, 6, 1)) == [9, 8, 11, 13]
    assert rungs(day=date(2021, 6, 1), named=[(3, 8), (3, 13)]) == [8, 9, 11, 13]
    assert rungs() == [13, 11, 9, 8]


def test_not_what_the_repository_refuses():
    assert rungs(">=3.9,<3.12") == [11, 9]
    assert rungs("<3.8") == []
    assert rungs("nonsense") == [13, 11, 9, 8]


def test_our_own_only_where_no_other_is():
    other = Interpreter(version=(3, 11, 2), path=Path("/usr/bin/python3.11"))
    found = ladder(Wish(requires="==3.11.*", named=frozenset(), day=None), [*HERE, other], own=OWN)
    assert [each.path for each in found] == [other.path]
    assert rungs("==3.11.*") == [11]


def test_what_is_missing_and_how_to_get_it():
    said = missing(Wish(requires="==3.10.*", named=frozenset(), day=date(2022, 6, 1)), HERE)
    assert "'==3.10.*'; installed: 3.6, 3.8, 3.9, 3.11, 3.13; `uv python install 3.10` gets one" in said
    assert "none from 3.7 on fits" in missing(Wish(requires="<3", named=frozenset(), day=None), [])


def test_who_names_versions():
    texts = {
        "setup.cfg": "[metadata]\nclassifiers =\n    Programming Language :: Python :: 3.8\n    License :: 3.9\n",
        ".github/workflows/test.yml": 'python-version: ["3.10", 3.12]',
        "tox.ini": "[tox]\nenvlist = py3{6,7},\n    py39\n[testenv:py313]\n",
    }
    wish = wish_of(texts, read_declared(texts), None)
    assert {minor for _, minor in wish.named} == {6, 7, 8, 9, 10, 12}
