"""A copy of a task's base tree for an agent to work in, and what it changed there, found by looking, not by asking.

The copy has one synthetic commit and no history: nothing of what came after the base can be found in it. The commit is
the same every time, down to its hash. What changed is read from the files once nothing of the agent runs any more;
the workspace's own git is never asked, since the agent may have told it anything.
"""

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.core.execution import Ending
from harness.core.hashing import digest
from harness.core.ports import Job, Mount, Ran
from harness.core.suite import Task
from harness.evals.grading import Bench, write_files
from harness.evals.grading.policy import LINK
from harness.evals.grading.pytest_config import read_config
from harness.evals.grading.session import TOOLS, TREE, import_roots, read_tree_top
from harness.evals.grading.tree import LEFT_OUT
from harness.sandbox import run_git

FILE_BYTES = 1 << 20
"""Largest changed file that is handed in."""
ALL_BYTES = 4 << 20
FILES = 2000
LARGE = "large_change_left_out"
"""Flag: a changed file, or all of them together, is too large."""
BINARY = "binary_change_left_out"
"""Flag: a changed file is no UTF-8 text."""
SPECIAL = "special_file_left_out"
"""Flag: a pipe, socket or device, or a folder that cannot be read."""
_IGNORED = frozenset({*LEFT_OUT, ".harness", "node_modules"})
_IGNORED_SUFFIXES = (".pyc", ".pyo", ".egg-info")
_COVER = "none"
"""An empty folder among the tools."""
_SYSTEM_PACKAGES = ("lib/python3*/dist-packages", "lib/python3*/site-packages", "local/lib/python3*/*-packages")
_NOBODY = "base <base@localhost> 0 +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What agents work with: benches of tasks, and a sandbox that is shared."""

    bench_of: Callable[[Task], Awaitable[Bench]]
    run: Callable[[Job], Awaitable[Ran]]
    """One command; waits for its turn. Raises SandboxError when it could not be started."""
    run_long: Callable[[Job], Awaitable[Ran]]
    """An agent that mostly waits for models; takes nobody's turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How a workspace differs from its base."""

    files: Mapping[str, str | None]
    """Full new content by path, sorted; ``None``: deleted; ``@symlink:target``: a link."""
    flags: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return digest(self.files)


_Sign = tuple[int, int, int, int, int]
"""Kind, size, both times and number of a file: a change of it cannot leave all of them as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A laid-out copy of *base*."""

    folder: Path
    base: Path
    roots: tuple[str, ...]
    """Folders on the import path, relative to it; ``.`` is the workspace itself."""
    _laid: Mapping[str, _Sign]

    def changes(self) -> Changes:
        """What is different now. Nothing may be running in it."""
        files: dict[str, str | None] = {}
        flags: set[str] = set()
        seen: set[str] = set()
        left = ALL_BYTES
        for path, place in _walk(self.folder, flags):
            seen.add(path)
            now = place.lstat()
            if self._laid.get(path) == _sign(now):
                continue
            text = _content(place, now, flags)
            if text is None or _same(self.base / path, text):
                continue
            left -= len(text)
            if left < 0 or len(files) >= FILES:
                flags.add(LARGE)
                break
            files[path] = text
        else:
            gone = self._laid.keys() - seen
            # what lay in a folder that is a file now goes with the folder
            files |= {path: None for path in gone if not any(str(up) in files for up in PurePosixPath(path).parents)}
        return Changes(files=dict(sorted(files.items())), flags=tuple(sorted(flags)))

    def restore(self, files: Mapping[str, str | None]) -> None:
        """Make it differ from its base in exactly *files*. For a workspace nothing has run in yet."""
        write_files(self.folder, files)


