"""``harness doctor`` and ``init``: the first things that a newcomer runs."""

import pytest

from tests.cli.command_line import call


def test_what_works_is_said(home, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary-value")
    said = home.call("doctor")
    assert said.code in (0, 3)
    for part in (
        "home ",
        "Isolation of code under test",
        "Registry",
        "OPENAI_API_KEY set",
        "ANTHROPIC_API_KEY not set",
        "Prices",
    ):
        assert part in said.out
    found = home.call("doctor", "--json").json
    assert found["home"]["path"] == str(home.root)
    assert found["keys"]["OPENAI_API_KEY"] is True
    assert found["faults"] == []
    assert (found["level"] == "none") == (said.code == 3)
    assert "canary-value" not in said.out + str(found)


def test_it_does_not_fall_ill_with_the_patient(home):
    (home.root / "registry" / "models.yaml").write_text("models: [{id: x}]\n")
    said = home.call("doctor")
    assert said.code == 2
    assert "models.yaml: models[0]" in said.out
    assert "Isolation of code under test" in said.out
    assert home.call("doctor", "--json").json["faults"]


def test_old_and_unknown_prices_and_missing_scripts_are_pointed_at(home):
    models = (home.root / "registry" / "models.yaml").read_text()
    more = "  - {id: v/old, api: openai-chat, price: {input: 1, output: 1, as_of: 2020-01-01}}\n  - {id: v/free, api: openai-chat}\n"
    (home.root / "registry" / "models.yaml").write_text(models + more)
    (home.root / "suites" / "starter" / "scripted" / "quick.jsonl").unlink()
    said = home.call("doctor")
    assert "v/old: " in said.out
    assert "days old: check it" in said.out
    assert "v/free: unknown" in said.out
    assert "scripted/quick.file" in said.out
    assert said.code == 2


@pytest.mark.slow
def test_the_sandbox_is_attacked_when_asked(home):
    said = home.call("doctor", "--sandbox")
    if home.call("doctor", "--json").json["level"] == "none":
        pytest.skip("nothing isolates here")
    assert "Attacks on " in said.out
    assert "FAILED" not in said.out


def test_init_overwrites_nothing_and_says_what_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = call("init", "my home")
    assert first.code == 0
    assert first.err.startswith("next: cd 'my home' && harness models")
    (tmp_path / "my home" / "registry" / "models.yaml").write_text("models: []\n")
    again = call("init", "my home", "--json")
    assert again.json["written"] == []
    assert "registry/models.yaml" in again.json["kept"]
    assert (tmp_path / "my home" / "registry" / "models.yaml").read_text() == "models: []\n"
    monkeypatch.chdir(tmp_path / "my home")
    assert call("init").err.startswith("next: harness models")
    assert call("doctor", "--json").json["home"]["why"] == "current folder"
