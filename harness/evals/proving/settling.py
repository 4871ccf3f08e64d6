"""Settles what a claim's tests are run in: a trial run, what it misses, another rung of the ladder if nothing runs."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from harness.core.ports import Sandbox
from harness.evals.environments import (
    CommitEnvironment,
    CommitNeeds,
    Interpreter,
    NoEnvironment,
    PreparedEnvironment,
    Shelf,
    generated_files,
    make_for_commit,
    missed,
    named_in,
    needs_of,
    packaging_texts,
    plugins_for,
    version_module,
)
from harness.evals.grading.policy import top_levels
from harness.evals.grading.pytest_config import PytestConfig, read_config
from harness.evals.grading.session import import_roots, read_tree_top
from harness.evals.grading.tree import write_files
from harness.evals.proving.proof import Claim, EnvironmentRecord, Rejection
from harness.evals.proving.rules import Rule
from harness.evals.proving.sessions import Order, Runner, Seen
from harness.evals.proving.trees import paths_of

TRIALS: Final = 4
"""Trial runs on one interpreter: what is missing may hide what else is."""
LADDER: Final = 3
"""Interpreters on which at least one test of the fix is given the chance to pass."""
_KEPT_WITH_VALUE = ("--import-mode",)
_OF_PLUGINS = {"--asyncio-mode": "pytest_asyncio.plugin", "--ds": "pytest_django.plugin"}
_VERSION_NAMES = ("version", "_version", "__version__", "scm_version", "_scm_version", "__about__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Where the sessions of a claim are run, and the first of them."""

    runner: Runner
    record: EnvironmentRecord
    generated: Mapping[str, str]
    """Files that a build would write; they are in the tree of the trial run."""
    trial: Seen
    interpreter: Interpreter | None = None


