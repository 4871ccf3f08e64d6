"""Environments: offline where that is honest, by uv where it is not, and never half made."""

import asyncio
import sys
from dataclasses import replace
from typing import Any

import pytest

from harness.core.errors import ConfigError, SandboxError
from harness.core.suite import Environment, Suite
from harness.evals.environments import suite as room
from harness.evals.grading import prepare


def _with(suite: Suite, **changes: Any) -> Suite:
    return replace(suite, environment=Environment(**{"install": (".",), **changes}))


def test_offline_with_our_own_pytest(bench):
    made = bench.environment
    assert made.provenance["made"] == "offline"
    assert made.provenance["pytest"] == pytest.__version__
    assert made.provenance["python"] in sys.version
    assert made.options == ("-P", "-s", "-B")
    assert made.provenance["book"] == "1"  # its metadata, for tests that ask for the version; none of its modules
    assert {"pytest", "_pytest", "pluggy", "iniconfig"} <= made.installed
    assert "harness" not in made.installed
    assert "book" not in made.installed
    assert made.plugins == ()


def test_made_once(repo_suite, tmp_path):
    first = asyncio.run(prepare(repo_suite, None, tmp_path))
    stamp = first.python.lstat().st_mtime_ns
    assert asyncio.run(prepare(repo_suite, None, tmp_path)) == first
    assert first.python.lstat().st_mtime_ns == stamp
    assert not list((tmp_path / "environments").glob(".making-*"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"python": "three"}, "environment.python: not a version specifier: 'three'"),
        ({"lock": "no.lock"}, r"environment.lock: no file '.*no\.lock'"),
        ({"install": ("???",)}, r"environment.install: not a requirement: '\?\?\?'"),
    ],
)
def test_what_the_suite_got_wrong(repo_suite, tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        asyncio.run(prepare(_with(repo_suite, **changes), None, tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[[", "pyproject.toml of the repository"),
        ("[project]\ndynamic = ['dependencies']\n", "dependencies are dynamic"),
    ],
)
def test_what_the_repository_got_wrong(repo_suite, tmp_path, text, message):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        asyncio.run(prepare(replace(repo_suite, repo_path=tmp_path / "repo"), None, tmp_path))


def test_a_repository_without_a_pyproject(repo_suite, tmp_path):
    (tmp_path / "repo").mkdir()
    suite = replace(repo_suite, repo_path=tmp_path / "repo")
    assert asyncio.run(prepare(suite, None, tmp_path)).provenance["made"] == "offline"


def test_uv_is_asked_and_its_refusal_is_told(repo_suite, tmp_path, monkeypatch):
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\necho "uv: $*" >&2\nexit 2\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(uv.parent))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SandboxError, match=r"uv venv .* exit code 2"):
        asyncio.run(prepare(_with(repo_suite, install=("attrs",)), None, tmp_path / "cache"))
    assert not list((tmp_path / "cache" / "environments").iterdir())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="`uv` is neither beside this Python nor on PATH"):
        asyncio.run(prepare(_with(repo_suite, install=("attrs",)), None, tmp_path / "cache"))


def test_requirements_of_the_repository_are_its_dependencies():
    assert room._declared({"pyproject.toml": "[project]\ndependencies = ['attrs>=1']\n"}).dependencies == ("attrs>=1",)
    assert room._is_pytest("PyTest>=8")
    assert not room._is_pytest("pytest-asyncio")
