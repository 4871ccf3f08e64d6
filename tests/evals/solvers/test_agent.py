"""The agent: commands in a sandbox, a diff that we take, limits before the call, and nothing done twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.event import Call, Executed, GradeGiven, RunFinished, Step
from harness.core.execution import Ending, Execution, Isolation
from harness.core.hashing import digest
from harness.core.ids import TraceId
from harness.core.ports import Ran
from harness.core.trial import Grade
from harness.evals.solvers.agent import Unusable, head_and_tail, left_behind, observation, read_action
from harness.journal import read
from harness.journal.capture import hashed
from tests.evals.solvers.cases import FIX, GOLD, bash, book, only, script_of, work
from tests.evals.world import events, journal, needs_sandbox, script

THREE = script_of(
    ("What is to be done", bash("cat src/book/__init__.py")),
    ("int(float", bash(f"{FIX} && echo changed-it")),
    ("changed-it", bash("submit")),
)


@pytest.fixture(autouse=True)
def _sandbox():
    needs_sandbox()


def test_three_steps_to_a_resolved_task(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": THREE})
    run_id, result = work(home)
    graded = only(home, run_id)
    assert (graded.grade, graded.calls) == (Grade.RESOLVED, 3), graded.detail
    assert graded.submission is not None
    assert graded.submission.format == "files"
    assert graded.submission.files == GOLD, "what we found in the workspace, not what the model said"
    assert result.complete
    steps = [event.step for event in events(home, run_id, Executed) if event.step]
    assert [(step.number, step.files) for step in steps] == [(1, {}), (2, GOLD)]
    shown = events(home, run_id, Executed)[0].execution
    assert shown.log.startswith("exit code 0\ndef cents(text):")
    assert shown.isolation.strength >= Isolation.STANDARD.strength


def test_the_trajectory_can_be_read(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": THREE})
    run_id, _ = work(home)
    (path,) = (home.state / "trajectories" / run_id).glob("*.jsonl")
    text = path.read_text()
    assert [line.split('"event": "')[1].split('"')[0] for line in text.splitlines()] == [
        *("call", "command", "call", "command", "call", "grade")
    ]
    assert "changed-it" in text
    assert path.name.startswith("exact_v_m_0-")


def cut(home, run_id, lines: int) -> None:
    """What a session that was killed after so many lines leaves."""
    path = journal(home, run_id)
    kept = path.read_bytes().splitlines(keepends=True)[:lines]
    path.write_bytes(b"".join(kept))


@pytest.mark.slow
def test_a_trial_that_is_continued_pays_and_runs_nothing_twice(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": THREE})
    run_id, _ = work(home)
    whole = events(home, run_id, Call), events(home, run_id, Executed)
    kinds = [line.kind for line in read(journal(home, run_id))]
    for length in range(2, kinds.index("grade")):
        cut(home, run_id, length)
        before = [line.hash for line in read(journal(home, run_id))]
        again, _ = work(home)
        assert again == run_id
        assert only(home, run_id).grade is Grade.RESOLVED
        assert [line.hash for line in read(journal(home, run_id))][:length] == before
        assert [call.key for call in events(home, run_id, Call)] == [call.key for call in whole[0]], length
        assert [ran.step for ran in events(home, run_id, Executed)] == [ran.step for ran in whole[1]], length


@pytest.mark.slow
def test_commands_whose_output_differs_each_time_are_not_run_again(agent_home, tmp_path):
    rows = script_of(
        ("What is to be done", bash("date +%N > now.txt; cat now.txt; echo first-done")),
        ("first-done", bash(f"{FIX}; rm now.txt; echo changed-it")),
        ("changed-it", bash("submit")),
    )
    home = agent_home(tmp_path, {"m": rows})
    run_id, _ = work(home)
    calls = [call.key for call in events(home, run_id, Call)]
    cut(home, run_id, 3)  # started, call, execution
    work(home)
    assert [call.key for call in events(home, run_id, Call)] == calls
    assert len(events(home, run_id, Executed)) == 2
    assert only(home, run_id).grade is Grade.RESOLVED


@pytest.mark.slow
def test_a_key_in_an_output_is_not_shown_so_that_the_record_is_what_was_shown(agent_home, tmp_path):
    key = "sk-" + "A1b2C3d4E5f6G7h8I9j0"
    rows = script_of(
        ("What is to be done", bash(f"echo sk''-{key[3:]}; echo first-done")),
        ("first-done", bash(f"{FIX}; echo changed-it")),
        ("changed-it", bash("submit")),
    )
    home = agent_home(tmp_path, {"m": rows})
    run_id, _ = work(home)
    calls = events(home, run_id, Call)
    assert calls[1].request is not None
    assert "[redacted:api-key]" in calls[1].request.messages[-1].content
    cut(home, run_id, 3)
    work(home)
    assert [call.key for call in events(home, run_id, Call)] == [call.key for call in calls]


@pytest.mark.parametrize(
    ("limits", "why", "calls"),
    [
        ({"steps": 2}, "limit of 2 calls", 2),
        ({"tokens": 900}, "limit of 900 tokens", 2),
        ({"cost_usd": 0.02}, "limit of 0.02 USD", 1),
        ({"wall_s": 0.4, "command_s": 0.3}, "limit of 0.4 s", 2),
    ],
    ids=["steps", "tokens", "cost", "wall"],
)
def test_a_limit_ends_it_before_the_call(agent_home, tmp_path, limits, why, calls):
    rows = script_of(
        ("What is to be done", bash(f"{FIX}; sleep 0.25; echo first-done")),
        ("", bash("sleep 5" if "wall_s" in limits else "ls")),
    )
    usage = {"usage": {"input": 300, "output": 50}}
    home = agent_home(tmp_path, {"m": [{**row, **usage} for row in rows]}, suite={"limits": limits})
    run_id, _ = work(home)
    graded = only(home, run_id)
    assert graded.grade is Grade.LIMIT
    assert graded.detail.startswith(why), graded.detail
    assert graded.detail.endswith("what it had changed by then: resolved")
    assert graded.calls == calls
    assert graded.submission is None, "it was not handed in"


def test_what_was_spent_stays_within_a_limit(agent_home, tmp_path):
    rows = [{"text": bash("ls"), "usage": {"input": 300, "output": 90}}]
    home = agent_home(tmp_path, {"m": rows}, suite={"limits": {"cost_usd": 0.1, "steps": 50}})
    run_id, _ = work(home)
    graded = only(home, run_id)
    assert graded.grade is Grade.LIMIT
    assert graded.cost_usd is not None
    assert 0 < graded.cost_usd <= Decimal("0.1")


def test_the_runs_own_limit_stops_the_run_and_the_same_command_goes_on(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": [{**row, "usage": {"input": 300, "output": 50}} for row in THREE]})
    run_id, result = work(home, max_cost_usd=Decimal("0.03"))
    assert result.stopped_at_budget
    assert not events(home, run_id, GradeGiven)
    paid = len(events(home, run_id, Call))
    assert paid in (1, 2)
    work(home, max_cost_usd=Decimal(5))
    assert len(events(home, run_id, Call)) == 3
    assert only(home, run_id).grade is Grade.RESOLVED


def test_replies_without_a_command(agent_home, tmp_path):
    rows = script_of(
        ("It holds none", bash(f"{FIX}; echo changed-it")),
        ("changed-it", bash("submit")),
        ("", "I would look at the code."),
    )
    home = agent_home(tmp_path, {"m": rows})
    run_id, _ = work(home)
    assert only(home, run_id).grade is Grade.RESOLVED
    script(home.root, "m", [{"text": "I would look at the code."}])
    run_id, _ = work(home, fresh=True)
    assert (only(home, run_id).grade, only(home, run_id).calls) == (Grade.FORMAT_FAILURE, 3)


def test_a_reply_that_was_cut_off_is_no_command(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": [{"text": bash("rm -r src"), "finish": "length"}]})
    run_id, _ = work(home)
    assert only(home, run_id).grade is Grade.FORMAT_FAILURE
    assert not events(home, run_id, Executed)


@pytest.mark.parametrize(
    ("row", "grade"),
    [
        ({"fault": "refused", "text": "no"}, Grade.REFUSED),
        ({"fault": "overloaded"}, Grade.INFRA_ERROR),
        ({"fault": "empty"}, Grade.EMPTY),
        ({"text": bash("submit")}, Grade.EMPTY),
    ],
)
def test_what_ends_it_otherwise(agent_home, tmp_path, row, grade):
    home = agent_home(tmp_path, {"m": [row]})
    run_id, _ = work(home)
    assert only(home, run_id).grade is grade
    assert events(home, run_id, RunFinished)


def test_the_marker_in_a_file_submits_nothing(agent_home, tmp_path):
    rows = script_of(
        ("What is to be done", bash("echo submit > note; cat note; echo first-done")),
        ("first-done", bash(f"{FIX}; rm note; echo changed-it")),
        ("changed-it", bash("submit")),
    )
    home = agent_home(tmp_path, {"m": rows})
    run_id, _ = work(home)
    assert (only(home, run_id).grade, only(home, run_id).calls) == (Grade.RESOLVED, 3)


def test_edits_of_git_and_of_tests_do_not_help(agent_home, tmp_path):
    """What git says in the workspace is not asked, and a test that is graded with is never the agent's."""
    lie = "git add -A; git commit -qm x --author 'a <a@b>'; git update-index --assume-unchanged src/book/__init__.py"
    rows = script_of(
        (
            "What is to be done",
            bash(f"{FIX}; git config user.email a@b; git config user.name a; {lie}; echo changed-it"),
        ),
        ("changed-it", bash("submit")),
    )
    home = agent_home(tmp_path, {"m": rows})
    run_id, _ = work(home)
    submission = only(home, run_id).submission
    assert submission is not None
    assert submission.files == GOLD


