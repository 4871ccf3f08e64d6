"""Interpreters kept ready inside bubblewrap: a job that allows it runs in a fork of one, isolated as if started anew.

Starting an interpreter and pytest costs a hundred times what isolating it does. Where a job says how it may be run
warm (``core.ports.Warm``), its interpreter is started once, with the script loaded and nothing else done, and every
such job is one forked child of it in namespaces of its own; see ``warm_server`` for what keeps children apart. A child
has the limits of the job's level: a control group of its own where there are such, else the watchdog.

Every other job, and one with mounts that a running interpreter cannot be given, is started anew under the same
bubblewrap: the level is the same either way.
"""

import array
import asyncio
import json
import marshal
import os
import platform
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.sandbox.bubblewrap import IDENTITY, UNSHARED, Bubblewrap, bind, hand_over
from harness.sandbox.cgroups import Group, Pool
from harness.sandbox.limits import SHM_BYTES, TMP_BYTES, limits_of
from harness.sandbox.pipes import Pipe
from harness.sandbox.supervision import Child, Ends, kill, open_null, readable, start, supervise
from harness.sandbox.syscalls import MACHINES
from harness.sandbox.watchdog import TreeWatch

SERVER, CLOSING = (Path(__file__).with_name(f"warm_{name}.py") for name in ("server", "closing"))
SERVER_SEEN_AS, CLOSING_SEEN_AS, SCRIPT_SEEN_AS = (f"/.warm/{name}.py" for name in ("server", "closing", "job"))
YARD, NEW_PROC = "/.yard", "/.proc"
KEPT = 4
"""Interpreters kept at once; the one unused for longest goes first."""
START_S = 60.0
_MESSAGE_BYTES = 1 << 16
_OWN_PROCESSES = 1
"""The first process of a child."""
_FORMAT = 2
"""Of ``marshal``: every Python can read it."""
_NODES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))
_LINKS = (("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2"), ("fd", ""))
_DEVICES = (
    *("--tmpfs", "/dev", "--dir", "/dev/pts", "--dir", "/dev/shm", "--symlink", "pts/ptmx", "/dev/ptmx"),  # noqa: S108
    *(word for node in _NODES for word in ("--dev-bind", node, node)),
    *(word for name, fd in _LINKS for word in ("--symlink", f"/proc/self/fd{fd}", f"/dev/{name}")),
)
"""What ``--dev`` makes. With that option bwrap hands over in a second user namespace, which may undo no mount."""
_INTERPRETER_SETTINGS = ("PYTHON", "LC_", "LANG", "TZ")
"""Variables that an interpreter reads when it starts: of a child they can no longer be changed."""


