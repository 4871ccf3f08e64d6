"""From requirements to a lock with hashes, by ``uv``, with nothing newer than the commit.

What is tried when there is no solution, in this order, and said in the notes of what comes out: wheels only; source
distributions too, their build back ends without the cut-off (a back end of 2018 often has no solution any more); no
cut-off (an index that tells no upload times filters everything out); then the same with the least important of the
sources left out. A source distribution is built by uv outside the sandbox, with an environment that holds no secret:
building needs the index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from harness.core.errors import SandboxError
from harness.evals.environments.gathering import Source
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.uv import Uv, last_words, unreachable

EARLIEST = date(2019, 7, 1)
"""A year after the oldest interpreter came out: packages from before it do not know it."""
PYTEST = "pytest>=4.6"
"""What the reporter needs of it."""
_BACKENDS = ("setuptools", "wheel", "flit-core", "hatchling", "hatch-vcs", "poetry-core", "setuptools-scm", "pbr")
_BACKENDS_UNTIL = "2999-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Requirements, every one with its version and its hashes."""

    text: str
    cutoff: date | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """There is no set of versions that fits."""

    why: str


async def resolve(
    uv: Uv, interpreter: Interpreter, sources: Sequence[Source], added: Sequence[str], day: date | None
) -> Lock | Unresolved:
    """A lock for *sources* and the distributions *added* after a trial run, which are never built.

    Raises SandboxError when the index does not answer.
    """
    why = ""
    for kept, left_out in _fewer(sources):
        asked = _Asked(uv=uv, interpreter=interpreter, lines=_wanted(kept, added), added=tuple(added))
        found = await _first(asked, list(_ways(day)))
        if isinstance(found, Lock):
            notes = (f"left out: {source.name}, which cannot be resolved" for source in left_out)
            return replace(found, notes=(*notes, *found.notes))
        why = found.why
    return Unresolved(why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    uv: Uv
    interpreter: Interpreter
    lines: list[str]
    added: tuple[str, ...]

    async def compile(self, cutoff: date | None, *, builds: bool, limited: bool) -> Lock | Unresolved:
        """One attempt. *limited*: a cut-off was wished for, so that its absence is to be noted."""
        ran = await self.uv.run(
            *("pip", "compile", "-", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"),
            *("--python", str(self.interpreter.path), "--no-python-downloads"),
            *_limits(cutoff, builds=builds, added=self.added),
            stdin="\n".join(self.lines).encode(),
        )
        if unreachable(ran):
            raise SandboxError(f"uv cannot reach its package index: {last_words(ran)}")
        if ran.exit_code != 0:
            return Unresolved(why=last_words(ran, 600))
        notes = ["built outside the sandbox: source distributions of the lock"] if builds else []
        notes += ["no cut-off: the index has no solution within it"] if limited and not cutoff else []
        return Lock(text=ran.stdout.decode(), cutoff=cutoff, notes=tuple(notes))


async def _first(asked: _Asked, ways: list[tuple[date | None, bool]]) -> Lock | Unresolved:
    """The lock of the first of *ways* that has one. The last allows all that any of them does: it is tried early."""
    limited = ways[0][0] is not None
    last: Lock | Unresolved | None = None
    for cutoff, builds in ways[:-1]:
        found = await asked.compile(cutoff, builds=builds, limited=limited)
        if isinstance(found, Lock):
            return found
        if last is None:
            cutoff, builds = ways[-1]  # noqa: PLW2901 - looked at out of turn
            last = await asked.compile(cutoff, builds=builds, limited=limited)
            if isinstance(last, Unresolved):
                return last
    assert last is not None, "there are two ways at least"
    return last


def month_of(day: date) -> date:
    """The cut-off for a commit of *day*: commits of one month share their environment, and none sees its future."""
    return max(day, EARLIEST).replace(day=1)


def _fewer(sources: Sequence[Source]) -> Iterator[tuple[list[Source], list[Source]]]:
    """All sources; then without the last, and so on down to those without which nothing can be imported."""
    optional = [source for source in sources if not source.needed]
    for count in range(len(optional), -1, -1):
        chosen = optional[:count]
        yield [source for source in sources if source.needed or source in chosen], optional[count:]


def _wanted(sources: Sequence[Source], added: Sequence[str]) -> list[str]:
    lines = [line for source in sources for line in source.requirements]
    return sorted({*lines, *added, PYTEST})


def _ways(day: date | None) -> Iterator[tuple[date | None, bool]]:
    if day is not None:
        yield month_of(day), False
        after = max(day, EARLIEST) + timedelta(days=1)
        yield after, False
        yield after, True
    yield None, False
    yield None, True


def _limits(cutoff: date | None, *, builds: bool, added: Sequence[str]) -> Iterator[str]:
    if cutoff is not None:
        yield from ("--exclude-newer", f"{cutoff.isoformat()}T00:00:00Z")
    if not builds:
        yield from ("--only-binary", ":all:")
        return
    for name in added:
        yield from ("--only-binary", name)
    if cutoff is not None:
        for name in _BACKENDS:
            yield from ("--exclude-newer-package", f"{name}={_BACKENDS_UNTIL}")