def test_a_panel_works_like_a_model(agent_home, tmp_path):
    policy = {"panel": ["v/a", "v/b"], "compare": "exact", "rule": {"quorum": 2}}
    home = agent_home(tmp_path, {"a": THREE, "b": THREE}, policies={"p": policy})
    run_id, _ = work(home, "consensus/p")
    assert (only(home, run_id).grade, only(home, run_id).calls) == (Grade.RESOLVED, 6)


def test_a_task_may_have_limits_of_its_own(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": THREE})
    task = home.suites / "book" / "tasks" / "exact" / "task.yaml"
    task.write_text(task.read_text()[:-1] + ', "limits": {"steps": 1}}')
    run_id, _ = work(home)
    assert only(home, run_id).detail.startswith("limit of 1 calls")


def test_the_suite_is_the_same_suite_while_nothing_is_limited(agent_home, tmp_path):
    plain = book(agent_home(tmp_path / "a", {"m": THREE}))
    assert plain.digest == book(agent_home(tmp_path / "b", {"m": THREE})).digest
    assert plain.digest != book(agent_home(tmp_path / "c", {"m": THREE}, suite={"limits": {"steps": 3}})).digest


# --- pieces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (bash("ls -la"), "ls -la"),
        ("~~~sh\nls\n~~~", "ls"),
        (bash("cat <<'E' > a\n  x\nE"), "cat <<'E' > a\n  x\nE"),
        (bash("  submit  "), "submit"),
        (bash("echo submit"), "echo submit"),
        ("```bash\r\nls\r\n```", "ls"),
        ("````bash\ncat <<E\n```\nE\n````", "cat <<E\n```\nE"),
        ("```python\nx\n```\n" + bash("ls"), "ls"),
    ],
)
def test_the_one_command(text, action):
    assert read_action(text) == action


