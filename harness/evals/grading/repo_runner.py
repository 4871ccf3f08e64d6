"""Runs inside the sandbox: pytest over a submission's tree, every outcome told over the private channel.

``argv`` holds pytest's arguments, ``HARNESS_ROOTS`` the folders of the tree for the import path, and standard input
an ``Order``: places go where a sandbox without mounts can move them, secrets where nobody else can read them.

Imports nothing of the project and runs under every Python from 3.7. pytest and its plugins are loaded before anything
of the tree can be. The code under test shares this process, as tests want it to: what is said here is evidence against
tampering, not proof.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import TypedDict

    class Order(TypedDict):
        """What the grader wants run; one JSON object on standard input."""

        nonce: str
        files: list[str]
        """Test files, relative to the tree."""
        expected: list[str] | None
        """Ids to run; null runs all that the files hold."""
        own: list[str]
        """Modules of the tree that are installed, too: theirs are to be loaded, the installed ones forgotten."""
        changed: list[str]
        """Files that are the submission's."""
        usual: list[str]
        """Signs that are none here."""
        order_seed: int | None
        """Shuffles the tests within their files; null leaves them in the order they are written in."""


MESSAGE_CHARACTERS = 1000
LATER = ("_pytest._argcomplete", "code", "faulthandler", "pdb", "readline")
"""What pytest imports when it has begun."""
REPORTER = {"pytest", "_pytest", "pluggy"}
"""What reports; there is one of each in a process."""


FRAMES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")
ASKED = {
    "compile": "disguised_code",
    "code.__new__": "disguised_code",
    "ctypes.addressof": "native_access",
    "ctypes.dlopen": "native_access",
    "ctypes.dlsym": "native_access",
    "ctypes.string_at": "native_access",
    "gc.get_objects": "frame_inspection",
    "gc.get_referents": "frame_inspection",
    "gc.get_referrers": "frame_inspection",
    "import": "test_files_read",
    "object.__getattr__": "frame_inspection",
    "object.__setattr__": "runner_patched",
    "open": "test_files_read",
    "os.exec": "test_files_read",
    "os.link": "test_files_read",
    "os.listdir": "test_files_read",
    "os.posix_spawn": "test_files_read",
    "os.scandir": "test_files_read",
    "os.symlink": "test_files_read",
    "os.system": "test_files_read",
    "socket.connect": "network_attempt",
    "subprocess.Popen": "test_files_read",
    "sys._current_exceptions": "frame_inspection",
    "sys._current_frames": "frame_inspection",
    "sys._getframe": "frame_inspection",
    "sys.addaudithook": "audit_hook",
    "sys.setprofile": "frame_inspection",
    "sys.settrace": "frame_inspection",
}
"""What the interpreter is asked for, by its own word for it (an audit event), and the sign if a submission asks."""
IMMEDIATE = {"code.__new__", "sys._getframe"}  # honest code has the standard library ask for them
CAREFUL = {"compile", "import", "object.__getattr__", "object.__setattr__", "socket.connect"}
"""Of these, those that honest code asks for too: it depends on what about."""
OPENED = {name for name, sign in ASKED.items() if sign == "test_files_read"} - {"import"}
SECRETS = re.compile(
    r"/\.(ssh|aws|netrc|kube|docker|gnupg)\b|docker\.sock|/etc/(shadow|passwd)$|^/root/\.(?!local|cache)"
)
MEMORY = re.compile(
    r"/proc/(self|thread-self|\d+)/(mem|fd|fdinfo|environ|maps|smaps|cmdline|task|map_files|root|cwd)\b"
)
WATCHED = re.compile(
    r"builtins|operator|ast|pathlib(\.\w+)?|unittest\.(case|suite|result)|pluggy\..*|importlib\._bootstrap_external"
    r"|_pytest\.(_code\.code|assertion\.\w+|config|fixtures|main|nodes|outcomes|python|python_api|raises|reports|runner)"
    r"|_pytest\.(skipping|unittest|mark\.structures)"
)
"""Modules whose functions decide what a test's outcome is."""


