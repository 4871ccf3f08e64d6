"""Proves one claim: cheap checks first, then the runs that the verdict on it rests on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from harness.core.ports import Clock, Sandbox
from harness.core.suite import Environment
from harness.evals.environments import PreparedEnvironment, Shelf, open_shelf, remove_leftovers, working_folder
from harness.evals.grading.policy import SHARED_CONFIGURATION, TEST_CONFIGURATION
from harness.evals.grading.pytest_config import read_config
from harness.evals.grading.repo import Bench
from harness.evals.grading.session import read_tree_top
from harness.evals.proving.grader import graded
from harness.evals.proving.proof import Claim, Proof, Rejection, RunMade
from harness.evals.proving.rules import Rule
from harness.evals.proving.sessions import HASH_SEEDS, Order, Scope, Seen, State
from harness.evals.proving.settling import Settled, settle, settle_in
from harness.evals.proving.trees import is_plain, is_test_file, layer, test_files
from harness.evals.proving.weighing import Weighed, weigh
from harness.transport import SystemClock

RUNS: Final = 3
TIME_FACTOR: Final = 5.0
TIME_FLOOR_S: Final = 30.0
PROVING: Final = "proving"
"""Below the cache: the trees of proofs under way."""
_NAMED: Final = 5
"""Tests that a rejection names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """What proofs are made with; one for all claims of a repository."""

    sandbox: Sandbox
    shelf: Shelf
    cache: Path
    """Where trees are laid out, best on the file system of the base trees."""
    runs: int = RUNS
    """Runs with the reference; at least 3."""
    clock: Clock = field(default_factory=SystemClock)


async def open_prover(sandbox: Sandbox, cache: Path, *, runs: int = RUNS) -> Prover:
    """A prover whose environments are below *cache*: the one that grading is given, so that it finds them again.

    What proofs that were killed have left there is removed.
    """
    assert runs >= RUNS, "a proof rests on three runs at least"
    await asyncio.to_thread(remove_leftovers, cache / PROVING, "")
    return Prover(sandbox=sandbox, shelf=await open_shelf(cache), cache=cache, runs=runs)


async def prove(
    claim: Claim, prover: Prover, *, environment: PreparedEnvironment | None = None, args: tuple[str, ...] = ()
) -> Proof | Rejection:
    """A proof of *claim*, or the rule that refuses it.

    *environment*, with the arguments *args* of pytest: one that is there already; ``None``: made from what the
    repository declares at the fix. Raises SandboxError when it could not be measured: no sandbox, an index that does
    not answer.
    """
    began_s = prover.clock.monotonic_s()
    with working_folder(prover.cache / PROVING, "") as folder:
        proving = _Proving(claim=claim, prover=prover, folder=folder)
        found = await proving.prove(environment, args)
    return replace(found, seconds=prover.clock.monotonic_s() - began_s)


class _RefusedError(Exception):
    """Leaves the middle of a proof."""

    def __init__(self, rule: Rule, evidence: str) -> None:
        super().__init__(rule)
        self.rule: Rule = rule
        self.evidence = evidence


