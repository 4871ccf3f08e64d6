"""The benchmarks: each measures both sides in turn, round by round, and gives the median of the rounds' ratios."""

import json
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.measure import ROOT, Figure, Spent, median, others, script, spend
from tests.bench.world import Stub, make_home, stub

KIT = ROOT.parent / "shared" / "perf_kit"
IN_FLIGHT = 100
SAMPLES = (1_000, 10_000)
HEAVY = ("duckdb", "datasets", "jinja2", "httpx")
"""What ``import harness`` must not bring in."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """Where and how much is measured."""

    folder: Path
    quick: bool
    load: list[float] = field(default_factory=list)
    """Others' share of the processors before each round of the figure being taken."""

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    def size(self, full: int) -> int:
        """*full*, or a fifth of it when it should be quick."""
        return full // 5 if self.quick else full

    def each_round(self, what: str, rounds: int | None = None) -> Iterator[int]:
        """The numbers of the rounds; before each, what else the machine is doing is taken down and told."""
        self.load = []
        for number in range(rounds or self.rounds):
            self.load.append(others())
            told = f"{what}: round {number + 1}, others use {100 * self.load[-1]:.0f} % of the processors"
            print(told, file=sys.stderr, flush=True)
            yield number

    def home(self, name: str, port: int, tasks: int = 1) -> Path:
        return make_home(self.folder / name, port=port, tasks=tasks)


def figure(bench: Bench, name: str, rounds: Sequence[float], detail: str, **target: Any) -> Figure:
    return Figure(
        name=name, value=median(rounds), rounds=tuple(rounds), load=tuple(bench.load), detail=detail, **target
    )


def harness_tax(bench: Bench) -> list[Figure]:
    """CPU and memory of one more sample of ``harness run``, from the growth between two sizes."""
    small, large = (bench.size(size) for size in SAMPLES)
    more = large - small
    taxes, floors, ours, memory = [], [], [], []
    with stub(bench.folder, "const", 0) as server:
        homes = {size: bench.home(f"tax-{size}", server.port, size) for size in (small, large)}
        for _ in bench.each_round("harness tax"):
            least = [floor(bench, server, size) for size in (small, large)]
            run = [evaluate(homes[size]) for size in (small, large)]
            floors.append((least[1].cpu_s - least[0].cpu_s) / more)
            ours.append((run[1].cpu_s - run[0].cpu_s) / more)
            memory.append((run[1].rss_bytes - run[0].rss_bytes) / more / 1024)
            taxes.append(ours[-1] / floors[-1] if floors[-1] > 0 else float("inf"))
    detail = f"{micro(ours)} against {micro(floors)} of CPU per sample, {small} to {large} samples, {floor_name()}"
    return [
        figure(bench, "harness tax", taxes, detail, at_most=10),
        figure(bench, "memory per sample", memory, "growth of the peak over the same runs", unit="KB", at_most=4),
    ]


def floor_name() -> str:
    return "floor of the kit" if KIT.exists() else "floor of tests/bench"


def floor(bench: Bench, server: Stub, samples: int) -> Spent:
    """The least that *samples* can cost."""
    if not KIT.exists():
        return spend(script("floor", server.port, samples, IN_FLIGHT))
    (bench.folder / "peers").mkdir(exist_ok=True)  # where the kit's program puts its database
    return spend(
        [sys.executable, str(KIT / "floor.py"), str(server.port), str(samples), str(IN_FLIGHT)], cwd=bench.folder
    )


def evaluate(home: Path) -> Spent:
    """``harness run`` of all the home's questions, from nothing."""
    shutil.rmtree(home / ".harness", ignore_errors=True)
    words = ["run", "sums", "--models", "stub/a", "--concurrency", str(IN_FLIGHT), "--home", str(home), "--json"]
    spent = spend([sys.executable, "-m", "harness", *words])
    counted = json.loads(spent.stdout)["candidates"]["stub/a"]
    assert counted["resolved"] == counted["trials"], counted
    return spent


def engine_speed(bench: Bench) -> list[Figure]:
    """Requests per second beside bare aiohttp, the price of concurrency, and how connections are reused."""
    speeds, prices, reuse = [], [], []
    few, many = bench.size(1_000), bench.size(10_000)
    with stub(bench.folder, "const", 50) as server:
        home = bench.home("engine", server.port)
        for _ in bench.each_round("engine", rounds=min(3, bench.rounds)):
            server.reset()
            engine = told(script("asking", home, "model", many, IN_FLIGHT))
            reuse.append(server.stats()["opened"] / IN_FLIGHT)
            bare = told(script("raw", server.port, many, IN_FLIGHT))
            speeds.append(bare["wall_s"] / engine["wall_s"])
            crowd = told(script("asking", home, "model", many, 1_000))
            handful = told(script("asking", home, "model", few, 10))
            prices.append((crowd["cpu_s"] / many) / (handful["cpu_s"] / few))
    return [
        figure(bench, "requests/s", speeds, f"engine / bare aiohttp, 50 ms, {IN_FLIGHT} in flight", at_least=0.8),
        figure(bench, "CPU per request", prices, "1000 in flight / 10 in flight, 50 ms", at_most=1.5),
        figure(
            bench, "connections opened", reuse, f"per request in flight ({IN_FLIGHT}), {many} requests", at_most=1.1
        ),
    ]


