"""Runs inside bubblewrap: an interpreter kept ready, and one forked child in namespaces of its own for every job.

Imports nothing of the project. What runs here is trusted: this file, the job's script and the modules it names. Code
under test exists only in children, and a child is closed in before it reads a byte of it:

- it is born in new mount, pid, network, ipc, uts namespaces, and takes a new user and cgroup namespace afterwards;
- its /tmp, /dev/shm, /dev/pts and /proc are new; the folder with the trees of all jobs is gone from its mounts;
- it has no capability in any of these, may make no further user namespace, and a call filter lies over it;
- of this process's descriptors it keeps none: only its own standard streams and its own report channel;
- its first process (pid 1) does nothing but wait, holds no channel, and cannot be opened or traced.

So it cannot see this process, other children, or what they left: there is no pid, path, descriptor, key or socket of
theirs that it could name. This process in turn reads nothing of a job: a job's secrets are never in the memory that
the next child is forked from.

Standard input: one JSON object, ``Config``. Then, on the control socket, one message per job with the descriptors
``[talk, stdin, stdout, stderr, report?]``. Over *talk* goes: to the supervisor a descriptor of the child's process; to
the child one JSON object, ``Setup``; from the child ``ok`` or ``! why not``; at last the exit code.
"""

import array
import contextlib
import ctypes
import fcntl
import gc
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
from typing import Any, NoReturn, TypedDict

NEW_MOUNT, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000
NEW_USER, NEW_PID, NEW_NET = 0x1000_0000, 0x2000_0000, 0x4000_0000
NO_SUID, NO_DEVICES, NO_PROGRAMS, READ_ONLY, REMOUNT, BIND, MOVE = 2, 4, 8, 1, 32, 4096, 8192
DETACH = 2
NO_NEW_PRIVILEGES, SECCOMP, SECCOMP_FILTER, DUMPABLE, DROP_BOUND, AMBIENT, CLEAR_ALL = 38, 22, 2, 4, 24, 47, 4
CAPABILITIES_VERSION = 0x2008_0522
GET_FLAGS, SET_FLAGS, UP_AND_RUNNING = 0x8913, 0x8914, 0x41
COVERED = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
YARD, NEW_PROC = "/.yard", "/.proc"
MESSAGE_BYTES = 1 << 16
IDENTITY = 1000
DESCRIPTORS = 4096
"""More than this process ever has open."""


class Config(TypedDict):
    """What all jobs of this server have in common."""

    control_fd: int
    clone: int
    """Number of the call on this machine."""
    filter: str
    """The call filter, in hexadecimal."""
    script: str
    modules: list[str]
    below_tmp: list[str]
    """Mounts that a new /tmp would hide."""
    tmp_bytes: int
    shm_bytes: int


class Setup(TypedDict):
    """What one job wants."""

    binds: list[tuple[str, str]]
    """Folders by path: below the yard, and where they are to be seen."""
    argv: list[str]
    """The script and its arguments."""
    env: dict[str, str]
    cwd: str
    limits: list[tuple[int, int]]


