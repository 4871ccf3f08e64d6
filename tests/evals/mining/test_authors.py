"""Statements that a model writes, and what is done about one that tells the solution."""

import asyncio
from pathlib import Path

import pytest

from harness.content import load_registry
from harness.core.ids import CandidateId
from harness.engine import open_session
from harness.evals.mining.authors import Author
from harness.evals.mining.statements import Statement, state
from tests.evals.mining.cases import proof_of
from tests.evals.mining.test_statements import BASE, LONG, draft
from tests.evals.world import make_home

TELLS = f"{LONG} Call lookup_rate for it."


async def written(home, found: Statement) -> Statement:
    async with open_session(home, load_registry(home), journal_name="mine-test", environ={}) as session:
        author = Author(engine=session.engine, model=CandidateId("v/author"))
        task = draft()
        return await author.write(task, found, BASE, proof_of(task.claim(Path("/nowhere"))))


@pytest.mark.parametrize(
    ("answers", "source", "held_back"),
    [
        ([LONG], "model", False),
        ([TELLS, LONG], "model", False),
        ([TELLS, TELLS], "model", True),
        (["Too short."], "model", True),
        ([""], "commit", True),
    ],
)
def test_author(tmp_path, answers, source, held_back):
    rows = [{"text": text} if text else {"fault": "empty"} for text in answers[:1]] + [
        {"when": "That tells the solution", "text": text} for text in answers[1:]
    ]
    home = make_home(tmp_path, {"author": list(reversed(rows))})
    found = asyncio.run(written(home, state(draft(), BASE, {})))
    assert (found.source, found.draft) == (source, held_back)
    if source == "model":
        assert found.model == "v/author"
        assert "class tally.money.Purse" in found.text
        assert bool(found.leak.found) is (answers[-1] == TELLS)