class Channel:
    """The private one. Lines are signed with a key that is never written: who steals the descriptor learns nothing."""

    def __init__(self, given_fd: int, nonce: str) -> None:
        self._fd = fcntl.fcntl(given_fd, fcntl.F_DUPFD_CLOEXEC, 700)
        os.close(given_fd)
        self._key, self._turn, self._write = hashlib.blake2b(key=nonce.encode(), digest_size=16), 0, os.write
        self._waiting: list[str] = []
        self._lock, self._pid = threading.Lock(), os.getpid()

    def say(self, *fact: object) -> None:
        """Whatever interrupts this may speak too, from this thread or another: its word then follows."""
        if os.getpid() != self._pid:
            self._write(self._fd, f"\n{fact!a}\n".encode())  # not ours to sign: seen as noise
            return
        self._waiting.append(f"{fact!a}")
        if self._lock.acquire(blocking=fact[0] == "end"):
            try:
                while self._waiting:
                    text = f"{self._turn} {self._waiting.pop(0)}"
                    key = self._key.copy()
                    key.update(text.encode())
                    self._turn += 1
                    self._write(self._fd, f"\n{key.hexdigest()} {text}\n".encode())
            finally:
                self._lock.release()


class Watch:
    """Looks for what no honest change has to do to the process that judges it. Told at once, each sign once.

    The interpreter reports what it is asked for before it answers, and cannot be made to stop. Who patches a function
    is seen when the functions are compared with what they were. Makes tampering evident, not impossible.
    """

    def __init__(self, say: Callable[..., None], files: list[str], order: Order) -> None:
        self._say = say
        self._tree = f"{os.getcwd()}/"  # noqa: PTH109 - no pathlib: the submission may patch it
        self._tests = {self._tree + file for file in files}
        self._names = {named(file)[1] for file in files}
        self._folders = {named(path)[0] for path in self._tests} - {self._tree[:-1]}
        self._modules = {name.partition(".")[0] for name in self._names}
        self._theirs = {self._tree + path for path in order["changed"]}
        self._seen = set(order["usual"])
        self._bound = False
        self._busy = threading.local()
        trusted = [sys.modules[name].__file__ or "" for name in ("pytest", "_pytest", "pluggy") if name in sys.modules]
        self._reporters = (__file__, *(f"{named(path)[0]}/" for path in trusted))
        self._through = {
            module.__file__ for name in ("inspect", "traceback") for module in [sys.modules.get(name)] if module
        }
        self._functions = list(functions())
        self._finders = (*sys.meta_path, *sys.path_hooks)

    def begin(self) -> None:
        if self._theirs and hasattr(sys, "addaudithook"):
            sys.addaudithook(self._asked)

    def sign(self, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            self._say("sign", name)

    def compare(self) -> None:
        """Hold the functions that report against what they were."""
        for space, name, before in self._functions:
            value = space.get(name)
            if value is not before and self._is_theirs(value):
                self.sign("runner_patched")
        for finder in {id(each): each for each in (*sys.meta_path, *sys.path_hooks)}.values():
            known = any(finder is each for each in self._finders)
            if not known and self._is_theirs(getattr(finder, "find_spec", finder)):
                self.sign("import_hook")

    def measure(self) -> None:
        """Say when more than half of the room for files that go with the run is taken."""
        for place in ("/tmp", "/dev/shm"):  # noqa: S108 - the sandbox's
            with contextlib.suppress(OSError):
                room = os.statvfs(place)
                if 2 * room.f_bavail < room.f_blocks or (room.f_files and room.f_files - room.f_ffree > 5000):
                    self.sign("disk_filled")

    def _is_theirs(self, value: object) -> bool:
        """Not put there by an installed package, or by a test that patches something for its own time."""
        function = getattr(value, "__func__", getattr(value, "fget", value))
        code = getattr(function, "__code__", getattr(type(function).__call__, "__code__", None))
        path = str(getattr(code, "co_filename", ""))
        return not self._is_test(path) and (code is None or path in self._theirs or path[:1] == "<")

    def _asked(self, event: str, args: tuple[Any, ...]) -> None:
        self._bound = self._bound or event == "socket.bind"
        name = ASKED.get(event)
        if name is None or name in self._seen or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            if event in OPENED:
                name = self._place_sign(args)
            elif event in CAREFUL and not self._is_about_us(event, args):
                name = None
            if name is not None and self._by_submission(sys._getframe(1), event):  # noqa: SLF001 - it has no other name
                self.sign(name)
        finally:
            self._busy.now = False

    def _place_sign(self, args: tuple[Any, ...]) -> str | None:
        """The sign of naming such places."""
        for place in flattened(args):
            if MEMORY.search(place) or place.rstrip("/") == "/proc":
                return "process_memory"
            if SECRETS.search(place):
                return "secret_search"
            folder = place if place.startswith("/") else self._tree + place
            near = named(place)[1] in self._names or folder.rstrip("/") in self._folders
            if near or (" " in place and any(name in place for name in self._names)):
                return "test_files_read"
        return None

    def _is_about_us(self, event: str, args: tuple[Any, ...]) -> bool:
        if event == "import":
            return next(flattened(args[:1]), "").rpartition(".")[2] in self._modules
        if event == "socket.connect":  # a test may have a server of its own
            return not (self._bound and {"127.0.0.1", "::1"} & set(flattened(args[1])))
        if event == "compile":
            path = next(flattened(args[1:2]), "")
            ours = self._is_test(path) or path.startswith(self._reporters) or "importlib" in path
            return ours or (path.startswith(self._tree) and path.endswith(".py"))
        owner, attribute = args[0], args[1]
        if attribute in FRAMES:
            return event == "object.__getattr__"
        path = str(getattr(owner, "__globals__", {}).get("__file__", "")) if attribute == "__code__" else ""
        return self._is_test(path) or path.startswith(self._reporters)

    def _is_test(self, path: str) -> bool:
        return path in self._tests or named(path)[0] in self._folders or named(path)[1] == "conftest.py"

    def _by_submission(self, frame: FrameType | None, event: str) -> bool:
        """Whether its code is the nearest on the stack that could have wanted this."""
        while frame is not None:
            path = frame.f_code.co_filename
            if self._is_test(path) or path.startswith((*self._reporters, "<frozen importlib")):
                return False
            if path in self._theirs:
                return True
            if event in IMMEDIATE and path not in self._through and not returns_frame(frame):
                return False
            frame = frame.f_back
        return True


def named(path: str) -> tuple[str, ...]:
    """Folder and name."""
    return path.rpartition("/")[::2]


def returns_frame(frame: FrameType) -> bool:
    """Whether a function of the standard library was asked by another module for a frame: ``logging`` has one."""
    own, behind = frame.f_code.co_filename, frame.f_back
    return own.endswith("logging/__init__.py") and behind is not None and behind.f_code.co_filename != own


def flattened(value: object) -> Iterator[str]:
    """The texts in *value*, whatever methods their classes have."""
    if isinstance(value, str):
        yield str.__str__(value)
    elif isinstance(value, (bytes, bytearray)):
        yield bytes(value).decode("utf-8", "replace")
    elif isinstance(value, (list, tuple)):
        for each in tuple(value):
            yield from flattened(each)


def functions() -> Iterator[tuple[Mapping[str, object], str, object]]:
    """Functions and classes of the modules that report, and what the classes hold: where, under what name, and what."""
    for name, module in list(sys.modules.items()):
        if not WATCHED.fullmatch(name):
            continue
        spaces = [vars(each) for each in vars(module).values() if isinstance(each, type) and each.__module__ == name]
        for space in (vars(module), *spaces):
            for key, value in list(space.items()):
                if callable(value) or isinstance(value, (property, classmethod, staticmethod)):
                    yield space, key, value


class Witness:
    """The reporter, as a pytest plugin."""

    def __init__(self, channel: Channel, watch: Watch, order: Order) -> None:
        self.say, self._watch = channel.say, watch
        self._expected = None if order["expected"] is None else frozenset(order["expected"])
        self._order_seed = order["order_seed"]
        self._phases: dict[str, list[Any]] = {}

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        if self._order_seed is not None:
            shuffle_within_files(items, random.Random(self._order_seed))  # noqa: S311 - no secret
        if self._expected is None:
            return
        chosen = [item for item in items if item.nodeid in self._expected]
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self._expected])
        items[:] = chosen

    def pytest_collection_finish(self) -> None:
        self._watch.compare()

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.say("test", report.nodeid, "error", text_of(report))

    def pytest_runtest_logreport(self, report: Any) -> None:
        phases = self._phases.setdefault(report.nodeid, [])
        phases.append(report)
        if report.when == "teardown":
            del self._phases[report.nodeid]
            self._watch.compare()
            self.say("test", report.nodeid, *outcome_of(phases))


