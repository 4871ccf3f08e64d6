import copy
import json
from dataclasses import replace

import pytest

from harness.consensus.calibration import Revocation, from_json
from harness.consensus.calibration.calibrate import PolicyFacts, calibrate
from harness.consensus.calibration.certify import least_labels
from harness.consensus.calibration.votes import Labelled
from harness.core.errors import ConfigError
from tests.consensus.calibration.conftest import NAMES, facts
from tests.consensus.calibration.voters import survey


def test_a_calibration_comes_back_from_its_file(calibration):
    text = json.dumps(calibration.to_json(), indent=2)
    assert from_json(json.loads(text)) == calibration
    assert json.dumps(from_json(json.loads(text)).to_json(), indent=2) == text


@pytest.mark.parametrize("labels", [10, 60])
def test_small_ones_come_back_too(labels):
    found = calibrate(survey(labels, 3), facts(), fitted_at="now")
    assert found.head.kind == ("raw" if labels < 50 else "platt")
    assert from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_file_can_be_read_by_people(calibration):
    found = calibration.to_json()
    assert [row["id"] for row in found["models"]] == list(NAMES)
    assert found["thresholds"][0]["risk_limit"] == 0.01
    assert found["versions"] == {"harness": "0.1.0"}
    assert found["labels"] == 600


def test_what_is_certified(calibration):
    by_limit = {t.risk_limit: t for t in calibration.thresholds}
    assert list(by_limit) == [0.01, 0.02, 0.05, 0.1]
    assert by_limit[0.05].certified
    assert by_limit[0.05].risk_upper <= 0.05
    assert 2 <= by_limit[0.05].calls_mean < 3
    assert calibration.scores.ece < 0.03
    assert calibration.certificate(0.05) == by_limit[0.05]
    assert calibration.certificate(0.07) == by_limit[0.05]
    assert calibration.certificate(0.001) is None


def test_ten_labels_certify_nothing_and_say_what_is_missing():
    found = calibrate(survey(10, 5), facts(), fitted_at="now", limits=(0.01, 0.1))
    assert not any(t.certified for t in found.thresholds)
    for t in found.thresholds:
        assert t.labels_missing is None or t.labels_missing + 10 >= least_labels(t.risk_limit)


def test_the_order_of_the_labels_does_not_matter():
    items = survey(80, 8)
    one, other = (calibrate(x, facts(), fitted_at="now") for x in (items, items[::-1]))
    assert one == other
    changed = calibrate([*items[1:], survey(1, 9)[0]], facts(), fitted_at="now")
    assert changed.data_hash != one.data_hash


@pytest.mark.parametrize("order", ["cheap_first", "accurate_first", "all_at_once"])
def test_every_order_is_certified_as_it_will_run(order):
    found = calibrate(survey(120, 2), facts(order, (1.0, 2.0, 3.0, None, 5.0, 0.0)), fitted_at="now", limits=(0.2,))
    assert found.order == order
    assert found.cost == (1.0, 2.0, 3.0, 5.0, 5.0, 0.005)
    assert (found.thresholds[0].calls_mean == 6) == (order == "all_at_once")


@pytest.mark.parametrize(
    ("items", "given", "limits", "said"),
    [
        (survey(4, 1), facts(), (0.1,), "4 labelled questions of class sums; at least 5"),
        (survey(6, 1) + survey(1, 1), facts(), (0.1,), "'q1-0' occurs 2 times"),
        ([Labelled(task=str(i), votes=(0, 1), right=0) for i in range(6)], facts(), (0.1,), "each of the 6 members"),
        (survey(6, 1), facts(cost=(1.0,)), (0.1,), "each of the 6 members"),
        (survey(6, 1), facts(), (1.0,), r"risk limit 1.0; it is a share"),
        (survey(6, 1), facts(), (0.1, 0.0), r"risk limit 0.0; it is a share"),
    ],
)
def test_calibrate_refuses(items, given, limits, said):
    with pytest.raises(ConfigError, match=said):
        calibrate(items, given, fitted_at="now", limits=limits)


