"""Forks of a warm interpreter: nothing passes between them, to them or out of them."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.core.ports import Job, Mount, Warm
from harness.sandbox import WarmSandbox, interpreter_mounts, kept_warm, yard_of
from harness.sandbox.selftest import ATTACKER
from tests.sandbox.conftest import PYTHON


def job_of(script: str, *args: str, mounts=(), **changes) -> Job:
    shown = (*interpreter_mounts(PYTHON), Mount(source=ATTACKER, target="/h/attacker.py"), *mounts)
    argv = (str(PYTHON), "-I", "-S", "/h/attacker.py", script, *args)
    return Job(argv=argv, **{"cwd": "/tmp", "mounts": shown, "warm": Warm(script=ATTACKER), **changes})


def together(warm: WarmSandbox, *jobs: Job):
    async def run():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(warm.run(job)) for job in jobs]
        return [task.result() for task in tasks]

    return asyncio.run(run())


def test_it_is_a_fork_and_of_one_interpreter(warm, run):
    before = len(warm._servers)
    assert run(warm, "print(open('/proc/self/cmdline').read())").stdout.count(b"/.warm/server.py") == 1
    run(warm, "pass")
    assert len(warm._servers) <= before + 1
    assert warm.cold == {}


def test_nothing_is_left_for_the_next(warm, run):
    leave = """
import builtins, os, sys
builtins.left = sys.left = 1
os.environ['LEFT'] = '1'
for folder in ('/tmp', '/dev/shm'):
    open(folder + '/left', 'w').write('left')
if os.fork() == 0:
    os.setsid()
    import time; time.sleep(60)
"""
    run(warm, leave)
    look = """
import builtins, os, sys
print(hasattr(builtins, 'left'), hasattr(sys, 'left'), 'LEFT' in os.environ, os.listdir('/tmp'), os.listdir('/dev/shm'))
print(sorted(name for name in os.listdir('/proc') if name.isdigit()))
"""
    assert run(warm, look).stdout == b"False False False [] []\n['1', '2']\n"


def test_neighbours_see_nothing_of_each_other(warm):
    """One listens on every kind of shared name; the other calls, at the same time."""
    listen = """
import os, socket, sys, time
lines = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
lines[0].bind('\\0meet'); lines[1].bind(('127.0.0.1', 5555))
for line in lines: line.listen()
primary, secondary = os.openpty()
open('/tmp/meet', 'w').write('x'); open('/dev/shm/meet', 'w').write('x')
import ctypes
ctypes.CDLL(None).shmget(77, 4096, 0o1666)
time.sleep(1.5)
"""
    call = """
import ctypes, os, socket, time
time.sleep(0.7)
met = []
for family, name in ((socket.AF_UNIX, '\\0meet'), (socket.AF_INET, ('127.0.0.1', 5555))):
    try:
        socket.socket(family).connect(name); met.append(name)
    except OSError:
        pass
met += [path for path in ('/tmp/meet', '/dev/shm/meet', '/dev/pts/0') if os.path.exists(path)]
if ctypes.CDLL(None).shmget(77, 4096, 0o666) != -1: met.append('shm')
print(met, sorted(n for n in os.listdir('/proc') if n.isdigit()))
"""
    _, caller = together(warm, job_of(listen), job_of(call))
    assert caller.stdout == b"[] ['1', '2']\n"


def test_no_descriptor_path_or_memory_of_the_parent(warm, run, tmp_path):
    script = """
import os, glob
found = []
for pid in ('1', 'self'):
    try:
        found += [os.readlink(p) for p in glob.glob(f'/proc/{pid}/fd/*') if int(p.rsplit('/', 1)[1]) > 3]
    except OSError as error:
        found.append(error.errno)
for name in ('mem', 'environ', 'maps', 'cwd/x'):
    try:
        open(f'/proc/1/{name}', 'rb').read(1)
        found.append(name)
    except OSError:
        pass
for number in range(0, 65):
    try:
        os.kill(1, number)
    except OSError:
        pass
print([each for each in found if each != 2 and 'fd' not in str(each)], os.listdir('/.yard'), os.getppid())
import socket
for fd in range(0, 64):
    try:
        socket.socket(fileno=os.dup(fd))
        print('SOCKET', fd)
    except OSError:
        pass
"""
    ran = run(warm, script, report=True)
    assert ran.stdout == b"[] [] 1\n", (ran.stdout, ran.stderr)
    assert run(warm, "print('still here')").stdout == b"still here\n"


def test_walking_up_the_stack_ends_in_closed_things(warm, run):
    script = """
