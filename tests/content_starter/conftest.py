"""What the content's own tests share: where it lies, and its suites as the project reads them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.content import Home, load_suite
from harness.core.suite import Suite

ROOT = Path(__file__).resolve().parents[2]
SUITES = ROOT / "suites"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(root=ROOT, why="checkout", state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def starter(home: Home) -> Suite:
    return load_suite(home, "starter")


@pytest.fixture(scope="session")
def code(home: Home) -> Suite:
    return load_suite(home, "starter-code")


@pytest.fixture(scope="session")
def ledger(home: Home) -> Suite:
    return load_suite(home, "ledger")


def script(name: str, path: Path) -> ModuleType:
    """A build script of a suite: suites are content and no package, so it is loaded by its path."""
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None
    assert found.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_scripted() -> ModuleType:
    return script("make_scripted", SUITES / "starter" / "build" / "make_scripted.py")


@pytest.fixture(scope="session")
def make_bundle() -> ModuleType:
    return script("make_bundle", SUITES / "ledger" / "build" / "make_bundle.py")
