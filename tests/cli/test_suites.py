"""``harness suites``: what there is, and whether each task tells right from wrong."""

import json

import pytest

from harness.cli.proofs import proofs_of
from harness.core.ids import TaskId
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.evals.builtin import NOOP, REFERENCE

SUITE = "kind: answer\nextract: whole\ncompare: exact\nmin_isolation: none\n"


def add(home, name: str, *cases: dict[str, str], suite: str = SUITE) -> None:
    folder = home.root / "suites" / name
    folder.mkdir()
    (folder / "suite.yaml").write_text(suite)
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)))


def trial(candidate: str, grade: Grade) -> TrialRow:
    return TrialRow(
        run_id="r", task_id="t", task_digest="d", task_class="c", candidate=candidate, epoch=0, grade=grade, detail="so it is",
        cost_usd=None, tokens_in=None, tokens_out=None, latency_s=0, calls=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "noop", "proved", "measured", "why"),
    [
        (Grade.RESOLVED, Grade.NOT_RESOLVED, True, True, ""),
        (Grade.RESOLVED, Grade.EMPTY, True, True, ""),
        (Grade.RESOLVED, Grade.RESOLVED, False, True, "doing nothing resolves it"),
        (Grade.NOT_RESOLVED, Grade.EMPTY, False, True, "the reference does not resolve it: so it is"),
        (Grade.INFRA_ERROR, Grade.EMPTY, False, False, "the reference could not be measured: so it is"),
        (Grade.RESOLVED, Grade.INFRA_ERROR, False, False, "doing nothing could not be measured: so it is"),
    ],
)
def test_a_proof_needs_both(reference, noop, proved, measured, why):
    (proof,) = proofs_of([TaskId("t")], [trial(REFERENCE, reference), trial(NOOP, noop)])
    assert (proof.proved, proof.measured, proof.why) == (proved, measured, why)
    assert (proof.reference, proof.noop) == (reference.value, noop.value)


def test_a_task_without_a_trial_is_not_measured():
    (proof,) = proofs_of([TaskId("other")], [trial(REFERENCE, Grade.RESOLVED)])
    assert not proof.proved
    assert not proof.measured
    assert proof.reference == "absent"


def test_the_starter_suite_is_proved(measured_copy):
    said = measured_copy.call("suites", "validate", "starter")
    assert said.code == 0
    assert said.out.startswith("starter: 43 tasks proved\n")
    result = measured_copy.json("suites", "validate", "starter")
    assert result["proved"] is True
    assert {task["reference"] for task in result["tasks"]} == {"resolved"}
    classes = measured_copy.json("matrix", "propose")["matrix"]["cells"]
    assert not [cell for cell in classes if cell["candidate"].startswith("builtin/")], (
        "a check is no candidate for a route"
    )


def test_a_task_that_proves_nothing_is_named(home):
    suite = SUITE.replace("exact", "numeric").replace("whole", "{last: number}")
    add(
        home,
        "weak",
        {"id": "fine", "prompt": "1+1?", "expected": "2"},
        {"id": "open", "prompt": "1+1?", "expected": "perhaps"},
        suite=suite,
    )
    said = home.call("suites", "validate", "weak")
    assert said.code == 3
    assert "open" in said.out
    assert "fine" not in said.out
    assert "weak: 1 of 2 tasks prove nothing" in said.out
    assert [
        task["task_id"]
        for task in home.call("suites", "validate", "weak", "--json").json["tasks"]
        if not task["proved"]
    ] == ["open"]


def test_a_task_that_cannot_be_judged_exits_5(home):
    add(home, "open", {"id": "open", "prompt": "Say anything."})
    said = home.call("suites", "validate", "open")
    assert said.code == 5
    assert "could not be measured" in said.out


def test_suites_are_listed_and_shown(home):
    assert [suite["name"] for suite in home.json("suites")] == ["starter"]
    assert home.call("suites").err == "next: harness suites show starter\n"
    shown = home.call("suites", "show", "starter")
    assert shown.out.startswith("starter@1: 43 tasks\n")
    assert len(home.json("suites", "show", "starter")["tasks"]) == 43


def test_a_home_without_suites(home):
    (home.root / "suites" / "starter" / "suite.yaml").unlink()
    assert "no suite in" in home.call("suites").out
