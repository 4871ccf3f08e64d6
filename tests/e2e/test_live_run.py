"""A run against a vendor that fails in every way it can: each fault ends as what it is, and none as a wrong answer."""

import itertools
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from harness.core.ballot import Ballot, BallotKind
from harness.core.event import Call, Decided
from harness.core.response import Failure, FailureKind, Finish, Reply, Response
from harness.core.trial import Grade
from harness.journal import read
from tests.e2e.home import CANARIES, FAMILIES, Home, files_with, make_home, sums
from tests.servers.vendor import LASTING, TRANSIENT, Options, answer, spawn

pytestmark = pytest.mark.slow

CONCURRENCY = 64
ATTEMPTS_MAX = 3
SINGLES = tuple(f"v/{model}" for model in FAMILIES)
PANEL = "consensus/p"
SPECIAL = (
    {"id": "echo", "prompt": "[[401]] What is 20 + 22?", "expected": 42},
    {"id": "limited", "prompt": "[[429_seconds, 429_date, ok]] What is 40 + 2?", "expected": 42},
    {"id": "broken", "prompt": "[[cut, 500, ok]] What is 41 + 1?", "expected": 42},
    {"id": "packed", "prompt": "[[gzip]] What is 44 - 2?", "expected": 42},
)

OF_KIND: Mapping[str, FailureKind] = {
    **dict.fromkeys(("429", "429_seconds", "429_date"), FailureKind.THROTTLED),
    **dict.fromkeys(("500", "503", "error_200"), FailureKind.OVERLOADED),
    **dict.fromkeys(("hang", "stall"), FailureKind.TIMEOUT),
    **dict.fromkeys(("not_json", "half_json", "wrong_json"), FailureKind.UNINTELLIGIBLE),
    "cut": FailureKind.UNREACHABLE,
    "empty": FailureKind.EMPTY,
    "401": FailureKind.UNAUTHORIZED,
}
"""What each fault of the server is to the caller it happens to last."""
ANSWERED = {"ok", "slow", "gzip"}
TRIED_AGAIN = {"429", "429_seconds", "429_date", "500", "503", "error_200", "half_json", "cut"}
REFUSALS = {Finish.REFUSAL, Finish.CONTENT_FILTER}

GRADES: Mapping[FailureKind, Grade] = {FailureKind.TIMEOUT: Grade.LIMIT, FailureKind.EMPTY: Grade.EMPTY}
"""Of a model asked alone; every other failure is the vendor's."""


@dataclass(frozen=True, slots=True)
class Live:
    """A run that is over, and what both sides wrote down."""

    home: Home
    ended: "subprocess.CompletedProcess[str]"
    result: dict[str, Any]
    stats: dict[str, Any]
    served: Mapping[tuple[str, str], Sequence[str]]
    """By model and prompt: what the server did at each attempt, in order."""
    calls: Mapping[tuple[str, str], Sequence[Call]]
    """By model and prompt: the calls on record; one of the model alone, one for the panel."""
    verdicts: Sequence[Decided]
    expected: Mapping[str, int]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    tasks = [*sums(300), *SPECIAL]
    with spawn(Options(faults=0.1, seed=11, slow_s=0.3, latency_ms=2)) as vendor:
        home = make_home(tmp_path_factory.mktemp("live"), vendor.base_url, tasks=tasks)
        models = ",".join((*SINGLES, PANEL))
        words = ("run", "sums", "--models", models, "--concurrency", str(CONCURRENCY), "--timeout", "2.5")
        ended = home.run(*words, "--json", timeout_s=300)
        assert ended.returncode == 0, ended.stderr
        served: dict[tuple[str, str], list[str]] = defaultdict(list)
        for entry in vendor.log():
            served[f"v/{entry['model']}", entry["prompt"]].append(entry["kind"])
        calls: dict[tuple[str, str], list[Call]] = defaultdict(list)
        for call in home.calls():
            assert call.request is not None
            calls[call.model, call.request.messages[-1].content].append(call)
        events = (line.event for line in read(home.journal) if line.kind == "verdict")
        verdicts = [event for event in events if isinstance(event, Decided)]
        expected = {task["id"]: task["expected"] for task in tasks}
        yield Live(home, ended, json.loads(ended.stdout), vendor.stats(), served, calls, verdicts, expected)