def forget(names: set[str]) -> None:
    """Pytest keeps what it has of them; the tests get the tree's."""
    for name in [each for each in sys.modules if each.partition(".")[0] in names]:
        del sys.modules[name]


def shuffle_within_files(items: list[Any], chance: random.Random) -> None:
    """Files stay whole: what they share is set up once."""
    places: dict[str, int] = {}
    for item in items:
        places.setdefault(item.nodeid.partition("::")[0], len(places))
    chance.shuffle(items)
    items.sort(key=lambda item: places[item.nodeid.partition("::")[0]])


def outcome_of(phases: list[Any]) -> tuple[str, str]:
    """Outcome and message of one test from its setup, call and teardown."""
    for report in phases:
        if report.failed:
            return ("failed" if report.when == "call" else "error"), text_of(report)
        if report.skipped:
            return ("xfailed" if hasattr(report, "wasxfail") else "skipped"), text_of(report)
        if report.when == "call" and hasattr(report, "wasxfail"):
            return "xpassed", str(report.wasxfail)
    return ("passed", "") if any(report.when == "call" for report in phases) else ("error", "the test was not called")


def text_of(report: Any) -> str:
    """The last words of a report, where pytest puts the reason."""
    lines = [line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return " ".join(lines)[:MESSAGE_CHARACTERS] or report.longreprtext[-MESSAGE_CHARACTERS:]


def preload() -> None:
    """What a session loads of pytest itself; nothing that looks at a tree, an argument or the environment."""
    config = __import__("_pytest.config").config
    for name in (*(f"_pytest.{each}" for each in config.default_plugins), *LATER):
        # A pytest, or a Python, that has none of that name does not import it later either.
        with contextlib.suppress(ImportError):
            __import__(name)


def main() -> None:
    given_fd = int(os.environ.pop("HARNESS_REPORT_FD"))
    roots = os.environ.pop("HARNESS_ROOTS").split(os.pathsep)
    args = sys.argv[1:]
    order: Order = json.load(sys.stdin)
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # before 3.11 there is no -P to keep this file's folder out
    import pytest  # noqa: PLC0415 - before the tree is on the import path

    for flag, name in zip(args, args[1:]):  # noqa: B905, RUF007 - neither word is in Python 3.7
        if flag == "-p" and not name.startswith("no:"):
            __import__(name)
    sys.path[:] = [*roots, *sys.path] if order["own"] else [*sys.path, *roots]
    forget(set(order["own"]) - REPORTER)
    # For interpreters that tests start; this one has its path.
    os.environ["PYTHONPATH"] = os.pathsep.join(roots)
    files = order["files"]
    random.shuffle(files)
    channel = Channel(given_fd, order.pop("nonce"))  # type: ignore[misc]
    watch = Watch(channel.say, files, order)
    plugins = [Witness(channel, watch, order)]
    # Nothing of this file is to be had by its name.
    sys.modules["__main__"] = type(sys)("__main__")
    channel.say("start")
    watch.begin()
    code = int(pytest.main([*args, *files], plugins=plugins))
    watch.compare()
    watch.measure()
    channel.say("end", code)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by sys.exit: exit handlers are the submission's.
    os._exit(code)


if __name__ == "__main__":
    main()
