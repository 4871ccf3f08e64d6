"""What a runner tells over the private channel, and what does not count as its word.

One line per fact: ``<sign> <n> <Python literal>``, with n counting from 0. The sign is the nonce, or, from a runner
that shares its process with code under test, the BLAKE2b code of the rest of the line with the nonce as its key: then
the nonce is never written. The literal is a tuple that begins with a word: ``("start",)``, ``("test", id, outcome,
message)``, ``("sign", flag)``, ``("end", exit_code)``. Code under test may find the channel and write to it. Unsigned
that is noise; signed, but out of turn, it is a forgery.
"""

import ast
import hashlib
import hmac
from dataclasses import dataclass

from harness.core.execution import TestOutcome, TestResult

NOISE = "report_noise"
"""Flag: something without the nonce was written to the channel."""
FORGED = "forged_report"
"""Flag: something signed that the runner did not write, or a line of the runner that did not arrive."""
WATCHED = frozenset(
    {
        *("audit_hook", "disguised_code", "disk_filled", "frame_inspection", "import_hook", "native_access"),
        *("network_attempt", "process_memory", "runner_patched", "secret_search", "test_files_read"),
    }
)
"""Flags that a runner sees itself: see ``repo_runner.Watch``."""
MESSAGE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a runner said."""

    started: bool = False
    """It got to the point where code under test is about to be loaded."""
    finished: bool = False
    exit_code: int | None = None
    """The one it announced at the end of the session."""
    results: tuple[TestResult, ...] = ()
    """In the order they were reported."""
    flags: tuple[str, ...] = ()


def read_report(raw: bytes, nonce: str) -> Report:
    """What a runner of tests said in *raw*. Never raises: the bytes are hostile."""
    facts, flags = read_facts(raw, nonce)
    return _report(facts, flags)


def read_facts(raw: bytes, nonce: str) -> tuple[list[tuple[object, ...]], set[str]]:
    """The facts in *raw*, in order, and the flags. Never raises: the bytes are hostile."""
    facts: list[tuple[object, ...]] = []
    flags: set[str] = set()
    for line in filter(None, raw.decode("utf-8", "replace").split("\n")):
        sign, _, rest = line.partition(" ")
        if not _signed(sign, rest, nonce):
            flags.add(NOISE)
            continue
        fact = _fact(rest, turn=len(facts))
        if fact is None or _over(facts):
            flags.add(FORGED)
        else:
            facts.append(fact)
    return facts, flags


def _signed(sign: str, rest: str, nonce: str) -> bool:
    code = hashlib.blake2b(rest.encode("utf-8", "replace"), key=nonce.encode(), digest_size=16).hexdigest()
    said = sign.encode("utf-8", "replace")
    return hmac.compare_digest(said, nonce.encode()) or hmac.compare_digest(said, code.encode())


def _fact(text: str, *, turn: int) -> tuple[object, ...] | None:
    number, _, literal = text.partition(" ")
    if number != str(turn):
        return None
    try:
        fact = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return fact if isinstance(fact, tuple) and fact else None


def _over(facts: list[tuple[object, ...]]) -> bool:
    return bool(facts) and facts[-1][0] == "end"


def _report(facts: list[tuple[object, ...]], flags: set[str]) -> Report:
    started, finished = False, False
    exit_code: int | None = None
    results: list[TestResult] = []
    for fact in facts:
        match fact:
            case ("start",):
                started = True
            case ("test", str(name), str(outcome), str(message)) if outcome in set(TestOutcome):
                said = escaped(message[:MESSAGE_CHARACTERS])
                results.append(TestResult(id=escaped(name), outcome=TestOutcome(outcome), message=said))
            case ("sign", str(name)) if name in WATCHED:
                flags.add(name)
            case ("end", int(code)):
                finished, exit_code = True, code
            case _:
                flags.add(FORGED)
    return Report(
        started=started, finished=finished, exit_code=exit_code, results=tuple(results), flags=tuple(sorted(flags))
    )


def printable(raw: bytes) -> str:
    """Hostile output as text that is safe to store and to show on a terminal."""
    return escaped(raw.decode("utf-8", "backslashreplace"))


def escaped(text: str) -> str:
    """*text* with control characters and lone surrogates spelled as escapes; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def last_line(raw: bytes) -> str:
    """The last words of what a program wrote: of a traceback, the error."""
    lines = printable(raw[-4000:]).strip().splitlines()
    return lines[-1].strip() if lines else ""