def fits(kinds: Sequence[str], reply: Reply, prompt: str) -> bool:
    """Whether a call whose attempts met *kinds* may end in *reply*."""
    if isinstance(reply, Failure) and reply.kind is FailureKind.CANCELLED:
        return len(kinds) <= ATTEMPTS_MAX and all(kind in TRIED_AGAIN for kind in kinds[:-1])
    if len(kinds) != reply.attempts or any(kind not in TRIED_AGAIN for kind in kinds[:-1]):
        return False
    last = kinds[-1]
    if isinstance(reply, Failure):
        return OF_KIND.get(last) is reply.kind
    if last == "refusal":
        return reply.finish in REFUSALS
    return last in ANSWERED and reply.finish is Finish.STOP and reply.text == answer(prompt)


def explained(kinds: Sequence[str], replies: Sequence[Reply], prompt: str) -> bool:
    """Whether the server's log of a prompt, split among the calls that asked it, explains how each ended."""
    if not replies:
        return not kinds
    if len(replies) == 1:
        return fits(kinds, replies[0], prompt)
    places = range(len(kinds))
    for size in range(min(ATTEMPTS_MAX, len(kinds)) + 1):
        for mine in itertools.combinations(places, size):
            first = [kinds[place] for place in mine]
            others = [kinds[place] for place in places if place not in mine]
            if fits(first, replies[0], prompt) and explained(others, replies[1:], prompt):
                return True
    return False


def slow_machine(call: Call) -> bool:
    """A time-out that no fault caused cannot be ruled out where other work holds the processors."""
    return isinstance(call.reply, Failure) and call.reply.kind is FailureKind.TIMEOUT


def test_every_kind_of_fault_was_met(live: Live):
    assert {*TRANSIENT, *LASTING, "ok", "401", "gzip"} == set(live.stats["sent"])
    assert min(live.stats["sent"].values()) >= 2


def test_every_call_ends_as_the_servers_log_says(live: Live):
    unexplained = {
        (key, tuple(kinds)): [call.reply for call in live.calls[key]]
        for key, kinds in live.served.items()
        if not explained(kinds, [call.reply for call in live.calls[key]], key[1])
    }
    late = [key for key in unexplained if any(map(slow_machine, live.calls[key[0]]))]
    assert set(unexplained) == set(late), unexplained
    assert len(late) <= 0.02 * len(live.served), late


def test_lasting_faults_are_met_by_each_family(live: Live):
    kinds: dict[str, set[FailureKind | Finish]] = defaultdict(set)
    for (model, _), calls in live.calls.items():
        for call in calls:
            kinds[model].add(call.reply.finish if isinstance(call.reply, Response) else call.reply.kind)
    for model in SINGLES:
        assert {*OF_KIND.values(), Finish.STOP} <= kinds[model] | {FailureKind.UNREACHABLE, FailureKind.THROTTLED}
        assert kinds[model] & REFUSALS


def test_a_single_models_grade_is_that_of_its_reply(live: Live):
    replies = {str(call.trace_id): call.reply for calls in live.calls.values() for call in calls}
    wrong = []
    for given in live.home.grades():
        graded = given.graded
        if graded.key.candidate == PANEL:
            continue
        trace = f"{given.run_id}/{graded.key.task_id}/{graded.key.candidate}/{graded.key.epoch}"
        if graded.grade is not grade_for(replies.get(trace)):
            wrong.append((graded, replies.get(trace)))
    assert wrong == []


def grade_for(reply: Reply | None) -> Grade:
    if reply is None:  # not sent: the breaker was open
        return Grade.INFRA_ERROR
    if isinstance(reply, Failure):
        return GRADES.get(reply.kind, Grade.INFRA_ERROR)
    return Grade.REFUSED if reply.finish in REFUSALS else Grade.RESOLVED


