"""Calibrations are written, read, revoked, and refused when they do not add up."""

import copy
import json
from dataclasses import replace

import pytest

from harness.content import (
    calibration_path,
    load_calibration,
    load_calibrations,
    load_registry,
    revoke_calibration,
    write_calibration,
)
from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import PolicyName, TaskClass
from harness.core.policy import RiskLimit
from tests.consensus.cases import calibration, policy

SUMS = TaskClass("finance.sums")
ONE = calibration(policy("abc", RiskLimit(alpha=0.01), task_class=SUMS))
P, Q = PolicyName("p"), PolicyName("q")


def stored(folder) -> dict:
    return json.loads((folder.root / "registry/calibration/finance.sums.json").read_text())


def faults(folder, document) -> dict[str, str]:
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    folder.write("registry/calibration/finance.sums.json", text)
    with pytest.raises(FaultsError) as caught:
        load_calibrations(folder.home)
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_no_folder_no_calibration(folder):
    assert load_calibrations(folder.home) == {}
    assert load_calibration(folder.home, SUMS, P) is None


def test_what_is_written_is_read_and_others_of_the_class_stay(folder):
    other = replace(ONE, policy=Q, sources=("run1", "run2"))
    path = write_calibration(folder.home, other)
    before = path.read_text()
    assert write_calibration(folder.home, ONE) == path == calibration_path(folder.home, SUMS)
    assert load_calibrations(folder.home) == {(SUMS, P): ONE, (SUMS, Q): other}
    assert load_calibration(folder.home, SUMS, P) == ONE
    assert load_calibration(folder.home, SUMS, PolicyName("r")) is None
    text = path.read_text()
    assert text.endswith("}\n")
    assert list(stored(folder)["policies"]) == ["p", "q"]
    assert stored(folder)["policies"]["q"]["sources"] == ["run1", "run2"]
    assert before.partition('"q": ')[2] in text
    assert max(map(len, text.splitlines())) <= 130
    write_calibration(folder.home, ONE)
    assert path.read_text() == text
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_registry_has_them(folder):
    write_calibration(folder.home, ONE)
    folder.write("registry/models.yaml", "models: []\n")
    assert load_registry(folder.home).calibrations == {(SUMS, P): ONE}
    faults(folder, "{")
    with pytest.raises(FaultsError, match="is not JSON"):
        load_registry(folder.home)


def test_an_alarm_revokes_until_it_is_calibrated_again(folder):
    write_calibration(folder.home, replace(ONE, sources=("run1",)))
    revoke_calibration(folder.home, SUMS, P, at="2026-11-21T00:00:00Z", why="b answers differently")
    found = load_calibration(folder.home, SUMS, P)
    assert found.revoked.why == "b answers differently"
    assert found.certificate(0.05) is None
    assert found.version == ONE.version
    assert stored(folder)["policies"]["p"]["sources"] == ["run1"]
    assert list(stored(folder)["policies"]["p"])[:2] == ["format", "revoked"]
    write_calibration(folder.home, ONE)
    assert load_calibration(folder.home, SUMS, P) == ONE
    with pytest.raises(ConfigError, match=r"no calibration of policy 'pp'; there are: p"):
        revoke_calibration(folder.home, SUMS, PolicyName("pp"), at="", why="")
    with pytest.raises(ConfigError, match="no calibration of policy 'p'; there are: none"):
        revoke_calibration(folder.home, TaskClass("other"), P, at="", why="")


@pytest.mark.parametrize("name", ["../policies", "", "Finance", "a/b", "x" * 201])
def test_a_class_is_a_plain_name_and_no_path(folder, name):
    with pytest.raises(ConfigError, match="is no task class like"):
        calibration_path(folder.home, TaskClass(name))
    with pytest.raises(ConfigError, match="is no task class like"):
        write_calibration(folder.home, replace(ONE, task_class=TaskClass(name)))


