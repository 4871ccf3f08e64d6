"""Facts of running code in isolation. The sandbox gathers them, comparators and graders judge them."""

from dataclasses import dataclass
from enum import StrEnum


class Isolation(StrEnum):
    """How far code was kept from the machine, strongest first."""

    STRICT = "strict"
    """Namespaces and cgroup limits."""
    STANDARD = "standard"
    """Namespaces, resource limits and a watchdog."""
    REDUCED = "reduced"
    """Files and network only."""
    NONE = "none"
    """A plain process: for code one trusts."""

    @property
    def strength(self) -> int:
        """3 for ``STRICT`` down to 0 for ``NONE``."""
        return {"none": 0, "reduced": 1, "standard": 2, "strict": 3}[self.value]


class Ending(StrEnum):
    """How a process ended."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    KILLED = "killed"
    """By a signal that was not ours."""
    OUTPUT = "output"
    """It wrote more than it may."""
    PROCESSES = "processes"
    """It started more processes than it may."""


class TestOutcome(StrEnum):
    """What became of one test, in pytest's words."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    ABSENT = "absent"
    """Expected, and never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test of an execution."""

    __test__ = False

    id: str
    outcome: TestOutcome
    message: str = ""
    """First lines of the failure; hostile text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a program did with one input. One of the last three fields is set."""

    input: str
    """As a call: ``slug('a b')``. Hostile text."""
    value: str | None = None
    """The spelling of the value it returned: equal for equal values of one type. Hostile text."""
    raised: str = ""
    """The nearest built-in class of the exception that it raised."""
    lost: str = ""
    """Why it is not known what it does: it did not end, its value cannot be spelled, it did not do the same twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What one run of code under tests showed."""

    ending: Ending
    exit_code: int | None
    """``None`` when the process did not exit by itself."""
    tests: tuple[TestResult, ...] = ()
    """Sorted by id."""
    outputs: tuple[Output, ...] = ()
    """Of a program that was run on inputs, in their order; empty for all others."""
    finished: bool = False
    """The reporter saw the end of the session over its private channel."""
    wall_s: float
    isolation: Isolation
    flags: tuple[str, ...] = ()
    """Signs of tampering and what was removed before the run: ``canary_passed``, ``protected_path_discarded``, …"""
    log: str = ""
    """Head and tail of what it printed; hostile text."""

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """The behaviour: outcome per test id."""
        return tuple((test.id, test.outcome.value) for test in self.tests)
