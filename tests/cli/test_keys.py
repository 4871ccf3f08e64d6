"""No key reaches an output, a journal, the database or a page, whatever command is given and however it ends."""

import json
import os
from pathlib import Path

import pytest

from harness.cli.main import ended
from tests.cli.command_line import VAT, A, B, Folder, call
from tests.servers.vendor import Options, spawn

KEYS = {
    "OPENAI_API_KEY": "canary-openai-0123456789abcdef", "ANTHROPIC_API_KEY": "canary/anthropic+0123456789==", "GEMINI_API_KEY": "canary\"gemini'012345",
    "DEEPSEEK_API_KEY": "sk-canarydeepseek0123456789", "VENDOR_KEY": "canary-vendor-0123456789",
}  # fmt: skip
COMMANDS = [
    [], ["--version"], ["models"], ["models", "show", "openai/gpt-5.5"], ["models", "check", A], ["suites"], ["runs"], ["matrix", "propose"],
    ["route"], ["doctor"], ["audit"], ["db"], ["db", "sql", "SELECT * FROM call"], ["run", "starter", "--models", f"{A},{B}", "--limit", "3"],
    ["ask", VAT, "--policy", "starter"], ["ask", "x", "--models", "vendor/echo"], ["ask", "[[401]] the vendor repeats the key", "--models", "vendor/echo"], ["models", "check", "vendor/echo"],
    ["run", "starter", "--models", "vendor/echo", "--limit", "2"], ["runs", "export", "vendor", "--format", "csv"], ["nope"], ["run"],
]  # fmt: skip


@pytest.fixture
def armed(home: Folder, monkeypatch) -> Folder:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return home


def spelled(value: str) -> list[str]:
    return [value, json.dumps(value)[1:-1]]


def check(text: str) -> None:
    for name, value in KEYS.items():
        for canary in spelled(value):
            assert canary not in text, f"{name} in {text[:300]}"


@pytest.mark.slow
def test_no_command_shows_a_key(armed):
    with spawn(Options()) as vendor:
        card = f"  - {{id: vendor/echo, api: openai-chat, base_url: '{vendor.base_url}/v1', key_env: VENDOR_KEY, price: {{input: 1, output: 1, as_of: 2026-11-20}}}}\n"
        with (armed.root / "registry" / "models.yaml").open("a") as file:
            file.write(card)
        for argv in COMMANDS:
            for flags in ([], ["--json"]):
                said = armed.call(*argv, *flags)
                check(said.out + said.err)
                assert said.code != 1, said.err
    run_id = armed.json("runs")[0]["run"]
    armed.call("runs", "show", run_id)
    made = [path for path in armed.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in made)
    for path in made:
        check(path.read_bytes().decode("utf-8", "replace"))


def test_a_model_that_repeats_a_key_does_not_make_it_known(armed):
    """Its answer is recorded and shown without it."""
    (armed.root / "suites" / "starter" / "scripted" / "quick.jsonl").write_text(
        json.dumps({"text": f"your key is {KEYS['OPENAI_API_KEY']} and {KEYS['ANTHROPIC_API_KEY']}"}) + "\n"
    )
    for flags in ([], ["--json"]):
        said = armed.call("ask", "which key?", "--models", A, *flags)
        assert said.code == 0
        assert "your key is [redacted:" in said.out
        check(said.out + said.err)
    for path in (armed.root / ".harness").rglob("*.jsonl"):
        check(path.read_text())


def test_a_key_in_the_place_of_its_name_is_not_repeated(armed):
    models = (armed.root / "registry" / "models.yaml").read_text()
    (armed.root / "registry" / "models.yaml").write_text(models.replace("OPENAI_API_KEY", KEYS["OPENAI_API_KEY"]))
    said = armed.call("models")
    assert said.code == 2
    check(said.out + said.err)


def test_neither_an_error_nor_a_bug_tells_one(monkeypatch, capsys):
    from harness.core.errors import ConfigError

    monkeypatch.setenv("VENDOR_KEY", KEYS["VENDOR_KEY"])

    def mistaken() -> int:
        raise ConfigError(f"https://host/?key={os.environ['VENDOR_KEY']}")

    def broken() -> int:
        raise ValueError(os.environ["VENDOR_KEY"])

    for work in (mistaken, broken):
        assert ended(work) in (1, 2)
        shown = capsys.readouterr()
        check(shown.out + shown.err)
        assert "[redacted:VENDOR_KEY]" in shown.err


def test_a_key_on_the_command_line_is_not_repeated(armed):
    said = call("ask", KEYS["OPENAI_API_KEY"], "--models", KEYS["OPENAI_API_KEY"], "--home", Path(armed.root))
    assert said.code == 2
    check(said.out + said.err)
