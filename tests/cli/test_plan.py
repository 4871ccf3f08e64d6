"""``harness plan``: how many tasks and dollars, from what was measured and from what is assumed."""

import pytest

from tests.cli.command_line import A, B


def test_measured_first(measured_copy):
    found = measured_copy.json("plan", "starter", "--a", A, "--b", B)
    assert (found["tasks"], found["pairs"], found["assumptions"]) == (43, 43, [])
    needed = [line["tasks"] for line in found["differences"]]
    assert needed == sorted(needed, reverse=True)
    per_task = sum(found["cost_per_trial_usd"].values())
    assert found["cost_here_usd"] == pytest.approx(43 * per_task)
    assert found["differences"][0]["cost_usd"] == pytest.approx(needed[0] * per_task)
    said = measured_copy.call("plan", "starter", "--a", A, "--b", B)
    assert said.code == 0
    assert "measured on 43 tasks" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines())


def test_assumptions_are_named(home):
    found = home.json("plan", "starter", "--a", A, "--b", "scripted/sloppy", "--margin", "0.05")
    assert found["pairs"] == 0
    assert found["discordant"] == pytest.approx(0.10)
    # Equal models that differ on 10 % of tasks: published as 248 for five points.
    assert found["not_worse"]["tasks"] == 248
    assert len(found["assumptions"]) == 3
    assert "assumed: " in home.call("plan", "starter", "--a", A, "--b", B).out
    unpriced = home.root / "registry" / "models.yaml"
    lines = [line for line in unpriced.read_text().splitlines() if "price:" not in line]
    unpriced.write_text("\n".join(lines) + "\n")
    found = home.json("plan", "starter", "--a", A, "--b", B)
    assert found["cost_here_usd"] is None
    assert "unknown" in home.call("plan", "starter", "--a", A, "--b", B).out


@pytest.mark.parametrize(
    "argv", [("--a", A, "--b", A), ("--a", A, "--b", "no/body"), ("--a", A, "--b", B, "--margin", "1")]
)
def test_what_cannot_be_planned_is_told(home, argv):
    said = home.call("plan", "starter", *argv)
    assert (said.code, said.out) == (2, "")
    assert said.told