@pytest.mark.parametrize(("text", "why"), [("ls", "none"), (bash("a") + bash("b"), "holds 2"), (bash("  "), "empty"), ("```bash\nls", "none")])  # fmt: skip
def test_no_single_command(text, why):
    action = read_action(text)
    assert isinstance(action, Unusable)
    assert why in action.why


def test_head_and_tail():
    assert head_and_tail("abc", 10) == "abc"
    assert head_and_tail("a" * 50 + "b" * 50, 20) == "a" * 10 + "\n[... 80 characters left out ...]\n" + "b" * 10


def test_how_a_command_ended_is_said():
    ran = Ran(ending=Ending.TIMEOUT, exit_code=None, stdout=b"x\xff", stderr=b"", wall_s=60.2, isolation=Isolation.NONE)
    assert observation(ran, 200) == "stopped: timeout after 60 s\nx\ufffd"


def test_a_record_that_is_not_what_was_written_is_told():
    files = {"a": "1"}
    first = Step(number=1, command="x", files=files, tree_sha256=digest(files))
    assert left_behind([first, replace(first, number=2, files=None)]) == files
    assert left_behind([replace(first, files={"a": "[redacted:api-key]"})]) is None


def test_a_journal_of_hashes_holds_no_word_of_a_step():
    step = Step(number=1, command="cat secret-command", files={"secret.py": "secret = 1\n"}, tree_sha256="0" * 64)
    ran = Execution(ending=Ending.EXITED, exit_code=0, wall_s=0.1, isolation=Isolation.NONE, log="secret output")
    event = Executed(trace_id=TraceId("t"), model=None, code_sha256="c", execution=ran, step=step)
    assert "secret" not in repr(hashed(event))
    assert hashed(replace(event, step=None)).step is None