import gc, os, sys
frame, sockets = sys._getframe(), []
while frame:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ == 'socket':
            try:
                value.send(b'x'); sockets.append('sent')
            except OSError:
                pass
    frame = frame.f_back
print(sockets)
"""
    assert run(warm, script).stdout == b"[]\n"
    assert run(warm, "print('still here')").stdout == b"still here\n"


def test_a_secret_of_one_job_is_not_in_the_memory_of_the_next(warm, run):
    search = """
import sys
held = sys.stdin.read()
hits = 0
for line in open('/proc/self/maps'):
    place, rights = line.split()[:2]
    if 'r' not in rights or '[v' in line: continue
    low, high = (int(x, 16) for x in place.split('-'))
    with open('/proc/self/mem', 'rb', 0) as mem:
        mem.seek(low)
        try: hits += (mem.read(high - low) or b'').count(b'ha-und-gut-')
        except (OSError, OverflowError): pass
print(hits >= 40)
"""
    assert run(warm, search, stdin=b"ha-und-gut-" * 40).stdout == b"True\n", "what a job holds is found"
    assert run(warm, search).stdout == b"False\n"


def test_folders_of_the_yard_are_mounted_and_others_are_not_seen(warm):
    for name in ("mine", "other"):
        (warm.yard / name).mkdir(exist_ok=True)
        (warm.yard / name / "file").write_text(name)
    mount = Mount(source=warm.yard / "mine", target="/w")
    script = "import os; print(open('file').read(), os.listdir('/.yard'), os.access('/w/file', os.W_OK))"
    (ran,) = together(warm, job_of(script, mounts=(mount,), cwd="/w"))
    assert ran.stdout == b"mine [] False\n", ran.stderr


def test_what_a_running_interpreter_cannot_be_given_is_started_anew(warm, tmp_path):
    assert yard_of(warm) == warm.yard
    assert yard_of(warm.inner) is None
    writable = Mount(source=tmp_path, target="/out", writable=True)
    (ran,) = together(
        warm, job_of("open('/out/x', 'w').write('x'); print(open('/proc/self/cmdline').read())", mounts=(writable,))
    )
    assert b".warm" not in ran.stdout
    assert (tmp_path / "x").read_text() == "x"
    assert ran.isolation is warm.isolation


def test_endings(warm, run):
    assert run(warm, "import os; os.kill(os.getpid(), 9)").ending is Ending.KILLED
    assert run(warm, "raise SystemExit(7)").exit_code == 7
    ran = run(warm, "raise ValueError('why')")
    assert (ran.exit_code, b"ValueError: why" in ran.stderr) == (1, True)
    assert run(warm, "import time; time.sleep(30)", timeout_s=0.3).ending is Ending.TIMEOUT


FIRST = """
import os, sys

FIRST = True

def main():
    print(os.getpid(), sorted(name for name in os.listdir('/proc') if name.isdigit()), os.listdir('/.yard'))
    print([fd for fd in range(3, 4096) if is_open(fd)])
    lines = dict(line.split(':', 1) for line in open('/proc/self/status'))
    print({name: lines[name].strip() for name in ('CapEff', 'CapPrm', 'CapBnd', 'NoNewPrivs', 'Seccomp')})
    child = os.fork()
    if child == 0:
        for number in range(1, 65):
            try:
                os.kill(1, number)
            except OSError:
                pass
        for name in ('mem', 'environ', 'maps', 'fd/1'):
            try:
                os.readlink('/proc/1/fd/1') if name == 'fd/1' else open(f'/proc/1/{name}', 'rb').read(1)
            except PermissionError:
                sys.stderr.write(name + ' closed\\n')
        os._exit(0)
    os.waitpid(child, 0)
    print('alive')

def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
"""


def test_a_script_may_be_the_first_process(warm, tmp_path):
    script = tmp_path / "first.py"
    script.write_text(FIRST)
    job = replace(job_of("unused"), warm=Warm(script=script))
    (ran,) = together(warm, job)
    first, fds, rights, alive = ran.stdout.decode().splitlines()
    none = "0" * 16
    assert (first, fds, alive) == ("1 ['1'] []", "[]", "alive"), ran.stderr
    assert rights == str({"CapEff": none, "CapPrm": none, "CapBnd": none, "NoNewPrivs": "1", "Seccomp": "2"})
    assert ran.stderr == b"mem closed\nenviron closed\nmaps closed\nfd/1 closed\n"
    assert ran.exit_code == 0


def groups_in(pool) -> list:
    return [group for idle in pool._idle.values() for group in idle]


def test_a_group_serves_the_next_job_as_if_new(warm):
    """What one job used of its group, the next has again: memory in files, memory of processes, processes."""
    if warm._pool is None:
        pytest.skip("no control groups here")
    warm._pool.close()
    limits = {"memory_bytes": 100 << 20, "processes": 8}
    fill = "open('/tmp/full', 'wb').write(bytes(80 << 20)); print('filled')"
    fork = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        time.sleep(60)
print('forked')
"""
    served = []
    for script, word in ((fill, b"filled\n"), (fork, b"forked\n")) * 2:
        (ran,) = together(warm, job_of(script, **limits))
        assert (ran.stdout, ran.ending) == (word, Ending.EXITED), ran.stderr
        served += groups_in(warm._pool)
    assert len(served) == 4
    assert len(set(served)) == 1
    assert all((place / "cgroup.procs").read_text() == "" for place in served[0].folders)


