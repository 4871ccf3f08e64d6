"""Limits on a whole tree of processes by control groups, where this process may make them: version 2, or version 1.

Version 2: below the own group when it may be divided (the root of the hierarchy, or a container's own), else beside
it in the parent when that was delegated to us (a systemd user session). Version 1: below the own group of each of the
two controllers. Whether the limits bite is not concluded from files: see ``harness.sandbox.probing``.
"""

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.core.errors import SandboxError
from harness.core.execution import Ending

CONTROLLERS = ("memory", "pids")
OPTIONAL = frozenset({"memory.memsw.limit_in_bytes", "memory.swap.max", "memory.oom.group"})
"""Files that a kernel without swap accounting, or an older one, does not have."""
PREFIX = "harness-"
LEFT_SHARE = 1 / 8
"""Of its memory that a group may still be charged for when it is given to the next job: the kernel's own caches."""
_MEMORY_FILES = {1: ("memory.oom_control", "memory.usage_in_bytes"), 2: ("memory.events", "memory.current")}
"""By version: what counts the kills, and what is in use."""
_READ_BYTES = 4096
_PATIENCE_S = 1.0
_NEXT_TRY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroups:
    """Where groups can be made."""

    version: int
    parents: Mapping[str, Path]
    """A folder by controller; in version 2 the same for both."""

    @property
    def where(self) -> str:
        """For people: which control groups these are."""
        return f"cgroup v{self.version} below {self.parents['memory']}"

    def make(self, *, memory_bytes: int, processes: int) -> "Group":
        """A new group with these limits on all members together. Raises SandboxError when it cannot be made."""
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}"
        places = {controller: parent / name for controller, parent in self.parents.items()}
        group = Group(self.version, places, memory_bytes)
        try:
            for place in group.folders:
                place.mkdir()
            for place, file, value in _limits(self.version, places, memory_bytes, processes):
                if file not in OPTIONAL or (place / file).exists():
                    (place / file).write_text(value)
        except OSError as error:
            group.remove()
            raise SandboxError(
                f"a control group cannot be made at {str(error.filename)!r}: {error.strerror}"
            ) from error
        return group


class Group:
    """A control group, removed at the end of the ``with`` block."""

    def __init__(self, version: int, places: Mapping[str, Path], memory_bytes: int) -> None:
        self._places, self._memory_bytes = places, memory_bytes
        self.folders = tuple(dict.fromkeys(places.values()))
        self._version = version
        self._killed, self._used = _MEMORY_FILES[version]
        self._fds: dict[Path, int] = {}
        """Files that are read, or written, again and again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def doors(self) -> tuple[int, ...]:
        """Descriptors: a process that writes ``0`` to each is then in the group. None in version 2.

        A process that moves itself is moved at once. For another's, the kernel first waits for every processor.
        """
        if self._version != 1:
            return ()
        return tuple(self._fd(place / "tasks", os.O_WRONLY) for place in self.folders)

    def add(self, pid: int) -> None:
        """Move the process *pid* into the group; its later children are born in it."""
        for place in self.folders:
            try:
                (place / "cgroup.procs").write_text(str(pid))
            except ProcessLookupError:
                return
            except OSError as error:
                raise SandboxError(f"process {pid} cannot be moved into {str(place)!r}: {error.strerror}") from error

    def excess(self, _process: object = None) -> Ending | None:
        """Which limit the members have run into so far."""
        if _count(self._read(self._places["memory"] / self._killed), "oom_kill"):
            return Ending.MEMORY
        if _count(self._read(self._places["pids"] / "pids.events"), "max"):
            return Ending.PROCESSES
        return None

    def at_end(self) -> Ending | None:
        return self.excess()

    def clean(self) -> bool:
        """Nothing is left of the job that it served: no member, no limit passed, no memory but the kernel's caches."""
        if self.excess() or any(self._read(place / "cgroup.procs") for place in self.folders):
            return False
        used = self._read(self._places["memory"] / self._used).strip()
        return used.isdigit() and int(used) <= self._memory_bytes * LEFT_SHARE

    def remove(self) -> None:
        """Remove the group once the last member is gone, which the kernel may take a moment to notice."""
        while self._fds:
            os.close(self._fds.popitem()[1])
        deadline_s = time.monotonic() + _PATIENCE_S
        for place in self.folders:
            while place.exists():
                with suppress(OSError):
                    place.rmdir()
                    break
                if time.monotonic() > deadline_s:
                    return
                time.sleep(_NEXT_TRY_S)

    def _read(self, file: Path) -> str:
        try:
            return os.pread(self._fd(file, os.O_RDONLY), _READ_BYTES, 0).decode("ascii")
        except OSError:
            return ""

    def _fd(self, file: Path, flags: int) -> int:
        if file not in self._fds:
            self._fds[file] = os.open(file, flags | os.O_CLOEXEC)
        return self._fds[file]