def test_no_fault_becomes_a_wrong_answer(live: Live):
    assert live.result["complete"] is True
    for candidate, totals in live.result["candidates"].items():
        assert totals["trials"] == len(live.expected)
        unknown = set(totals["grades"]) - {"resolved", "empty", "refused", "limit", "infra_error", "unserved"}
        assert not unknown, f"{candidate}: {totals['grades']}"
        assert totals["resolved"] > 0.6 * totals["trials"]
    assert live.result["candidates"][PANEL]["resolved"] > max(
        live.result["candidates"][single]["resolved"] for single in SINGLES
    ), "two of three survive faults that one does not"


def test_consensus_serves_what_two_said_and_nothing_else(live: Live):
    panels = [event for event in live.verdicts if event.outcome.candidate == PANEL]
    assert len(panels) == len(live.expected)
    for event in panels:
        outcome = event.outcome
        task = event.trace_id.split("/")[1]
        answered = [ballot for ballot in outcome.ballots if ballot.kind is BallotKind.ANSWERED]
        assert outcome.served == (len(answered) >= 2), outcome
        if outcome.served:
            assert outcome.answer == str(live.expected[task])
        assert all(ballot.answer is not None and ballot.answer.text == str(live.expected[task]) for ballot in answered)


def test_every_ballot_is_of_the_kind_of_its_reply(live: Live):
    replies = {(call.trace_id, call.model): call.reply for calls in live.calls.values() for call in calls}
    for event in live.verdicts:
        for ballot in event.outcome.ballots:
            reply = replies.get((event.trace_id, ballot.model))
            assert ballot.kind is kind_for(ballot, reply), (ballot, reply)


def kind_for(ballot: Ballot, reply: Reply | None) -> BallotKind:
    if reply is None:  # not sent, or cancelled before it was
        return ballot.kind if ballot.kind in (BallotKind.MISSING, BallotKind.FAILED) else BallotKind.MISSING
    if ballot.why.startswith("not waited for"):  # it came when the others had decided
        return BallotKind.MISSING
    if isinstance(reply, Failure):
        return BallotKind.MISSING if reply.kind is FailureKind.CANCELLED else BallotKind.FAILED
    return BallotKind.REFUSED if reply.finish in REFUSALS else BallotKind.ANSWERED


def test_attempts_and_connections_are_sane(live: Live):
    calls = [call for group in live.calls.values() for call in group]
    attempts = sum(call.reply.attempts for call in calls)
    assert max(call.reply.attempts for call in calls) == ATTEMPTS_MAX
    cancelled = sum(isinstance(call.reply, Failure) and call.reply.kind is FailureKind.CANCELLED for call in calls)
    assert attempts - cancelled <= live.stats["requests"] <= attempts + (ATTEMPTS_MAX - 1) * cancelled
    at_once = CONCURRENCY * 3  # a panel's trial has three calls out
    assert live.stats["in_flight_max"] <= at_once
    broken = sum(live.stats["sent"][kind] for kind in ("cut", "hang", "stall"))
    assert live.stats["connections"] <= at_once + broken + cancelled


def test_no_call_is_made_twice(live: Live):
    keys = Counter(call.key for calls in live.calls.values() for call in calls)
    assert max(keys.values()) == 1


def test_keys_appear_nowhere(live: Live):
    """Not even where the vendor echoes them, nor in what is derived from the journal."""
    run = live.result["run"]
    page = live.home.root / "page.html"
    reported = live.home.run("report", "ab", run, "--a", "v/a", "--b", PANEL, "-o", str(page))
    assert page.exists(), reported.stderr
    shown = live.home.run("runs", "show", run)
    echoes = [call.reply for key, calls in live.calls.items() for call in calls if "[[401]]" in key[1]]
    assert any(isinstance(reply, Failure) and "Incorrect API key" in reply.message for reply in echoes)
    printed = "".join(each.stdout + each.stderr for each in (live.ended, reported, shown))
    for name, secret in CANARIES.items():
        assert secret in live.home.environ[name]
        assert files_with(secret.encode(), live.home.root) == []
        assert secret not in printed


def test_nothing_in_the_home_folder_is_open_to_others(live: Live):
    state = [path for path in (live.home.root / ".harness").rglob("*") if path.is_file()]
    assert state
    assert [path for path in state if path.stat().st_mode & 0o077] == []
