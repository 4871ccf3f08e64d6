"""Runs inside the sandbox: a function under test in one process, its tests in another. Imports nothing of the project.

The tests decide in a process that the code under test never enters. Values travel between the two pickled, and only
built-in types, a few of the standard library, and exceptions are accepted back: an object that equals everything,
a patched ``assert`` or a walk up the stack finds nothing to lie to. The code cannot see the expected values, the
nonce or the report channel; and since a process may look into the memory of another of the same user, the judging
one first asks the kernel to be closed to that.

Standard input: two length-prefixed pickles, ``Code`` and ``Tests``; the second is read after the fork, so that it
never was in the memory of the process with the code. Written for start-up time: no ``json``, no ``traceback``.
"""

import _pickle as pickle
import ctypes
import fcntl
import io
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypedDict

FIRST = True
"""``main`` may be called in the first process of a pid namespace, which nothing inside can end: it lets no code in."""
PR_SET_DUMPABLE = 4
MESSAGE_CHARACTERS = 600
CHUNK_BYTES = 1 << 16
DRAINED = 100_000
"""How much of an iterator that was returned is carried over."""
COMMON = (
    *("bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq"),
    *("itertools", "json", "math", "operator", "random", "re", "string", "typing"),
)
SAFE = {
    "builtins": {"set", "frozenset", "bytearray", "complex", "range", "slice", "int", "float", "str", "list", "dict"}
    | {"tuple", "bool", "bytes"},
    "collections": {"OrderedDict", "deque", "Counter", "defaultdict"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
}
"""Classes a value from the other process may be of, by module."""


class Code(TypedDict):
    """The part that the process with the code under test may know."""

    code: str
    prelude: str
    """Trusted source that the tests may use too: the prompt of a completion."""
    entry_point: str
    names: list[str]
    """Names the tests use that only the code under test can define."""
    apart: bool


class Tests(TypedDict):
    """The part that it may not know."""

    nonce: str
    source: str


class Gone(BaseException):
    """The process with the code under test has ended; no ``except Exception`` of a test may hide that."""


class Unportable(Exception):
    """A value that cannot leave its process."""


class Reporter:
    """The tests, and the word of this runner: over a descriptor moved to where no loop over small numbers finds it."""

    def __init__(self, given_fd: int, nonce: str, source: str = "") -> None:
        self.source = source
        self._fd = fcntl.fcntl(given_fd, fcntl.F_DUPFD_CLOEXEC, 700)
        os.close(given_fd)
        self._nonce, self._turn, self._write = nonce, 0, os.write

    def say(self, *fact: object) -> None:
        self._write(self._fd, f"\n{self._nonce} {self._turn} {fact!a}\n".encode())
        self._turn += 1


class Loads(pickle.Unpickler):
    """Unpickles the values that are safe and refuses every other class."""

    def find_class(self, module: str, name: str) -> Any:
        if name in SAFE.get(module, ()):
            return getattr(__import__(module), name)
        raise Unportable(f"a value of type {module}.{name}")


class Line:
    """Length-prefixed pickles over two pipes."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd

    def send(self, value: object) -> None:
        data = pickle.dumps(value, 4)
        left = memoryview(len(data).to_bytes(8, "big") + data)
        try:
            while left:
                left = left[os.write(self._write_fd, left) :]
        except BrokenPipeError:
            raise Gone("the code under test ended its process") from None

    def receive(self) -> Any:
        try:
            data = read_exactly(self._read_fd, int.from_bytes(read_exactly(self._read_fd, 8), "big"))
        except EOFError:
            raise Gone("the code under test ended its process") from None
        return Loads(io.BytesIO(data)).load()


# --- the process with the code under test ---------------------------------------------------------------------------


def serve(line: Line, given: Code) -> None:
    """Load the code once the judging process has read the tests, then answer calls until nobody asks any more."""
    line.receive()
    module = type(sys)("solution")
    sys.modules["solution"] = module
    space = module.__dict__
    try:
        exec(compile(given["code"], "solution.py", "exec"), space)  # noqa: S102 - what this is for
    except Exception as error:  # noqa: BLE001 - whatever the code raises is reported
        line.send(("broken", *described(error)))
        return
    wanted = [given["entry_point"], *given["names"]]
    known: list[object] = [space[name] for name in wanted if name in space]
    line.send(("loaded", {name: portable(space[name], known) for name in wanted if name in space}))
    while True:
        answer(line, known, *line.receive())


def answer(line: Line, known: list[object], handle: int, args: list[object], kwargs: dict[str, object]) -> None:
    try:
        result = known[handle](*args, **kwargs)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - the test may expect it
        line.send(("raised", *described(error)))
        return
    for position, argument in enumerate(args):
        if result is argument:
            reply: tuple[object, ...] = ("same", position)
            break
    else:
        reply = portable(result, known)
    try:
        line.send((*reply, args, kwargs))
    except Exception:  # noqa: BLE001 - a value that does not pickle is the code's affair
        line.send(("opaque", type(result).__name__, [], {}))


def portable(value: object, known: list[object]) -> tuple[object, object]:
    """*value* as something that can leave this process."""
    if callable(value):
        known.append(value)
        return ("call", len(known) - 1)
    if hasattr(value, "__next__"):
        return ("iterate", [item for item, _ in zip(value, range(DRAINED), strict=False)])  # type: ignore[call-overload]
    try:
        pickle.dumps(value, 4)
    except Exception:  # noqa: BLE001 - see above
        return ("opaque", type(value).__name__)
    return ("value", value)


def described(error: Exception) -> tuple[str, str]:
    """The nearest built-in class of *error*, and its text."""
    names = [each.__name__ for each in type(error).__mro__ if each.__module__ == "builtins"]
    own = "" if type(error).__module__ == "builtins" else f"{type(error).__name__}: "
    return names[0], own + str(error)[:MESSAGE_CHARACTERS]


# --- the process with the tests -------------------------------------------------------------------------------------


class Remote:
    """Calls a function of the other process. Equal, in use, to the function itself."""

    def __init__(self, line: Line, handle: int) -> None:
        self._line, self._handle = line, handle

    def __call__(self, *args: object, **kwargs: object) -> object:
        try:
            self._line.send((self._handle, list(args), kwargs))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise Unportable(f"the tests pass a value that cannot leave its process ({error})") from None
        kind, *rest = self._line.receive()
        if kind == "raised":
            raise exception(*rest)
        if len(rest) != 3:
            raise Gone("the code under test answered out of turn")
        what, seen, named = rest
        renew(list(args), seen)
        renew([kwargs[name] for name in named if name in kwargs], [named[name] for name in named if name in kwargs])
        return args[what] if kind == "same" else local((kind, what), self._line)


def local(ported: tuple[str, Any], line: Line) -> object:
    """What ``portable`` made of a value, as the tests see it."""
    kind, what = ported
    if kind == "call":
        return Remote(line, what)
    if kind == "iterate":
        return iter(what)
    if kind == "opaque":
        raise Unportable(f"a value of type {what} was returned, which cannot leave its process")
    return what


def renew(mine: list[object], theirs: list[object]) -> None:
    """Let what the function did to its arguments be seen in ours."""
    for own, new in zip(mine, theirs, strict=False):
        if type(own) is not type(new) or own == new:
            continue
        if isinstance(own, list | bytearray):
            own[:] = new  # type: ignore[call-overload]
        elif isinstance(own, dict | set):
            own.clear()
            own.update(new)  # type: ignore[call-overload, arg-type]


def exception(name: str, text: str) -> Exception:
    kind = getattr(sys.modules["builtins"], name, None)
    try:
        return kind(text) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(text)
    except TypeError:  # UnicodeDecodeError and its like want more arguments
        return RuntimeError(f"{name}: {text}")


def judge(line: Line, given: Code, space: dict[str, Any], session: Reporter) -> None:
    """Run the tests against what the other process says it has loaded."""
    line.send("load")
    kind, *rest = line.receive()
    if kind == "broken":
        run_tests(session, space, None, exception(*rest))
        return
    # Only what was asked for: a lying process must not give the tests another `abs`.
    for name in (name for name in given["names"] if name in rest[0]):
        space[name] = local(rest[0][name], line)
    candidate = rest[0].get(given["entry_point"])
    if candidate is None:
        run_tests(session, space, None, NameError(f"the code does not define {given['entry_point']!r}"))
        return
    space[given["entry_point"]] = local(candidate, line)
    run_tests(session, space, space[given["entry_point"]], None)


def load(source: str, name: str, space: dict[str, Any]) -> Exception | None:
    try:
        exec(compile(source, name, "exec"), space)  # noqa: S102 - what this is for
    except Exception as error:  # noqa: BLE001 - reported
        return error
    return None


def run_tests(session: Reporter, space: dict[str, Any], candidate: object, broken: BaseException | None) -> None:
    fault = load(session.source, "<tests>", space)
    if fault is not None:
        session.say("test", "<tests>", "error", message(fault, session.source))
    for name in [name for name in space if name == "check" or name.startswith("test_")]:
        test = space[name]
        if callable(test) and not isinstance(test, Remote):
            outcome, text = run_test(test, [candidate] if name == "check" else [], session.source, broken)
            session.say("test", name, outcome, text)


def run_test(
    test: Callable[..., object], args: list[object], source: str, broken: BaseException | None
) -> tuple[str, str]:
    if broken is not None:
        return "failed", message(broken, "")
    try:
        test(*args)
    except Unportable as error:
        return "failed", f"{error}; `meta: {{in_process: true}}` runs code and tests in one process"
    except (Exception, Gone) as error:  # noqa: BLE001 - a failing test is a result
        return "failed", message(error, source)
    return "passed", ""


def message(error: BaseException, source: str) -> str:
    """One line: the line of the tests that failed, and the error."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    lines = source.splitlines()
    where = f"{lines[line - 1].strip()[:MESSAGE_CHARACTERS]}: " if 0 < line <= len(lines) else ""
    return (where + text[:MESSAGE_CHARACTERS]).replace("\n", " ")


def set_dumpable(value: int) -> None:
    """With 1, other processes of this user may trace this one and open its memory; with 0, none may."""
    if prctl := getattr(ctypes.pythonapi, "prctl", None):
        prctl(PR_SET_DUMPABLE, value, 0, 0, 0)


def stand_aside() -> None:
    """Go on in a child, if this is the first process: it does nothing but wait for that one, and holds nothing."""
    child = os.fork() if os.getpid() == 1 else 0
    set_dumpable(int(not child))
    if not child:
        return
    os.closerange(0, 4096)
    while (ended := os.wait())[0] != child:
        pass
    code = os.waitstatus_to_exitcode(ended[1])
    os._exit(code if code >= 0 else 128 - code)


def together(given: Code, session: Reporter) -> None:
    """Code and tests in one process: for tests that need more than values. Can be fooled; the grader says so."""
    module = type(sys)("solution")
    sys.modules["solution"] = module
    space = module.__dict__
    broken = load(given["code"], "solution.py", space)
    run_tests(session, space, space.get(given["entry_point"]), broken)


def split() -> tuple[Line, bool]:
    """Fork; a line to the other process, and whether this is the one with the code."""
    set_dumpable(0)
    to_code, to_tests = os.pipe(), os.pipe()
    with_code = os.fork() == 0
    os.close(to_code[1] if with_code else to_code[0])
    os.close(to_tests[0] if with_code else to_tests[1])
    return (Line(to_code[0], to_tests[1]) if with_code else Line(to_tests[0], to_code[1])), with_code


def work(line: Line, given: Code, report_fd: int) -> NoReturn:
    os.close(report_fd)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        serve(line, given)
    finally:
        os._exit(0)


def read_part() -> Any:
    """The next pickle on standard input, and not a byte more."""
    return pickle.loads(read_exactly(0, int.from_bytes(read_exactly(0, 8), "big")))


def read_exactly(fd: int, count: int) -> bytes:
    """Raises EOFError if there is less."""
    chunks = []
    while count:
        chunk = os.read(fd, min(count, CHUNK_BYTES))
        if not chunk:
            raise EOFError("the other side handed over less than it announced")
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def open_session(report_fd: int) -> Reporter:
    tests: Tests = read_part()
    session = Reporter(report_fd, **tests)
    session.say("start")
    return session


def preload() -> None:
    """What programs and their tests import all the time, of the standard library: harmless to have, slow to get."""
    for name in COMMON:
        __import__(name)
    getattr(ctypes.pythonapi, "prctl", None)


def main() -> None:
    report_fd = int(os.environ.pop("HARNESS_REPORT_FD"))
    given: Code = read_part()
    if not given["apart"]:
        stand_aside()
        session = open_session(report_fd)
        together(given, session)
    else:
        # Before the fork, so that what it imports is imported once.
        space: dict[str, Any] = {"__name__": "tests"}
        load(given["prelude"], "<prompt>", space)
        line, with_code = split()
        if with_code:
            work(line, given, report_fd)
        session = open_session(report_fd)
        try:
            judge(line, given, space, session)
        except Gone as error:
            run_tests(session, space, None, error)
    session.say("end", 0)
    os._exit(0)


if __name__ == "__main__":
    main()
