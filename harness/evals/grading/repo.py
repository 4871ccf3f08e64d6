"""Grades a patch: the submission's files over a fresh tree, the hidden tests over those, pytest in the sandbox."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Execution, TestOutcome, TestResult
from harness.core.ports import Ran, Sandbox
from harness.core.suite import Environment, RepoTask, Task
from harness.core.trial import Grade
from harness.evals.environments import PreparedEnvironment
from harness.evals.grading.canary import twin
from harness.evals.grading.policy import REFUSED, Ground, sift, top_levels
from harness.evals.grading.pytest_config import read_config
from harness.evals.grading.report import FORGED, Report, last_line, printable
from harness.evals.grading.session import (
    OUTPUT_BYTES,
    Session,
    import_roots,
    own_installed,
    read_tree_top,
    run_session,
    write_tools,
)
from harness.evals.grading.signs import signs, support_signs, usual_signs
from harness.evals.grading.tree import read_tree, write_files
from harness.sandbox import yard_of

EMPTY = "empty"
CANARY_PASSED = "canary_passed"
"""Flag: a test that right code fails has passed."""
CANARY_ABSENT = "canary_absent"
"""Flag: such a test was not seen, though the session ended."""
EXIT_CODE = "exit_code_mismatch"
"""Flag: the exit code is not the one that the outcomes imply."""
UNFINISHED = "no_session_finish"
"""Flag: the process ended by itself before the session did."""
FLOOD = "output_flood"
"""Flag: so much was written that some of it was dropped."""
_UNSEEN = TestOutcome.ABSENT

Canaries = Mapping[str, tuple[str, ...]]
"""By hidden test file: the ids, after the first ``::``, of the tests of its twin that the reference fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the submissions of one task are graded on."""

    base: Path
    """The base tree; never written to. See ``base_tree``."""
    environment: PreparedEnvironment
    settings: Environment
    """Of the suite: arguments of pytest and the time limit."""
    sandbox: Sandbox


async def grade_repo(
    task: Task, files: Mapping[str, str | None], bench: Bench, *, canaries: Canaries | None = None
) -> Execution:
    """Run the tests of *task* over its base tree with *files* applied. *canaries* come from ``find_canaries``.

    The canaries run twice: in the session itself under other file names, and, when that would resolve the task, once
    more under the names and at the places of the tests they copy, where nothing but their values tells them apart.
    Every expected test is in the result, ``absent`` if it was not seen. Raises SandboxError when the sandbox or the
    environment failed before anything of the submission was loaded.
    """
    repo = _repo(task)
    texts = await asyncio.to_thread(read_tree, bench.base)
    sifted = sift(files, _ground(repo, texts, bench))
    if not files or sifted.refused:
        return _nothing_run(repo, bench, sifted.flags or (EMPTY,), sifted.refused)
    plan = _planned(repo, canaries or {}, usual_signs(sifted.kept, texts))
    ran, report = await _run(task, bench, sifted.kept, plan)
    hidden = {path: content.decode("utf-8", "replace") for path, content in repo.hidden.items()}
    static = (*sifted.flags, *signs(sifted.kept, texts), *support_signs(sifted.kept, texts, hidden))
    flags = (*static, *report.flags, *_canary_flags(plan, ran, report))
    execution = _execution(repo, ran, report, plan, flags)
    if canaries and judge_repo(task, execution)[0] is Grade.RESOLVED:
        return await _doubted(task, bench, sifted.kept, canaries, (plan, execution))
    return execution


async def _doubted(
    task: Task, bench: Bench, kept: Mapping[str, str | None], canaries: Canaries, first: "tuple[_Plan, Execution]"
) -> Execution:
    """The *first* session with what a second session showed, in which canaries and tests have changed places.

    It holds as many files of the same names and sizes as the first, so that whoever lies to files of one kind is wrong
    in one of the two.
    """
    repo, (planned, execution) = _repo(task), first
    ids = tuple(f"{path}::{name}" for path, names in canaries.items() for name in names)
    copies = {path: _twin_path(path) for path in canaries}
    others = ((copies.get(path, path), name) for path, _, name in _parted(repo))
    expected = (*ids, *(f"{path}::{name}" for path, name in others))
    swapped = {path: path for path in canaries}
    plan = _Plan(twins=swapped, copies=copies, expected=expected, canary_ids=ids, usual=planned.usual)
    ran, report = await _run(task, bench, kept, plan)
    flags = [*report.flags, *_canary_flags(plan, ran, report)]
    if not report.finished or ran.exit_code != 1:
        flags.append(CANARY_ABSENT)
    both = tuple(dict.fromkeys((*execution.flags, *flags)))
    return replace(execution, flags=both, wall_s=execution.wall_s + ran.wall_s)


async def find_canaries(task: Task, reference: Mapping[str, str | None], bench: Bench) -> Canaries:
    """The canaries of *task*: twins of its hidden tests that *reference*, the right solution's files, fails."""
    sources = {path: content.decode("utf-8", "replace") for path, content in _repo(task).hidden.items()}
    twins = {path: twin(text) for path, text in sources.items() if path.endswith(".py") and path in _files(_repo(task))}
    plan = _Plan(twins={path: _twin_path(path) for path, made in twins.items() if made}, expected=None, canary_ids=())
    if not plan.twins:
        return {}
    _, report = await _run(task, bench, reference, plan)
    failed = {test.id for test in report.results if test.outcome is TestOutcome.FAILED}
    found: dict[str, tuple[str, ...]] = {}
    for path, twin_path in plan.twins.items():
        made = twins[path]
        assert made is not None, "plan.twins holds those that were made"
        inside = (name.removeprefix(f"{twin_path}::") for name in failed if name.startswith(f"{twin_path}::"))
        found[path] = tuple(sorted(name for name in inside if _function(name) in made.changed))
    return {path: names for path, names in found.items() if names}