class WarmSandbox:
    """Runs jobs under *inner*, those that allow it in forks of interpreters kept ready. Close it after use.

    Belongs to one event loop. Raises SandboxError where *inner* has no call filter: without one, the children of an
    interpreter would share the keys of their user.
    """

    def __init__(self, inner: Bubblewrap) -> None:
        if inner.seccomp is None or platform.machine() not in MACHINES:
            raise SandboxError(f"no warm interpreters on {platform.machine()!r}: they need the call filter")
        self.inner = inner
        self.cold: dict[str, str] = {}
        """Why interpreters, by path, could not be kept warm: their jobs are started anew."""
        self._pool = Pool(inner.cgroups) if inner.cgroups else None
        self._yard: Path | None = None
        self._servers: dict[_Key, _Server] = {}
        self._starting = asyncio.Lock()

    @property
    def isolation(self) -> Isolation:
        return self.inner.isolation

    @property
    def yard(self) -> Path:
        """The folder that holds what jobs mount for themselves: running interpreters can be given nothing else."""
        if self._yard is None:
            self._yard = Path(tempfile.mkdtemp(prefix="harness-yard-"))
        return self._yard

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End every interpreter and remove the yard."""
        while self._servers:
            await self._servers.popitem()[1].aclose()
        if self._pool is not None:
            self._pool.close()
        if self._yard is not None:
            await asyncio.to_thread(shutil.rmtree, self._yard, ignore_errors=True)
            self._yard = None

    async def run(self, job: Job) -> Ran:
        """Run *job*. Raises SandboxError when it could not be started at all."""
        order = _ordered(job, self.yard)
        server = None if order is None else await self._server(order)
        if order is None or server is None:
            return await self.inner.run(job)
        return await server.run(job, order, self._pool, self.isolation)

    async def _server(self, order: "_Order") -> "_Server | None":
        """The interpreter for a job, started if need be; None when it does not start."""
        async with self._starting:
            found = self._servers.pop(order.key, None)
            if found is not None and not found.alive():
                await found.aclose()
                found = None
            if found is None and str(order.key.python) not in self.cold:
                try:
                    found = await _start(order.key, self.inner, self.yard)
                except (SandboxError, TimeoutError) as error:
                    self.cold[order.key.python] = str(error) or f"not ready within {START_S:g} s"
            if found is not None:
                self._servers[order.key] = found
            while len(self._servers) > KEPT:
                await self._servers.pop(next(iter(self._servers))).aclose()
            return found


def yard_of(sandbox: Sandbox) -> Path | None:
    """Where the folders lie that jobs of *sandbox* should mount; None: anywhere."""
    return sandbox.yard if isinstance(sandbox, WarmSandbox) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What a running interpreter cannot change any more."""

    python: str
    options: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    places: tuple[str, ...]
    """Where jobs mount their own folders."""
    warm: Warm


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A job, cut in two: what its interpreter is, and what is new each time."""

    key: _Key
    argv: tuple[str, ...]
    binds: tuple[tuple[str, str], ...]


def _ordered(job: Job, yard: Path) -> _Order | None:
    """*job* for a running interpreter; None if it cannot have one."""
    if job.warm is None:
        return None
    own = [mount for mount in job.mounts if mount.source.is_relative_to(yard)]
    if any(mount.writable or not mount.source.is_dir() for mount in own) or any(
        mount.writable for mount in job.mounts if mount not in own
    ):
        return None
    script = next((at for at, word in enumerate(job.argv) if at and not word.startswith("-")), None)
    if script is None:
        return None
    key = _Key(
        python=job.argv[0],
        options=job.argv[1:script],
        env=tuple(sorted((name, value) for name, value in job.env.items() if name.startswith(_INTERPRETER_SETTINGS))),
        mounts=tuple(mount for mount in job.mounts if mount not in own),
        places=tuple(mount.target for mount in own),
        warm=job.warm,
    )
    binds = tuple((str(mount.source.relative_to(yard)), mount.target) for mount in own)
    return _Order(key=key, argv=job.argv[script:], binds=binds)


# --- an interpreter -------------------------------------------------------------------------------------------------


class _Server:
    """A running ``warm_server``."""

    def __init__(self, child: Child, control: socket.socket) -> None:
        self.child, self._control = child, control

    def alive(self) -> bool:
        return self.child.process.poll() is None

    async def aclose(self) -> None:
        self._control.close()
        self.child.kill()
        await self.child.reap()

    async def run(self, job: Job, order: _Order, pool: Pool | None, isolation: Isolation) -> Ran:
        """Run *job* in a fork. Raises SandboxError when there was none, or the interpreter itself ended."""
        setup = _setup(job, order)
        with ExitStack() as stack:
            report = stack.enter_context(Pipe()) if job.report else None
            group = stack.enter_context(_limits_in(pool, job)) if pool else None
            born: list[_Fork] = []

            async def begin(ends: Ends) -> _Fork:
                fork = await self._fork(setup, ends, report, group)
                stack.callback(fork.close)
                born.append(fork)
                return fork

            watch = group or TreeWatch(job=job, own_processes=_OWN_PROCESSES)
            done = await supervise(job, begin, watch=watch, report=report)
            if born[0].fault:
                raise SandboxError(f"a fork of {order.key.python!r} could not be closed in: {born[0].fault}")
            return done.ran(isolation, exit_code=done.returncode if 0 <= done.returncode <= 128 else None)

    async def _fork(self, setup: bytes, ends: Ends, report: Pipe | None, group: Group | None) -> "_Fork":
        talk, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        talk.setblocking(False)
        try:
            doors = group.doors() if group else ()
            with far:
                streams = [ends.given_fd, ends.out_fd, ends.err_fd, *([report.write_fd] if report else [])]
                if doors or group is None:
                    talk.send(setup)
                rights = array.array("i", [far.fileno(), *streams, *doors])
                self._control.sendmsg([bytes([len(streams)])], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            if report is not None:
                report.close_write()
            await readable(talk.fileno())
            word, pidfds, _, _ = socket.recv_fds(talk, _MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError as error:
            talk.close()
            raise SandboxError(f"a warm interpreter does not answer: {error}") from error
        except asyncio.CancelledError:
            talk.close()
            raise
        if not pidfds:
            talk.close()
            raise SandboxError(f"a warm interpreter did not fork: {word.decode(errors='replace') or 'it has ended'}")
        fork = _Fork(talk, pidfds[0])
        if group is not None and not doors:
            fork.enter(group, setup)
        return fork


def _setup(job: Job, order: _Order) -> bytes:
    """What ``warm_closing.Setup`` describes."""
    setup = {
        "binds": order.binds,
        "argv": list(order.argv),
        "env": dict(job.env),
        "cwd": job.cwd,
        "limits": limits_of(job).numbers(),
    }
    data = marshal.dumps(setup, _FORMAT)
    if len(data) > _MESSAGE_BYTES:
        raise SandboxError(f"the options of a job take {len(data)} bytes; a fork is given {_MESSAGE_BYTES} at most")
    return data


def _limits_in(pool: Pool, job: Job) -> AbstractContextManager[Group]:
    return pool.lease(memory_bytes=job.memory_bytes, processes=job.processes + _OWN_PROCESSES)


class _Fork:
    """A child of an interpreter, as a process that was begun for a job."""

    def __init__(self, talk: socket.socket, pidfd: int) -> None:
        self._talk, self._pidfd = talk, pidfd
        self._code: int | None = None
        self.fault = ""
        """Why the job was not begun."""

    @cached_property
    def pid(self) -> int:
        """The number that the child has among our own processes; 0 when it has ended."""
        lines = Path(f"/proc/self/fdinfo/{self._pidfd}").read_text(encoding="ascii").splitlines()
        return max(0, *(int(line.split()[1]) for line in lines if line.startswith("Pid:")), 0)

    def enter(self, group: Group, setup: bytes) -> None:
        """Limit the child, which waits for its *setup*, then send it."""
        try:
            if self.pid:
                group.add(self.pid)
            with suppress(BrokenPipeError):
                self._talk.send(setup)
        except SandboxError:
            self.kill()
            self.close()
            raise

    async def ended(self) -> None:
        """Until its interpreter says how it ended, or has itself ended."""
        while self._code is None:
            await readable(self._talk.fileno())
            try:
                word = self._talk.recv(_MESSAGE_BYTES)
            except ConnectionResetError:  # nobody read what was sent
                word = b""
            if not word:
                self.fault, self._code = self.fault or "its interpreter ended", -signal.SIGKILL
            elif word.startswith(b"!"):
                self.fault = word[1:].decode(errors="replace").strip()
            else:
                self._code = int(word)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def reap(self) -> int:
        assert self._code is not None, "it has ended"
        return self._code

    def close(self) -> None:
        """Let go of it; one that still runs is killed."""
        if self._code is None:
            self.kill()
        self._talk.close()
        os.close(self._pidfd)


async def _start(key: _Key, inner: Bubblewrap, yard: Path) -> _Server:
    """A new interpreter, ready. Raises SandboxError when it does not become so."""
    control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ExitStack() as stack:
        stack.enter_context(far)
        options, config, words = (stack.enter_context(Pipe()) for _ in range(3))
        argv = (str(inner.program), "--args", str(options.read_fd), "--", key.python, *key.options, SERVER_SEEN_AS)
        with open_null() as nowhere:
            ends = Ends(given_fd=config.read_fd, out_fd=nowhere, err_fd=words.write_fd)
            child = start(argv, ends, end=kill, env={}, pass_fds=(options.read_fd, far.fileno()))
        server = _Server(child, control)
        try:
            hand_over(options, b"".join(os.fsencode(word) + b"\0" for word in _arguments(key, inner, yard)))
            hand_over(config, json.dumps(_config(key, inner, far.fileno())).encode())
            far.close()
            words.close_write()
            async with asyncio.timeout(START_S):
                await readable(control.fileno())
            ready = control.recv(_MESSAGE_BYTES) == b"ready"
        except (SandboxError, TimeoutError, OSError, asyncio.CancelledError):
            ready = False
            raise
        finally:
            if not ready:
                await server.aclose()
        if not ready:
            why = os.read(words.read_fd, _MESSAGE_BYTES).decode(errors="replace").strip()[-500:]
            raise SandboxError(f"{key.python!r} cannot be kept warm: {why or 'it ended at once'}")
        return server


def _arguments(key: _Key, inner: Bubblewrap, yard: Path) -> tuple[str, ...]:
    """Like those of a single job, but for what children get anew, and for the two capabilities that takes."""
    return (
        *UNSHARED,
        *IDENTITY,
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN"),
        *inner.system,
        *("--proc", "/proc", *_DEVICES, "--perms", "1777", "--dir", "/tmp"),  # noqa: S108 - inside the sandbox
        *("--dir", NEW_PROC, "--ro-bind", str(yard), YARD),
        *("--ro-bind", str(SERVER), SERVER_SEEN_AS, "--ro-bind", str(CLOSING), CLOSING_SEEN_AS),
        *("--ro-bind", str(key.warm.script), SCRIPT_SEEN_AS),
        *(option for mount in key.mounts for option in bind(mount)),
        *(option for place in key.places for option in ("--dir", place)),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *(option for name, value in key.env for option in ("--setenv", name, value)),
        # Looked up once here, not in every child.
        *("--setenv", "LD_BIND_NOW", "1"),
    )


def _config(key: _Key, inner: Bubblewrap, control_fd: int) -> Mapping[str, object]:
    """What ``warm_closing.Config`` describes."""
    assert inner.seccomp is not None, "a warm sandbox has a filter"
    return {
        "control_fd": control_fd,
        "clone": MACHINES[platform.machine()].clone,
        "filter": inner.seccomp.hex(),
        "modules": key.warm.modules,
        "below_tmp": [mount.target for mount in key.mounts if Path(mount.target).is_relative_to("/tmp")],  # noqa: S108
        "tmp_bytes": TMP_BYTES,
        "shm_bytes": SHM_BYTES,
    }
