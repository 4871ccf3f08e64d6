"""Homes that share one cache of environments."""

from collections.abc import Callable
from functools import partial

import pytest

from harness.content import Home
from tests.evals.solvers.cases import make_agent_home


@pytest.fixture(scope="session")
def agent_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Home]:
    """``agent_home(root, {"m": rows}, suite={…})``"""
    return partial(make_agent_home, tmp_path_factory.mktemp("cache"))