@dataclass(slots=True, kw_only=True)
class _Proving:
    claim: Claim
    prover: Prover
    folder: Path
    runs: list[RunMade] = field(default_factory=list)
    hidden: Mapping[str, bytes | None] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    trees: dict[State, Path] = field(default_factory=dict)

    async def prove(self, environment: PreparedEnvironment | None, args: tuple[str, ...]) -> Proof | Rejection:
        try:
            await asyncio.to_thread(self._lay_out, self.claim.hidden, "first")
            settled = await self._settle(environment, args)
            adopted = await self._adopt_config(settled)
            weighed, afters, before = await self._weigh(settled)
            return await self._conclude(settled, weighed, afters, before, adopted)
        except _RefusedError as refusal:
            return Rejection(rule=refusal.rule, evidence=refusal.evidence, runs=tuple(self.runs))

    def _lay_out(self, hidden: Mapping[str, bytes | None], name: str) -> None:
        """The trees of all states, with *hidden* as the test side."""
        claim, folder = self.claim, self.folder / name
        folder.mkdir()
        self.hidden = hidden
        self.trees = {
            "base": claim.base,
            "before": layer(claim.base, folder / "before", hidden),
            "after": layer(claim.base, folder / "after", hidden, claim.reference),
        }
        rest = claim.rest
        self.trees["full"] = layer(self.trees["after"], folder / "full", rest) if rest else self.trees["after"]
        config = read_config(read_tree_top(self.trees["after"]))
        patterns = tuple(config.options.get("python_files", "").split())
        files = (path for path, content in hidden.items() if is_plain(content))
        touched = (path for path in files if is_test_file(path, *([patterns] if patterns else [])))
        self.touched = tuple(sorted({*touched, *claim.tests}))
        if not self.touched:
            named = ", ".join(sorted(hidden)[:_NAMED]) or "nothing"
            raise _RefusedError("no_tests", f"the test side of the fix is {named}")

    async def _settle(self, environment: PreparedEnvironment | None, args: tuple[str, ...]) -> Settled:
        after, full = self.trees["after"], self.trees["full"]
        if environment is not None:
            found: Settled | Rejection = await settle_in(
                environment, self.claim, self.prover.sandbox, tree=after, touched=self.touched, args=args
            )
        else:
            found = await settle(
                self.claim, self.prover.sandbox, self.prover.shelf, tree=after, full=full, touched=self.touched
            )
        if isinstance(found, Rejection):
            self.runs += found.runs
            raise _RefusedError(found.rule, found.evidence)
        self.runs.append(found.trial.made)
        if not found.trial.finished:
            raise _RefusedError("tests_do_not_run", found.trial.why)
        return found

    async def _adopt_config(self, settled: Settled) -> tuple[str, ...]:
        """Files of the fix that configure pytest and without which its own tests fail: taken as trusted."""
        config = {path: text for path, text in self.claim.rest.items() if _configures(path)}
        failed = set(settled.trial.outcomes) - settled.trial.passed or settled.trial.broken
        if config and failed:
            full = await self._run(settled, "full", "touched", self.touched)
            if full.passed > settled.trial.passed:
                hidden = {**self.claim.hidden, **config}
                await asyncio.to_thread(self._lay_out, hidden, "configured")
                return tuple(sorted(config))
        return ()

    async def _weigh(self, settled: Settled) -> tuple[Weighed, list[Seen], Seen]:
        """All runs, the cheap ones first; stops at the first that refuses the claim."""
        await asyncio.to_thread(self._add_generated, settled.generated)
        first = settled.trial if not self.hidden.keys() - self.claim.hidden.keys() else None
        after = first or await self._run(settled, "after", "touched", self.touched)
        limit_s = _limit(after.made.wall_s)
        before = await self._run(settled, "before", "touched", self.touched, timeout_s=limit_s)
        self._check_cheaply(before, after)
        base = await self._run(settled, "base", "whole", self._all("base"))
        whole = await self._run(settled, "after", "whole", self._all("after"), seed=1)
        afters = [after, whole]
        for number in range(2, self.prover.runs):
            # What the fix leaves alone was seen at the base and after, under two hash seeds: its p2p needs no third.
            seed = HASH_SEEDS[number % len(HASH_SEEDS)]
            again = await self._run(settled, "after", "touched", self.touched, seed=seed, shuffled=number == 2)
            afters.append(again)
        unseen = {name.partition("::")[0] for name in whole.passed - base.passed} | set(self.touched)
        files = tuple(sorted(path for path in unseen if (self.trees["before"] / path).is_file()))
        again = await self._run(settled, "before", "touched", files, seed=1, timeout_s=_limit(whole.made.wall_s))
        weighed = weigh(base, [before, again], afters)
        self._check(weighed, before, afters)
        return weighed, afters, before

    def _add_generated(self, generated: Mapping[str, str]) -> None:
        """What a build would write belongs to every state."""
        if generated:
            self.hidden = {**self.hidden, **{path: text.encode() for path, text in generated.items()}}
            base = layer(self.claim.base, self.folder / "built" / "base", generated)
            self.trees["base"] = base
            self.trees["before"] = layer(base, self.folder / "built" / "before", self.hidden)
            self.trees["after"] = layer(base, self.folder / "built" / "after", self.hidden, self.claim.reference)

    def _all(self, state: State) -> tuple[str, ...]:
        config = read_config(read_tree_top(self.trees[state]))
        return test_files(self.trees[state], config)

    async def _run(
        self,
        settled: Settled,
        state: State,
        scope: Scope,
        files: tuple[str, ...],
        *,
        seed: int = 0,
        shuffled: bool = False,
        timeout_s: float = 600.0,
    ) -> Seen:
        order = Order(
            state=state,
            scope=scope,
            tree=self.trees[state],
            files=files,
            hash_seed=seed,
            shuffled=shuffled,
            timeout_s=timeout_s,
        )
        seen = await settled.runner.run(order)
        self.runs.append(seen.made)
        if state == "after" and not seen.finished:
            raise _RefusedError("tests_do_not_run", f"{scope}, hash seed {seed}: {seen.why}")
        return seen

    def _check_cheaply(self, before: Seen, after: Seen) -> None:
        """Two runs over the fix's test files refuse most of the claims that have to be refused."""
        if not after.passed:
            raise _RefusedError("reference_fails", _failures(after))
        if not after.passed - before.passed:
            raise _RefusedError("already_passes", f"{len(after.passed)} tests pass after, and all of them before")

    def _check(self, weighed: Weighed, before: Seen, afters: list[Seen]) -> None:
        if weighed.has_core:
            return
        unsteady = sorted(name for name in weighed.flaky if name not in before.passed)
        if unsteady:
            runs = len(afters)
            said = ", ".join(
                f"{name} fails in {weighed.flaky[name] * runs:.0f} of {runs}" for name in unsteady[:_NAMED]
            )
            raise _RefusedError("flaky", said)
        if weighed.f2p:
            broken = "; ".join(f"{path}: {why}" for path, why in sorted(before.broken.items())[:2])
            raise _RefusedError("no_core_f2p", f"{len(weighed.f2p)} tests, all lost with their file: {broken}")
        raise _RefusedError("reference_fails", _failures(afters[0]))

    async def _conclude(
        self, settled: Settled, weighed: Weighed, afters: list[Seen], before: Seen, adopted: tuple[str, ...]
    ) -> Proof:
        """The last word is the grader's own: what it cannot tell apart is no task."""
        timeout_s = _limit(max(seen.made.wall_s for seen in afters))
        bench = Bench(
            base=self.claim.base,
            environment=settled.runner.environment,
            settings=Environment(args=settled.runner.args, roots=self.claim.roots, timeout_s=timeout_s),
            sandbox=self.prover.sandbox,
        )
        found = await graded(self.claim, weighed, self.hidden, bench)
        if found.rule is not None:
            raise _RefusedError(found.rule, found.evidence)
        return Proof(
            f2p=weighed.f2p,
            p2p=weighed.p2p,
            known_failures=weighed.known_failures,
            flaky=weighed.flaky,
            lost=weighed.lost,
            collection_error=bool(before.broken),
            timeout_s=timeout_s,
            runs=tuple(self.runs),
            hash_seeds=tuple(sorted({run.hash_seed for run in self.runs})),
            environment=settled.record,
            canaries=found.canaries,
            generated=settled.generated,
            config_from_fix=adopted,
            seconds=0.0,
        )


def _configures(path: str) -> bool:
    return path in SHARED_CONFIGURATION or path.rpartition("/")[2] in TEST_CONFIGURATION


def _limit(wall_s: float) -> float:
    return max(TIME_FLOOR_S, TIME_FACTOR * wall_s)


def _failures(seen: Seen) -> str:
    """What did not pass, and the first reason."""
    failed = [*seen.broken, *sorted(set(seen.outcomes) - seen.passed)]
    names = ", ".join(failed[:_NAMED]) + (f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else "")
    why = next(iter(seen.messages), seen.why)
    return f"{len(failed)} do not pass: {names}: {why[:300]}" if failed else seen.why or "no test was collected"
