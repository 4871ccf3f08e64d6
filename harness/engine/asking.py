"""``engine.ask``: one request, one candidate, one outcome."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from harness.compare import comparator
from harness.compare.behaviour import SameOutputs
from harness.consensus import Machine, standing
from harness.core.ballot import Answer, Ballot, Comparator, Extract
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.event import Decided
from harness.core.execution import Execution
from harness.core.ids import CandidateId, ModelId
from harness.core.outcome import Outcome, Reason
from harness.core.policy import Policy
from harness.core.ports import Clock, Journal
from harness.core.request import Purpose, Request
from harness.core.response import Failure, FailureKind, Reply
from harness.engine.ballots import Role, ballot_of, missing_ballot
from harness.engine.behaviours import Behaviours, Observer, reserve_tests_usd
from harness.engine.budget import fit
from harness.engine.calls import Calls
from harness.engine.candidates import Consensus, Directory, Model, Route
from harness.engine.judges import Judges
from harness.engine.judging import reserve_usd
from harness.engine.outcomes import alone, decided, routed, unasked, unrouted
from harness.engine.panel import Panel
from harness.engine.purse import Purse
from harness.engine.routes import Router

Execute = Callable[[ModelId, Answer], Awaitable[Execution]]
"""Runs an answer's code under the tests of the question; for comparators that judge behaviour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, and how its answer is read."""

    request: Request
    extract: Extract = field(default_factory=Extract)
    """For a model asked alone; a policy brings its own."""
    execute: Execute | None = None
    """``None``: there is nothing to execute answers against."""
    observer: Observer | None = None
    """For panels that make up their tests; ``None``: answers are not executed."""
    purpose: Purpose = "vote"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    """A question that a panel is being asked."""

    question: Question
    target: Consensus
    comparator: Comparator
    replies: dict[ModelId, Reply] = field(default_factory=dict)
    """What has come back so far, whether or not it became a ballot in time."""
    judges: Judges
    """Of the policy; often none."""
    behaviours: Behaviours | None = None
    """Where the panel makes up the tests that it is compared under."""

    @property
    def notes(self) -> tuple[str, ...]:
        return (*(self.behaviours.notes if self.behaviours else ()), *self.judges.notes)

    async def gather(self, ballot: Ballot) -> None:
        """What the comparator has to know before it sees *ballot*."""
        await self.judges.gather(ballot)
        if self.behaviours is not None:
            await self.behaviours.hear(ballot)