@asynccontextmanager
async def open_workspace(base: Path) -> AsyncIterator[Workspace]:
    """A copy of *base* with one synthetic commit, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="harness-work-", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "w"
        await asyncio.to_thread(shutil.copytree, base, folder, symlinks=True)
        await _commit(folder)
        laid = await asyncio.to_thread(_signs, folder)
        roots = import_roots(folder, read_config(read_tree_top(folder)))
        yield Workspace(folder=folder, base=base, roots=roots, _laid=laid)


async def _commit(folder: Path) -> None:
    """One commit of everything, by nobody, at the beginning of time."""
    (await run_git(("init", "--quiet", "--template=", "--initial-branch=main"), cwd=folder)).checked()
    (await run_git(("add", "--all", "--force"), cwd=folder)).checked()
    tree = (await run_git(("write-tree",), cwd=folder)).checked().decode().strip()
    text = f"tree {tree}\nauthor {_NOBODY}\ncommitter {_NOBODY}\n\nbase\n"
    made = await run_git(("hash-object", "-t", "commit", "-w", "--stdin"), cwd=folder, stdin=text.encode())
    commit = made.checked().decode().strip()
    (await run_git(("update-ref", "refs/heads/main", commit), cwd=folder)).checked()
    shutil.rmtree(folder / ".git" / "logs", ignore_errors=True)


# --- looking --------------------------------------------------------------------------------------------------------


def _walk(root: Path, flags: set[str]) -> Iterator[tuple[str, Path]]:
    """Every file and link below *root* with its path in it, sorted; no link is followed, no pipe is opened."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            flags.add(SPECIAL)
            continue
        for entry in entries:
            if entry.name.lower() == ".git" or entry.name in _IGNORED or entry.name.endswith(_IGNORED_SUFFIXES):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield Path(entry.path).relative_to(root).as_posix(), Path(entry.path)


def _signs(root: Path) -> dict[str, _Sign]:
    return {path: _sign(place.lstat()) for path, place in _walk(root, set())}


def _sign(seen: os.stat_result) -> _Sign:
    return (stat.S_IFMT(seen.st_mode), seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)


def _content(place: Path, seen: os.stat_result, flags: set[str]) -> str | None:
    """The text at *place* as a submission has it; None, and a flag, for what cannot be handed in."""
    if stat.S_ISLNK(seen.st_mode):
        return f"{LINK}{os.readlink(place)}"  # noqa: PTH115 - the raw text of the link
    if not stat.S_ISREG(seen.st_mode):
        flags.add(SPECIAL)
        return None
    if seen.st_size > FILE_BYTES:
        flags.add(LARGE)
        return None
    try:
        text = place.read_bytes().decode("utf-8")
        str(place).encode("utf-8")
    except (OSError, UnicodeError):
        flags.add(BINARY)
        return None
    if text.startswith(LINK):  # it would be taken for a link
        flags.add(SPECIAL)
        return None
    return text


def _same(base: Path, text: str) -> bool:
    """Whether *base* holds *text* already: a file that was only touched has not changed."""
    if base.is_symlink():
        return text == f"{LINK}{os.readlink(base)}"  # noqa: PTH115 - the raw text of the link
    return base.is_file() and not text.startswith(LINK) and base.read_bytes() == text.encode()


# --- commands in it -------------------------------------------------------------------------------------------------


def job_in(workspace: Workspace, bench: Bench, tools: Path, argv: tuple[str, ...], timeout_s: float) -> Job:
    """A job that works in *workspace* with the task's environment; *tools* is seen read-only.

    The packages of the host's interpreters are covered up: the repository's next release may be among them.
    """
    (tools / _COVER).mkdir(exist_ok=True)
    python = bench.environment.python
    roots = (TREE if root == "." else f"{TREE}/{root}" for root in workspace.roots)
    return Job(
        argv=argv,
        mounts=(
            *bench.environment.mounts,
            *(Mount(source=tools / _COVER, target=str(place)) for place in _packages(bench.environment.mounts)),
            Mount(source=workspace.folder, target=TREE, writable=True),
            Mount(source=tools, target=TOOLS),
        ),
        cwd=TREE,
        env={
            "HOME": "/tmp",  # noqa: S108 - inside the sandbox
            "LC_ALL": "C.UTF-8",
            "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": ":".join(roots),
            "TMPDIR": "/tmp",  # noqa: S108 - inside the sandbox
            "PAGER": "cat",
            "GIT_PAGER": "cat",
        },
        timeout_s=timeout_s,
    )


def _packages(mounts: Iterable[Mount]) -> Iterator[Path]:
    """Folders of installed packages that a sandbox with *mounts* shows, but for those of virtual environments."""
    yield from (place for pattern in _SYSTEM_PACKAGES for place in sorted(Path("/usr").glob(pattern)) if place.is_dir())
    for mount in mounts:
        if not (mount.source / "pyvenv.cfg").is_file():
            yield from sorted(mount.source.glob("lib/python3*/site-packages"))


def ended(ran: Ran) -> str:
    """How a command ended, in a few words."""
    if ran.ending is Ending.EXITED:
        return f"exit code {ran.exit_code}"
    return f"stopped: {ran.ending.value} after {ran.wall_s:.0f} s"
