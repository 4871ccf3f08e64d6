"""Verifies a submission in a container of its own: runs there with the standard library and pytest, without harness.

The submitted tree is laid over a pristine copy of the base, without its tests and its configuration of pytest; then the
hidden files are. Every expected test has to be seen and to pass. The reward is written after pytest has ended.
Tamper-evident less than harness's own grader: it has no canaries and no private channel.
"""

import json
import os
import shutil
import subprocess  # noqa: TID251 - it runs in a container, where harness is not
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

CONFIGURATION = {"conftest.py", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py"}
STARTUP = {"sitecustomize.py", "usercustomize.py"}


def main() -> None:
    """Write 1 or 0 to reward.txt."""
    here = Path(__file__).resolve().parent
    submitted = Path(os.environ.get("SUBMITTED", "/workspace"))
    logs = Path(os.environ.get("VERIFIER_LOGS", "/logs/verifier"))
    plan = json.loads((here / "plan.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        shutil.copytree(here / "base", tree, symlinks=True)
        lay_over(submitted, tree, plan["protected"])
        shutil.copytree(here / "hidden", tree, dirs_exist_ok=True)
        passed = run(tree, Path(name) / "report.xml", plan)
    missing = [test for test in plan["tests"] if test not in passed]
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "missing.json").write_text(json.dumps(missing), encoding="utf-8")
    (logs / "reward.txt").write_text("0" if missing else "1", encoding="utf-8")


def lay_over(submitted: Path, tree: Path, protected: list[str]) -> None:
    """Make *tree* like *submitted*, but for what is protected."""
    theirs = {path for path in files(submitted) if not guarded(path, protected)}
    for path in files(tree):
        if path not in theirs and not guarded(path, protected):
            (tree / path).unlink()
    for path in theirs:
        place = tree / path
        if place.is_dir():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(submitted / path, place)


def files(root: Path) -> set[str]:
    """Regular files below *root*; links are not followed and not taken."""
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(root).as_posix() for path in found}
    return {name for name in names if not {".git", "__pycache__"} & set(name.split("/"))}


def guarded(path: str, protected: list[str]) -> bool:
    """Whether a submission has no say in *path*."""
    name = path.rpartition("/")[2]
    return name in CONFIGURATION | STARTUP or any(path == each or path.startswith(f"{each}/") for each in protected)


def run(tree: Path, report: Path, plan: dict[str, list[str]]) -> set[str]:
    """Ids of the tests that passed."""
    roots = [str(tree / root) for root in plan["roots"] if (tree / root).is_dir()]
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(roots), "HOME": str(report.parent)}
    env |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    options = ["-o", "addopts=", "-o", "junit_family=xunit1", "-p", "no:cacheprovider", f"--junitxml={report}", "-q"]
    command = [sys.executable, "-s", "-m", "pytest", *options, *plan["args"], *plan["files"]]
    subprocess.run(command, cwd=tree, env=env, timeout=float(plan["timeout_s"][0]), check=False)  # noqa: S603
    if not report.is_file():
        return set()
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - pytest wrote it
    return {identity(case) for case in cases if not list(case.iter("failure")) and not list(case.iter("error"))
            and not list(case.iter("skipped"))}  # fmt: skip


def identity(case: ET.Element) -> str:
    """The id of a test in pytest's words: file, classes, name."""
    file, classes = case.get("file", ""), case.get("classname", "").split(".")
    module = file.removesuffix(".py").split("/")
    return "::".join([file, *classes[len(module) :], case.get("name", "")])


if __name__ == "__main__":
    main()
