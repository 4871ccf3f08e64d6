"""A dozen small attacks that a sandbox must withstand on this machine before it may claim its level."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.core.ports import Job, Ran, Sandbox
from harness.sandbox.interpreter import base_interpreter, interpreter_mounts
from harness.sandbox.limits import TMP_BYTES

MEBIBYTE = 1 << 20
PLAIN = Job(argv=(), timeout_s=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """One attack and whether it was withstood."""

    name: str
    passed: bool
    why: str = ""
    """What was seen, where it was not; text of our own attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attack:
    name: str
    script: str
    """Python; prints what it achieved."""
    withstood: Callable[[Ran], bool]
    job: Job = PLAIN


def _says(word: bytes) -> Callable[[Ran], bool]:
    return lambda ran: ran.ending is Ending.EXITED and ran.stdout.strip() == word


def _ends(*endings: Ending) -> Callable[[Ran], bool]:
    return lambda ran: ran.ending in endings


ATTACKS = (
    _Attack(name="runs_at_all", script="print('ran')", withstood=_says(b"ran")),
    _Attack(
        name="environment_is_empty",
        script="import os; print(sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}))",
        withstood=_says(b"[]"),
    ),
    _Attack(
        name="environment_of_others_is_unseen",
        script="""
import glob
seen = [name for name in glob.glob('/proc/[0-9]*/environ') if b'PATH=' in open(name, 'rb').read()]
print(seen)
""",
        withstood=_says(b"[]"),
    ),
    _Attack(
        name="home_is_unseen",
        script="""
import os, sys
home, *shown = sys.argv[1:]
names = os.listdir(home) if os.path.isdir(home) else []
print([n for n in names if not any((s + '/').startswith(os.path.join(home, n) + '/') for s in shown)])
""",
        withstood=_says(b"[]"),
    ),
    _Attack(
        name="network_is_unreachable",
        script="""
import socket, sys
try:
    socket.create_connection(('127.0.0.1', int(sys.argv[-1])), 1).close()
    print('connected')
except OSError:
    print('refused')
""",
        withstood=_says(b"refused"),
    ),
    _Attack(
        name="writing_outside_is_refused",
        script="""
import os, sys
wrote = []
for folder in ('/', '/usr', '/etc', '/dev', '/proc', sys.prefix, os.path.dirname(os.__file__)):
    try:
        open(os.path.join(folder, 'harness-self-test'), 'w').close()
        os.unlink(os.path.join(folder, 'harness-self-test'))
        wrote.append(folder)
    except OSError:
        pass
print(wrote)
""",
        withstood=_says(b"[]"),
    ),
    _Attack(
        name="other_processes_are_unseen",
        script="import os; print(sum(name.isdigit() for name in os.listdir('/proc')) < 6)",
        withstood=_says(b"True"),
    ),
    _Attack(
        name="nested_namespaces_are_refused",
        script="""
import ctypes
print(ctypes.CDLL(None).unshare(0x10000000))
""",
        withstood=_says(b"-1"),
    ),
    _Attack(
        name="processes_are_bounded",
        script="""
import os, time
for _ in range(300):
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
time.sleep(5)
print('forked all')
""",
        withstood=lambda ran: ran.ending is Ending.PROCESSES or b"forked all" not in ran.stdout,
        job=Job(argv=(), timeout_s=10.0, processes=16),
    ),
    _Attack(
        name="memory_is_bounded",
        script="""
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = b'x' * (100 << 20)
        time.sleep(5)
        os._exit(0)
time.sleep(5)
print('took all')
""",
        withstood=lambda ran: ran.ending is Ending.MEMORY or b"took all" not in ran.stdout,
        job=Job(argv=(), timeout_s=10.0, memory_bytes=256 * MEBIBYTE),
    ),
    _Attack(
        name="daemons_die_at_the_timeout",
        script="""
import os, signal, time
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(30)
    os._exit(0)
time.sleep(30)
""",
        withstood=lambda ran: ran.ending is Ending.TIMEOUT and ran.wall_s < 2.0,
        job=Job(argv=(), timeout_s=0.5),
    ),
    _Attack(
        name="output_is_capped",
        script="import sys; sys.stdout.write('x' * (8 << 20))",
        withstood=lambda ran: ran.ending is Ending.EXITED and 0 < len(ran.stdout) < 2 * MEBIBYTE,
    ),
    _Attack(
        name="endless_output_is_stopped",
        script="""
import os
while True:
    os.write(1, b'x' * (1 << 20))
""",
        withstood=_ends(Ending.OUTPUT),
    ),
    _Attack(
        name="temporary_files_are_bounded",
        script=f"""
try:
    with open('/tmp/fill', 'wb') as file:
        for _ in range({TMP_BYTES // MEBIBYTE + 16}):
            file.write(b'0' * (1 << 20))
    print('wrote all')
except OSError:
    print('refused')
""",
        withstood=_says(b"refused"),
    ),
)


async def self_test(sandbox: Sandbox, *, python: Path = Path(sys.executable)) -> tuple[SelfTest, ...]:
    """Try every attack on *sandbox*; a few seconds. Never raises: a job that cannot be started has not withstood."""
    with _listener() as port:
        return tuple([await _attack(sandbox, attack, python, port) for attack in ATTACKS])


async def _attack(sandbox: Sandbox, attack: _Attack, python: Path, port: int) -> SelfTest:
    base, mounts = base_interpreter(python), interpreter_mounts(python)
    home = (str(Path.home()), *(mount.target for mount in mounts), str(port))
    job = replace(attack.job, argv=(str(base), "-I", "-S", "-c", attack.script, *home), mounts=mounts, cwd="/tmp")  # noqa: S108 - inside
    try:
        ran = await sandbox.run(job)
    except SandboxError as error:
        return SelfTest(name=attack.name, passed=False, why=str(error))
    if attack.withstood(ran):
        return SelfTest(name=attack.name, passed=True)
    seen = (ran.stdout[-200:] + ran.stderr[-200:]).decode(errors="replace").strip()
    return SelfTest(name=attack.name, passed=False, why=f"{ran.ending} after {ran.wall_s:.1f} s: {seen}")


@contextmanager
def _listener() -> Iterator[int]:
    """A port of this machine's loopback that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
