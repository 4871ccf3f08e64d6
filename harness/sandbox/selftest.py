"""Small attacks that a sandbox must withstand on this machine before it may claim its level."""

import platform
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.sandbox.interpreter import base_interpreter, interpreter_mounts
from harness.sandbox.limits import TMP_BYTES
from harness.sandbox.syscalls import MACHINES

MEBIBYTE = 1 << 20
ATTACKER, _SEEN_AS = Path(__file__).with_name("attacker.py"), "/h/attacker.py"
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
    level: Isolation = Isolation.REDUCED
    """The lowest that has to withstand it."""


def _says(word: bytes) -> Callable[[Ran], bool]:
    return lambda ran: ran.ending is Ending.EXITED and ran.stdout.strip() == word


def _ends(*endings: Ending) -> Callable[[Ran], bool]:
    return lambda ran: ran.ending in endings


def _numbers() -> dict[str, int]:
    """The calls that are refused on this machine."""
    known = MACHINES.get(platform.machine())
    return {} if known is None else dict(known.denied)


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
seen = []
for name in glob.glob('/proc/[0-9]*/environ'):
    try:
        if b'PATH=' in open(name, 'rb').read():
            seen.append(name)
    except PermissionError:
        pass
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
        name="kernel_settings_are_read_only",
        script="""
import os
opened = []
for folder, _, names in os.walk('/proc/sys'):
    for path in [os.path.join(folder, name) for name in names] + ['/proc/sysrq-trigger']:
        try:
            os.close(os.open(path, os.O_WRONLY))
            opened.append(path)
        except OSError:
            pass
print(opened[:3])
""",
        withstood=_says(b"[]"),
        level=Isolation.STANDARD,
    ),
    _Attack(
        name="unwanted_calls_are_refused",
        script=f"""
import ctypes, errno, os
libc, numbers, reached = ctypes.CDLL(None, use_errno=True), {_numbers()!r}, []
for name, number in numbers.items():
    # Nonsense for every one of them: refused by the filter, not for what it says.
    ctypes.set_errno(0)
    if libc.syscall(number, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() != errno.EPERM:
        reached.append((name, ctypes.get_errno()))
print(reached)
""",
        withstood=_says(b"[]"),
        level=Isolation.STRICT,
    ),
    _Attack(
        name="sockets_of_the_machine_are_refused",
        script="""
import socket
opened = []
for family in (38, 40, 17):
    try:
        socket.socket(family, socket.SOCK_STREAM if family != 38 else socket.SOCK_SEQPACKET)
        opened.append(family)
    except OSError as error:
        if error.errno != 97:
            opened.append((family, error.errno))
print(opened)
""",
        withstood=_says(b"[]"),
        level=Isolation.STRICT,
    ),
    _Attack(
        name="processes_stop_at_the_limit",
        script="""
import os, time
count = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        count += 1
except OSError:
    print(count < 16, flush=True)
time.sleep(5)
""",
        withstood=lambda ran: ran.ending is Ending.PROCESSES and ran.stdout.strip() == b"True",
        job=Job(argv=(), timeout_s=10.0, processes=16),
        level=Isolation.STRICT,
    ),
    _Attack(
        name="memory_stops_at_the_limit",
        script="""
with open('/tmp/fill', 'wb') as file:
    for _ in range(120):
        file.write(b'x' * (1 << 20))
print('wrote all')
""",
        withstood=_ends(Ending.MEMORY),
        job=Job(argv=(), timeout_s=10.0, memory_bytes=96 * MEBIBYTE),
        level=Isolation.STRICT,
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


async def self_test(
    sandbox: Sandbox, *, python: Path = Path(sys.executable), warm: bool = False
) -> tuple[SelfTest, ...]:
    """Try every attack on *sandbox* that its level has to withstand; a few seconds. With *warm*, in forks.

    Never raises: a job that cannot be started has not withstood.
    """
    attacks = [attack for attack in ATTACKS if attack.level.strength <= max(1, sandbox.isolation.strength)]
    with _listener() as port:
        return tuple([await _attack(sandbox, attack, python, port, warm=warm) for attack in attacks])


async def _attack(sandbox: Sandbox, attack: _Attack, python: Path, port: int, *, warm: bool) -> SelfTest:
    base, mounts = base_interpreter(python), interpreter_mounts(python)
    home = (str(Path.home()), *(mount.target for mount in mounts), str(port))
    job = replace(
        attack.job,
        argv=(str(base), "-I", "-S", _SEEN_AS, attack.script, *home),
        mounts=(*mounts, Mount(source=ATTACKER, target=_SEEN_AS)),
        cwd="/tmp",  # noqa: S108 - inside
        warm=Warm(script=ATTACKER) if warm else None,
    )
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
