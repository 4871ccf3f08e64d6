"""The planted repository, its mirror and what history says of it; none of them is to be changed."""

import asyncio

import pytest

from harness.evals.mining import Picked, SizeLimits, Span, pick
from harness.evals.mining.commits import walk
from harness.evals.mining.mirror import open_mirror
from tests.evals.mining.planted import Planted, plant


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Planted:
    return plant(tmp_path_factory.mktemp("planted") / "tally")


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def mirror(planted, cache):
    return asyncio.run(open_mirror(str(planted.repository), cache))


@pytest.fixture(scope="session")
def commits(mirror):
    return asyncio.run(walk(mirror, Span()))


@pytest.fixture(scope="session")
def picked(mirror, commits) -> Picked:
    return asyncio.run(pick(mirror, commits, SizeLimits()))
