"""What a judge model has to say in one vote: asked as the comparator needs it, and when a tie is to be broken.

Every judgement is two paid calls, with the answers in two orders; both are on record with the purpose ``judge``. No
judge learns who gave an answer, or how many did. Equal texts are never put to it, and a new answer is put beside one
answer of each group, not beside every member.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from harness.compare import Grouping, group, without_redacted
from harness.compare.judge import (
    GROUPS_MAX,
    REPLY_TOKENS_MAX,
    ByJudge,
    Prompt,
    agreed_relation,
    best_prompts,
    pair_of,
    read_place,
    read_relation,
    same_prompts,
    shuffled,
    swapped,
    unfit,
)
from harness.compare.text import normal
from harness.consensus import served_name
from harness.core.ballot import Answer, Ballot, BallotKind, Extract, Judgement, Relation
from harness.core.card import Card
from harness.core.money import Usage, sum_known
from harness.core.request import Message, Request, Sampling
from harness.core.response import Failure, FailureKind, Reply, Response
from harness.engine.ballots import ballot_of
from harness.engine.calls import Calls
from harness.engine.purse import Purse
from harness.guard import signs

LATE = "the judge had not answered before the panel's deadline"


@dataclass(slots=True, kw_only=True)
class Judge:
    """One judge model in one vote."""

    card: Card
    calls: Calls
    request: Request
    """What the panel was asked."""
    purse: Purse
    heard: Sequence[Ballot] = ()
    """The ballots of the panel so far."""
    replies: list[Reply] = field(default_factory=list)

    async def ask(self, prompts: tuple[Prompt, Prompt]) -> tuple[Reply, Reply] | str:
        """Both replies, or why the judge was not asked, or does not count."""
        first, second = (judge_request(self.card, self.request, prompt) for prompt in prompts)
        short = self._short(first, second)
        if short:
            return short
        async with asyncio.TaskGroup() as both:
            one, other = both.create_task(self._call(first)), both.create_task(self._call(second))
        replies = one.result(), other.result()
        return self._doubt(replies) or replies

    async def _call(self, request: Request) -> Reply:
        bound = self.calls.bound_usd(self.card, request)
        reply: Reply = self.calls.cancelled(self.card, request)
        try:
            limit_usd = None if self.purse.limit_usd is None else bound
            reply = await self.calls.ask(self.card, request, "judge", limit_usd=limit_usd)
        finally:  # also when nobody waits for it any more: it may be billed
            self.replies.append(reply)
            self.purse.pay(reply, bound)
        return reply

    def _short(self, *requests: Request) -> str:
        """Why the policy's limit does not hold the calls; empty when it does."""
        left = self.purse.left_usd()
        if left is None:
            return ""
        most = sum_known(self.calls.bound_usd(self.card, request) for request in requests)
        if most is not None and most <= left:
            return ""
        return (
            f"over budget: a judgement may cost {'?' if most is None else f'{most:f}'} USD, and {left:f} USD are left"
        )

    def _doubt(self, replies: Sequence[Reply]) -> str:
        """Why nothing can be read out of *replies*; empty when it may be tried."""
        ballots = [ballot_of(reply, Extract()) for reply in replies]
        lost = next((ballot for ballot in ballots if not ballot.valid), None)
        if lost is not None:
            return f"the judge gave no judgement: {lost.why}"
        voted = {served_name(ballot) for ballot in self.heard} - {None}
        twice = next((name for name in map(served_name, ballots) if name in voted), None)
        return f"the judge was served by {twice!r}, which also voted" if twice else ""


