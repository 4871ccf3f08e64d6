"""Runs inside bubblewrap, loaded by the warm server: how a child of it is closed in. Imports nothing of the project.

System calls that Python has no name for, and what is done with them between the birth of a child in new namespaces and
the first byte of its job. What can be made ready once is: see ``warm_server`` for what a child's every page costs.
"""

import ctypes
import fcntl
import os
import resource
import signal
import stat
import struct
from contextlib import suppress
from typing import Any, TypedDict

NEW_CGROUP = 0x200_0000
NEW_USER = 0x1000_0000
NO_SUID, NO_DEVICES, NO_PROGRAMS, READ_ONLY, REMOUNT, BIND, MOVE = 2, 4, 8, 1, 32, 4096, 8192
DETACH = 2
NO_NEW_PRIVILEGES, SECCOMP, SECCOMP_FILTER, DUMPABLE, DROP_BOUND, AMBIENT, CLEAR_ALL = 38, 22, 2, 4, 24, 47, 4
CAPABILITIES_VERSION = 0x2008_0522
SET_FLAGS = 0x8914
LOOPBACK_UP = struct.pack("16sh22x", b"lo", 0x41)
"""``struct ifreq``: up and running."""
COVERED = (b"/proc/sys", b"/proc/sysrq-trigger", b"/proc/irq", b"/proc/bus")
YARD, NEW_PROC = "/.yard", b"/.proc"
IPV4, DATAGRAMS = 2, 2
IDENTITY = 1000


class Config(TypedDict):
    """What all jobs of this server have in common."""

    control_fd: int
    clone: int
    """Number of the call on this machine."""
    filter: str
    """The call filter, in hexadecimal."""
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

    def __init__(self, config: Config) -> None:
        # Not CDLL: that gives the interpreter's lock away around a call, which a raw clone must not.
        self._c = ctypes.PyDLL(None, use_errno=True)
        word, number = ctypes.c_char_p, ctypes.c_ulong
        self._c.mount.argtypes = (word, word, word, number, word)
        self._c.prctl.argtypes = (ctypes.c_int, number, number, number, number)
        self._c.umount2.argtypes = (word, ctypes.c_int)
        self._c.capset.argtypes = (word, word)
        self._config, self._clone = config, config["clone"]
        # Kept: the kernel is given addresses in it.
        self._filter = bytes.fromhex(config["filter"])
        at = ctypes.cast(ctypes.c_char_p(self._filter), ctypes.c_void_p).value
        self._program = struct.pack("H6xP", len(self._filter) // 8, at)  # ``struct sock_fprog``
        self._program_at = ctypes.cast(ctypes.c_char_p(self._program), ctypes.c_void_p).value or 0
        self._capabilities = range(int(read_text("/proc/sys/kernel/cap_last_cap")) + 1)

    def __call__(self, name: str, *args: Any) -> int:
        done = int(getattr(self._c, name)(*args))
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")
        return done

    def clone(self, flags: int) -> int:
        """Fork with *flags*; 0 in the child."""
        self._c.PyOS_BeforeFork()
        pid = int(self._c.syscall(ctypes.c_long(self._clone), ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0))
        if pid == 0:
            self._c.PyOS_AfterFork_Child()
            return 0
        number = ctypes.get_errno()
        self._c.PyOS_AfterFork_Parent()
        if pid < 0:
            raise OSError(number, f"clone: {os.strerror(number)}")
        return pid

    def mount(self, source: bytes, target: bytes, kind: bytes | None = None, flags: int = 0, data: bytes = b"") -> None:
        self("mount", source, target, kind, flags, data)

    def bind(self, source: str, target: str) -> None:
        self.mount(source.encode(), target.encode(), flags=BIND)

    def drop_capabilities(self) -> None:
        self("prctl", AMBIENT, CLEAR_ALL, 0, 0, 0)
        drop = self._c.prctl
        for each in self._capabilities:
            if drop(DROP_BOUND, each, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "a capability cannot be dropped")
        self("capset", struct.pack("Ii", CAPABILITIES_VERSION, 0), bytes(24))

    def close_in(self, setup: Setup) -> None:
        """Close this process in, which is a child in new namespaces."""
        close_in(self, self._config, setup)

    def filter_calls(self) -> None:
        self("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        self("prctl", SECCOMP, SECCOMP_FILTER, self._program_at, 0, 0)


def close_in(kernel: Kernel, config: Config, setup: Setup) -> None:
    raise_loopback(kernel)
    lay_mounts(kernel, config, setup)
    settings = os.open("/proc/sys/user", os.O_RDONLY | os.O_DIRECTORY)
    cover(kernel)
    kernel("unshare", NEW_USER | NEW_CGROUP)
    become_nobody_else(settings)
    os.chdir(setup["cwd"])
    for kind, value in setup["limits"]:
        resource.setrlimit(kind, (value, value))
    kernel.drop_capabilities()
    kernel.filter_calls()
    kernel("prctl", DUMPABLE, 0, 0, 0, 0)


def raise_loopback(kernel: Kernel) -> None:
    """127.0.0.1 of the new network, which has nothing else."""
    line = kernel("socket", IPV4, DATAGRAMS, 0)
    fcntl.ioctl(line, SET_FLAGS, LOOPBACK_UP)
    os.close(line)


def lay_mounts(kernel: Kernel, config: Config, setup: Setup) -> None:
    plain = NO_SUID | NO_DEVICES
    hidden = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in config["below_tmp"]]
    kernel.mount(b"tmpfs", b"/tmp", b"tmpfs", plain, b"mode=1777,size=%d" % config["tmp_bytes"])
    for path, fd in hidden:
        make_place(path, fd)
        kernel.bind(f"/proc/self/fd/{fd}", path)
        os.close(fd)
    kernel.mount(b"tmpfs", b"/dev/shm", b"tmpfs", plain, b"mode=1777,size=%d" % config["shm_bytes"])
    kernel.mount(b"devpts", b"/dev/pts", b"devpts", NO_SUID | NO_PROGRAMS, b"newinstance,ptmxmode=0666,mode=620")
    for source, target in setup["binds"]:
        kernel.bind(f"{YARD}/{source}", target)
    kernel("umount2", YARD.encode(), DETACH)
    # Not over the old one: what is covered is still there.
    kernel.mount(b"proc", NEW_PROC, b"proc", plain | NO_PROGRAMS)
    kernel("umount2", b"/proc", DETACH)
    kernel.mount(NEW_PROC, b"/proc", flags=MOVE)


def make_place(path: str, fd: int) -> None:
    """Something at *path* to mount over: a folder for a folder, a file for a file."""
    is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts) + is_folder):
        with suppress(FileExistsError):
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
            kernel.mount(b"", path, flags=BIND | REMOUNT | READ_ONLY | flags)


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


def read_text(path: str) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096).decode()
    finally:
        os.close(fd)
