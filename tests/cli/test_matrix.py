"""``harness matrix`` and ``route``: from runs to a reviewed file, and from the file to a decision."""

from tests.cli.command_line import A, B


def test_nothing_is_promoted_at_first(home):
    assert home.call("matrix").out == "nothing has been promoted yet\n"
    assert home.call("matrix", "diff").code == 2


def test_proposed_promoted_shown_and_routed_by(measured_copy):
    home = measured_copy
    proposed = home.call("matrix", "propose")
    assert proposed.code == 0
    assert f"★ {B}" in proposed.out
    assert "too few" in proposed.out
    assert "finance.calculation: nobody → scripted/careful" in proposed.out
    assert not (home.root / "registry" / "matrix.yaml").exists()
    promoted = home.call("matrix", "promote")
    assert promoted.code == 0
    assert "version 1 promoted" in promoted.out
    assert (home.root / "registry" / "matrix.yaml").read_text().splitlines()[0].startswith("#")
    assert home.call("matrix").out.startswith("version 1, promoted 20")
    assert home.call("matrix", "diff").out == "no choice would change\n"
    assert home.call("audit").code == 0
    decision = home.json("route", "explain", "--profile", "starter", "--task-class", "finance.calculation")
    assert decision["selected"] == B
    assert home.call("route", "explain", "--profile", "starter").out.startswith("selected: ")


def test_without_evidence_nothing_is_chosen_and_nothing_promoted(measured_copy):
    home = measured_copy
    proposed = home.call("matrix", "propose", "--minimum-tasks", "1000", "--json")
    assert (proposed.json["matrix"]["choices"], proposed.code) == ({}, 5)
    assert home.json("matrix", "promote")["version"] == 1
    refused = home.call("matrix", "promote", "--minimum-tasks", "1000")
    assert refused.code == 3
    assert refused.out.startswith("not promoted:\n")
    assert refused.err == 'to promote all the same: harness matrix promote --force "the reason"\n'
    assert home.call("matrix", "promote", "--minimum-tasks", "1000", "--json").json["promoted"] is False
    forced = home.json("matrix", "promote", "--minimum-tasks", "1000", "--force", "the suite was wrong")
    assert forced["version"] == 2
    assert "the suite was wrong" in (home.root / "registry" / "matrix.yaml").read_text()


def test_only_named_runs_count(measured_copy, run_id):
    home = measured_copy
    assert home.json("matrix", "propose", "--runs", run_id)["matrix"]["cells"]
    said = home.call("matrix", "propose", "--runs", "nope")
    assert (said.code, said.out) == (2, "")
    assert "no run 'nope'" in said.told


def test_what_never_succeeds_costs_no_figure(home):
    home.json("run", "starter", "--models", f"builtin/noop,{A}", "--limit", "2")
    said = home.call("matrix", "propose", "--minimum-tasks", "1")
    assert "builtin" not in said.out


def test_nobody_fits_exits_3(home):
    said = home.call("route", "explain", "--profile", "starter", "--needs", "vision")
    assert said.code == 3
    assert said.out.startswith("rejected: ")
    assert home.call("route", "explain", "--tokens", "10", "--compliance", "pii_safe", "--budget", "0.9").code == 0
