"""Paths on which a paid reply, a vote or the truth about the money could be lost."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from harness.core.ballot import BallotKind, Compare, Extract
from harness.core.card import Context
from harness.core.errors import ConfigError, JournalError, SandboxError
from harness.core.event import Call, Decided
from harness.core.ids import CandidateId, ModelId, ProfileName
from harness.core.money import Price, Rates
from harness.core.outcome import Reason
from harness.core.policy import Tiebreak
from harness.core.request import Sampling
from harness.core.response import FailureKind, Finish
from harness.engine.budget import fit
from harness.routing import Profile
from harness.transport.bounds import bound_usd
from tests.engine.cases import Memory, Table, card, engine, failure, policy, question, reply

P = CandidateId("consensus/p")
T = Tiebreak(model=ModelId("t"))


def ask(table, *policies, candidate=P, one=None, **fields):
    asked, memory = engine(table, *policies, **fields)
    return asyncio.run(asked.ask(one or question(), candidate)), memory


@dataclass
class FullDisk(Memory):
    """Takes *room* events, then refuses as a journal on a full disk does."""

    room: int = 0
    refused: list = field(default_factory=list)

    async def append(self, event):
        await asyncio.sleep(0)
        if len(self.events) >= self.room:
            self.refused.append(event)
            raise JournalError("j.jsonl: cannot be written: No space left on device")
        return await super().append(event)


# --- errors of a task group --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 1, 2, 3])
def test_a_full_disk_is_one_line_and_no_group_of_errors(room):
    asked, _ = engine(Table({"a": "2", "b": "2", "c": "3"}, delays_s={"c": 0.05}), policy())
    disk = FullDisk(room=room)
    asked.journal = asked.calls.journal = disk
    with pytest.raises(JournalError, match="No space left"):
        asyncio.run(asked.ask(question(), P))


def test_a_sandbox_that_cannot_run_is_one_line_and_no_group_of_errors():
    async def execute(_model, _answer):
        raise SandboxError("sandbox: bwrap is gone")

    one = policy(extract=Extract(how="whole"), compare=Compare(name="tests"))
    asked, memory = engine(Table(dict.fromkeys("abc", "x = 1")), one)
    with pytest.raises(SandboxError, match="bwrap is gone"):
        asyncio.run(asked.ask(question(execute=execute), P))
    assert len(memory.of(Call)) == 3, "what was paid is on record all the same"


def test_a_bug_stays_a_bug():
    def broken(_request):
        raise ZeroDivisionError

    asked, _ = engine(Table({"a": broken, "b": "2"}), policy("ab"))
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(asked.ask(question(), P))
    assert caught.value.subgroup(ZeroDivisionError) is not None


# --- the vote ----------------------------------------------------------------------------------------------------------


def test_a_reply_in_the_very_moment_the_grace_ends_is_heard_once():
    """Both timers have run out when the loop looks again: the reply is in the queue, and the wait is over."""
    table = Table({"a": "1", "b": "2", "c": "3", "t": "3"}, delays_s={"c": 0.05})
    asked, _ = engine(table, policy("abc", tiebreak=T, grace_s=0.06))

    async def late():
        asyncio.get_running_loop().call_later(0.02, time.sleep, 0.1)
        return await asked.ask(question(), P)

    outcome = asyncio.run(late())
    assert (outcome.served, outcome.answer) == (True, "3")
    assert [ballot.model for ballot in outcome.ballots] == ["a", "b", "c", "t"]


def test_failures_do_not_start_the_grace_of_the_others():
    down = {model: failure(model, FailureKind.UNAUTHORIZED) for model in "ab"}
    table = Table({**down, "c": "2", "d": "2"}, delays_s={"c": 0.1, "d": 0.1})
    outcome, _ = ask(table, policy("abcd", grace_s=0.01))
    assert outcome.served, outcome.detail


def test_what_was_not_sent_costs_nothing():
    table = Table({"a": "2", "b": "3", "t": "3"}, delays_s={"b": 30})
    outcome, memory = ask(table, policy("ab", deadline_s=0.05, tiebreak=T))
    assert "t" not in table.calls
    assert outcome.cost_bound_usd == Decimal("0.001") + Decimal("0.01"), "a's reply, and b's worst case"
    assert len(memory.of(Call)) == 2


def test_a_reply_that_was_paid_is_in_the_outcome_even_if_its_execution_came_too_late():
    async def execute(_model, _answer):
        await asyncio.sleep(30)

    one = policy("ab", deadline_s=0.05, extract=Extract(how="whole"), compare=Compare(name="tests"))
    outcome, memory = ask(Table(dict.fromkeys("ab", "x = 1")), one, one=question(execute=execute))
    assert (outcome.served, outcome.reason) == (False, Reason.DEADLINE)
    assert outcome.cost_usd == outcome.cost_bound_usd == Decimal("0.002")
    assert [call.reply.cost_usd for call in memory.of(Call)] == [Decimal("0.001")] * 2


def test_text_before_a_tool_call_is_not_the_answer():
    """Two models that say "let me look" and want different things do not agree."""
    calls = [f'{{"name":"pay","arguments":{{"amount":{amount}}}}}' for amount in (100, 900)]
    wants = [
        reply(model, "Let me do that.", finish=Finish.TOOL_CALLS, tool_calls=(call,))
        for model, call in zip("ab", calls, strict=True)
    ]
    outcome, _ = ask(Table({"a": wants[0], "b": wants[1]}), policy("ab"))
    assert (outcome.served, outcome.reason) == (False, Reason.DIVERGENT)
    agreed, _ = ask(Table({"a": wants[0], "b": replace(wants[0], model=ModelId("b"))}), policy("ab"))
    assert agreed.answer == calls[0]


def test_tool_calls_without_a_call_do_not_vote():
    table = Table({model: reply(model, "Let me see.", finish=Finish.TOOL_CALLS) for model in "ab"})
    outcome, _ = ask(table, policy("ab"))
    assert not outcome.served
    assert outcome.ballots[0].kind is BallotKind.UNREADABLE


# --- the same model under two names --------------------------------------------------------------------------------------


def test_a_member_named_twice_is_refused_before_anything_is_paid():
    table = Table({"a": "2", "b": "3"})
    with pytest.raises(ConfigError, match="'a' is in the panel twice"):
        ask(table, policy("aab"))
    assert table.calls == []


@pytest.mark.parametrize("fields", [{"panel": "ab"}, {"panel": "ac", "tiebreak": Tiebreak(model=ModelId("b"))}])
def test_two_cards_of_one_model_are_no_two_votes(fields):
    cards = {ModelId(m): card(m, api="openai-chat") for m in "ac"}
    cards[ModelId("b")] = replace(cards[ModelId("a")], id=ModelId("b"), base_url="https://api.openai.com/v1/")
    table = Table(dict.fromkeys("abc", "2"))
    with pytest.raises(ConfigError, match=r"'a' and 'b' are one model by their cards.*no independent one"):
        ask(table, policy(**fields), cards=cards)
    assert table.calls == []


def test_one_model_with_other_options_may_vote_and_is_seen():
    """Whoever serves both under one name, the two votes are not independent, and the outcome says so."""
    table = Table({model: reply(model, "2", served_model=name) for model, name in [("a", "v/m-1"), ("b", "M-1")]})
    outcome, memory = ask(table, policy("ab"))
    assert outcome.served
    assert outcome.degraded
    assert "a and b were served by one model, 'm-1'" in outcome.detail
    assert "served by one model" in memory.of(Decided)[0].outcome.detail


def test_unlike_models_and_silent_vendors_are_not_called_the_same():
    table = Table({"a": reply("a", "2", served_model="m-1"), "b": reply("b", "2", served_model="m-2")})
    assert not ask(table, policy("ab"))[0].degraded
    assert not ask(Table(dict.fromkeys("ab", "2")), policy("ab"))[0].degraded


# --- money ---------------------------------------------------------------------------------------------------------------


def test_the_bound_of_a_failure_is_part_of_the_bound_of_the_outcome():
    lost = failure("b", FailureKind.TIMEOUT, cost_usd=None, cost_bound_usd=Decimal("0.02"))
    outcome, _ = ask(Table({"a": "2", "b": lost, "c": "2"}), policy())
    assert (outcome.served, outcome.cost_usd) == (True, None)
    assert outcome.cost_bound_usd == Decimal("0.022")


def test_the_bound_of_a_response_is_part_of_the_bound_of_the_outcome():
    """Its vendor did not say what it used, or an earlier attempt may have been billed."""
    silent = reply("a", "2", usage=None, cost_usd=None, cost_bound_usd=Decimal("0.02"))
    retried = reply("b", "2", cost_bound_usd=Decimal("0.03"))
    outcome, _ = ask(Table({"a": silent, "b": retried}), policy("ab"))
    assert (outcome.cost_usd, outcome.cost_bound_usd) == (None, Decimal("0.05"))


def test_what_a_route_paid_on_its_way_is_not_lost():
    lost = failure("a", FailureKind.TIMEOUT, cost_usd=None, cost_bound_usd=Decimal("0.02"), latency_s=1.5)
    paid = failure("a", FailureKind.UNINTELLIGIBLE, cost_usd=Decimal("0.005"), latency_s=1.5)
    profile = Profile(name=ProfileName("fast"), candidates=(ModelId("a"), ModelId("b")))
    for first, cost, bound in [(paid, Decimal("0.006"), Decimal("0.006")), (lost, None, Decimal("0.021"))]:
        names = {"a": first, "b": reply("b", "2")}
        table = Table(names)
        outcome, memory = ask(table, candidate=CandidateId("route/fast"), profiles=[profile])
        if table.calls[0] != "a":
            names["a"], names["b"] = reply("a", "2"), replace(first, model=ModelId("b"))
            outcome, memory = ask(Table(names), candidate=CandidateId("route/fast"), profiles=[profile])
        assert outcome.served
        assert (outcome.cost_usd, outcome.cost_bound_usd) == (cost, bound)
        assert [ballot.valid for ballot in outcome.ballots] == [False, True]
        assert (outcome.quorum.called, outcome.quorum.valid, len(outcome.quorum.missing)) == (2, 1, 1)
        assert outcome.latency_s == pytest.approx(1.6)
        assert len(memory.of(Decided)[0].outcome.ballots) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"options": {"max_tokens": 50_000}},
        {"options": {"n": 20}},
        {"rejects": frozenset({"max_tokens"})},
    ],
)
def test_a_limit_that_a_card_does_not_obey_is_not_held_and_nobody_is_asked(fields):
    cards = {ModelId(m): card(m) for m in "ab"} | {ModelId("c"): card("c", **fields)}
    table = Table(dict.fromkeys("abc", "2"))
    outcome, _ = ask(table, policy(max_cost_usd=Decimal("0.01")), cards=cards)
    assert (outcome.reason, table.calls) == (Reason.BUDGET, [])
    assert "c" in outcome.detail


@pytest.mark.parametrize("limit", ["0.005", "0.01", "0.4", "3"])
def test_a_fitted_request_stays_within_the_limit(limit):
    cards = [card("a"), card("b", options={"reasoning_effort": "high"}), card("c")]
    fitted = fit(question("x" * 100).request, cards, Decimal(limit))
    assert not isinstance(fitted, str)
    assert sum(bound_usd(each, fitted) for each in cards) <= Decimal(limit)


def test_who_generates_without_end_cannot_be_held_and_who_is_free_need_not_be():
    endless = card("c", rejects=frozenset({"max_tokens"}), context=Context())
    assert "cannot be held: c may generate more" in fit(question().request, [card("a"), endless], Decimal(1))
    free = card("a", price=Price(rates=Rates(input=Decimal(0), output=Decimal(0)), as_of="2026-11-20", source="test"))
    assert fit(question().request, [free], Decimal("0.01")).sampling.max_tokens is None


def test_a_callers_own_bound_is_only_lowered():
    request = replace(question().request, sampling=Sampling(max_tokens=70))
    fitted = fit(request, [card("a"), card("b")], Decimal(1))
    assert fitted.sampling.max_tokens == 70


def test_under_a_policys_limit_no_call_costs_more_than_one_attempt():
    """A retry after an attempt that may have been billed would break the promise of the policy."""
    table = Table(dict.fromkeys("abc", "2"))
    ask(table, policy())
    assert table.limits == [None] * 3
    table = Table(dict.fromkeys("abc", "2"))
    outcome, _ = ask(table, policy(max_cost_usd=Decimal("0.05")))
    assert outcome.served
    assert len(table.limits) == 3
    assert sum(table.limits) <= Decimal("0.05")


# --- secrets ---------------------------------------------------------------------------------------------------------------


def test_an_open_harness_can_be_printed(tmp_path):
    import harness

    registry = tmp_path / "registry"
    registry.mkdir()
    (registry / "models.yaml").write_text("models:\n  - {id: v/a, api: openai-chat, key_env: HOSTILE_KEY}\n")

    async def shown():
        async with harness.open(tmp_path, environ={"HOSTILE_KEY": "canary-Zq7xV9kLm2"}) as h:
            return f"{h!r} {h} {h.session!r}"

    assert "canary" not in asyncio.run(shown())
