"""Runs inside bubblewrap: an interpreter kept ready, and one forked child in namespaces of its own for every job.

Imports nothing of the project. What runs here is trusted: this file, the job's script and the modules it names. Code
under test exists only in children, and a child is closed in before it reads a byte of it:

- it is born in new mount, pid, network, ipc, uts namespaces, and takes a new user and cgroup namespace afterwards;
- its /tmp, /dev/shm, /dev/pts and /proc are new; the folder with the trees of all jobs is gone from its mounts;
- it has no capability in any of these, may make no further user namespace, and a call filter lies over it;
- of this process's descriptors it keeps none: only its own standard streams and its own report channel;
- its first process (pid 1) cannot be opened or traced, does nothing but wait, and holds no channel. Only of a script
  that sets ``FIRST`` it is the job's own: such a script never lets code under test into the process that calls it.

So it cannot see this process, other children, or what they left: there is no pid, path, descriptor, key or socket of
theirs that it could name. This process in turn reads nothing of a job: a job's secrets are never in the memory that
the next child is forked from.

Standard input: one JSON object, ``Config``. Then, on the control socket, one message per job: a byte that says how many
of its descriptors are streams, and ``[talk, stdin, stdout, stderr, report?, doors…]``; to a door a process writes to
enter a control group. Over *talk* goes: to the supervisor a descriptor of the child's process; to the child one
``Setup`` as ``marshal`` writes it, which it reads with less memory touched than JSON; from the child perhaps
``! why not``; at last the exit code.

A page that a child touches is a page copied, which is most of what a short job costs: hence what is made ready before.
"""

import _signal  # type: ignore[import-not-found]  # the other one makes enumerations of what goes in and out
import array
import contextlib
import fcntl
import gc
import json
import marshal
import os
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from harness.sandbox.warm_closing import Config, Kernel, Setup

SCRIPTS = {"job": "/.warm/job.py", "closing": "/.warm/closing.py"}
NEW_MOUNT, NEW_UTS, NEW_IPC, NEW_PID, NEW_NET = 0x2_0000, 0x400_0000, 0x800_0000, 0x2000_0000, 0x4000_0000
DUMPABLE = 4
MESSAGE_BYTES = 1 << 16
DESCRIPTORS = 4096
"""More than this process ever has open."""


def loaded(name: str, path: str) -> Any:
    """The trusted file at *path* as a module that nothing else can import."""
    module = type(sys)(name)
    module.__file__ = path
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - one import less in every child
        source = file.read()
    exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - what this is for
    return module


class Job:
    """The script that every child runs: loaded once, called once in each."""

    def __init__(self, config: "Config") -> None:
        self.module = loaded("__warm__", SCRIPTS["job"])
        for name in config["modules"]:
            # What cannot be imported, the script will say so itself.
            with contextlib.suppress(ImportError):
                __import__(name)
        preload = getattr(self.module, "preload", None)
        if preload is not None:
            preload()
        self.first = bool(getattr(self.module, "FIRST", False))
        """Its ``main`` may be the first process itself."""

    def run(self) -> NoReturn:
        """Call the script's ``main``, then end like an interpreter would, but at once."""
        self.module.__name__ = "__main__"
        sys.modules["__main__"] = self.module
        code = 1
        try:
            self.module.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else bool(end.code)
        finally:
            if sys.exc_info()[0] is not None:
                sys.excepthook(*sys.exc_info())
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def main() -> NoReturn:
    config: Config = json.loads(read_all(0))
    replace(0, os.devnull, os.O_RDONLY)
    control = socket.socket(fileno=config["control_fd"])
    os.set_inheritable(control.fileno(), False)
    job, closing = Job(config), loaded("closing", SCRIPTS["closing"])
    kernel = closing.Kernel(config)
    # Every child has an environment of its own.
    os.environ.clear()
    gc.collect()
    # What is here now is shared with every child: looking at it for garbage would copy it.
    gc.freeze()
    control.send(b"ready")
    serve(control, kernel, job)
    os._exit(0)