def first_two(bench: Bench) -> list[Figure]:
    """Latency of stopping when two of three agree, as a share of waiting for all three."""
    shares: dict[int, list[float]] = {50: [], 95: [], 99: []}
    count = bench.size(1_500)
    with stub(bench.folder, "lognormal", 200, 2000, 0.08) as server:
        home = bench.home("voting", server.port)
        for _ in bench.each_round("first two that agree", rounds=min(3, bench.rounds)):
            early = told(script("asking", home, "first-two", count, 50))["latencies_s"]
            late = told(script("asking", home, "wait-all", count, 50))["latencies_s"]
            for rank, kept in shares.items():
                kept.append(percentile(early, rank) / percentile(late, rank))
    detail = f"stopping at two that agree / waiting for all three; {count} questions, p50 200 ms, p99 2 s, 8 % dissent"
    return [figure(bench, f"early exit, p{rank}", kept, detail, at_most=0.55) for rank, kept in shares.items()]


def journal_price(bench: Bench) -> list[Figure]:
    """CPU that writing every call down costs, at a steady rate."""
    extra = []
    count = bench.size(2_500)
    with stub(bench.folder, "const", 50) as server:
        home = bench.home("journal", server.port)
        for _ in bench.each_round("journal"):
            kept = told(script("asking", home, "paced", count, 250))
            forgotten = told(script("asking", home, "paced", count, 250, "without-journal"))
            extra.append((kept["cpu_s"] - forgotten["cpu_s"]) / count * 1e6)
    detail = "more CPU per call with the journal than without, 500 calls/s, 50 ms"
    return [figure(bench, "journal", extra, detail, unit="µs", at_most=200)]


def startup(bench: Bench) -> list[Figure]:
    """``harness --help`` beside an empty Python; what importing the package brings in."""
    command = Path(sys.executable).with_name("harness")
    overview = [str(command)] if command.exists() else [sys.executable, "-m", "harness"]
    shares = []
    spend([*overview, "--help"])  # not counted: writes the byte code
    for _ in bench.each_round("startup", rounds=1):
        for _ in range(bench.size(20)):
            helped, nothing = spend([*overview, "--help"]), spend([sys.executable, "-c", "pass"])
            shares.append(helped.wall_s / nothing.wall_s)
    probe = f"import sys, harness; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    brought = spend([sys.executable, "-c", probe]).stdout.split()
    detail = f"imports {', '.join(brought)}" if brought else f"imports none of {', '.join(HEAVY)}"
    return [
        figure(bench, "harness --help", shares, "wall clock, as multiples of python -c pass", at_most=5),
        Figure(name="import harness", value=len(brought), unit="heavy modules", at_most=0, detail=detail),
    ]


def executions(bench: Bench) -> list[Figure]:
    """Programs graded per second on one core; for information."""
    name, unit = "sandboxed executions", "/s per core"
    if shutil.which("bwrap") is None:
        return [Figure(name=name, value=None, unit=unit, detail="bubblewrap is not installed")]
    count = bench.size(100)
    rates = [count / told(script("executing", count))["wall_s"] for _ in bench.each_round("sandbox")]
    detail = "code suite, one after the other, each in a fresh bubblewrap"
    return [figure(bench, name, rates, detail, unit=unit)]


def store_sync(bench: Bench) -> list[Figure]:
    """Taking a journal over into all tables, beside DuckDB reading the same lines as they are."""
    speeds = []
    samples = bench.size(SAMPLES[1])
    with stub(bench.folder, "const", 0) as server:
        home = bench.home("store", server.port, samples)
        evaluate(home)
    journals = home / ".harness" / "journal"
    for _ in bench.each_round("store"):
        ours = told(script("reading", "sync", journals))["wall_s"]
        speeds.append(told(script("reading", "read_json", journals))["wall_s"] / ours)
    detail = f"rows per second, store sync / read_json of the same journal of {samples} samples"
    return [figure(bench, "store sync", speeds, detail, at_least=0.7)]


BENCHES: Mapping[str, Callable[[Bench], list[Figure]]] = {
    "tax": harness_tax,
    "engine": engine_speed,
    "early-exit": first_two,
    "journal": journal_price,
    "startup": startup,
    "sandbox": executions,
    "store": store_sync,
}


def told(argv: Sequence[str]) -> Mapping[str, Any]:
    """What a program of this folder measured of itself."""
    result: Mapping[str, Any] = json.loads(spend(argv).stdout)
    return result


def percentile(values: Sequence[float], rank: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1]


def micro(seconds: Sequence[float]) -> str:
    return f"{median(seconds) * 1e6:.0f} µs"