@pytest.mark.parametrize("models", [("v/a",), ("v/a", "v/a")])
def test_calibrate_refuses_a_panel_of_one_and_the_same_model_twice(models):
    given = PolicyFacts(task_class="sums", policy="p", policy_version="1", comparator="exact@1", models=models)
    items = [Labelled(task=str(i), votes=(0,) * len(models), right=0) for i in range(6)]
    with pytest.raises(ConfigError, match="two or more different models"):
        calibrate(items, given, fitted_at="now")


def test_who_it_speaks_for(calibration):
    ours = {"policy_version": "0123456789ab", "comparator": "numeric@3"}
    assert calibration.mismatch(**ours) is None
    assert "comparator numeric@3, not numeric@4" in calibration.mismatch(**ours | {"comparator": "numeric@4"})
    assert "version 0123456789ab of payments, not ff" in calibration.mismatch(**ours | {"policy_version": "ff"})


def spoil(place, value):
    def spoiled(document):
        document = copy.deepcopy(document)
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        if value is KeyError:
            del inner[place[-1]]
        else:
            inner[place[-1]] = value
        return document

    return spoiled


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: [], "the document is"),
        (spoil(["format"], 9), "format: 9; this version reads 1"),
        (spoil(["models"], {}), r"models is \{\}; a list is needed"),
        (spoil(["models", 1], 5), r"models\[1\] is 5"),
        (spoil(["models", 0, "cost"], KeyError), r"models\[0\]: the key 'cost' is missing"),
        (spoil(["labels"], KeyError), "the key 'labels' is missing"),
        (spoil(["head"], None), "head is None"),
        (spoil(["head", "charm"], 1), "head: unknown key 'charm'; there are: agreement, intercept"),
        (spoil(["head", "kind"], "oracle"), "head: values out of range"),
        (spoil(["difficulty"], 3), "a value has the wrong type"),
        (spoil(["difficulty", 0], 3.0), "accuracy: values out of range"),
        (spoil(["models", 2, "accuracy", 0], 1.0), "attraction: values out of range"),
        (spoil(["models", 2, "accuracy"], [0.5]), "accuracy: values out of range"),
        (spoil(["models", 2, "cost"], -1), "cost: values out of range"),
        (spoil(["models", 2, "id"], "v/a"), "models: values out of range"),
        (spoil(["order"], "random"), "order: values out of range"),
        (spoil(["coincidence"], 1.0), "difficulty: values out of range"),
        (spoil(["thresholds", 0, "threshold"], 0.9), "thresholds: values out of range"),
        (spoil(["thresholds", 0, "certified"], KeyError), "wrong type"),
    ],
)
def test_a_spoiled_file_is_refused(calibration, change, said):
    document = calibration.to_json()
    document["thresholds"][0] |= {"certified": False, "threshold": None}
    assert from_json(document)
    with pytest.raises(ConfigError, match="^registry/calibration/sums.json: .*" + said):
        from_json(change(document), file="registry/calibration/sums.json")


def test_a_revoked_calibration_certifies_nothing_and_comes_back_from_its_file(calibration):
    named = replace(calibration, sources=("r1", "r2"))
    revoked = replace(named, revoked=Revocation(at="2026-11-22T00:00:00Z", why="drift"))
    assert from_json(json.loads(json.dumps(revoked.to_json()))) == revoked
    assert calibration.certificate(0.1) is not None
    assert revoked.certificate(0.1) is None
    told = revoked.mismatch(policy_version=calibration.policy_version, comparator=calibration.comparator)
    assert told == "the calibration was revoked on 2026-11-22T00:00:00Z: drift"


def test_the_version_is_of_what_can_change_a_decision(calibration):
    same = replace(calibration, sources=("r1",), revoked=Revocation(at="now", why="drift"))
    assert same.version == calibration.version
    assert replace(calibration, labels=calibration.labels + 1).version != calibration.version
