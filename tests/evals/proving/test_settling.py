"""Environments found by running the tests: from the real index, on interpreters that this machine may not have."""

import asyncio
from datetime import UTC, datetime

import pytest

from harness.core.errors import SandboxError
from harness.evals.proving import Proof, Rejection, prove
from tests.evals.proving.cases import BOOK, PARAMETRISED, RIGHT, claim, plant

CENTS = "tests/test_cents.py"
DAY = datetime(2024, 6, 1, tzinfo=UTC)


def settled(prover, base, hidden, reference=None, **changes):
    try:
        return asyncio.run(prove(claim(base, hidden, reference, date=DAY, **changes), prover))
    except SandboxError as error:
        if "package index" not in str(error):
            raise
        pytest.skip(f"no package index: {error}")


@pytest.mark.slow
def test_a_python_below_3_11(prover):
    minors = sorted({each.minor for each in prover.shelf.interpreters} & {(3, 8), (3, 9), (3, 10)})
    if not minors:
        pytest.skip("no Python from 3.8 to 3.10 on this machine")
    wanted = f"=={minors[0][0]}.{minors[0][1]}.*"
    text = BOOK["pyproject.toml"].replace("[tool", f'requires-python = "{wanted}"\n[tool', 1)
    hidden = {
        CENTS: f"{PARAMETRISED}\n\ndef test_python():\n    import sys\n    assert sys.version_info[:2] == {minors[0]}\n"
    }
    base = plant(prover.cache / "old", {**BOOK, "pyproject.toml": text})
    found = settled(prover, base, hidden)
    assert isinstance(found, Proof), found
    assert found.environment.python == wanted
    assert f"{CENTS}::test_python" in found.p2p
    assert found.core == (f"{CENTS}::test_cents[with a space/and [brackets]]",)
    assert found.canaries.unguarded == ()
    assert "pytest==" in found.environment.lock


@pytest.mark.slow
def test_a_version_module_that_a_build_writes(prover):
    text = BOOK["pyproject.toml"].replace('version = "1.2"', 'dynamic = ["version"]')
    text += '[tool.setuptools_scm]\nwrite_to = "src/book/_version.py"\n'
    imports = "from book._version import version as __version__\n"
    files = {**BOOK, "pyproject.toml": text, "src/book/__init__.py": imports + BOOK["src/book/__init__.py"]}
    hidden = {CENTS: f"{PARAMETRISED}\n\ndef test_version():\n    import book\n    assert book.__version__ == '2.3'\n"}
    base = plant(prover.cache / "scm", files)
    reference = {"src/book/__init__.py": imports + RIGHT["src/book/__init__.py"]}
    found = settled(prover, base, hidden, reference, version="2.3")
    assert isinstance(found, Proof), found
    assert set(found.generated) == {"src/book/_version.py"}
    assert f"{CENTS}::test_version" in found.p2p
    assert not (base / "src/book/_version.py").exists()


@pytest.mark.slow
def test_an_import_that_nothing_names(prover):
    base = plant(prover.cache / "unnamed", BOOK)
    found = settled(prover, base, {CENTS: "import company_ledger\n" + PARAMETRISED})
    assert isinstance(found, Rejection), found
    assert found.rule == "unnamed_dependency"
    assert "imports company_ledger, which no dependency file names" in found.evidence
