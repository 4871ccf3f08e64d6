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
import json
import os
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        order_seed: int | None
        """Shuffles the tests within their files; null leaves them in the order they are written in."""


MESSAGE_CHARACTERS = 1000
LATER = ("_pytest._argcomplete", "code", "faulthandler", "pdb", "readline")
"""What pytest imports when it has begun."""
REPORTER = {"pytest", "_pytest", "pluggy"}
"""What reports; there is one of each in a process."""


class Witness:
    """The reporter, as a pytest plugin."""

    def __init__(self, given_fd: int, order: Order) -> None:
        self._fd = fcntl.fcntl(given_fd, fcntl.F_DUPFD_CLOEXEC, 700)
        os.close(given_fd)
        self._nonce, self._turn, self._write = order.pop("nonce"), 0, os.write  # type: ignore[misc]
        self._expected = None if order["expected"] is None else frozenset(order["expected"])
        self._order_seed = order["order_seed"]
        self._phases: dict[str, list[Any]] = {}

    def say(self, *fact: object) -> None:
        self._write(self._fd, f"\n{self._nonce} {self._turn} {fact!a}\n".encode())
        self._turn += 1

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        if self._order_seed is not None:
            shuffle_within_files(items, random.Random(self._order_seed))  # noqa: S311 - no secret
        if self._expected is None:
            return
        chosen = [item for item in items if item.nodeid in self._expected]
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self._expected])
        items[:] = chosen

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.say("test", report.nodeid, "error", text_of(report))

    def pytest_runtest_logreport(self, report: Any) -> None:
        phases = self._phases.setdefault(report.nodeid, [])
        phases.append(report)
        if report.when == "teardown":
            del self._phases[report.nodeid]
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
    witness = Witness(given_fd, order)
    witness.say("start")
    code = int(pytest.main([*args, *files], plugins=[witness]))
    witness.say("end", code)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by sys.exit: exit handlers are the submission's.
    os._exit(code)


if __name__ == "__main__":
    main()
