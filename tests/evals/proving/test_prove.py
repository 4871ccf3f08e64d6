"""Proofs of planted claims: each rule refuses what it is for, and says why."""

import pytest

from harness.evals.proving import RULES, Proof, Rejection
from tests.evals.proving.cases import BOOK, PARAMETRISED, RENAMED, claim

CENTS = "tests/test_cents.py"


def test_a_proof(proven, base):
    found = proven(claim(base, {CENTS: PARAMETRISED, "tests/test_total.py": RENAMED}))
    assert isinstance(found, Proof), found
    assert dict(found.f2p) == {f"{CENTS}::test_cents[with a space/and [brackets]]": "new"}
    assert found.core == (f"{CENTS}::test_cents[with a space/and [brackets]]",)
    assert found.p2p == (
        f"{CENTS}::test_cents[plain::one]",
        "tests/test_total.py::test_new_name",
        "tests/test_total.py::test_total",
    )
    assert found.lost == ("tests/test_total.py::test_old_name",)
    assert dict(found.known_failures) == {"tests/test_total.py::test_network": "failed"}
    assert (found.flaky, found.collection_error, found.timeout_s) == ({}, False, 30.0)
    assert found.canaries.changed >= 2
    assert found.canaries.failed >= 3
    assert len(set(found.hash_seeds)) >= 2
    assert [run.shuffled for run in found.runs].count(True) == 1
    assert sum(run.state == "after" for run in found.runs) == 3
    assert sum(run.state == "before" for run in found.runs) == 2
    assert not list((base.parent / "proving").iterdir())
    assert (base / "src/book/__init__.py").read_text() == BOOK["src/book/__init__.py"]


NEW_NAME = "from book import total, worth\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
SEEDS = "import os\nfrom book import cents\n\n\ndef test_cents():\n    assert cents('1.15') == 115\n    assert os.environ['PYTHONHASHSEED'] == '0'\n"
HANG = "from book import cents\nimport os\n\n\ndef test_cents():\n    os._exit(0)\n"


@pytest.mark.parametrize(
    ("hidden", "reference", "rule", "evidence"),
    [
        ({"tests/data.txt": "1"}, None, "no_tests", "tests/data.txt"),
        (
            {CENTS: PARAMETRISED},
            {"src/book/__init__.py": BOOK["src/book/__init__.py"] + "\n"},
            "already_passes",
            "1 tests",
        ),
        ({"tests/test_total.py": RENAMED}, None, "already_passes", "pass after, and all of them before"),
        ({CENTS: "def test_wrong():\n    assert 1 == 2\n"}, None, "reference_fails", "assert 1 == 2"),
        pytest.param(
            {"tests/test_total.py": NEW_NAME},
            {"src/book/__init__.py": BOOK["src/book/__init__.py"] + "worth = 1\n"},
            "no_core_f2p",
            "cannot import name 'worth'",
            marks=pytest.mark.slow,
        ),
        pytest.param({CENTS: SEEDS}, None, "flaky", "test_cents fails in 2 of 3", marks=pytest.mark.slow),
        ({CENTS: HANG}, None, "tests_do_not_run", "ended before the session"),
    ],
)
def test_refusals(proven, base, hidden, reference, rule, evidence):  # noqa: PLR0917 - a table
    found = proven(claim(base, hidden, reference))
    assert isinstance(found, Rejection), found
    assert (found.rule, rule in RULES) == (rule, True)
    assert evidence in found.evidence


@pytest.mark.slow
def test_the_grader_has_the_last_word(proven, base):
    """A reference that lies among the tests is discarded by the grader: nobody could resolve such a task."""
    hidden = {
        "tests/test_cents.py": "from tests.rounding import cents\n\n\ndef test_cents():\n    assert cents('1.15') == 115\n"
    }
    found = proven(
        claim(base, hidden, {"tests/rounding.py": "def cents(text):\n    return round(float(text) * 100)\n"})
    )
    assert isinstance(found, Rejection), found
    assert found.rule == "grader_disagrees"
    assert "not_resolved" in found.evidence


@pytest.mark.slow
def test_configuration_that_only_the_whole_fix_has(proven, base):
    hidden = {
        CENTS: "from book import cents\n\n\ndef test_cents(request):\n    assert request.config.getini('xfail_strict')\n    assert cents('1.15') == 115\n"
    }
    config = BOOK["pyproject.toml"] + "xfail_strict = true\n"
    found = proven(claim(base, hidden, rest={"pyproject.toml": config.encode(), "README.md": b"x"}))
    assert isinstance(found, Proof), found
    assert found.config_from_fix == ("pyproject.toml",)