def test_a_group_that_was_overrun_serves_nobody_again(warm):
    if warm._pool is None:
        pytest.skip("no control groups here")
    warm._pool.close()
    limits = {"memory_bytes": 100 << 20, "processes": 8}
    (ran,) = together(warm, job_of("x = bytearray(b'x') * (1 << 28)", **limits | {"memory_bytes": 64 << 20}))
    (bomb,) = together(warm, job_of("import os, time\nfor _ in range(20): os.fork()\ntime.sleep(9)", **limits))
    assert (bomb.ending, ran.exit_code == 0) == (Ending.PROCESSES, False)
    assert [group.clean() for group in groups_in(warm._pool)] in ([], [True])
    (after,) = together(warm, job_of("print('fine')", **limits))
    assert (after.stdout, after.ending) == (b"fine\n", Ending.EXITED)


def test_jobs_at_the_same_time_have_a_group_each(warm):
    if warm._pool is None:
        pytest.skip("no control groups here")
    warm._pool.close()
    together(warm, *[job_of("import time; time.sleep(0.3)") for _ in range(3)])
    assert len({group.folders for group in groups_in(warm._pool)}) == 3


def test_a_fork_that_nobody_waits_for_ends(warm):
    """Cancelled before it is known: its interpreter ends it."""

    async def scenario() -> list[str]:
        await warm.run(job_of("pass"))
        server = next(reversed(warm._servers.values()))
        for _ in range(5):
            task = asyncio.create_task(warm.run(job_of("import time; time.sleep(60)")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await warm.run(job_of("print(1)"))).stdout == b"1\n"
        for _ in range(100):
            left = running_below(server.child.pid)
            if len(left) == 2:
                break
            await asyncio.sleep(0.02)
        return left

    # bwrap's first process, and the interpreter.
    assert len(asyncio.run(scenario())) == 2


def running_below(pid: int) -> list[str]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [child, *running_below(int(child))]
    return found


def test_an_interpreter_that_was_killed_is_replaced(warm, run):
    run(warm, "pass")
    server = next(reversed(warm._servers.values()))
    server.child.process.kill()
    server.child.process.wait()
    assert run(warm, "print('again')").stdout == b"again\n"


def test_an_interpreter_that_does_not_start_is_named_and_its_jobs_run_anew(bubblewrap, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import no_such_module\n\ndef main(): ...\n")

    async def scenario():
        async with WarmSandbox(bubblewrap) as made:
            ran = await made.run(replace(job_of("print('ran')"), warm=Warm(script=script)))
            return ran, dict(made.cold)

    if bubblewrap.seccomp is None:
        pytest.skip("no call filter here")
    ran, cold = asyncio.run(scenario())
    assert ran.stdout == b"ran\n"
    assert "ModuleNotFoundError" in cold[str(PYTHON)]


def test_only_with_a_filter(bubblewrap):
    with pytest.raises(SandboxError, match="they need the call filter"):
        WarmSandbox(replace(bubblewrap, seccomp=None))

    async def same():
        async with kept_warm(replace(bubblewrap, seccomp=None)) as kept:
            return kept

    assert asyncio.run(same()).seccomp is None


def test_cancelled_and_closed_nothing_stays(bubblewrap):
    if bubblewrap.seccomp is None:
        pytest.skip("no call filter here")

    async def scenario() -> tuple[int, Path]:
        async with WarmSandbox(bubblewrap) as made:
            await made.run(job_of("pass"))
            task = asyncio.create_task(made.run(job_of("import time; time.sleep(60)")))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await made.run(job_of("print(1)"))).stdout == b"1\n"
            return next(iter(made._servers.values())).child.pid, made.yard

    before = len(list(Path("/proc/self/fd").iterdir()))
    began_s = time.monotonic()
    pid, yard = asyncio.run(scenario())
    assert time.monotonic() - began_s < 20
    assert not yard.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