class Pool:
    """Groups that serve one job after another: making and removing one costs as much as a short job."""

    def __init__(self, cgroups: Cgroups) -> None:
        self._cgroups = cgroups
        self._idle: dict[tuple[int, int], list[Group]] = {}

    @contextmanager
    def lease(self, *, memory_bytes: int, processes: int) -> Iterator[Group]:
        """A group with these limits that nobody else is in. Raises SandboxError when none can be made.

        One that is not clean afterwards serves nobody again.
        """
        idle = self._idle.setdefault((memory_bytes, processes), [])
        group = idle.pop() if idle else self._cgroups.make(memory_bytes=memory_bytes, processes=processes)
        try:
            yield group
        finally:
            if group.clean():
                idle.append(group)
            else:
                group.remove()

    def close(self) -> None:
        """Remove the groups that are idle."""
        while self._idle:
            for group in self._idle.popitem()[1]:
                group.remove()


def find_cgroups(process: Path = Path("/proc/self")) -> Cgroups | str:
    """Where this process may make groups, or in one line why nowhere. Removes what killed processes of ours left."""
    try:
        groups = _own_groups((process / "cgroup").read_text())
        mounts = tuple(_mounts((process / "mountinfo").read_text()))
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    reasons = []
    for version, parents in _candidates(groups, mounts):
        if fault := _fault(version, parents):
            reasons.append(fault)
            continue
        found = Cgroups(version=version, parents=parents)
        _sweep(found)
        return found
    return "; ".join(dict.fromkeys(reasons)) or "no control groups for memory and pids are mounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mounted:
    kind: str
    place: Path
    root: str
    controllers: frozenset[str]


def _own_groups(text: str) -> dict[str, str]:
    """Our path by controller; version 2's by the empty name."""
    lines = (line.split(":", 2) for line in text.splitlines() if line.count(":") >= 2)
    return {controller: path for _, controllers, path in lines for controller in controllers.split(",")}


def _mounts(text: str) -> Iterator[_Mounted]:
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.partition(" ")
        if kind in ("cgroup", "cgroup2"):
            words = before.split()
            names = options.rpartition(" ")[2].split(",")
            yield _Mounted(kind=kind, place=Path(words[4]), root=words[3], controllers=frozenset(names))


def _candidates(groups: Mapping[str, str], mounts: tuple[_Mounted, ...]) -> Iterator[tuple[int, dict[str, Path]]]:
    for mount in mounts:
        if mount.kind == "cgroup2" and "" in groups:
            own = _folder(mount, groups[""])
            yield 2, dict.fromkeys(CONTROLLERS, own)
            if own != mount.place:
                yield 2, dict.fromkeys(CONTROLLERS, own.parent)
    old = [mount for mount in mounts if mount.kind == "cgroup"]
    first = {name: mount for mount in old for name in CONTROLLERS if name in mount.controllers}
    if len(first) == len(CONTROLLERS) and set(CONTROLLERS) <= set(groups):
        yield 1, {name: _folder(first[name], groups[name]) for name in CONTROLLERS}


def _folder(mount: _Mounted, path: str) -> Path:
    """Where the group *path* is seen: below what of the hierarchy is mounted."""
    inside = path.removeprefix(mount.root) if mount.root != "/" else path
    return mount.place / inside.strip("/")


def _fault(version: int, parents: Mapping[str, Path]) -> str:
    """Why no group can be made there; empty if one can. Leaves nothing behind."""
    if version == 2 and (fault := _undivided(parents["memory"])):
        return fault
    try:
        Cgroups(version=version, parents=parents).make(memory_bytes=1 << 30, processes=64).remove()
    except SandboxError as error:
        return str(error)
    return ""


def _undivided(folder: Path) -> str:
    """Hand the controllers down to the children of *folder*, if they are not; why that cannot be done."""
    try:
        missing = [name for name in CONTROLLERS if name not in (folder / "cgroup.controllers").read_text().split()]
        if missing:
            return f"{folder} has no {' and no '.join(missing)} controller"
        if not set(CONTROLLERS) <= set((folder / "cgroup.subtree_control").read_text().split()):
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    except OSError as error:
        return f"{folder} cannot be divided: {error.strerror}"
    return ""


def _limits(
    version: int, places: Mapping[str, Path], memory_bytes: int, processes: int
) -> Iterator[tuple[Path, str, str]]:
    memory = places["memory"]
    if version == 2:
        yield memory, "memory.max", str(memory_bytes)
        yield memory, "memory.swap.max", "0"
        yield memory, "memory.oom.group", "1"
    else:
        yield memory, "memory.limit_in_bytes", str(memory_bytes)
        yield memory, "memory.memsw.limit_in_bytes", str(memory_bytes)
    yield places["pids"], "pids.max", str(processes)


def _count(text: str, word: str) -> int:
    return sum(int(line.split()[1]) for line in text.splitlines() if line.split()[:1] == [word])


def _sweep(groups: Cgroups) -> None:
    for parent in dict.fromkeys(groups.parents.values()):
        for left in parent.glob(f"{PREFIX}*-*"):
            maker = left.name.removeprefix(PREFIX).partition("-")[0]
            if maker.isdigit() and not Path("/proc", maker).exists():
                with suppress(OSError):
                    left.rmdir()
