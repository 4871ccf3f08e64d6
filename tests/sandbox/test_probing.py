"""The choice of a level: the strongest that works, never a weaker one than asked for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.sandbox import PlainProcess, open_sandbox, probe, probing, self_test
from harness.sandbox.cgroups import Cgroups


def test_the_strongest_that_works_even_where_none_would_do(bubblewrap):
    assert open_sandbox(Isolation.NONE).isolation is bubblewrap.isolation


def test_a_backend_by_name():
    assert open_sandbox(Isolation.NONE, want="process").isolation is Isolation.NONE
    with pytest.raises(SandboxError, match=r"no sandbox backend 'jail'; there are: bubblewrap, container, process"):
        open_sandbox(Isolation.NONE, want="jail")


def test_strict_is_refused_not_approximated():
    with pytest.raises(SandboxError, match=r"no sandbox of level 'strict' here"):
        open_sandbox(Isolation.STRICT, want="process")


def test_files_that_promise_a_limit_are_not_believed(bubblewrap, tmp_path):
    groups = Cgroups(version=2, parents=dict.fromkeys(("memory", "pids"), tmp_path))
    fault = probing._limits_fault(replace(bubblewrap, cgroups=groups))
    assert fault == "the limit on processes does not hold: a job that breaks it ended by exited"


def test_strict_is_proven_or_the_reason_is_told(bubblewrap):
    found = asyncio.run(probe(attack=False))[0]
    assert found.isolation is bubblewrap.isolation
    assert bool(found.not_higher) == (found.isolation is not Isolation.STRICT)


def test_never_lowered_silently():
    with pytest.raises(
        SandboxError, match=r"keeps nothing from anybody.*apt-get install bubblewrap.*--i-trust-this-code"
    ):
        open_sandbox(Isolation.STANDARD, want="process")


def test_nothing_on_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"`bwrap` is not on PATH.*`docker` is not on PATH"):
        open_sandbox(Isolation.REDUCED)
    assert open_sandbox(Isolation.NONE).isolation is Isolation.NONE


@pytest.mark.parametrize("body", ["echo 'No permissions to create new namespace' >&2; exit 1", "exit 1"])
def test_a_bwrap_that_may_not_make_namespaces(monkeypatch, tmp_path, body):
    _program(tmp_path / "bwrap", body)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SandboxError, match=r"does not work: .*(No permissions|no reason given).*user namespaces may be off"
    ):
        open_sandbox(Isolation.STANDARD)


def test_a_container_engine_with_the_image(monkeypatch, tmp_path):
    _program(tmp_path / "podman", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert type(open_sandbox(Isolation.STANDARD)).__name__ == "Container"


def test_probes_name_every_backend(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {each.backend: each for each in asyncio.run(probe())}
    assert list(found) == ["bubblewrap", "container", "process"]
    assert found["process"].works
    assert not found["bubblewrap"].works
    assert found["bubblewrap"].self_tests == ()


def test_without_attacks_it_is_quick(bubblewrap):
    assert {each.backend for each in asyncio.run(probe(attack=False)) if each.works} >= {"bubblewrap", "process"}


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.slow
def test_bubblewrap_withstands_every_attack(bubblewrap):
    first = asyncio.run(probe())[0]
    assert first.works, [test for test in first.self_tests if not test.passed]
    assert len(first.self_tests) >= 12
    if bubblewrap.seccomp:
        assert first.warm == "works", [test for test in first.warm_self_tests if not test.passed]
        assert [test.name for test in first.warm_self_tests] == [test.name for test in first.self_tests]


@pytest.mark.slow
def test_a_plain_process_withstands_few_so_the_attacks_are_real():
    failed = {test.name for test in asyncio.run(self_test(PlainProcess())) if not test.passed}
    assert failed >= {
        "environment_of_others_is_unseen",
        "home_is_unseen",
        "network_is_unreachable",
        "writing_outside_is_refused",
        "other_processes_are_unseen",
        "temporary_files_are_bounded",
    }
    assert "runs_at_all" not in failed
