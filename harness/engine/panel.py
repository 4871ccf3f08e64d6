"""The only fan-out loop of the house: asks whom the machine names, and feeds it ballots as they arrive."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from harness.consensus import Abstain, Action, Ask, Machine, Serve, Wait
from harness.core.ballot import Ballot
from harness.core.ids import ModelId
from harness.engine.ballots import Role, missing_ballot
from harness.engine.errors import one_error

AskOne = Callable[[ModelId, Role], Awaitable[Ballot]]
"""Asks one model and makes a ballot of what comes back. Never raises for a failure of the model."""
Gather = Callable[[Ballot], Awaitable[None]]
"""Gathers what the comparator needs to see a ballot beside those before it."""


@dataclass(slots=True, kw_only=True)
class Panel:
    """One vote in flight."""

    machine: Machine
    ask_one: AskOne
    deadline_s: float
    grace_s: float
    gather: Gather | None = None
    """Done for one ballot after the other, before the machine hears it: no longer than the deadline."""
    _heard: "asyncio.Queue[Ballot]" = field(default_factory=asyncio.Queue)
    _tasks: dict[ModelId, "asyncio.Task[None]"] = field(default_factory=dict)
    _roles: dict[ModelId, Role] = field(default_factory=dict)
    _grace_ends_s: float | None = None

    async def decide(self) -> Serve | Abstain:
        """Drive the machine to its end.

        Returns as soon as it can decide: calls that are still out are cancelled, and what they can have cost is
        recorded by whoever makes the calls. Raises the HarnessError of a call that could not be made or recorded.
        """
        ends_s = asyncio.get_running_loop().time() + self.deadline_s
        with one_error():
            async with asyncio.TaskGroup() as group:
                action = self.machine.start()
                while not isinstance(action, Serve | Abstain):
                    action = await self._step(action, group, ends_s)
                for task in self._tasks.values():
                    task.cancel()
        return action

    @property
    def sent(self) -> Collection[ModelId]:
        """Whom a call was made to. After the deadline the machine may ask in vain."""
        return self._tasks.keys()

    async def _step(self, action: Ask | Wait, group: asyncio.TaskGroup, ends_s: float) -> Action:
        now_s = asyncio.get_running_loop().time()
        if isinstance(action, Ask):
            if now_s >= ends_s:  # nothing is sent after the deadline: nobody would wait for it
                return self._declare_missing(action.models, self._late(deadline=True), action.role)
            self._send(action, group)
        until_s = self._until_s(action, now_s, ends_s)
        try:
            async with asyncio.timeout_at(until_s):
                ballot = await self._heard.get()
        except TimeoutError:
            if self._heard.empty():
                return self._declare_missing(self.machine.pending, self._late(deadline=until_s == ends_s))
            ballot = self._heard.get_nowait()  # it came in the same moment, and must not be heard after its absence
        await self._gathered(ballot, ends_s)
        return self.machine.heard(ballot)

    async def _gathered(self, ballot: Ballot, ends_s: float) -> None:
        if self.gather is None:
            return
        with suppress(TimeoutError):  # then the comparator has to do without
            async with asyncio.timeout_at(ends_s):
                await self.gather(ballot)

    def _send(self, action: Ask, group: asyncio.TaskGroup) -> None:
        for model in action.models:
            self._roles[model] = action.role
            self._tasks[model] = group.create_task(self._report(model, action.role))

    def _until_s(self, action: Ask | Wait, now_s: float, ends_s: float) -> float:
        if isinstance(action, Ask) or not action.grace:
            self._grace_ends_s = None
            return ends_s
        self._grace_ends_s = self._grace_ends_s or now_s + self.grace_s
        return min(ends_s, self._grace_ends_s)

    def _late(self, *, deadline: bool) -> str:
        return f"no reply within {self.deadline_s:g} s" if deadline else f"no reply {self.grace_s:g} s after the others"

    async def _report(self, model: ModelId, role: Role) -> None:
        self._heard.put_nowait(await self.ask_one(model, role))

    def _declare_missing(self, models: Sequence[ModelId], why: str, role: Role = "panel") -> Action:
        """Stop waiting for *models*; at least one."""
        action: Action = Wait(grace=False)
        for model in models:
            if model in self._tasks:
                self._tasks[model].cancel()
            action = self.machine.heard(missing_ballot(model, why, role=self._roles.get(model, role)))
            if not isinstance(action, Wait):
                break
        return action
