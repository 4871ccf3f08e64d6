"""Runs inside the sandbox: one program on inputs that models made up, then their tests on what it returned.

The same two sides as in ``code_runner``, which this uses: processes with the program, which know neither the tests nor
the channel, and one that judges, which the program never enters. Every input is one call with a limit on its time of
the processor; a process that is lost over it is replaced by the next of a few that were forked before the tests were
read. A test is an expression over recorded outputs: no program is called for it.

Standard input: two length-prefixed pickles, ``Program`` and ``Asked``.
"""

import hashlib
import io
import math
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict

if TYPE_CHECKING:
    from harness.evals.grading import code_runner
else:  # beside this file, or where it is mounted when this one is kept warm under another name
    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - see code_runner: start-up time
    sys.path.insert(0, own if os.path.exists(f"{own}/code_runner.py") else "/h")  # noqa: PTH110 - see above
    import code_runner

    del sys.path[0]

REPLY_BYTES = 4 << 20
SPELLING_MAX = 200_000
SHOWN = 160
NODES_MAX = 100_000
FUNCTIONS = (
    *(abs, bool, dict, float, frozenset, int, isinstance, len, list, max, min, round, set, sorted, str, sum, tuple),
    type,
)


class Program(TypedDict):
    """What the processes with the program may know."""

    code: str
    entry_point: str
    load_s: float
    call_s: float
    """Of the processor's time, for one input."""
    processes: int
    """How often a process may be lost, and one more."""


class Asked(TypedDict):
    """What they may not know."""

    nonce: str
    inputs: list[tuple[int, tuple[object, ...], dict[str, object]]]
    """In the order in which they are to be tried."""
    tests: list[tuple[int, str]]
    wait_s: float
    """How long an answer is waited for at most, whether or not the processor was busy with it."""


class Expired(BaseException):
    """A test took too long."""


class Lost(Exception):
    """It is not known what the program does with an input."""


class TooLong(Exception):
    """A value that is too large to be spelled."""


class Wire:
    """Length-prefixed pickles to another process and back."""

    def __init__(self, read_fd: int, write_fd: int, pid: int = 0) -> None:
        self._read_fd, self._write_fd, self._pid = read_fd, write_fd, pid

    def send(self, value: object) -> None:
        data = pickle.dumps(value, 4)
        left = memoryview(len(data).to_bytes(8, "big") + data)
        while left:
            left = left[os.write(self._write_fd, left) :]

    def receive(self) -> bytes:
        """Raises EOFError when the other side is gone, or says more than anybody has to say."""
        length = int.from_bytes(code_runner.read_exactly(self._read_fd, 8), "big")
        if length > REPLY_BYTES:
            raise EOFError
        return code_runner.read_exactly(self._read_fd, length)

    def ask(self, value: object, wait_s: float) -> bytes:
        """The reply to *value*, as it came. Raises Gone when there is none in time."""
        waiting = select.poll()
        waiting.register(self._read_fd, select.POLLIN)
        try:
            self.send(value)
            if waiting.poll(int(wait_s * 1000)):
                return self.receive()
        except (BrokenPipeError, EOFError):
            pass
        raise code_runner.Gone("no whole reply")

    def close(self) -> None:
        os.close(self._read_fd)
        os.close(self._write_fd)

    def end(self) -> None:
        """End the process on the other side, if it has not ended."""
        try:
            os.kill(self._pid, signal.SIGKILL)
        except OSError:
            return


# --- the processes with the program ---------------------------------------------------------------------------------


