"""A model writes the statement of a task that people left without one; what it wrote is checked for leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.core.ids import CandidateId, TraceId
from harness.core.request import Message, Request, Sampling
from harness.engine import Engine, Question
from harness.evals.mining.draft import Draft
from harness.evals.mining.statements import Statement, make
from harness.evals.prompts import fenced
from harness.evals.proving import Proof

INSTRUCTIONS: Final = (
    "You write issue reports. Given a change to a repository and the tests that it makes pass, write the report that "
    "somebody would have filed before the change was made: what goes wrong or is missing, with an example, and what is "
    "expected instead. Describe behaviour that can be observed from outside. Do not say how to solve it: no name, no "
    "string and no line of code that the change introduces, except the names listed as known. Answer with the report "
    "alone, in 40 to 200 words."
)
_TESTS: Final = 20
_PATCH_CHARACTERS: Final = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A model that writes statements."""

    engine: Engine
    model: CandidateId

    async def write(self, draft: Draft, found: Statement, base: Mapping[str, str], proof: Proof) -> Statement:
        """A statement for *draft*, or *found* as it is when the model gave none.

        One that tells something of the solution is sent back once; if the next one does, too, it stays a draft, and
        the leak is on record.
        """
        messages = (Message(role="user", content=_request_text(draft, found, proof)),)
        first = await self._ask(draft, messages)
        if first is None:
            return found
        statement = make(draft, base, first, "model", "C", model=self.model)
        if statement.leak.found:
            told = ", ".join(map(repr, statement.leak.found))
            again = (
                Message(role="assistant", content=first),
                Message(role="user", content=f"That tells the solution: {told}. Write it again without those."),
            )
            second = await self._ask(draft, (*messages, *again))
            statement = statement if second is None else make(draft, base, second, "model", "C", model=self.model)
        return _held_back(statement) if statement.leak.found else statement

    async def _ask(self, draft: Draft, messages: Sequence[Message]) -> str | None:
        request = Request(
            messages=(Message(role="system", content=INSTRUCTIONS), *messages),
            sampling=Sampling(max_tokens=4000),
            trace_id=TraceId(f"mine-{draft.head[:24]}"),
        )
        outcome = await self.engine.ask(Question(request=request), self.model)
        text = outcome.text if outcome.served else None
        return text.strip() if text and text.strip() else None


def _held_back(statement: Statement) -> Statement:
    """*statement* as a draft: a person has to look at it."""
    return Statement(
        text=statement.text,
        source=statement.source,
        tier="D",
        interface=statement.interface,
        leak=statement.leak,
        draft=True,
        model=statement.model,
    )


def _request_text(draft: Draft, found: Statement, proof: Proof) -> str:
    tests = "\n".join(proof.core[:_TESTS])
    known = "\n".join(found.interface) or "none"
    return (
        f"The commit says:\n\n{draft.subject}\n\n{draft.body}\n\nThe change:\n\n"
        f"{fenced(draft.patch[:_PATCH_CHARACTERS], 'diff')}\n\n"
        f"Tests that fail before it and pass after it:\n\n{tests}\n\n"
        f"Names that may be used:\n\n{known}"
    )
