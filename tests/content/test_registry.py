"""The registry as a whole: faults of all its files at once, and what is shipped loads."""

from pathlib import Path

import pytest

from harness.content import list_suites, load_registry, load_suite, missing_files, packaged_home
from harness.core.errors import ConfigError, FaultsError

CHECKOUT = packaged_home(cwd=Path.cwd())


def test_a_registry_of_cards_alone(folder):
    folder.write("registry/models.yaml", "models: [{id: a/a, api: gemini}]")
    registry = load_registry(folder.home)
    assert list(registry.cards) == ["a/a"]
    assert (registry.policies, registry.schedules, registry.matrix.version) == ({}, {}, 0)
    assert list(registry.routing.profiles) == ["default"]


def test_policies_may_name_models_without_a_card(folder):
    folder.write("registry/models.yaml", "models: []")
    folder.write("registry/policies.yaml", "policies: {p: {panel: [x/x, y/y], rule: {quorum: 2}}}")
    assert load_registry(folder.home).policies


def test_faults_of_all_files_come_together(folder):
    for name in ("models", "policies", "routing", "matrix", "schedules"):
        folder.write(f"registry/{name}.yaml", "profiles: 1\nx: 1\n")
    with pytest.raises(FaultsError) as caught:
        load_registry(folder.home)
    assert {fault.file.rpartition("/")[2] for fault in caught.value.faults} == {
        "models.yaml",
        "policies.yaml",
        "routing.yaml",
        "matrix.yaml",
        "schedules.yaml",
    }


def test_without_cards_there_is_no_registry(folder):
    with pytest.raises(ConfigError, match=r"models.yaml: no such file"):
        load_registry(folder.home)


def test_the_shipped_registry_loads():
    registry = load_registry(CHECKOUT)
    assert registry.cards
    assert registry.policies
    assert missing_files(registry.cards) == ()


@pytest.mark.parametrize("name", list_suites(CHECKOUT))
def test_the_shipped_suites_load(name):
    suite = load_suite(CHECKOUT, name)
    assert suite.tasks
    assert suite.digest == load_suite(CHECKOUT, name).digest