@dataclass(slots=True, kw_only=True)
class Comparing:
    """The judge of a comparator: which of the answers that have come in mean the same."""

    comparator: ByJudge
    judge: Judge
    question: str
    _classes: list[list[str]] = field(default_factory=list)
    """Different texts by what they mean; the first of a class stands for it."""
    _rulings: dict[tuple[str, str], Judgement] = field(default_factory=dict)

    def group(self, ballots: Sequence[Ballot]) -> Grouping:
        """Ballots into groups, by what has been ruled so far."""
        return group(ballots, self._ruled)

    def said(self, a: Answer, b: Answer) -> Judgement:
        """What has been ruled of two answers."""
        return without_redacted(self._ruled(a, b), a, b)

    @property
    def _ruled(self) -> ByJudge:
        return replace(self.comparator, rulings=self._rulings)

    async def hear(self, ballot: Ballot) -> None:
        """Find out what the answer of *ballot* means, beside those that came before it."""
        if ballot.answer is None or any(normal(ballot.answer.text) == normal(text) for text in self._texts()):
            return
        text, before = ballot.answer.text, list(self._classes)
        for other in self._texts():
            self._rulings[pair_of(text, other)] = Judgement(relation=Relation.UNKNOWN, why=LATE)
        own = [text]
        self._classes.append(own)
        for members in sorted(before, key=len, reverse=True):
            ruling = await self._ruling(members[0], text, flags=ballot.flags)
            self._rule(members, own, ruling)
            if ruling.relation is Relation.SAME:
                self._classes.remove(own)
                self._follow(members, text)
                members.append(text)
                return

    @property
    def summary(self) -> str:
        """How often it said what, in one line."""
        said = [ruling.relation.value for ruling in self._rulings.values()]
        return ", ".join(f"{said.count(word)} {word}" for word in ("same", "different", "unknown") if word in said)

    async def _ruling(self, a: str, b: str, *, flags: Sequence[str]) -> Judgement:
        why = unfit(a, b) or (self._addressed(flags) if flags else "")
        if why:
            return Judgement(relation=Relation.UNKNOWN, why=why)
        first, second = pair_of(a, b)
        replies = await self.judge.ask(same_prompts(self.question, first, second))
        if isinstance(replies, str):
            return Judgement(relation=Relation.UNKNOWN, why=replies)
        one, other = (read_relation(reply.text) for reply in replies if isinstance(reply, Response))
        return agreed_relation(one, other)

    def _rule(self, members: Sequence[str], own: Sequence[str], ruling: Judgement) -> None:
        for a in members:
            for b in own:
                self._rulings[pair_of(a, b)] = ruling

    def _follow(self, members: Sequence[str], text: str) -> None:
        """*text* means what *members* mean: it differs from all others as they do."""
        for other in self._texts():
            if other != text and other not in members:
                known = self._rulings[pair_of(members[0], other)]
                self._rulings[pair_of(text, other)] = known

    def _texts(self) -> list[str]:
        return [text for members in self._classes for text in members]

    @staticmethod
    def _addressed(flags: Sequence[str]) -> str:
        return f"an answer may be addressed to the judge ({', '.join(flags)}): it was not shown to one"


async def compare_two(calls: Calls, card: Card, request: Request, a: str, b: str) -> tuple[Judgement, Decimal | None]:
    """What *card* says of two answers to *request*, and what that cost (USD; None: not known)."""
    purse = Purse(limit_usd=None, request=request, voters=(), replies={}, bound_usd=calls.bound_usd)
    judge = Judge(card=card, calls=calls, request=request, purse=purse)
    comparing = Comparing(comparator=ByJudge(model=card.id), judge=judge, question=question_of(request))
    for text in (a, b):
        answer = Answer(text=text)
        await comparing.hear(Ballot(model=card.id, kind=BallotKind.ANSWERED, answer=answer, flags=signs(text)))
    said = comparing.said(Answer(text=a), Answer(text=b))
    return said, sum_known(reply.cost_usd for reply in judge.replies)


