"""The grader's own word on a claim: canaries that fail under the reference, and the reference resolved with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.ids import TaskClass, TaskId
from harness.core.suite import RepoTask, Task
from harness.core.trial import Grade
from harness.evals.grading.canary import twin
from harness.evals.grading.repo import Bench, Canaries, find_canaries, grade_repo, judge_repo
from harness.evals.proving.proof import CanaryResult, Claim
from harness.evals.proving.rules import Rule
from harness.evals.proving.trees import texts_only
from harness.evals.proving.weighing import Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What the grader says of the reference."""

    canaries: CanaryResult
    rule: Rule | None = None
    evidence: str = ""


async def graded(claim: Claim, weighed: Weighed, hidden: Mapping[str, bytes | None], bench: Bench) -> Graded:
    """Find the canaries of the task that *claim* would become, and grade its reference with them.

    Tests of files that the fix leaves alone are left out: they ran in every whole session, and have no canaries.
    """
    task = _task(claim, weighed, hidden)
    reference = texts_only(claim.reference)
    canaries = await find_canaries(task, reference, bench)
    counted = _count(task, canaries)
    execution = await grade_repo(task, reference, bench, canaries=canaries)
    grade, detail, flags = judge_repo(task, execution)
    if grade is Grade.RESOLVED:
        return Graded(canaries=counted)
    said = f"{grade.value}: {detail}" + (f" ({', '.join(flags)})" if flags else "")
    return Graded(canaries=counted, rule="grader_disagrees", evidence=said)


def _task(claim: Claim, weighed: Weighed, hidden: Mapping[str, bytes | None]) -> Task:
    files = {name.partition("::")[0] for name in weighed.f2p} | hidden.keys()
    repo = RepoTask(
        base_commit=None,
        f2p=tuple(sorted(weighed.f2p)),
        p2p=tuple(name for name in weighed.p2p if name.partition("::")[0] in files),
        reference_patch="",
        hidden={path: content for path, content in hidden.items() if content is not None},
    )
    return Task(id=TaskId(claim.id), task_class=TaskClass("general"), prompt="", repo=repo, digest="")


def _count(task: Task, canaries: Canaries) -> CanaryResult:
    assert task.repo is not None, "made above"
    files = {name.partition("::")[0] for name in (*task.repo.f2p, *task.repo.p2p)} & set(task.repo.hidden)
    twins = [twin(task.repo.hidden[path].decode("utf-8", "replace")) for path in sorted(files)]
    changed = sum(len(made.changed) for made in twins if made is not None)
    wanted = {name.partition("::")[0] for name in task.repo.f2p}
    unguarded = tuple(sorted(wanted - canaries.keys()))
    return CanaryResult(changed=changed, failed=sum(map(len, canaries.values())), unguarded=unguarded)
