"""Proves the tasks of a suite again: as they are written down, in their own environments, by their own tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.core.errors import SandboxError
from harness.core.hashing import Json, plain
from harness.core.suite import Suite, Task
from harness.evals.benches import reference_files
from harness.evals.grading.environment import prepare
from harness.evals.grading.tree import base_tree, read_tree
from harness.evals.proving.proof import Claim, Proof, Rejection
from harness.evals.proving.prove import Prover, prove

NO_CANARY: Final = "no_canary"
"""Flag: a file with tests of f2p has no canary, so that tampering with them would not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a task's proof came to."""

    task_id: str
    found: Proof | Rejection | None
    """``None``: it could not be measured."""
    why: str
    """Why the task is not proved; empty where it is."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What a proof leaves open; none is a reason to refuse the task."""
        unguarded = isinstance(self.found, Proof) and self.found.canaries.unguarded
        return (NO_CANARY,) if unguarded else ()

    def facts(self) -> dict[str, Json]:
        """The evidence as JSON."""
        match self.found:
            case Proof() as proof:
                numbers = {"p2p": len(proof.p2p), "core": len(proof.core), "flake_rates": dict(proof.flaky)}
                runs = [plain(run) for run in proof.runs]
                return {
                    **numbers,
                    "f2p": dict(proof.f2p),
                    "known_failures": dict(proof.known_failures),
                    "canaries": plain(proof.canaries),
                    "flags": list(self.flags),
                    "timeout_s": proof.timeout_s,
                    "hash_seeds": list(proof.hash_seeds),
                    "environment": proof.environment.digest,
                    "runs": runs,
                    "seconds": proof.seconds,
                }
            case Rejection() as rejection:
                return {"rule": rejection.rule, "evidence": rejection.evidence, "seconds": rejection.seconds}
            case None:
                return {}


async def check_suite(suite: Suite, prover: Prover) -> AsyncIterator[Checked]:
    """A check of each task of the repo suite *suite*, one after the other.

    Raises ConfigError for a task whose files contradict each other.
    """
    for task in suite.tasks:
        yield await check_task(suite, task, prover)


async def check_task(suite: Suite, task: Task, prover: Prover) -> Checked:
    """The proof of one task, held against the tests that it names."""
    try:
        found = await _prove(suite, task, prover)
    except SandboxError as error:
        return Checked(task_id=task.id, found=None, why=f"could not be measured: {error}")
    if isinstance(found, Rejection):
        return Checked(task_id=task.id, found=found, why=f"{found.rule}: {found.evidence}")
    return Checked(task_id=task.id, found=found, why="; ".join(contradictions(task, found)))


async def _prove(suite: Suite, task: Task, prover: Prover) -> Proof | Rejection:
    repo = task.repo
    assert repo is not None, "a repo suite has repo tasks"
    assert suite.repo_path is not None, "content gives a repo suite its repository"
    settings = repo.environment or suite.environment
    base = await base_tree(suite.repo_path, repo.base_commit, prover.cache)
    environment = await prepare(suite, repo.base_commit, prover.cache, settings=settings)
    texts = await asyncio.to_thread(read_tree, base)
    hidden: Mapping[str, bytes | None] = dict(repo.hidden)
    claim = Claim(
        id=task.id,
        base=base,
        hidden=hidden,
        reference=reference_files(task, texts),
        tests=tuple(sorted({name.partition("::")[0] for name in repo.f2p})),
        roots=settings.roots,
    )
    return await prove(claim, prover, environment=environment, args=settings.args)


def contradictions(task: Task, proof: Proof) -> Iterator[str]:
    """What the task says of its tests and the proof does not. Pure."""
    assert task.repo is not None, "a repo suite has repo tasks"
    passing = {*proof.p2p, *proof.f2p}
    for kind, names, allowed in (("f2p", task.repo.f2p, set(proof.f2p)), ("p2p", task.repo.p2p, passing)):
        for name in names:
            if name not in allowed:
                yield f"{kind} {name}: {_became(name, proof)}"


def _became(name: str, proof: Proof) -> str:
    if name in proof.flaky:
        return f"does not pass in {proof.flaky[name]:.0%} of the runs with the reference"
    if name in proof.known_failures:
        return f"{proof.known_failures[name]} with the reference, too"
    if name in proof.p2p:
        return "passes without the reference"
    return "does not pass with the reference"