def judge_repo(task: Task, execution: Execution) -> tuple[Grade, str, tuple[str, ...]]:
    """The grade of *execution*, why in one line, and the flags. Pure."""
    flags = execution.flags
    if EMPTY in flags:
        return Grade.EMPTY, "the submission changes nothing", flags
    if REFUSED & set(flags):
        return Grade.VOID, f"refused: {execution.log}", flags
    if {FORGED, CANARY_PASSED} & set(flags):
        return Grade.VOID, "tampering: " + ", ".join(sorted({FORGED, CANARY_PASSED} & set(flags))), flags
    repo = _repo(task)
    seen = {test.id: test for test in execution.tests}
    missing = [seen[name] for name in (*repo.f2p, *repo.p2p) if seen[name].outcome is not TestOutcome.PASSED]
    if execution.ending is not Ending.EXITED:
        return Grade.NOT_RESOLVED, f"ended by {execution.ending.value} after {execution.wall_s:.1f} s", flags
    if not execution.finished or {CANARY_ABSENT, EXIT_CODE} & set(flags):
        why = "the session did not end as it had to"
        return Grade.NOT_RESOLVED, f"{why}; {_first(missing, execution, repo)}" if missing else why, flags
    if missing:
        return Grade.NOT_RESOLVED, _first(missing, execution, repo), flags
    return Grade.RESOLVED, f"{len(repo.f2p)} f2p and {len(repo.p2p)} p2p tests passed{_open(repo)}", flags


def _open(repo: RepoTask) -> str:
    """What a reader has to know of the tests that no canary can guard."""
    files = sorted({name.partition("::")[0] for name in repo.f2p})
    bare = [
        path for path in files if path in repo.hidden and twin(repo.hidden[path].decode("utf-8", "replace")) is None
    ]
    return f"; no canary guards {', '.join(bare)}" if bare else ""


# --- one run --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Which tests a run is to see."""

    twins: Mapping[str, str]
    """Paths of twins by the hidden file they copy."""
    copies: Mapping[str, str] = field(default_factory=dict)
    """Where the hidden files lie whose own place a twin takes."""
    expected: tuple[str, ...] | None
    canary_ids: tuple[str, ...]
    """Ids of the canaries in this run: twins have a new name each time."""
    usual: tuple[str, ...] = ()
    """Signs that are none in this repository."""


def _planned(repo: RepoTask, canaries: Canaries, usual: tuple[str, ...]) -> _Plan:
    twins = {path: _twin_path(path) for path in canaries}
    ids = tuple(f"{twins[path]}::{name}" for path, names in canaries.items() for name in names)
    return _Plan(twins=twins, expected=(*repo.f2p, *repo.p2p, *ids), canary_ids=ids, usual=usual)


def _twin_path(path: str) -> str:
    return str(PurePosixPath(path).with_name(f"test_{secrets.token_hex(6)}.py"))


async def _run(task: Task, bench: Bench, kept: Mapping[str, str | None], plan: _Plan) -> tuple[Ran, Report]:
    repo = _repo(task)
    place = yard_of(bench.sandbox)
    # not in a thread: CPython 3.11 counts the depth of all parsing together, and two at a time raise SystemError
    made = {path: twin(repo.hidden[path].decode("utf-8", "replace")) for path in plan.twins}
    copies = {plan.twins[path]: copy.source for path, copy in made.items() if copy is not None}
    with tempfile.TemporaryDirectory(prefix="harness-grade-", dir=place, ignore_cleanup_errors=True) as name:
        tree, tools = Path(name) / "tree", Path(name) / "tools"
        roots = await asyncio.to_thread(_lay_out, bench, repo, kept, (plan, copies), (tree, tools))
        session = Session(
            files=tuple(sorted({*_files(repo), *plan.twins.values(), *plan.copies.values()})),
            expected=plan.expected,
            roots=roots,
            own=own_installed(bench.base, roots, bench.environment),
            changed=tuple(sorted(kept)),
            usual=plan.usual,
            args=bench.settings.args,
            timeout_s=repo.timeout_s or bench.settings.timeout_s,
        )
        ran, report = await run_session(session, bench.sandbox, bench.environment, tree=tree, tools=tools)
    if not report.started:
        why = last_line(ran.stderr) or f"{ran.ending.value} after {ran.wall_s:.1f} s"
        raise SandboxError(f"task {task.id!r}: pytest did not start: {why}")
    return ran, report