@dataclass(slots=True, kw_only=True)
class Engine:
    """Asks models, panels and routes in the same way."""

    directory: Directory
    calls: Calls
    journal: Journal
    clock: Clock
    router: Router

    async def ask(self, question: Question, candidate: CandidateId) -> Outcome:
        """The outcome of asking *candidate*. Failures of models are part of it; ConfigError when it does not exist."""
        target = self.directory.resolve(candidate)
        match target:
            case Model(card=card):
                return await self._ask_model(question, card, candidate)
            case Consensus():
                return await self.ask_panel(question, target, candidate)
            case Route():
                return await self._ask_route(question, target, candidate)

    async def ask_panel(self, question: Question, target: Consensus, candidate: CandidateId) -> Outcome:
        """A vote under a policy, which need not be in the registry."""
        policy = target.policy
        compare = comparator(policy.compare)
        _check_runs(question, policy, compare)
        fitted = self._fitted(question.request, target, compare)
        if isinstance(fitted, str):
            return await self._recorded(question.request, unasked(fitted, policy, candidate, question.request), target)
        question = replace(question, request=fitted)
        started_s = self.clock.monotonic_s()
        vote = self._vote(question, target, compare)
        held = standing(
            policy,
            self.directory.calibrations.get(policy.name, {}),
            task_class=question.request.task_class,
            comparator=f"{compare.name}@{compare.version}",
        )
        group_of = vote.behaviours.group if vote.behaviours else vote.judges.group_by(compare)
        machine = Machine(policy, group_of, partial(_price_rank, target.cards), held)
        panel = Panel(
            machine=machine,
            ask_one=partial(self._ballot, vote, machine),
            deadline_s=policy.deadline_s,
            grace_s=policy.grace_s,
            gather=vote.gather,
        )
        action = await panel.decide()
        ballots = self._all_ballots(vote, panel, action.tally.ballots)
        outcome = decided(
            action,
            ballots,
            policy=policy,
            judge=compare,
            standing=held,
            candidate=candidate,
            request=question.request,
            latency_s=self.clock.monotonic_s() - started_s,
            notes=vote.notes,
        )
        return await self._recorded(question.request, outcome, target)

    def _fitted(self, request: Request, target: Consensus, compare: Comparator) -> Request | str:
        """*request* such that the policy's own limit holds the votes and what compares them; or why it cannot."""
        policy = target.policy
        if policy.max_cost_usd is None:
            return request
        judging = [target.cards[model] for model in policy.judges]
        reserved = reserve_usd(judging, request, self.calls.bound_usd)
        if isinstance(reserved, str):
            return reserved
        voting = [target.cards[model] for model in policy.voters]
        testing = voting if isinstance(compare, SameOutputs) else []
        tests = reserve_tests_usd(testing, request, self.calls.bound_usd)
        return tests if isinstance(tests, str) else fit(request, voting, policy.max_cost_usd - reserved - tests)

    def _vote(self, question: Question, target: Consensus, compare: Comparator) -> _Vote:
        policy, replies = target.policy, dict[ModelId, Reply]()
        purse = Purse(
            limit_usd=policy.max_cost_usd,
            request=question.request,
            voters=[target.cards[model] for model in policy.voters],
            replies=replies,
            bound_usd=self.calls.bound_usd,
        )
        judges = Judges.of(policy, target.cards, self.calls, question.request, purse)
        vote = _Vote(question=question, target=target, comparator=compare, replies=replies, judges=judges)
        if not isinstance(compare, SameOutputs) or question.observer is None:
            return vote
        behaviours = Behaviours(
            comparator=compare,
            observer=question.observer,
            calls=self.calls,
            request=question.request,
            cards={model: target.cards[model] for model in policy.voters},
            purse=purse,
        )
        return replace(vote, behaviours=behaviours)

    async def _ask_model(self, question: Question, card: Card, candidate: CandidateId) -> Outcome:
        started_s = self.clock.monotonic_s()
        reply = await self.calls.ask(card, question.request, question.purpose)
        latency_s = reply.latency_s or self.clock.monotonic_s() - started_s
        return alone(ballot_of(reply, question.extract), candidate, question.request, latency_s=latency_s)

    async def _ask_route(self, question: Question, target: Route, candidate: CandidateId) -> Outcome:
        """The routed model; on a genuine failure the next of its fallbacks, none of which is less capable."""
        decision = self.router.decide(target.profile.name, question.request)
        tried: list[Outcome] = []
        for model in (decision.selected, *decision.fallbacks) if decision.selected else ():
            tried.append(await self._ask_model(question, self.directory.card(ModelId(model)), candidate))
            if tried[-1].reason is not Reason.FAILED:
                break
        outcome = routed(tried) if tried else unrouted(decision.why, candidate, question.request)
        await self._record(question.request, outcome, self.directory.cards)
        return outcome

    async def _ballot(self, vote: _Vote, machine: Machine, model: ModelId, role: Role) -> Ballot:
        policy, request = vote.target.policy, vote.question.request
        if model in policy.judges:
            return await vote.judges.break_tie(model, machine.tally().groups)
        purpose: Purpose = "tiebreak" if role == "tiebreak" else vote.question.purpose
        card = vote.target.cards[model]
        # a policy's limit is fitted to one attempt of each member: retries must not break it
        limit_usd = None if policy.max_cost_usd is None else self.calls.bound_usd(card, request)
        reply = await self.calls.ask(card, request, purpose, limit_usd=limit_usd)
        vote.replies[model] = reply
        ballot = vote.judges.screened(ballot_of(reply, policy.extract, role=role))
        given = vote.comparator.needs == "execution" and vote.behaviours is None
        if given and ballot.answer is not None and vote.question.execute is not None:
            execution = await vote.question.execute(model, ballot.answer)
            ballot = replace(ballot, answer=replace(ballot.answer, execution=execution))
        return ballot

    def _all_ballots(self, vote: _Vote, panel: Panel, counted: tuple[Ballot, ...]) -> tuple[Ballot, ...]:
        """The ballots of the vote, then those of members that were asked and not waited for, with what they cost."""
        why = "not waited for: the others had decided"
        late = tuple(missing_ballot(model, why) for model in panel.machine.pending)
        asked = [ballot for ballot in (*counted, *late) if ballot.model not in vote.target.policy.judges]
        voters = [self._with_cost(vote, ballot) if ballot.model in panel.sent else ballot for ballot in asked]
        if vote.behaviours is not None:
            voters = [vote.behaviours.shown(ballot) for ballot in voters]
        return (*voters, *vote.judges.ballots(panel.machine.judgement))

    def _with_cost(self, vote: _Vote, ballot: Ballot) -> Ballot:
        """A member that was given up on may have replied all the same, or cost something without a reply."""
        if ballot.reply is not None:
            return ballot
        known = vote.replies.get(ballot.model)
        card = vote.target.cards[ballot.model]
        return replace(ballot, reply=known or self.calls.cancelled(card, vote.question.request))

    async def _recorded(self, request: Request, outcome: Outcome, target: Consensus) -> Outcome:
        await self._record(request, outcome, target.cards)
        return outcome

    async def _record(self, request: Request, outcome: Outcome, cards: Mapping[ModelId, Card]) -> None:
        """Evidence, without the replies: those are on record as calls of the same trace."""
        ballots = tuple(replace(ballot, reply=None) for ballot in outcome.ballots)
        priced = {ballot.model: cards[ballot.model].price for ballot in ballots if ballot.model in cards}
        await self.journal.append(
            Decided(
                trace_id=request.trace_id,
                outcome=replace(outcome, ballots=ballots),
                request_sha256=request.sha256,
                task_class=request.task_class,
                price_as_of={model: price.as_of for model, price in priced.items() if price is not None},
            )
        )


def over_budget(outcome: Outcome) -> bool:
    """Whether the spending limit kept a call of *outcome* from being sent."""
    return any(
        isinstance(ballot.reply, Failure) and ballot.reply.kind is FailureKind.BUDGET for ballot in outcome.ballots
    )


def _check_runs(question: Question, policy: Policy, compare: Comparator) -> None:
    """Raise ConfigError when *compare* runs answers and there is nothing to run them under."""
    if isinstance(compare, SameOutputs):
        if question.observer is None:
            raise ConfigError(
                f"policy {policy.name!r} compares programs under tests that its panel makes up: "
                "nothing here runs programs"
            )
    elif compare.needs == "execution" and question.execute is None:
        raise ConfigError(
            f"policy {policy.name!r} compares by {compare.name!r}, which runs the answers under tests: "
            "give --tests FILE"
        )


def _price_rank(cards: Mapping[ModelId, Card], model: ModelId) -> Decimal | None:
    """Input and output rate together: enough to put models in order."""
    price = cards[model].price
    return None if price is None else price.rates.input + price.rates.output