async def break_tie(judge: Judge, question: str, groups: Sequence[Sequence[Ballot]]) -> Ballot:
    """The ballot of *judge* on *groups*: the answer it chose in both orders, or why it chose none."""
    texts = [members[0].answer.text if members[0].answer else "" for members in groups]
    if len(texts) > GROUPS_MAX or (why := unfit(*texts)):
        why = why if len(texts) <= GROUPS_MAX else f"{len(texts)} different answers: a judge is shown {GROUPS_MAX}"
        return _said(judge, why)
    order = shuffled(judge.request.sha256, texts)
    flagged = [any(ballot.flags for ballot in groups[place]) for place in order]
    replies = await judge.ask(best_prompts(question, [texts[place] for place in order], flagged))
    if isinstance(replies, str):
        return _said(judge, replies)
    orders = tuple(range(len(order))), swapped(len(order))
    said = [
        read_place(reply.text, seen) for reply, seen in zip(replies, orders, strict=True) if isinstance(reply, Response)
    ]
    if None in said:
        return _said(judge, "the judge's reply cannot be read")
    if said[0] != said[1]:
        return _said(judge, "the judge chose another answer when they stood in another order")
    if said[0] is None or said[0] < 0:
        return _said(judge, "the judge says that none of the answers is right, or that it cannot tell")
    return _said(judge, "the judge chose this answer in both orders", Answer(text=texts[order[said[0]]]))


def _said(judge: Judge, why: str, chosen: Answer | None = None) -> Ballot:
    return Ballot(model=judge.card.id, kind=BallotKind.JUDGED, answer=chosen, why=why, role="tiebreak")


def judge_request(card: Card, asked: Request, prompt: Prompt) -> Request:
    """What *card* is asked as a judge, in the trace of the panel's request."""
    return Request(
        messages=(Message(role="system", content=prompt.rules), Message(role="user", content=prompt.material)),
        sampling=Sampling(temperature=0, max_tokens=min(REPLY_TOKENS_MAX, card.context.output or REPLY_TOKENS_MAX)),
        task_class=asked.task_class,
        trace_id=asked.trace_id,
    )


def question_of(request: Request) -> str:
    """What was asked, as a judge is shown it."""
    turns = [message for message in request.messages if message.role != "system"]
    if len(turns) == 1:
        return turns[0].content
    return "\n\n".join(f"{message.role}: {message.content}" for message in turns)


def reserve_usd(
    cards: Iterable[Card], request: Request, bound: Callable[[Card, Request], Decimal | None]
) -> Decimal | str:
    """The least that one judgement of each of *cards* may cost; one line that says why when nothing bounds it."""
    total = Decimal(0)
    for card in cards:
        prompts = same_prompts(question_of(request), "", "")
        least = sum_known(bound(card, judge_request(card, request, prompt)) for prompt in prompts)
        if least is None:
            return f"no price is known for the judge {card.id}, or nothing bounds its output: a limit cannot be held"
        total += least
    return total


def one_reply(replies: Sequence[Reply]) -> Reply | None:
    """*replies* of one model as one: the last that says something, with what all of them cost; None for none.

    A call that the spending limit kept back is said before all others: whoever asked has to know.
    """
    if not replies:
        return None
    unpaid = [reply for reply in replies if isinstance(reply, Failure) and reply.kind is FailureKind.BUDGET]
    told = [reply for reply in replies if isinstance(reply, Response)]
    last = (unpaid or told or list(replies))[-1]
    sure = [reply for reply in replies if not isinstance(reply, Failure) or reply.kind is not FailureKind.CANCELLED]
    known = sum_known(reply.cost_usd for reply in sure) if sure else None
    bound = sum_known(reply.cost_usd if reply.cost_bound_usd is None else reply.cost_bound_usd for reply in replies)
    used = [reply.usage for reply in replies if reply.usage is not None]
    return replace(
        last,
        cost_usd=known,
        cost_bound_usd=None if bound == known else bound,
        usage=sum(used, start=Usage()) if used else None,
        latency_s=sum(reply.latency_s for reply in replies),
        attempts=sum(reply.attempts for reply in replies),
    )