def _lay_out(
    bench: Bench,
    repo: RepoTask,
    kept: Mapping[str, str | None],
    trusted: tuple[_Plan, Mapping[str, str]],
    places: tuple[Path, Path],
) -> tuple[str, ...]:
    """Base, submission, hidden tests, twins: in this order, so that nothing trusted is ever overwritten.

    *trusted* is the plan, and the text of each twin by its path. Returns the folders for the import path.
    """
    (plan, twins), (tree, tools) = trusted, places
    shutil.copytree(bench.base, tree, symlinks=True)
    write_files(tree, kept)
    write_files(tree, repo.hidden)
    write_files(tree, twins)
    write_files(tree, {place: repo.hidden[path] for path, place in plan.copies.items()})
    config = read_config(read_tree_top(tree))
    write_tools(tools, config)
    return tuple(dict.fromkeys((*bench.settings.roots, *import_roots(tree, config))))


# --- what was seen --------------------------------------------------------------------------------------------------


def _execution(repo: RepoTask, ran: Ran, report: Report, plan: _Plan, flags: Iterable[str]) -> Execution:
    twins = set(plan.twins.values())
    seen = {test.id: test for test in report.results if test.id.partition("::")[0] not in twins}
    tests = {name: seen.get(name) or TestResult(id=name, outcome=_UNSEEN) for name in (*repo.f2p, *repo.p2p, *seen)}
    execution = Execution(
        ending=ran.ending,
        exit_code=ran.exit_code,
        tests=tuple(tests[name] for name in sorted(tests)),
        finished=report.finished,
        wall_s=ran.wall_s,
        isolation=ran.isolation,
        log=printable(ran.stdout + ran.stderr),
    )
    flood = [FLOOD] if max(len(ran.stdout), len(ran.stderr)) >= OUTPUT_BYTES else []
    return replace(execution, flags=tuple(dict.fromkeys((*flags, *flood, *_ending_flags(execution, plan, report)))))


def _ending_flags(execution: Execution, plan: _Plan, report: Report) -> list[str]:
    if execution.ending is not Ending.EXITED:
        return [execution.ending.value]
    if not execution.finished:
        return [UNFINISHED]
    all_passed = all(test.outcome is TestOutcome.PASSED for test in execution.tests)
    planned = 1 if plan.canary_ids else 0
    if execution.exit_code != report.exit_code or (all_passed and execution.exit_code != planned):
        return [EXIT_CODE]
    return []


def _canary_flags(plan: _Plan, ran: Ran, report: Report) -> list[str]:
    outcomes = {test.id: test.outcome for test in report.results}
    # A twin that could not be collected has failed as surely as its original.
    seen = [outcomes.get(name) or outcomes.get(name.partition("::")[0], _UNSEEN) for name in plan.canary_ids]
    passed = [CANARY_PASSED] if TestOutcome.PASSED in seen else []
    strange = any(outcome not in (TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.ERROR) for outcome in seen)
    return [*passed, *([CANARY_ABSENT] if strange and ran.ending is Ending.EXITED else [])]


def _nothing_run(repo: RepoTask, bench: Bench, flags: tuple[str, ...], why: str) -> Execution:
    return Execution(
        ending=Ending.EXITED,
        exit_code=None,
        tests=tuple(TestResult(id=name, outcome=_UNSEEN) for name in sorted({*repo.f2p, *repo.p2p})),
        wall_s=0.0,
        isolation=bench.sandbox.isolation,
        flags=flags,
        log=why,
    )


def _ground(repo: RepoTask, texts: Mapping[str, str], bench: Bench) -> Ground:
    own = read_config(texts).pythonpath
    roots = tuple(dict.fromkeys([*bench.settings.roots, *(path.strip("/") or "." for path in own), "src", "."]))
    names = {name for root in roots for name in top_levels(texts, root)}
    return Ground(
        base=texts,
        tests=frozenset({*_files(repo), *repo.hidden}),
        installed=bench.environment.installed - names,
        roots=roots,
    )


def _files(repo: RepoTask) -> list[str]:
    """Test files that the expected ids lie in."""
    return sorted({name.partition("::")[0] for name in (*repo.f2p, *repo.p2p)})


def _parted(repo: RepoTask) -> list[tuple[str, str, str]]:
    return [name.partition("::") for name in (*repo.f2p, *repo.p2p)]


def _function(name: str) -> str:
    """The test function's name in an id: without its class and its parameters."""
    return name.partition("[")[0].rpartition("::")[2]


def _first(missing: list[TestResult], execution: Execution, repo: RepoTask) -> str:
    first = missing[0]
    kind = "f2p" if first.id in repo.f2p else "p2p"
    rest = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    # A file that cannot be imported is reported under its own name, and its tests not at all.
    collected = {test.id: test for test in execution.tests if test.outcome is TestOutcome.ERROR}
    why = collected.get(first.id.partition("::")[0], first).message
    return f"{kind} {first.id}: {first.outcome.value}: {why}".rstrip(": ") + rest


def _repo(task: Task) -> RepoTask:
    assert task.repo is not None, "repo suites have repo tasks"
    return task.repo