def test_what_could_not_be_read_back_is_not_written(folder):
    with pytest.raises(FaultsError, match="is not a name"):
        write_calibration(folder.home, replace(ONE, policy=PolicyName("../p")))
    assert not calibration_path(folder.home, SUMS).exists()


def test_a_folder_that_cannot_be_written_is_named(folder):
    folder.write("registry/calibration", "a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_calibration(folder.home, ONE)


@pytest.mark.parametrize(
    ("keys", "value", "place", "problem"),
    [
        (["format"], 2, "format", "2 is not known; there are: 1"),
        (["labels"], "many", "labels", "'many' is not a whole number"),
        (["labels"], 5, "", "thresholds: 320 served of 5 labels"),
        (["extra"], 1, "extra", "unknown key 'extra'"),
        (["order"], "random", "order", "there are: cheap_first, accurate_first, all_at_once, value"),
        (["policy"], "q", "", "is the calibration of 'q' on 'finance.sums', and belongs there"),
        (["models"], [], "models", "at least 2 items"),
        (["models", 0, "id"], "b", "", "models: 'b' is there twice"),
        (["models", 0, "accuracy"], [0.5], "", "'a' needs 2 values of accuracy and of attraction"),
        (["models", 0, "accuracy", 0], 1, "models[0].accuracy[0]", "1 is not below 1"),
        (["models", 0, "accuracy", 0], "0.9", "models[0].accuracy[0]", "'0.9' is not a number"),
        (["models", 0, "agreement"], 0.5, "", "agreement goes with a logistic head, and with no other"),
        (["models", 0, "cost"], 0, "models[0].cost", "0 is not above 0"),
        (["difficulty", 0], 0.7, "", "difficulty: 0.9 is the sum"),
        (["coincidence"], 0, "coincidence", "0 is not above 0"),
        (["head", "kind"], "magic", "head.kind", "there are: raw, platt, logistic"),
        (["thresholds", 1, "risk_limit"], 0.001, "thresholds[1]", "is above the certified limit of 0.001"),
        (["thresholds", 1, "threshold"], None, "thresholds[1]", "a threshold belongs to a certified limit"),
        (["thresholds", 1, "errors"], 999, "thresholds[1]", "999 are more than the 320 served"),
        (["thresholds", 1, "errors"], 9, "", "a limit of 0.01 is not certified by 9 errors among 320 served"),
        (["revoked"], {"at": "now"}, "revoked.why", "is missing"),
        (["scores"], None, "scores", "is not a section of keys"),
    ],
)
def test_what_was_edited_into_nonsense_is_refused_with_its_place(folder, keys, value, place, problem):
    write_calibration(folder.home, ONE)
    document = stored(folder)
    here = document["policies"]["p"]
    for key in keys[:-1]:
        here = here[key]
    here[keys[-1]] = value
    found = faults(folder, document)
    assert problem in found[f"policies.p.{place}" if place else "policies.p"]


def test_every_fault_of_every_file_comes_at_once(folder):
    write_calibration(folder.home, ONE)
    document = stored(folder)
    broken = copy.deepcopy(document["policies"]["p"])
    broken.update(labels=0, delta=2)
    document["policies"].update(q=broken, r=7)
    folder.write("registry/calibration/other.json", "[1]")
    folder.write("registry/calibration/wrong.json", json.dumps({"task_class": "right", "policies": {}}))
    found = faults(folder, document)
    assert set(found) == {"policies.q.labels", "policies.q.delta", "policies.r", "", "task_class"}
    assert found["task_class"] == "'right' is in the file of 'wrong'"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b'{"task_class": "\x80"}', "is not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ('{"task_class": "finance.sums", "task_class": "x", "policies": {}}', "given twice"),
        ('{"task_class": "finance.sums", "policies": {"p": NaN}}', "NaN is no JSON number"),
    ],
)
def test_what_is_no_json(folder, text, problem):
    assert problem in faults(folder, text)[""]


def test_a_file_without_end_is_not_read(folder):
    assert "are more than the" in faults(folder, b" " * ((8 << 20) + 1))[""]