def serve(control: socket.socket, kernel: "Kernel", job: Job) -> None:
    """Fork for every message, and pass on how each child ended, until the supervisor hangs up."""
    children = Children()
    children.poll.register(control, select.POLLIN)
    while True:
        happened = {fd for fd, _ in children.poll.poll()}
        # Before there is a new one, whose descriptors may have the numbers of an old one's.
        for fd in happened - {control.fileno()}:
            children.care_for(fd)
        if control.fileno() not in happened:
            continue
        streams, fds = receive(control)
        if not fds:
            return
        talk = fds[0]
        try:
            pid = kernel.clone(NEW_MOUNT | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
        except OSError as error:
            say(talk, f"! {error}".encode())
            os.close(talk)
        else:
            if pid == 0:
                live(kernel, job, (talk, fds[1 : streams + 1], fds[streams + 1 :]))
            children.add(pid, talk)
        for each in fds[1:]:
            os.close(each)


class Children:
    """Those that run, each with its line to the supervisor."""

    def __init__(self) -> None:
        self.poll = select.poll()
        self._pids: dict[int, tuple[int, int]] = {}
        self._lines: dict[int, int] = {}

    def add(self, pid: int, talk: int) -> None:
        pidfd = os.pidfd_open(pid)
        self._pids[pidfd], self._lines[talk] = (pid, talk), pid
        self.poll.register(pidfd, select.POLLIN)
        self.poll.register(talk, 0)
        introduce(talk, pidfd)

    def care_for(self, fd: int) -> None:
        """Something happened on *fd*: a child has ended, or the supervisor wants no more of it."""
        if fd in self._pids:
            pid, talk = self._pids.pop(fd)
            say(talk, b"%d" % ending(os.waitpid(pid, 0)[1]))
            self.poll.unregister(fd)
            os.close(fd)
            if self._lines.pop(talk, None) is not None:
                self.poll.unregister(talk)
            os.close(talk)
        elif fd in self._lines:
            self.poll.unregister(fd)
            os.kill(self._lines.pop(fd), signal.SIGKILL)


def receive(control: socket.socket) -> tuple[int, list[int]]:
    """How many streams the next message holds, and its descriptors; none at the end."""
    room = socket.CMSG_SPACE(8 * array.array("i").itemsize)
    word, ancillary, _, _ = control.recvmsg(1, room, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return (word[0] if word else 0), list(fds)


def introduce(talk: int, pidfd: int) -> None:
    """Hand the supervisor, who may be gone, a descriptor of the child's process."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, talk)
    with contextlib.suppress(OSError):
        line.sendmsg([b"born"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))])
    line.detach()


def say(talk: int, word: bytes) -> None:
    """A word to the supervisor, who may be gone."""
    with contextlib.suppress(OSError):
        os.write(talk, word)


def ending(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


# --- the child ------------------------------------------------------------------------------------------------------


def live(kernel: "Kernel", job: Job, fds: tuple[int, list[int], list[int]]) -> NoReturn:
    """The child's first process: close itself in, then be the job, or start it and wait for it."""
    talk, streams, doors = fds
    closed_in = False
    try:
        # From the inside only signals with a handler reach a first process: Python has one for this.
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        for door in doors:
            os.write(door, b"0")
        setup: Setup = marshal.loads(os.read(talk, MESSAGE_BYTES))  # noqa: S302 - the supervisor's word
        kernel.close_in(setup)
        closed_in = True
    finally:
        if not closed_in:
            say(talk, f"! {sys.exc_info()[1]}".encode())
            os._exit(1)
    code = 1
    try:
        if job.first:
            begin(job, setup, streams)
        code = wait_for(start(kernel, job, setup, streams))
    finally:
        os._exit(code)


def start(kernel: "Kernel", job: Job, setup: "Setup", streams: list[int]) -> int:
    """The job's own process, with its streams; this one lets go of them."""
    pid = os.fork()
    if pid:
        os.closerange(0, DESCRIPTORS)
        return pid
    try:
        kernel("prctl", DUMPABLE, 1, 0, 0, 0)
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        begin(job, setup, streams)
    finally:
        os._exit(1)


def begin(job: Job, setup: "Setup", streams: list[int]) -> NoReturn:
    """From here on this process is the job."""
    os.setsid()
    take_streams(streams)
    for name, value in setup["env"].items():
        os.environ[name] = value
    if len(streams) > 3:
        os.environ["HARNESS_REPORT_FD"] = "3"
    sys.argv[:] = setup["argv"]
    job.run()


def take_streams(fds: list[int]) -> None:
    """*fds* as 0, 1, 2 and, if there is a fourth, 3; every other descriptor is closed."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]
    for number, fd in enumerate(high):
        os.dup2(fd, number)
    os.closerange(len(fds), DESCRIPTORS)


def wait_for(job: int) -> int:
    """The exit code of *job*, 128 and the signal if it was ended by one; orphans are buried meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == job:
            code = ending(status)
            return code if code >= 0 else 128 - code


def read_all(fd: int) -> bytes:
    data = b""
    while chunk := os.read(fd, MESSAGE_BYTES):
        data += chunk
    return data


def replace(fd: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, fd)
    os.close(opened)


if __name__ == "__main__":
    main()
