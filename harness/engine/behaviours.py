"""What programs of a panel do on inputs that its members make up: asked for, run, and grouped by behaviour.

Nobody is asked for tests before two members have handed in a program. Then each of them is, once: a paid call of the
purpose ``tests``, which shows the task and none of the programs. All programs are run on what all of them wrote; with
every further program that is done anew, so that all are always known on the same inputs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from harness.compare import Grouping, group
from harness.compare.behaviour import SameOutputs
from harness.compare.generated_tests import GeneratedTests, common_function, prompt_for_tests, read_tests
from harness.consensus.picking import Behaviour, execution_agreement, picks
from harness.core.ballot import Ballot
from harness.core.card import Card
from harness.core.execution import Execution, TestOutcome
from harness.core.ids import ModelId
from harness.core.money import sum_known
from harness.core.request import Message, Request, Sampling
from harness.core.response import Finish, Reply, Response
from harness.engine.calls import Calls
from harness.engine.judging import one_reply, question_of
from harness.engine.purse import Purse

TOKENS_MAX = 2048
"""Room for a model that thinks first."""
TESTS_EACH = 16
_LONG_NAME = "f" * 80
"""Of a function, where what its tests may cost is reserved before it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """How programs are run on inputs that models made up."""

    run: Callable[[str, GeneratedTests], Coroutine[None, None, Execution]]
    """What an answer's program does. Raises SandboxError when it cannot be run at all."""
    entry_point: str | None = None
    """The function that is asked for; None: to be found in the programs."""


