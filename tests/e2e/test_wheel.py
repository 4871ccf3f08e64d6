"""The wheel, installed where nothing else of ours is: `harness demo` in an empty folder, without the checkout."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
INSTALLER = [sys.executable, "-m", "uv"] if find_spec("uv") else [shutil.which("uv") or ""]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed: it builds the wheel"),
    pytest.mark.skipif(INSTALLER == [""], reason="uv is not installed: it installs the wheel"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def harness(tmp_path_factory, wheel) -> Path:
    """The command in an environment of its own.

    The wheel is installed by an installer, without an index. What it depends on is not fetched again: it is found
    where this test's own interpreter has it, after everything of the new environment. Nothing of the checkout is.
    """
    root = tmp_path_factory.mktemp("environment")
    venv.create(root, with_pip=False)
    python = root / "bin" / "python"
    install = [*INSTALLER, "pip", "install", "-q", "--no-index", "--no-deps", "--python", str(python), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = (root / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return root / "bin" / "harness"


def run(harness: Path, folder: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [str(harness), *argv], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=600
    )


def test_the_wheel_carries_the_content_and_nothing_generated(wheel):
    names = ZipFile(wheel).namelist()
    for part in (
        "registry/models.yaml",
        "suites/starter/cases.jsonl",
        "suites/ledger/repo.bundle",
        "reports/templates/ab.html.j2",
    ):
        assert any(name.endswith(f"harness/_content/{part}") for name in names), part
    assert "harness/cli/help.txt" in names
    assert any(name.startswith("harness/store/sql/") for name in names)
    assert not [name for name in names if ".harness/" in name or "__pycache__" in name or name.startswith("tests/")]


def test_it_runs_where_there_is_no_checkout(harness, tmp_path):
    said = run(harness, tmp_path, "doctor", "--json")
    found = json.loads(said.stdout)
    assert found["home"]["why"] == "installed package"
    assert str(ROOT) not in said.stdout
    assert run(harness, tmp_path, "--version").stdout == "harness 0.1.0\n"
    assert run(harness, tmp_path).stdout.startswith("Usage: harness")


def test_the_demonstration_in_an_empty_folder(harness, tmp_path):
    said = run(harness, tmp_path, "demo", "--json", "--quiet")
    assert said.returncode == 0, said.stderr
    made = json.loads(said.stdout)
    assert [outcome["served"] for outcome in made["asked"]] == [True, True, False]
    assert len(made["pages"]) == 3
    for page in made["pages"].values():
        assert Path(page).is_relative_to(tmp_path / "harness-demo")
        assert Path(page).read_text().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["harness-demo"]
    shown = run(harness, tmp_path / "harness-demo", "runs", "--json")
    assert {row["suite"] for row in json.loads(shown.stdout)} == set(made["runs"])
    if made["isolation"]["ledger"] == "standard":
        assert said.stderr == ""
