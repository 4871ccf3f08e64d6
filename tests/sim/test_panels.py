"""Panels under seeded faults: hundreds of worlds, each replayed by its seed alone."""

import asyncio
import random

import pytest

from harness.core.ballot import BallotKind
from harness.core.event import Call, Decided
from harness.core.ids import CandidateId, ModelId
from harness.core.policy import Quorum, Tiebreak, Unanimous
from harness.core.response import FailureKind, Finish
from tests.engine.cases import Table, engine, failure, policy, question, reply
from tests.sim.loop import Deadlock, simulate

FAULTS = (
    FailureKind.OVERLOADED,
    FailureKind.TIMEOUT,
    FailureKind.THROTTLED,
    FailureKind.UNINTELLIGIBLE,
    FailureKind.EMPTY,
)
P = CandidateId("consensus/p")


def world(seed: int):
    """A panel, its policy, and what each member will do."""
    draw = random.Random(seed)
    members = "abcdef"[: draw.randint(2, 6)]
    rule = draw.choice([Quorum(k=2), Quorum(k=min(3, len(members))), Unanimous()])
    tie = draw.choice([None, None, Tiebreak(model=ModelId("t")), Tiebreak(model=ModelId(members[0]))])
    one = policy(
        members,
        rule=rule,
        tiebreak=tie,
        order=draw.choice(["all_at_once", "cheap_first", "accurate_first"]),
        deadline_s=draw.choice([1.0, 60.0]),
        grace_s=draw.choice([0.5, 5.0]),
    )
    replies, delays = {}, {}
    for model in one.members:
        roll = draw.random()
        if roll < 0.55:
            replies[model] = reply(model, draw.choice(["right", "right", "right", "wrong one", "wrong two"]))
        elif roll < 0.7:
            replies[model] = reply(model, "right", finish=draw.choice([Finish.LENGTH, Finish.REFUSAL, Finish.UNKNOWN]))
        else:
            replies[model] = failure(model, draw.choice(FAULTS))
        delays[model] = draw.choice([0.0, draw.uniform(0, 3), 3600.0])
    return one, Table(replies, delays_s=delays)


def run(seed: int):
    one, table = world(seed)
    asked, memory = engine(table, one)
    outcome, took_s = simulate(asked.ask(question(), P))
    return one, table, outcome, memory, took_s


@pytest.mark.parametrize("block", range(8))
def test_every_world_ends_well(block):
    for seed in range(block * 100, block * 100 + 100):
        one, table, outcome, memory, took_s = run(seed)
        told = f"seed {seed}"
        assert took_s <= one.deadline_s + 1e-6, told
        assert len(memory.of(Decided)) == 1, told
        assert len(table.calls) == len(set(table.calls)), f"{told}: somebody was asked twice"
        assert len(memory.of(Call)) == len(table.calls), f"{told}: a call without a record"
        assert sorted(ballot.model for ballot in outcome.ballots) == sorted({b.model for b in outcome.ballots}), told
        voters = [ballot for ballot in outcome.ballots if ballot.kind is BallotKind.ANSWERED]
        assert all(ballot.reply.finish is Finish.STOP for ballot in voters), told
        if outcome.served:
            alike = [ballot for ballot in voters if ballot.answer.text == outcome.answer]
            assert len(alike) >= 2, f"{told}: served on one vote"
            if isinstance(one.rule, Quorum):
                assert len(alike) >= one.rule.k, told
        else:
            assert outcome.reason is not None, told


def test_same_seed_same_outcome():
    for seed in range(50):
        assert run(seed)[2] == run(seed)[2], f"seed {seed}"


def test_a_forgotten_wait_is_an_error_and_no_hang():
    async def forgotten():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        simulate(forgotten())