@dataclass(slots=True, kw_only=True)
class _Trials:
    claim: Claim
    sandbox: Sandbox
    shelf: Shelf
    tree: Path
    """With both sides of the fix."""
    touched: tuple[str, ...]
    needs: CommitNeeds
    config: PytestConfig
    generated: dict[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    async def settle(self) -> Settled | Rejection:
        tried: list[Interpreter] = []
        first: Settled | None = None
        for _ in range(LADDER):
            found = await self._on_one(tried)
            if isinstance(found, NoEnvironment):
                return first or Rejection(rule=_rule(found), evidence=found.why)
            if found.trial.passed:
                return found
            first = first or found
            assert found.interpreter is not None, "of the ladder"
            tried.append(found.interpreter)
        assert first is not None, "every turn of the loop leaves one"
        return first

    async def _on_one(self, tried: list[Interpreter]) -> Settled | NoEnvironment:
        """Trial runs on the first interpreter that was not *tried*, until nothing more can be added."""
        added = set(plugins_for(self.config.options))
        own = self._own_names()
        while True:
            made = await make_for_commit(self.shelf, self.needs, sorted(added), skip=tried)
            if isinstance(made, NoEnvironment):
                return made
            runner = Runner(
                sandbox=self.sandbox,
                environment=made.prepared,
                args=kept_arguments(self.config, made.prepared.plugins),
                roots=self.claim.roots,
            )
            trial = await runner.run(Order(state="after", scope="touched", tree=self.tree, files=self.touched))
            found = missed(trial.messages, own, named_in(self.needs.texts, self.needs.declared))
            self.absent, self.unknown = found.own, found.unknown
            more = found.distributions - added
            generated = self._generate()
            if not (more or generated) or len(added) > TRIALS * 4:
                return Settled(
                    runner=runner,
                    record=_record(made, runner.args),
                    generated=dict(self.generated),
                    trial=trial,
                    interpreter=made.interpreter,
                )
            added |= more

    def _own_names(self) -> frozenset[str]:
        """Importable top-level names of the tree."""
        paths = paths_of(self.tree)
        roots = (*self.claim.roots, *import_roots(self.tree, self.config))
        packages = {path.partition("/")[0] for path in paths if path.endswith("/__init__.py")}
        return frozenset({name for root in roots for name in top_levels(paths, root)} | packages)

    def _generate(self) -> bool:
        """Write the version modules that the trial run missed; whether there were any."""
        new: dict[str, str] = {}
        for module in self.absent:
            *package, name = module.split(".")
            if name in _VERSION_NAMES and package:
                for root in (*self.claim.roots, *import_roots(self.tree, self.config)):
                    folder = PurePosixPath(root, *package)
                    if (self.tree / folder).is_dir():
                        new[str(folder / f"{name}.py")] = version_module(f"{name}.py", _version(self.needs))
                        break
        fresh = {path: text for path, text in new.items() if path not in self.generated}
        write_files(self.tree, fresh)
        self.generated |= fresh
        return bool(fresh)


async def settle(
    claim: Claim, sandbox: Sandbox, shelf: Shelf, *, tree: Path, full: Path, touched: tuple[str, ...]
) -> Settled | Rejection:
    """The environment in which the tests *touched* by the fix run over *tree*, found by running them.

    *full* is the whole fix: its packaging files count. Files that a build would generate are added to *tree*.
    """
    texts = packaging_texts(full)
    needs = needs_of(texts, day=claim.date.date() if claim.date else None, version=claim.version, tree=full)
    generated = generated_files(texts, paths_of(tree), _version(needs))
    write_files(tree, generated)
    trials = _Trials(
        claim=claim,
        sandbox=sandbox,
        shelf=shelf,
        tree=tree,
        touched=touched,
        needs=needs,
        config=read_config(read_tree_top(tree)),
        generated=dict(generated),
    )
    found = await trials.settle()
    if isinstance(found, Settled) and not found.trial.passed and trials.absent:
        names = ", ".join(sorted(trials.absent)[:5])
        return Rejection(rule="own_module_missing", evidence=f"not in the tree: {names}", runs=(found.trial.made,))
    if isinstance(found, Settled) and not found.trial.passed and trials.unknown:
        names = ", ".join(sorted(trials.unknown)[:5])
        evidence = f"imports {names}, which no dependency file names: add the distribution to one of them"
        return Rejection(rule="unnamed_dependency", evidence=evidence, runs=(found.trial.made,))
    return found


async def settle_in(
    environment: PreparedEnvironment,
    claim: Claim,
    sandbox: Sandbox,
    *,
    tree: Path,
    touched: tuple[str, ...],
    args: tuple[str, ...],
) -> Settled:
    """The same with an *environment* that is given: one trial run, and nothing is added."""
    runner = Runner(sandbox=sandbox, environment=environment, args=args, roots=claim.roots)
    trial = await runner.run(Order(state="after", scope="touched", tree=tree, files=touched))
    python = environment.provenance.get("python", "")
    record = EnvironmentRecord(digest=environment.digest, python=f"=={python}", lock="", args=args)
    return Settled(runner=runner, record=record, generated={}, trial=trial)


def _record(made: CommitEnvironment, args: tuple[str, ...]) -> EnvironmentRecord:
    return EnvironmentRecord(
        digest=made.prepared.digest,
        python=made.python,
        lock=made.lock,
        args=args,
        cutoff=made.cutoff.isoformat() if made.cutoff else None,
        notes=made.notes,
    )


def kept_arguments(config: PytestConfig, plugins: tuple[str, ...]) -> tuple[str, ...]:
    """Of the arguments that the repository adds, those without which its tests are not what they are meant to be.

    >>> kept_arguments(PytestConfig(options={}, addopts=("--cov", "--import-mode=importlib", "-n4")), ())
    ('--import-mode=importlib',)
    """
    try:
        words = shlex.split(" ".join(config.addopts))
    except ValueError:  # a quote that is never closed; pytest itself would not start with it
        words = []
    known = {*_KEPT_WITH_VALUE, *(name for name, plugin in _OF_PLUGINS.items() if plugin in plugins)}
    kept: list[str] = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, separator, _ = word.partition("=")
        if name in known:
            kept.append(word if separator else f"{name}={following}")
    return tuple(kept)


def _version(needs: CommitNeeds) -> str:
    return needs.own.version if needs.own else "0.0.0"


def _rule(found: NoEnvironment) -> Rule:
    return "no_interpreter" if found.rule == "no_interpreter" else "no_environment"
