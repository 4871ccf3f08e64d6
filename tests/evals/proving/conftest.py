"""A prover in the strongest sandbox there is here, and an environment that needs no index."""

import asyncio

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.suite import Environment
from harness.evals.environments import make_for_suite
from harness.evals.proving import Prover, open_prover, prove
from harness.sandbox import open_sandbox
from tests.evals.proving.cases import BOOK, plant


@pytest.fixture(scope="session")
def prover(tmp_path_factory) -> Prover:
    try:
        sandbox = open_sandbox(Isolation.STANDARD)
        return asyncio.run(open_prover(sandbox, tmp_path_factory.mktemp("proving")))
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard, or no uv, here: {error}")


@pytest.fixture(scope="session")
def base(prover):
    return plant(prover.cache / "book", BOOK)


@pytest.fixture(scope="session")
def proven(prover, base):
    """Proves a claim in an environment of the harness's own pytest."""
    settings = Environment(install=(".",))
    environment = asyncio.run(make_for_suite(settings, base, base, prover.cache))
    return lambda claim, **changes: asyncio.run(prove(claim, prover, environment=environment, **changes))
