"""Which isolation works on this machine, and the choice of one that is strong enough.

``strict`` and ``standard`` are bubblewrap's, ``standard`` is also that of docker or podman. ``reduced`` is the name for
what keeps files and network apart but neither processes nor memory, as a Seatbelt profile of macOS would: no backend
gives it yet, because one that nobody can attack here would be a claim. On macOS, use docker or podman (their virtual
machine gives ``standard``), or ``none`` for code you trust.
"""

import asyncio
import platform
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Ran, Sandbox
from harness.sandbox.bubblewrap import Bubblewrap, system_options
from harness.sandbox.cgroups import find_cgroups
from harness.sandbox.container import Container
from harness.sandbox.process import PlainProcess
from harness.sandbox.seccomp import filter_for
from harness.sandbox.selftest import SelfTest, self_test
from harness.sandbox.warm import WarmSandbox

Backend = Literal["bubblewrap", "container", "process"]
IMAGE = "busybox:stable"
"""The root of containers; the host's programs are bound over it."""
_TRY_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one backend is good for here."""

    backend: Backend
    isolation: Isolation
    """What it gives where it works."""
    works: bool
    why: str
    """Version or path where it works, otherwise the reason and what would help."""
    self_tests: tuple[SelfTest, ...] = ()
    not_higher: str = ""
    """Why it does not give the next level up, where it could."""
    warm: str = ""
    """Whether interpreters can be kept ready in it, or why not; what that passed is in ``warm_self_tests``."""
    warm_self_tests: tuple[SelfTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    probe: Probe
    sandbox: Sandbox | None = None


def open_sandbox(minimum: Isolation, *, want: str | None = None) -> Sandbox:
    """The strongest sandbox that works here and is at least *minimum*; of backend *want*, if one is named.

    Starts a process or two to find out (some 30 ms): callers keep the result. Raises SandboxError, naming what was
    tried, why it does not do and what would help, rather than give less than was asked for.
    """
    if want is not None and want not in _BACKENDS:
        raise SandboxError(f"no sandbox backend {want!r}; there are: {', '.join(_BACKENDS)}")
    tried: list[Probe] = []
    for backend, find in _BACKENDS.items():
        if want not in (None, backend):
            continue
        found = find()
        tried.append(found.probe)
        if found.sandbox is not None and found.sandbox.isolation.strength >= minimum.strength:
            return found.sandbox
    raise SandboxError(_refusal(minimum, tried))


async def probe(*, attack: bool = True) -> tuple[Probe, ...]:
    """Every backend, strongest first; with *attack* those that work are self-tested, which takes some seconds.

    A backend that claims isolation and fails one of its self-tests does not work.
    """
    return tuple([await _probed(find(), attack=attack) for find in _BACKENDS.values()])


@asynccontextmanager
async def kept_warm(sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """*sandbox* with interpreters kept ready while the block lasts, where it can; else itself.

    Whoever wants every job started anew does not ask for this: the level is the same.
    """
    if not isinstance(sandbox, Bubblewrap) or sandbox.seccomp is None:
        yield sandbox
        return
    async with WarmSandbox(sandbox) as warm:
        yield warm


async def _probed(found: _Found, *, attack: bool) -> Probe:
    seen = found.probe
    if found.sandbox is None or not attack or seen.isolation is Isolation.NONE:
        return seen
    tests = await self_test(found.sandbox)
    failed = [test.name for test in tests if not test.passed]
    why = f"{seen.why}; failed its self-test: {', '.join(failed)}" if failed else seen.why
    seen = replace(seen, works=not failed, why=why, self_tests=tests)
    async with kept_warm(found.sandbox) as kept:
        if not isinstance(kept, WarmSandbox):
            return seen
        warm_tests = await self_test(kept, warm=True)
        lost = [test.name for test in warm_tests if not test.passed]
        reasons = [*kept.cold.values(), *([f"failed its self-test: {', '.join(lost)}"] if lost else [])]
        return replace(seen, warm="; ".join(reasons) or "works", warm_self_tests=warm_tests)


def _refusal(minimum: Isolation, tried: list[Probe]) -> str:
    lines = [f"{each.backend} ({each.isolation.value}): {each.why}" for each in tried]
    higher = [each.not_higher for each in tried if each.not_higher]
    remedy = (
        f"level 'strict' needs control groups and the call filter under bubblewrap: {'; '.join(higher)}"
        if minimum is Isolation.STRICT and higher
        else "`apt-get install bubblewrap` gives 'standard'; for code you trust: --i-trust-this-code, "
        "or `min_isolation: none` in suite.yaml"
    )
    return f"no sandbox of level '{minimum.value}' here. Tried: {'; '.join(lines)}. What helps: {remedy}"


def _bubblewrap() -> _Found:
    program = shutil.which("bwrap")
    if program is None:
        return _missing("bubblewrap", "`bwrap` is not on PATH; `apt-get install bubblewrap` installs it")
    plain = Bubblewrap(program=Path(program), system=system_options(), seals=False)
    if fault := _trial(plain):
        return _missing("bubblewrap", f"{program} does not work: {fault}; unprivileged user namespaces may be off")
    calls = filter_for(platform.machine())
    wishes = ((replace(plain, seals=True, seccomp=calls)), replace(plain, seccomp=calls), replace(plain, seals=True))
    faults = {wish: _trial(wish) for wish in wishes if wish.seccomp or wish.seals}
    sealed = next((wish for wish, fault in faults.items() if not fault), None)
    if sealed is None:
        why = f"{program} neither refuses nested user namespaces nor takes a call filter: {faults[wishes[0]]}"
        return _missing("bubblewrap", why)
    if sealed.seccomp is None:
        return _works("bubblewrap", program, sealed, "no call filter for this machine or this bwrap")
    groups = find_cgroups()
    if isinstance(groups, str):
        return _works("bubblewrap", program, sealed, f"no control groups: {groups}")
    strict = replace(sealed, cgroups=groups)
    if fault := _limits_fault(strict):
        return _works("bubblewrap", program, sealed, f"{groups.where}: {fault}")
    return _works("bubblewrap", f"{program}, {groups.where}", strict)


def _trial(sandbox: Bubblewrap) -> str:
    """Why *sandbox* cannot run anything; empty if it can."""
    return _fault_of(sandbox, Job(argv=("/bin/true",), timeout_s=_TRY_S))[1]


def _limits_fault(sandbox: Bubblewrap) -> str:
    """Which limit of control groups does not bite; empty if both do. Tried, because files promise it everywhere."""
    # Forks until it is refused; the shell then gives up.
    crowd = "i=0; while [ $i -lt 40 ]; do sleep 3 & i=$((i+1)); done; wait"
    # Takes the memory that the limit on each process allows, twice.
    hoard = "dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>&1; dd if=/dev/zero of=/tmp/x bs=1M count=60 2>&1"
    for script, ending, what in ((crowd, Ending.PROCESSES, "processes"), (hoard, Ending.MEMORY, "memory")):
        job = Job(argv=("/bin/sh", "-c", script), timeout_s=5.0, processes=8, memory_bytes=32 << 20)
        ran, fault = _fault_of(sandbox, job)
        if ran is None:
            return fault
        if ran.ending is not ending:
            return f"the limit on {what} does not hold: a job that breaks it ended by {ran.ending.value}"
    return ""


def _fault_of(sandbox: Bubblewrap, job: Job) -> tuple[Ran | None, str]:
    """How *job* ended, or why it was not begun. Waits for it: in a thread, as there may be a loop in this one."""
    try:
        with ThreadPoolExecutor(1) as thread:
            ran = thread.submit(lambda: asyncio.run(sandbox.run(job))).result()
    except SandboxError as error:
        return None, str(error)
    if ran.ending is Ending.EXITED and ran.exit_code:
        return ran, ran.stderr.decode(errors="replace").strip()[-200:] or f"exit code {ran.exit_code}"
    return ran, ""


def _container() -> _Found:
    reasons = []
    for name in ("podman", "docker"):
        engine = shutil.which(name)
        if engine is None:
            reasons.append(f"`{name}` is not on PATH")
        elif fault := _fault((engine, "image", "inspect", IMAGE)):
            reasons.append(f"`{name}` has no image {IMAGE}, or no engine answers ({fault}); try `{name} pull {IMAGE}`")
        else:
            return _works("container", engine, Container(engine=Path(engine), image=IMAGE))
    return _missing("container", ", ".join(reasons))


def _process() -> _Found:
    found = Probe(
        backend="process", isolation=Isolation.NONE, works=True, why="always there, keeps nothing from anybody"
    )
    return _Found(probe=found, sandbox=PlainProcess())


_BACKENDS: dict[str, Callable[[], _Found]] = {
    "bubblewrap": _bubblewrap,
    "container": _container,
    "process": _process,
}
"""Strongest first; at equal strength the cheaper one."""


def _works(backend: Backend, why: str, sandbox: Sandbox, not_higher: str = "") -> _Found:
    found = Probe(backend=backend, isolation=sandbox.isolation, works=True, why=why, not_higher=not_higher)
    return _Found(probe=found, sandbox=sandbox)


def _missing(backend: Backend, why: str) -> _Found:
    return _Found(probe=Probe(backend=backend, isolation=Isolation.STANDARD, works=False, why=why))


def _fault(argv: tuple[str, ...], env: dict[str, str] | None = None) -> str:
    """Why *argv* fails, in one line; empty if it does not."""
    try:
        ran = subprocess.run(argv, env=env, capture_output=True, check=False, timeout=_TRY_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ran.returncode == 0:
        return ""
    said = ran.stderr.decode(errors="replace").strip().splitlines()
    return said[-1][:200] if said else f"exit code {ran.returncode}"
