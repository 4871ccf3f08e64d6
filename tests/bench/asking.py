"""One load on the engine, in a process of its own; prints what it took as JSON.

``python -m tests.bench.asking HOME LOAD N CONCURRENCY [WITHOUT]`` with LOAD one of

- ``model``: N questions to one model. ``{"wall_s", "cpu_s"}``
- ``first-two``, ``wait-all``: N questions to a panel of three. ``{"latencies_s"}``
- ``paced``: N questions at 500 a second; WITHOUT as ``without-journal`` writes nothing down. ``{"cpu_s", "wall_s"}``
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.compare import comparator, group
from harness.content import find_home, load_registry
from harness.core.ballot import Compare
from harness.core.event import Event
from harness.core.ids import CandidateId, ModelId, PolicyName, TraceId
from harness.core.policy import Policy, Quorum
from harness.core.request import user_request
from harness.engine import Consensus, Question, Session, open_session
from harness.engine.calls import Calls

MODELS = (ModelId("stub/a"), ModelId("stub/b"), ModelId("stub/c"))
PANEL = Policy(name=PolicyName("first-two"), panel=MODELS, rule=Quorum(k=2), order="all_at_once", deadline_s=60)
RATE_PER_S = 500

Ask = Callable[[int], Coroutine[Any, Any, None]]


class Nowhere:
    """A journal that forgets."""

    async def append(self, _event: Event) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The questions, and how they are asked."""

    session: Session
    consensus: Consensus

    async def model(self, number: int) -> None:
        outcome = await self.session.engine.ask(question(number), CandidateId(MODELS[0]))
        assert outcome.served, outcome.detail

    async def first_two(self, number: int) -> None:
        """The engine's way: served as soon as two agree, the third call cancelled."""
        await self.session.engine.ask_panel(question(number), self.consensus, CandidateId("consensus/first-two"))

    async def wait_all(self, number: int) -> None:
        """Everybody is waited for, then compared: each model through the same engine, with the same journal."""
        async with asyncio.TaskGroup() as members:
            tasks = [
                members.create_task(self.session.engine.ask(question(number), CandidateId(model))) for model in MODELS
            ]
        ballots = [ballot for task in tasks for ballot in task.result().ballots]
        group(ballots, comparator(Compare()))


def question(number: int) -> Question:
    prompt = f"What is 6*7? ({number}) Answer with the number."
    return Question(request=user_request(prompt, trace_id=TraceId(f"bench/{number}")))


async def as_fast_as_possible(ask: Ask, count: int, concurrency: int, first: int = 0) -> list[float]:
    """Each question's latency in seconds, *concurrency* in flight."""
    latencies_s: list[float] = []

    async def work(numbers: Iterator[int]) -> None:
        for number in numbers:
            began_s = time.perf_counter()
            await ask(number)
            latencies_s.append(time.perf_counter() - began_s)

    numbers = iter(range(first, first + count))
    async with asyncio.TaskGroup() as workers:
        for _ in range(concurrency):
            workers.create_task(work(numbers))
    return latencies_s


async def at_a_rate(ask: Ask, count: int) -> None:
    """One question every 2 ms, whatever became of those before."""
    began_s = time.perf_counter()
    async with asyncio.TaskGroup() as asked:
        for number in range(count):
            asked.create_task(ask(number))
            await asyncio.sleep(max(0.0, began_s + (number + 1) / RATE_PER_S - time.perf_counter()))


async def main(home_name: str, load_name: str, count: int, concurrency: int, without: str = "") -> None:
    home = find_home(flag=Path(home_name), environ={}, cwd=Path(home_name))
    registry = load_registry(home)
    async with open_session(home, registry, journal_name=f"bench-{time.time_ns()}", environ={}) as session:
        if without:
            transport = session.transport
            session.engine.calls = Calls(caller=transport, journal=Nowhere(), bound_usd=transport.bound_usd)
        cards = {model: registry.cards[model] for model in MODELS}
        load = Load(session=session, consensus=Consensus(policy=PANEL, cards=cards))
        if load_name == "paced":
            await at_a_rate(load.model, concurrency)  # not counted: imports, first connections
            began = time.perf_counter(), time.process_time()
            await at_a_rate(load.model, count)
            latencies_s: list[float] = []
        else:
            ask = {"model": load.model, "first-two": load.first_two, "wait-all": load.wait_all}[load_name]
            await as_fast_as_possible(ask, concurrency, concurrency, first=count)
            began = time.perf_counter(), time.process_time()
            latencies_s = await as_fast_as_possible(ask, count, concurrency)
        took = {"wall_s": time.perf_counter() - began[0], "cpu_s": time.process_time() - began[1]}
    print(json.dumps({**took, "latencies_s": latencies_s if load_name in ("first-two", "wait-all") else []}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]))