@dataclass(slots=True, kw_only=True)
class Behaviours:
    """The programs of one vote, and what is known of what they do."""

    comparator: SameOutputs
    observer: Observer
    calls: Calls
    request: Request
    """What the panel was asked."""
    cards: Mapping[ModelId, Card]
    """Of the members, in their order."""
    purse: Purse
    _heard: dict[ModelId, Ballot] = field(default_factory=dict)
    """Those with a program."""
    _replies: dict[ModelId, Reply] = field(default_factory=dict)
    """To the question for tests."""
    _tests: GeneratedTests | None = None
    _executions: dict[str, Execution] = field(default_factory=dict)
    """By program; all of them over the same inputs."""
    _notes: dict[str, None] = field(default_factory=dict)

    def group(self, ballots: Sequence[Ballot]) -> Grouping:
        """Ballots into groups by what their programs do, and which of them execution agreement picks."""
        known = [self._run(ballot) for ballot in ballots]
        return replace(group(known, self.comparator), best=self._best(known))

    async def hear(self, ballot: Ballot) -> None:
        """Find out what the program of *ballot* does, beside those that came before it."""
        if ballot.answer is None:
            return
        self._heard[ballot.model] = ballot
        if len(self._heard) < 2:
            return
        name = self._function()
        if name is None:
            self._note("which function was asked for cannot be told: name it with `function` beside `tests: generated`")
            return
        await self._ask_for_tests(name)
        await self._observe(name)

    def shown(self, ballot: Ballot) -> Ballot:
        """*ballot* with what was seen of its program, and with what its member's tests cost."""
        seen = self._run(ballot)
        tests = self._replies.get(ballot.model)
        if tests is None or ballot.reply is None:
            return seen
        return replace(seen, reply=one_reply((tests, ballot.reply)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know about the tests."""
        if self._tests is None:
            return tuple(self._notes)
        wrote = f"{len(self._tests.tests)} tests on {len(self._tests.inputs)} inputs, written by the panel"
        return (wrote, *self._notes)

    def _function(self) -> str | None:
        known = self.comparator.function or self.observer.entry_point or (self._tests and self._tests.entry_point)
        return known or common_function(self._programs(), question_of(self.request))

    def _programs(self) -> tuple[str, ...]:
        """Different ones, in the order of the panel."""
        in_order = (self._heard[model].answer for model in self.cards if model in self._heard)
        return tuple(dict.fromkeys(answer.text for answer in in_order if answer is not None))

    def _run(self, ballot: Ballot) -> Ballot:
        """*ballot* with the execution of its program, once there is one."""
        execution = None if ballot.answer is None else self._executions.get(ballot.answer.text)
        if ballot.answer is None or execution is None:
            return ballot
        return replace(ballot, answer=replace(ballot.answer, execution=execution))

    # --- asking for tests ---

    async def _ask_for_tests(self, name: str) -> None:
        async with asyncio.TaskGroup() as everyone:
            for model in self._heard:
                if model not in self._replies:
                    everyone.create_task(
                        self._call(self.cards[model], tests_request(self.cards[model], self.request, name))
                    )

    async def _call(self, card: Card, request: Request) -> None:
        bound, left = self.calls.bound_usd(card, request), self.purse.left_usd()
        if left is not None and (bound is None or bound > left):
            self._note(f"{card.id} was not asked for tests: over budget")
            return
        reply: Reply = self.calls.cancelled(card, request)
        self._replies[card.id] = reply
        self.purse.spent_usd += bound or Decimal(0)  # held back for it while others are asked
        try:
            reply = await self.calls.ask(card, request, "tests", limit_usd=None if left is None else bound)
        finally:  # also when nobody waits for it any more: it may be billed
            self._replies[card.id] = reply
            self.purse.spent_usd -= bound or Decimal(0)
            self.purse.pay(reply, bound)

    # --- running programs ---

    async def _observe(self, name: str) -> None:
        replies = (self._replies.get(model) for model in self.cards)
        tests = read_tests([text for text in map(_readable, replies) if text], name)
        if not tests.inputs:
            self._note("no member wrote a test that can be used")
            return
        kept = self._executions if tests == self._tests else {}
        missing = [program for program in self._programs() if program not in kept]
        async with asyncio.TaskGroup() as everyone:
            running = {program: everyone.create_task(self.observer.run(program, tests)) for program in missing}
        # Only now: whoever is interrupted leaves what was known before.
        self._executions = {**kept, **{program: task.result() for program, task in running.items()}}
        self._tests = tests

    def _best(self, ballots: Sequence[Ballot]) -> Ballot | None:
        """Execution agreement's pick; None when nothing speaks for any."""
        ran = [(ballot, ballot.answer.execution) for ballot in ballots if ballot.answer and ballot.answer.execution]
        tests = self._tests.tests if self._tests else ()
        scores = execution_agreement(
            [_behaviour(execution, self._tests) for _, execution in ran], [test.weight for test in tests]
        )
        chosen = picks(scores)
        return ran[chosen[0]][0] if chosen else None

    def _note(self, text: str) -> None:
        self._notes[text] = None


def _behaviour(execution: Execution, tests: GeneratedTests | None) -> Behaviour:
    ended = {test.id: test.outcome is TestOutcome.PASSED for test in execution.tests}
    passed = tuple(ended.get(test.source, False) for test in (tests.tests if tests else ()))
    return Behaviour(outputs=tuple(output.value for output in execution.outputs), passed=passed)


def _readable(reply: Reply | None) -> str:
    """What can be read of it; also of one that was cut off, which lost its last test."""
    return reply.text if isinstance(reply, Response) and reply.finish in (Finish.STOP, Finish.LENGTH) else ""


def tests_request(card: Card, asked: Request, name: str) -> Request:
    """What *card* is asked when it is to write tests, in the trace of the panel's request."""
    prompt = prompt_for_tests(question_of(asked), name, count=TESTS_EACH)
    return Request(
        messages=(Message(role="system", content=prompt.rules), Message(role="user", content=prompt.material)),
        sampling=Sampling(max_tokens=min(TOKENS_MAX, card.context.output or TOKENS_MAX)),
        task_class=asked.task_class,
        trace_id=asked.trace_id,
    )


def reserve_tests_usd(
    cards: Iterable[Card], request: Request, bound: Callable[[Card, Request], Decimal | None]
) -> Decimal | str:
    """What the tests of all *cards* may cost; one line that says why when nothing bounds it."""
    bounds = {card.id: bound(card, tests_request(card, request, _LONG_NAME)) for card in cards}
    unknown = [model for model, most in bounds.items() if most is None]
    if unknown:
        return f"no price is known for {', '.join(unknown)}, or nothing bounds its output: a limit cannot be held"
    return sum_known(bounds.values()) or Decimal(0)
