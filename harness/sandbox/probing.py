"""Which isolation works on this machine, and the choice of one that is strong enough."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.ports import Sandbox
from harness.sandbox.bubblewrap import NAMESPACES, Bubblewrap, system_options
from harness.sandbox.container import Container
from harness.sandbox.process import PlainProcess
from harness.sandbox.selftest import SelfTest, self_test

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


async def _probed(found: _Found, *, attack: bool) -> Probe:
    seen = found.probe
    if found.sandbox is None or not attack or seen.isolation is Isolation.NONE:
        return seen
    tests = await self_test(found.sandbox)
    failed = [test.name for test in tests if not test.passed]
    why = f"{seen.why}; failed its self-test: {', '.join(failed)}" if failed else seen.why
    return Probe(backend=seen.backend, isolation=seen.isolation, works=not failed, why=why, self_tests=tests)


def _refusal(minimum: Isolation, tried: list[Probe]) -> str:
    lines = [f"{each.backend} ({each.isolation.value}): {each.why}" for each in tried]
    remedy = (
        "level 'strict' needs cgroup limits, which no backend sets yet; use min_isolation: standard"
        if minimum is Isolation.STRICT
        else "`apt-get install bubblewrap` gives 'standard'; for code you trust: --i-trust-this-code, "
        "or `min_isolation: none` in suite.yaml"
    )
    return f"no sandbox of level '{minimum.value}' here. Tried: {'; '.join(lines)}. What helps: {remedy}"


def _bubblewrap() -> _Found:
    program = shutil.which("bwrap")
    if program is None:
        return _missing("bubblewrap", "`bwrap` is not on PATH; `apt-get install bubblewrap` installs it")
    system = system_options()
    trial = (program, *NAMESPACES, *system, "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--", "true")
    if fault := _fault(trial, env={}):
        return _missing("bubblewrap", f"{program} does not work: {fault}; unprivileged user namespaces may be off")
    return _works("bubblewrap", program, Bubblewrap(program=Path(program), system=system))


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


def _works(backend: Backend, why: str, sandbox: Sandbox) -> _Found:
    return _Found(probe=Probe(backend=backend, isolation=sandbox.isolation, works=True, why=why), sandbox=sandbox)


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
