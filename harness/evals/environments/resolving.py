"""From requirements to a lock with hashes, by ``uv``, with nothing newer than the commit.

What is tried when there is no solution, in this order, and said in the notes of what comes out: wheels only; source
distributions too, their build back ends without the cut-off (a back end of 2018 often has no solution any more); no
cut-off (an index that tells no upload times filters everything out); then the same with the least important of the
sources left out. uv never builds anything: what has no wheel is built in the sandbox, see ``building``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from harness.core.errors import SandboxError
from harness.evals.environments.building import Builder, Built, NotBuiltError, without_wheel
from harness.evals.environments.declared import requirement
from harness.evals.environments.gathering import Source
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.locks import with_sources
from harness.evals.environments.prepared import normal
from harness.evals.environments.uv import last_words, unreachable
from harness.sandbox import ToolRan

EARLIEST = date(2019, 7, 1)
"""A year after the oldest interpreter came out: packages from before it do not know it."""
PYTEST = "pytest>=4.6"
"""What the reporter needs of it."""
BUILT: Final = 12
"""Source distributions of one lock."""


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
    builder: Builder, interpreter: Interpreter, sources: Sequence[Source], added: Sequence[str], day: date | None
) -> Lock | Unresolved:
    """A lock for *sources* and the distributions *added* after a trial run, which are never built.

    Raises SandboxError when the index does not answer.
    """
    why = ""
    for kept, left_out in _fewer(sources):
        asked = _Asked(builder=builder, interpreter=interpreter, lines=_wanted(kept, added), added=tuple(added))
        found = await _first(asked, list(_ways(day)))
        if isinstance(found, Lock):
            notes = (f"left out: {source.name}, which cannot be resolved" for source in left_out)
            return replace(found, notes=(*notes, *found.notes))
        why = found.why
    return Unresolved(why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    builder: Builder
    interpreter: Interpreter
    lines: list[str]
    added: tuple[str, ...]

    async def compile(self, cutoff: date | None, *, builds: bool, limited: bool) -> Lock | Unresolved:
        """One attempt. *limited*: a cut-off was wished for, so that its absence is to be noted."""
        built: dict[str, Built] = {}
        while True:
            ran = await self._ask(cutoff, built)
            if ran.exit_code == 0:
                break
            said = ran.stderr.decode(errors="replace")
            missing = sorted(without_wheel(said) - built.keys() - set(map(normal, self.added)))
            if not builds or not missing or len(built) >= BUILT:
                return Unresolved(why=last_words(ran, 600))
            try:
                for name in missing:
                    wanted = self._wanted(name, said)
                    built[name] = await self.builder.wheel(wanted, self.interpreter, cutoff)
            except NotBuiltError as error:
                return Unresolved(why=str(error))
        notes = [f"built from source in the sandbox: {each.name} {each.version}" for each in built.values()]
        notes += ["no cut-off: the index has no solution within it"] if limited and not cutoff else []
        text = with_sources(ran.stdout.decode(), {name: each.source_sha256 for name, each in built.items()})
        return Lock(text=text, cutoff=cutoff, notes=tuple(notes))

    async def _ask(self, cutoff: date | None, built: dict[str, Built]) -> ToolRan:
        limit = () if cutoff is None else ("--exclude-newer", f"{cutoff.isoformat()}T00:00:00Z")
        ran = await self.builder.uv.run(
            *("pip", "compile", "-", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"),
            *("--python", str(self.interpreter.path), "--no-python-downloads", "--only-binary", ":all:", *limit),
            *(word for each in built.values() for word in ("--find-links", str(each.wheel.parent))),
            # Without their addresses: uv would add the folders to what it writes.
            "--no-emit-find-links",
            stdin="\n".join(self.lines).encode(),
        )
        if unreachable(ran):
            raise SandboxError(f"uv cannot reach its package index: {last_words(ran)}")
        return ran

    def _wanted(self, name: str, said: str) -> list[str]:
        """Requirements on *name*: those asked for, and those of other distributions that uv named in what it *said*."""
        lines = [line for line in self.lines if (one := requirement(line)) and normal(one.name) == name]
        others = re.findall(rf"depends on ({re.escape(name)}[<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)", said)
        return [*lines, *others] or [name]


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