def limited(seconds: float) -> None:
    """End this process once it has used so much of the processor; 0: never."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def live(wire: Wire, given: Program) -> None:
    """Load the program when the other side is ready, then answer its calls."""
    wire.receive()
    module = type(sys)("solution")
    sys.modules["solution"] = module
    limited(given["load_s"])
    try:
        exec(compile(given["code"], "solution.py", "exec"), module.__dict__)  # noqa: S102 - what this is for
    except BaseException as error:  # noqa: BLE001 - whatever it raises is a fact about it
        wire.send(("broken", *code_runner.described(error)))  # type: ignore[arg-type]
        return
    finally:
        limited(0)
    function = module.__dict__.get(given["entry_point"])
    if not callable(function):
        wire.send(("broken", "NameError", f"the program does not define {given['entry_point']!r}"))
        return
    wire.send(("loaded",))
    while True:
        args, kwargs = pickle.loads(wire.receive())  # noqa: S301 - the other side is trusted
        wire.send(called(function, args, kwargs, given["call_s"]))


def called(function: Callable[..., object], args: list[object], kwargs: dict[str, object], call_s: float) -> object:
    """What becomes of one call: the value with what is left of the arguments, or the exception."""
    limited(call_s)
    try:
        kind, value = code_runner.portable(function(*args, **kwargs), [])
        reply = (kind, value, args) if value is None else (kind, value, [])
        pickle.dumps(reply, 4)
    except BaseException as error:  # noqa: BLE001 - see above
        return ("raised", *code_runner.described(error))  # type: ignore[arg-type]
    finally:
        limited(0)
    return reply


def born(given: Program, report_fd: int, others: Iterable[Wire]) -> Wire:
    """The wire to a new process, which waits to be told to load the program."""
    to_code, to_tests = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for each in others:
                each.close()
            os.close(to_code[1])
            os.close(to_tests[0])
            go_quiet(report_fd)
            live(Wire(to_code[0], to_tests[1]), given)
        finally:
            os._exit(0)
    os.close(to_code[0])
    os.close(to_tests[1])
    return Wire(to_tests[0], to_code[1], pid)


def go_quiet(report_fd: int) -> None:
    os.close(report_fd)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


# --- the process with the tests -------------------------------------------------------------------------------------


class Caller:
    """Calls the program, in the next process where one was lost."""

    def __init__(self, wires: list[Wire], wait_s: float) -> None:
        self._rest, self._wait_s = wires[::-1], wait_s
        self._wire: Wire | None = None
        self._broken: tuple[str, str] | None = None

    def call(self, args: tuple[object, ...], kwargs: dict[str, object]) -> bytes | tuple[str, str]:
        """The reply, pickled, or class and text of the exception with which the program does not even load."""
        if self._wire is None:
            self._wire = self._loaded()
        if self._broken is not None:
            return self._broken
        try:
            return self._wire.ask((list(args), kwargs), self._wait_s)
        except code_runner.Gone:
            self._wire.end()
            self._wire = None
            raise Lost("the call did not end in time, or ended its process") from None

    def _loaded(self) -> Wire:
        """The next process, with the program loaded."""
        if not self._rest:
            raise Lost("not tried: too many calls before it did not end")
        wire = self._rest.pop()
        try:
            what = code_runner.Loads(io.BytesIO(wire.ask("load", self._wait_s))).load()
        except code_runner.Gone:
            wire.end()
            self._rest.clear()  # it would do the same again
            raise Lost("the program did not load in time, or ended its process") from None
        if what[0] == "broken":
            self._broken = (str(what[1]), str(what[2]))
        return wire


class Seen:
    """What the program did with one input."""

    def __init__(self, reply: bytes | None, raised: tuple[str, str] | None) -> None:
        self._reply, self._raised = reply, raised

    def value(self) -> object:
        """What it returned, made anew: tests may change it. Raises what it raised."""
        if self._raised is not None:
            raise code_runner.exception(*self._raised)
        kind, value, _ = self._read()
        return iter(value) if kind == "iterate" else value

    def fact(self, args: tuple[object, ...]) -> tuple[str, str]:
        """A word and its text for the report; *args* are what it was called with."""
        if self._raised is not None:
            return "raised", self._raised[0]
        kind, value, left = self._read()
        text = Spelling().of(value)
        if kind == "iterate":
            text = f"iterator of {text}"
        if value is None and Spelling().of(left) != Spelling().of(list(args)):
            text = f"None, with its arguments left as {Spelling().of(left)}"
        return "value", shortened(text)

    def _read(self) -> tuple[str, Any, object]:
        assert self._reply is not None, "it returned something"
        kind, value, left = code_runner.Loads(io.BytesIO(self._reply)).load()
        if kind not in ("value", "iterate"):
            raise Lost(
                f"it returned a value of type {value if kind == 'opaque' else 'function'}, which is not compared"
            )
        return kind, value, left


class Spelling:
    """Values as text: equal ones of a type alike, whatever their order in memory or the last bit of a float."""

    def __init__(self) -> None:
        self._nodes = self._characters = 0

    def of(self, value: Any) -> str:
        self._nodes += 1
        text = self._spelled(value)
        self._characters += len(text)
        # What is shared inside a value is spelled as often as it is seen: a few bytes can be endless.
        if self._nodes > NODES_MAX or self._characters > 10 * SPELLING_MAX or len(text) > SPELLING_MAX:
            raise TooLong
        return text

    def _spelled(self, value: Any) -> str:
        kind = type(value)
        if kind in PLAIN:
            return PLAIN[kind](value)
        if isinstance(value, dict):
            pairs = sorted(f"{self.of(key)}: {self.of(item)}" for key, item in value.items())
            return f"{'' if kind is dict else kind.__name__}{{{', '.join(pairs)}}}"
        if kind in (set, frozenset):
            return f"{kind.__name__}{{{', '.join(sorted(map(self.of, value)))}}}"
        if kind is tuple:
            return f"({', '.join(map(self.of, value))}{',' if len(value) == 1 else ''})"
        if kind is list or kind.__name__ == "deque":
            return f"{'' if kind is list else kind.__name__}[{', '.join(map(self.of, value))}]"
        return ascii(value)


def number(value: float) -> str:
    """Twelve digits: what is left out depends on the order of a sum."""
    text = f"{value + 0.0:.12g}"
    return text if any(letter in text for letter in ".ein") else f"{text}.0"


PLAIN: dict[type, Callable[[Any], str]] = {
    float: number,
    complex: lambda value: f"complex({number(value.real)}, {number(value.imag)})",
    int: lambda value: hex(value) if abs(value) > 10**18 else str(value),
}


def shortened(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    return f"{text[:SHOWN]}… ({len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()[:32]})"


def observe(caller: Caller, asked: Asked, say: Callable[..., None]) -> dict[int, Seen]:
    """Try every input, and say what was seen."""
    found: dict[int, Seen] = {}
    for place, args, kwargs in asked["inputs"]:
        try:
            reply = caller.call(args, kwargs)
            seen = outcome_of(reply)
            fact = seen.fact(args)
        except (Lost, code_runner.Unportable) as error:
            say("lost", place, str(error))
            continue
        except (TooLong, RecursionError, MemoryError):
            say("lost", place, "it returned a value that is too large to be compared")
            continue
        except Exception:  # noqa: BLE001 - the bytes are hostile
            say("lost", place, "what it returned cannot be read")
            continue
        found[place] = seen
        say(fact[0], place, fact[1])
    return found


def outcome_of(reply: bytes | tuple[str, str]) -> Seen:
    if isinstance(reply, tuple):
        return Seen(None, reply)
    what = code_runner.Loads(io.BytesIO(reply)).load()
    return Seen(None, (str(what[1]), str(what[2]))) if what[0] == "raised" else Seen(reply, None)


def expire(*_: object) -> NoReturn:
    raise Expired


def holds(expression: str, seen: dict[int, Seen], call_s: float) -> bool:
    """Whether *expression* is true of what was *seen*; one that cannot be computed is not."""

    def output(place: int) -> object:
        if place not in seen:
            raise Lost
        return seen[place].value()

    space: dict[str, Any] = {each.__name__: each for each in FUNCTIONS}
    space |= {"__builtins__": {}, "_": output, "math": math}
    signal.setitimer(signal.ITIMER_PROF, call_s)
    try:
        return bool(eval(compile(expression, "<test>", "eval"), space))  # noqa: S307 - harmless: see compare.generated_tests
    except (Exception, Expired):  # noqa: BLE001 - a test that cannot be computed is not passed
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def preload() -> None:
    """What programs import all the time."""
    code_runner.preload()


def main() -> None:
    report_fd = int(os.environ.pop("HARNESS_REPORT_FD"))
    given: Program = code_runner.read_part()
    code_runner.set_dumpable(False)
    wires: list[Wire] = []
    for _ in range(given["processes"]):
        wires.append(born(given, report_fd, wires))
    asked: Asked = code_runner.read_part()
    reporter = code_runner.Reporter(report_fd, asked["nonce"])
    reporter.say("start")
    seen = observe(Caller(wires, asked["wait_s"]), asked, reporter.say)
    signal.signal(signal.SIGPROF, expire)
    for place, expression in asked["tests"]:
        reporter.say("test", place, holds(expression, seen, given["call_s"]))
    reporter.say("end", 0)
    for wire in wires:
        wire.end()
    os._exit(0)


if __name__ == "__main__":
    main()
