"""A scaffolded home folder, and one in which the starter suite was run. The second is not to be changed."""

import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import A, B, Folder, call


@pytest.fixture(scope="session")
def scaffolded(tmp_path_factory) -> Path:
    root: Path = tmp_path_factory.mktemp("scaffolded") / "home"
    assert call("init", root).code == 0
    return root


@pytest.fixture(scope="session")
def measured(tmp_path_factory, scaffolded) -> Folder:
    """With one run of the starter suite, A against B."""
    root = tmp_path_factory.mktemp("measured") / "home"
    shutil.copytree(scaffolded, root)
    assert Folder(root).call("run", "starter", "--models", f"{A},{B}", "--quiet").code == 0
    return Folder(root)


@pytest.fixture(scope="session")
def run_id(measured) -> str:
    """Of the one run of ``measured``."""
    return str(measured.json("runs")[0]["run"])


@pytest.fixture
def home(tmp_path, scaffolded) -> Folder:
    """One of its own."""
    shutil.copytree(scaffolded, tmp_path / "home")
    return Folder(tmp_path / "home")


@pytest.fixture
def measured_copy(tmp_path, measured) -> Folder:
    """The measured one, to be changed."""
    shutil.copytree(measured.root, tmp_path / "home")
    return Folder(tmp_path / "home")