class Kernel:
    """System calls that Python has no name for. Each raises OSError when it is refused."""

    def __init__(self) -> None:
        # Not CDLL: that gives the interpreter's lock away around a call, which a raw clone must not.
        self._c = ctypes.PyDLL(None, use_errno=True)

    def __call__(self, name: str, *args: Any) -> int:
        done = int(getattr(self._c, name)(*args))
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")
        return done

    def clone(self, number: int, flags: int) -> int:
        """Fork with *flags*; 0 in the child."""
        self._c.PyOS_BeforeFork()
        pid = int(self._c.syscall(ctypes.c_long(number), ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0))
        if pid == 0:
            self._c.PyOS_AfterFork_Child()
            return 0
        number = ctypes.get_errno()
        self._c.PyOS_AfterFork_Parent()
        if pid < 0:
            raise OSError(number, f"clone: {os.strerror(number)}")
        return pid

    def mount(self, source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
        words = (each.encode() or None for each in (source, target, kind))
        self("mount", *words, ctypes.c_ulong(flags), data.encode() or None)


class Job:
    """The script that every child runs: loaded once, called once in each."""

    def __init__(self, config: Config) -> None:
        self.module = type(sys)("__warm__")
        self.module.__file__ = config["script"]
        with open(config["script"], encoding="utf-8") as file:  # noqa: PTH123 - one import less in every child
            source = file.read()
        exec(compile(source, config["script"], "exec"), self.module.__dict__)  # noqa: S102 - trusted, and what this is for
        for name in config["modules"]:
            # What cannot be imported, the script will say so itself.
            with contextlib.suppress(ImportError):
                __import__(name)
        preload = getattr(self.module, "preload", None)
        if preload is not None:
            preload()

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
    job = Job(config)
    gc.collect()
    # What is here now is shared with every child: looking at it for garbage would copy it.
    gc.freeze()
    control.send(b"ready")
    serve(control, config, job)
    os._exit(0)


def serve(control: socket.socket, config: Config, job: Job) -> None:
    """Fork for every message, and pass on how each child ended, until the supervisor hangs up."""
    kernel, poll = Kernel(), select.poll()
    children: dict[int, tuple[int, int]] = {}
    poll.register(control, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd in children:
                pid, talk = children.pop(fd)
                poll.unregister(fd)
                os.close(fd)
                say(talk, b"%d" % ending(os.waitpid(pid, 0)[1]))
                os.close(talk)
                continue
            fds = receive(control)
            if not fds:
                return
            try:
                pid = kernel.clone(config["clone"], NEW_MOUNT | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
            except OSError as error:
                say(fds[0], f"! {error}".encode())
            else:
                if pid == 0:
                    live(kernel, config, job, fds)
                pidfd = os.pidfd_open(pid)
                children[pidfd] = (pid, os.dup(fds[0]))
                poll.register(pidfd, select.POLLIN)
                say(fds[0], b"born", pidfd)
            for each in fds:
                os.close(each)


def receive(control: socket.socket) -> list[int]:
    """The descriptors of the next message; none at the end."""
    room = socket.CMSG_SPACE(8 * array.array("i").itemsize)
    _, ancillary, _, _ = control.recvmsg(1, room, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)


def say(talk: int, word: bytes, fd: int | None = None) -> None:
    """A message to the supervisor, who may be gone."""
    line = socket.socket(fileno=talk)
    passed = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    with contextlib.suppress(OSError):
        line.sendmsg([word], passed)
    line.detach()


def ending(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


# --- the child ------------------------------------------------------------------------------------------------------


def live(kernel: Kernel, config: Config, job: Job, fds: list[int]) -> NoReturn:
    """The child's first process: close itself in, start the job, wait for it."""
    talk = fds[0]
    # From the inside only signals with a handler reach a first process: Python has one for this.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        setup: Setup = json.loads(os.read(talk, MESSAGE_BYTES))
        close_in(kernel, config, setup)
        os.write(talk, b"ok")
    except (OSError, ValueError) as error:
        os.write(talk, f"! {error}".encode())
        os._exit(code)
    try:
        code = wait_for(start(kernel, job, setup, fds))
    finally:
        os._exit(code)


def start(kernel: Kernel, job: Job, setup: Setup, fds: list[int]) -> int:
    """The job's own process, with its streams; this one lets go of them."""
    pid = os.fork()
    if pid:
        os.closerange(0, DESCRIPTORS)
        return pid
    try:
        os.setsid()
        kernel("prctl", DUMPABLE, 1, 0, 0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        take_streams(fds[1:])
        os.environ.clear()
        os.environ.update(setup["env"])
        if len(fds) > 4:
            os.environ["HARNESS_REPORT_FD"] = "3"
        sys.argv[:] = setup["argv"]
        job.run()
    finally:
        os._exit(1)


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


def close_in(kernel: Kernel, config: Config, setup: Setup) -> None:
    raise_loopback()
    lay_mounts(kernel, config, setup)
    settings = os.open("/proc/sys/user", os.O_RDONLY | os.O_DIRECTORY)
    cover(kernel)
    kernel("unshare", NEW_USER | NEW_CGROUP)
    become_nobody_else(settings)
    os.chdir(setup["cwd"])
    for kind, value in setup["limits"]:
        resource.setrlimit(kind, (value, value))
    drop_capabilities(kernel)
    kernel("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    steps = bytes.fromhex(config["filter"])
    program = ctypes.create_string_buffer(steps, len(steps))
    held = struct.pack("H6xP", len(steps) // 8, ctypes.addressof(program))  # ``struct sock_fprog``
    kernel("prctl", SECCOMP, SECCOMP_FILTER, ctypes.create_string_buffer(held, len(held)), 0, 0)
    kernel("prctl", DUMPABLE, 0, 0, 0, 0)


def raise_loopback() -> None:
    """127.0.0.1 of the new network, which has nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, SET_FLAGS, struct.pack("16sh22x", b"lo", UP_AND_RUNNING))


def lay_mounts(kernel: Kernel, config: Config, setup: Setup) -> None:
    plain = NO_SUID | NO_DEVICES
    hidden = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in config["below_tmp"]]
    kernel.mount("tmpfs", "/tmp", "tmpfs", plain, f"mode=1777,size={config['tmp_bytes']}")  # noqa: S108 - a new one
    for path, fd in hidden:
        make_place(path, fd)
        kernel.mount(f"/proc/self/fd/{fd}", path, flags=BIND)
        os.close(fd)
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", plain, f"mode=1777,size={config['shm_bytes']}")  # noqa: S108 - a new one
    kernel.mount("devpts", "/dev/pts", "devpts", NO_SUID | NO_PROGRAMS, "newinstance,ptmxmode=0666,mode=620")
    for source, target in setup["binds"]:
        kernel.mount(f"{YARD}/{source}", target, flags=BIND)
    kernel("umount2", YARD.encode(), DETACH)
    # Not over the old one: what is covered is still there.
    kernel.mount("proc", NEW_PROC, "proc", plain | NO_PROGRAMS)
    kernel("umount2", b"/proc", DETACH)
    kernel.mount(NEW_PROC, "/proc", flags=MOVE)


def make_place(path: str, fd: int) -> None:
    """Something at *path* to mount over: a folder for a folder, a file for a file."""
    is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts) + is_folder):
        with contextlib.suppress(FileExistsError):
            os.mkdir("/" + "/".join(parts[:depth]))  # noqa: PTH102 - see above
    if is_folder:
        return
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def cover(kernel: Kernel) -> None:
    """What of /proc speaks for the whole machine can be read, at most."""
    flags = NO_SUID | NO_DEVICES | NO_PROGRAMS
    for path in COVERED:
        if os.access(path, os.F_OK):
            kernel.mount(path, path, flags=BIND)
            kernel.mount("", path, flags=BIND | REMOUNT | READ_ONLY | flags)


def become_nobody_else(settings: int) -> None:
    """The same number of the user, in a user namespace of its own that can have no further ones."""
    same = f"{IDENTITY} {IDENTITY} 1"
    for name, text in (("setgroups", "deny"), ("uid_map", same), ("gid_map", same)):
        write(os.open(f"/proc/self/{name}", os.O_WRONLY), text)
    # Looked up only now: the same name is another setting in every user namespace.
    write(os.open("max_user_namespaces", os.O_WRONLY, dir_fd=settings), "0")
    os.close(settings)


def write(fd: int, text: str) -> None:
    os.write(fd, text.encode())
    os.close(fd)


def drop_capabilities(kernel: Kernel) -> None:
    kernel("prctl", AMBIENT, CLEAR_ALL, 0, 0, 0)
    with contextlib.suppress(OSError):  # the first number that this kernel does not know
        for capability in range(64):
            kernel("prctl", DROP_BOUND, capability, 0, 0, 0)
    none = ctypes.create_string_buffer(24)
    kernel("capset", ctypes.create_string_buffer(struct.pack("Ii", CAPABILITIES_VERSION, 0), 8), none)


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
