"""What a proof of a task is made from, and what comes out: a proof, or the rule that refuses the task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from harness.evals.proving.rules import Rule

Origin = Literal["new", "changed", "unchanged", "unchanged_collateral"]
"""Why a test fails before the reference.

``new``: it is not among the base's own tests. ``changed``: it passed there, and its new version fails. ``unchanged``:
it failed there already. ``unchanged_collateral``: it passed there, and only its *file* can no longer be collected:
such a test tells nothing about the task, it is no core test.
"""
CORE: frozenset[Origin] = frozenset({"new", "changed", "unchanged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A candidate task that claims to tell right from wrong."""

    id: str
    """For messages: the commit or the task's id."""
    base: Path
    """A folder with the base commit's files and no history; it is never written to. See ``grading.base_tree``."""
    hidden: Mapping[str, bytes | None]
    """The test side of the fix by repository path, its pytest configuration included; ``None``: the fix removes it."""
    reference: Mapping[str, str | bytes | None]
    """The source side of the fix by repository path; ``None``: the fix removes it."""
    rest: Mapping[str, bytes | None] = field(default_factory=dict)
    """What the fix changes and is neither: read for requirements and configuration, not part of the task."""
    date: datetime | None = None
    """Of the fix, aware: nothing newer is taken from the package index, and the interpreter is of its time."""
    tests: tuple[str, ...] = ()
    """Test files that the fix is to be measured by besides those in ``hidden``."""
    roots: tuple[str, ...] = ()
    """Folders for the import path besides the tree itself, ``src`` and those pytest is configured with."""
    version: str | None = None
    """The project's version at the base, for those that take it from tags; ``None``: ``0.0.0``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMade:
    """One session of tests that a proof rests on."""

    state: Literal["base", "before", "after", "full"]
    """``base``: with its own tests; ``before``: and the fix's; ``after``: and the reference; ``full``: all."""
    scope: Literal["touched", "whole"]
    """The test files of the fix, or all."""
    hash_seed: int
    shuffled: bool
    wall_s: float
    counts: Mapping[str, int]
    """Tests by outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryResult:
    """Copies of the tests with wrong expected values, run under the reference."""

    changed: int
    """Test functions that could be changed so that right code fails them."""
    failed: int
    """Tests of those that fail under the reference, as they have to: only these guard the task."""
    unguarded: tuple[str, ...] = ()
    """Files with tests of f2p of which no copy fails under the reference: nothing in them would show tampering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRecord:
    """The environment a proof was made in, enough of it to make it again."""

    digest: str
    python: str
    """A specifier for ``environment.python`` of the task: ``==3.9.*``."""
    lock: str
    """A requirements file with hashes, to be kept in the task; empty for an environment that was not resolved here."""
    args: tuple[str, ...] = ()
    """Arguments of pytest that the repository's own configuration needs; for ``environment.args``."""
    cutoff: str | None = None
    """Nothing newer than this date was taken from the index; ``None``: no such limit could be kept."""
    notes: tuple[str, ...] = ()
    """What was left out, added after a trial run, or built from source, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A task that tells right from wrong, with the evidence."""

    f2p: Mapping[str, Origin]
    """Tests that fail in every run before the reference and pass in every run after it; at least one is core."""
    p2p: tuple[str, ...]
    """Tests that pass without the reference, at the base or among the fix's, and in every run after; sorted."""
    known_failures: Mapping[str, str]
    """Tests that pass neither at the base nor after, by their outcome after: this place's fault, or their own."""
    flaky: Mapping[str, float]
    """Share of the runs after the reference that a test did not pass, for those that sometimes did. Not in f2p, p2p."""
    lost: tuple[str, ...]
    """Tests that passed at the base and are absent or fail after: renamed, removed or changed. Not in p2p."""
    collection_error: bool
    """A test file of the fix cannot be imported before the reference: the statement must name what it imports."""
    timeout_s: float
    """For one grading: a multiple of the slowest run after the reference."""
    runs: tuple[RunMade, ...]
    hash_seeds: tuple[int, ...]
    environment: EnvironmentRecord
    canaries: CanaryResult
    generated: Mapping[str, str] = field(default_factory=dict)
    """Files that a build writes and the tests need, such as a version module: to be kept among the hidden files."""
    config_from_fix: tuple[str, ...] = ()
    """Files of ``Claim.rest`` without which the fix's tests fail: to be kept among the hidden files."""
    seconds: float

    @property
    def core(self) -> tuple[str, ...]:
        """The tests of ``f2p`` that tell right from wrong; sorted."""
        return tuple(sorted(name for name, origin in self.f2p.items() if origin in CORE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a claim is no task."""

    rule: Rule
    evidence: str
    """Names and numbers, in one line or a few; may quote hostile text, made printable."""
    runs: tuple[RunMade, ...] = ()
    seconds: float = 0.0
