"""``harness drift``: verdicts that agree as expected, verdicts that do not, and too few of them."""

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.event import Decided
from harness.core.ids import CandidateId, ModelId, TaskClass, TraceId, VerdictId
from harness.core.outcome import Group, Outcome, QuorumFacts
from harness.journal import journal_path, open_journal
from tests.cli.calibrated_home import NAMES, make
from tests.cli.command_line import Folder
from tests.consensus.calibration.voters import SIX, survey

WORSE = replace(SIX, accuracy=(*SIX.accuracy[:4], (0.5, 0.3, 0.1), SIX.accuracy[5]))
"""The third member of the panel was replaced by something worse."""


class Later:
    """A clock behind every calibration of these tests."""

    def now(self) -> datetime:
        return datetime(2100, 1, 1, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory) -> Folder:
    home = make(tmp_path_factory.mktemp("drift") / "home", {"known": (100, 21)})
    assert home.call("calibrate", "known", "--policy", "strict", "--risk-limit", "0.2").code == 0
    return home


@pytest.fixture
def home(tmp_path, calibrated) -> Folder:
    shutil.copytree(calibrated.root, tmp_path / "home")
    return Folder(tmp_path / "home")


def stored(home: Folder) -> dict:
    return json.loads((home.root / "registry/calibration/sums.json").read_text())["policies"]["strict"]


def verdict(task: str, votes, facts: dict) -> Decided:
    said = dict(zip(map(ModelId, NAMES), votes, strict=True))
    numbers = sorted({group for group in votes if group is not None})
    groups = tuple(
        Group(answer=str(n), models=tuple(model for model, group in said.items() if group == n), weight=0.5)
        for n in numbers
    )
    ballots = tuple(
        Ballot(model=model, kind=BallotKind.FAILED)
        if group is None
        else Ballot(model=model, kind=BallotKind.ANSWERED, answer=Answer(text=str(group)))
        for model, group in said.items()
    )
    outcome = Outcome(
        verdict_id=VerdictId(task),
        candidate=CandidateId("consensus/strict"),
        served=False,
        policy="strict",
        policy_version=facts["policy_version"],
        comparator=facts["comparator"],
        groups=groups,
        ballots=ballots,
        quorum=QuorumFacts(declared=4, called=4, valid=4),
        cost_usd=None,
        latency_s=0.1,
    )
    return Decided(trace_id=TraceId(task), outcome=outcome, request_sha256=task, task_class=TaskClass("sums"))


def traffic(home: Folder, count: int, parameters=SIX) -> None:
    """Live verdicts on record."""
    facts = stored(home)

    async def write() -> None:
        path: Path = journal_path(home.root / ".harness" / "journal", "serve-1")
        async with open_journal(path, clock=Later()) as journal:
            for each in survey(count, 91, parameters):
                await journal.append(verdict(each.task, each.votes[2:], facts))

    asyncio.run(write())


def test_votes_as_expected_change_nothing(home):
    traffic(home, 120)
    before = stored(home)
    said = home.call("drift", "--policy", "strict")
    assert said.code == 0, said.out + said.err
    assert "as expected" in said.out
    assert stored(home) == before


def test_an_alarm_revokes_the_certificates(home):
    traffic(home, 150, WORSE)
    result = home.call("drift", "--policy", "strict", "--json")
    assert result.code == 3
    (found,) = result.json["classes"]
    assert found["alarm"]
    assert found["observed"] < found["predicted"]
    assert min(found["models"], key=found["models"].__getitem__) == "n/three"
    assert "n/three" in stored(home)["revoked"]["why"]
    again = home.call("drift", "--policy", "strict")
    assert again.code == 3
    assert all(len(line) <= 100 for line in again.out.splitlines()), again.out
    replayed = home.json("replay", "known", "--policy", "strict")
    assert "the calibration was revoked on" in replayed["basis"][0]["why"]
    assert home.call("calibrate", "known", "--policy", "strict", "--risk-limit", "0.2").code == 0
    assert "revoked" not in stored(home)


def test_too_few_verdicts_end_with_5(home):
    traffic(home, 10)
    said = home.call("drift", "--policy", "strict")
    assert said.code == 5
    assert "too few to tell" in said.out


def test_only_verdicts_since_a_time_are_looked_at(home):
    traffic(home, 150, WORSE)
    assert home.call("drift", "--policy", "strict", "--since", "2100-01-02").code == 5


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--policy", "count"], "policy 'count' is not calibrated; first: harness calibrate RUN --policy count"),
        (["--policy", "strict", "--since", "lately"], "--since: 'lately' is no date like 2026-11-20"),
        (["--policy", "nope"], "no policy 'nope'"),
    ],
)
def test_what_cannot_be_looked_at_is_told(calibrated, argv, told):
    said = calibrated.call("drift", *argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.told
