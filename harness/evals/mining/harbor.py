"""Tasks as folders of Harbor, each with a verifier in a container of its own and no network for either.

::

    <task>/task.toml  instruction.md
           environment/Dockerfile  environment/tree/      what the agent gets: the base, and no history
           tests/Dockerfile  tests/test.sh  tests/…       what the verifier gets: base, hidden tests, plan
           solution/solve.sh  solution/reference.patch
"""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from harness.core.suite import Environment, Suite, Task
from harness.evals.grading import base_tree
from harness.evals.grading.policy import TEST_FOLDERS
from harness.evals.mining.writing import refuse_used

VERIFIER: Final = Path(__file__).with_name("harbor_verifier.py")
_BUILD_S: Final = 900
_AGENT_S: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packing:
    """One task on its way into a folder."""

    suite: Suite
    task: Task
    settings: Environment
    tree: Path


async def export_harbor(suite: Suite, tasks: Sequence[Task], out: Path, cache: Path) -> None:
    """Write *tasks* below *out*, which must not hold anything yet. Raises ConfigError when it does."""
    await asyncio.to_thread(refuse_used, out, "--output")
    for task in tasks:
        assert task.repo is not None, "repo suites have repo tasks"
        assert suite.repo_path is not None, "content gives a repo suite its repository"
        tree = await base_tree(suite.repo_path, task.repo.base_commit, cache)
        settings = task.repo.environment or suite.environment
        packing = _Packing(suite=suite, task=task, settings=settings, tree=tree)
        await asyncio.to_thread(_write, packing, out / task.id)


def _write(packing: _Packing, folder: Path) -> None:
    repo = packing.task.repo
    assert repo is not None, "repo suites have repo tasks"
    for name in ("environment", "tests/hidden", "solution"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(packing.tree, folder / "environment" / "tree", symlinks=True)
    shutil.copytree(packing.tree, folder / "tests" / "base", symlinks=True)
    for path, content in repo.hidden.items():
        (folder / "tests/hidden" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tests/hidden" / path).write_bytes(content)
    shutil.copyfile(VERIFIER, folder / "tests" / "verify.py")
    lock = _lock(packing)
    for name in ("environment", "tests"):
        (folder / name / "requirements.txt").write_text(lock, encoding="utf-8")
    texts = {
        "task.toml": _task_toml(packing),
        "instruction.md": f"{packing.task.prompt.rstrip()}\n\nThe repository is in /workspace. Change no test.\n",
        "environment/Dockerfile": _dockerfile(packing, "COPY tree/ /workspace/\nWORKDIR /workspace\n"),
        "tests/Dockerfile": _dockerfile(packing, "COPY . /tests/\n"),
        "tests/plan.json": json.dumps(_plan(packing), ensure_ascii=False, indent=1) + "\n",
        "tests/test.sh": "#!/bin/sh\nexec python /tests/verify.py\n",
        "solution/solve.sh": "#!/bin/sh\ncd /workspace && patch -p1 < /solution/reference.patch\n",
        "solution/reference.patch": repo.reference_patch,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    for name in ("tests/test.sh", "solution/solve.sh"):
        (folder / name).chmod(0o755)


def _lock(packing: _Packing) -> str:
    """What has to be installed: the lock with its hashes, else what is asked for, and pytest."""
    if packing.settings.lock is not None:
        return (packing.suite.folder / packing.settings.lock).read_text(encoding="utf-8")
    return "".join(f"{each}\n" for each in (*(each for each in packing.settings.install if each != "."), "pytest"))


def _python(specifier: str) -> str:
    """The minor version to build on.

    >>> _python("==3.9.*"), _python(">=3.11"), _python("<4")
    ('3.9', '3.11', '3.12')
    """
    digits = specifier.strip("=<>!~ ").removesuffix(".*")
    return digits if digits.count(".") == 1 and digits.startswith("3.") else "3.12"


def _dockerfile(packing: _Packing, rest: str) -> str:
    return (
        f"FROM python:{_python(packing.settings.python)}-slim\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends patch && rm -rf /var/lib/apt/lists/*\n"
        "COPY requirements.txt /tmp/requirements.txt\n"
        "RUN pip install --no-cache-dir -r /tmp/requirements.txt\n"
        f"{rest}"
    )


def _plan(packing: _Packing) -> dict[str, list[str]]:
    repo = packing.task.repo
    assert repo is not None, "repo suites have repo tasks"
    tests = [*repo.f2p, *repo.p2p]
    named = sorted({name.partition("::")[0] for name in tests})
    folders = {str(folder) for name in named for folder in PurePosixPath(name).parents if folder.name in TEST_FOLDERS}
    return {
        "tests": tests,
        "files": named,
        "protected": sorted({*named, *repo.hidden, *folders}),
        "roots": [*packing.settings.roots, "src", "."],
        "args": list(packing.settings.args),
        "timeout_s": [str(repo.timeout_s or packing.settings.timeout_s)],
    }


def _task_toml(packing: _Packing) -> str:
    repo = packing.task.repo
    assert repo is not None, "repo suites have repo tasks"
    name = json.dumps(f"{packing.suite.name}/{packing.task.id}")
    timeout_s = 60 + (repo.timeout_s or packing.settings.timeout_s)
    return (
        'schema_version = "1.4"\n'
        'artifacts = [{ source = "/workspace", exclude = [".git"] }]\n\n'
        f"[task]\nname = {name}\nkeywords = [{json.dumps(packing.task.task_class)}]\n\n"
        f"[metadata]\ndigest = {json.dumps(packing.task.digest)}\n\n"
        f'[environment]\nbuild_timeout_sec = {_BUILD_S}.0\nnetwork_mode = "no-network"\n\n'
        f"[agent]\ntimeout_sec = {_AGENT_S}.0\n\n"
        f'[verifier]\ntimeout_sec = {timeout_s:.1f}\nenvironment_mode = "separate"\n\n'
        f'[verifier.environment]\nbuild_timeout_sec = {_BUILD_S}.0\nnetwork_mode = "no-network"\n'
    )
