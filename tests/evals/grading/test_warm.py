"""Graded in forks of a warm interpreter and graded anew: the same grades; and nothing of an answer key within reach."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.content import find_home, load_suite
from harness.core.execution import Execution
from harness.core.trial import Grade
from harness.evals.execution import open_executor
from harness.evals.grading import grade_repo, judge_repo
from harness.sandbox import Bubblewrap, WarmSandbox, kept_warm
from tests.evals.grading.test_repo import ATTACKS, BOOK, BROKEN, FIXED

ROOT = Path(__file__).parents[3]
SECRET = "the-word-of-the-reference"


@pytest.fixture(scope="module")
def warm(sandbox) -> Iterator[WarmSandbox]:
    if not isinstance(sandbox, Bubblewrap) or sandbox.seccomp is None:
        pytest.skip("no warm interpreters here")
    made = WarmSandbox(sandbox)
    yield made
    assert made.cold == {}
    assert made._servers, "they were used"
    asyncio.run(made.aclose())


@pytest.mark.parametrize(
    "name", ["right", "wrong", "broken", *(pytest.param(name, marks=pytest.mark.slow) for name in ATTACKS)]
)
def test_a_patch_gets_the_same_grade(bench, task, warm, name):
    honest = {"right": FIXED, "wrong": {BOOK: BROKEN}, "broken": {BOOK: "def ("}}
    files = honest.get(name) or {BOOK: ATTACKS[name] + BROKEN}
    anew = asyncio.run(grade_repo(task, files, bench))
    forked = asyncio.run(grade_repo(task, files, replace(bench, sandbox=warm)))
    assert judge_repo(task, forked) == judge_repo(task, anew)
    assert forked.isolation is anew.isolation
    assert forked.signature == anew.signature


@pytest.mark.slow
def test_the_references_of_the_code_suite_get_the_same_grade(sandbox):
    """And so does an answer that is none."""
    home = find_home(flag=ROOT, environ={}, cwd=ROOT)
    suite = load_suite(home, "starter-code")

    async def grades(*, warm: bool) -> list[tuple[Grade, str]]:
        async with open_executor(suite, warm=warm) as executor:
            texts = [str(task.meta["reference"]) for task in suite.tasks]
            judged = [(await executor.code(task, text))[1] for task, text in zip(suite.tasks, texts, strict=True)]
            judged += [(await executor.code(task, "def f(): ...\n"))[1] for task in suite.tasks]
            return [(each.grade, each.detail) for each in judged]

    cold, warm = asyncio.run(grades(warm=False)), asyncio.run(grades(warm=True))
    assert warm == cold
    assert {grade for grade, _ in warm} == {Grade.RESOLVED, Grade.NOT_RESOLVED}


SEARCH = """
import os
NEEDLE = "".join(reversed({needle!r}))
found = []
def look(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if NEEDLE.encode() in os.read(fd, 1 << 20):
                found.append(path)
        finally:
            os.close(fd)
    except OSError:
        pass
for top in os.listdir("/"):
    if top in ("proc", "usr", "lib", "lib64", "bin", "sbin", "dev"):
        continue
    for folder, folders, names in os.walk(os.path.join("/", top)):
        if "python3" in folder or "site-packages" in folder:
            continue
        found += [os.path.join(folder, each) for each in folders + names if each in (".git", ".harness", "reference.patch")]
        for name in names:
            look(os.path.join(folder, name))
for pid in [each for each in os.listdir("/proc") if each.isdigit()]:
    for part in ("environ", "cmdline"):
        look("/proc/%s/%s" % (pid, part))
    for part in ("cwd", "root"):
        try:
            names = os.listdir("/proc/%s/%s" % (pid, part))
            found += [each for each in names if each in (".git", ".harness", "journal")]
        except OSError:
            pass
for path in (".git", "../.git", "/w/.git", "/.yard", "{neighbour}"):
    if os.path.isdir(path) and os.listdir(path):
        found.append(path)
raise RuntimeError('FOUND %s' % found)
"""


@pytest.mark.parametrize("warmth", ["anew", "warm"])
def test_a_search_for_the_answer_key_finds_nothing(bench, task, sandbox, tmp_path, warmth):
    """Disk, /proc and git: not the reference, not upstream history, not the journal or the tree of another candidate."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / ".git" / "packed").write_text(SECRET)
    (tmp_path / ".harness" / "journal").mkdir(parents=True)
    (tmp_path / ".harness" / "journal" / "run.jsonl").write_text(json.dumps({"patch": SECRET}))

    async def scenario() -> Execution:
        async with kept_warm(sandbox) as kept:
            used = kept if warmth == "warm" else sandbox
            neighbour = tmp_path
            if isinstance(used, WarmSandbox):
                neighbour = used.yard / "other"
                neighbour.mkdir()
                (neighbour / "tree.py").write_text(SECRET)
            search = SEARCH.replace("{needle!r}", repr(SECRET[::-1])).replace("{neighbour}", str(neighbour))
            secret = replace(task, repo=replace(task.repo, reference_patch=SECRET))
            return await grade_repo(secret, {BOOK: search + BROKEN}, replace(bench, sandbox=used))

    execution = asyncio.run(scenario())
    said = [test.message for test in execution.tests if "FOUND" in test.message]
    assert said, execution.log
    assert said[0].endswith("RuntimeError: FOUND []")
