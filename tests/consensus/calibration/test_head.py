import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.fit import fit
from harness.consensus.calibration.head import Head, kind_for, logistic, logit, shape
from harness.consensus.calibration.regress import fit_head, ridge_logistic, stages
from tests.consensus.calibration.voters import survey


def test_what_so_many_labels_can_carry():
    assert [kind_for(n) for n in (0, 49, 50, 199, 200)] == ["raw", "raw", "platt", "platt", "logistic"]


@given(st.floats(1e-5, 1 - 1e-5))
def test_logistic_undoes_logit(p):
    assert logistic(logit(p)) == pytest.approx(p)


def test_logistic_of_extremes():
    assert (logistic(1e6), logistic(-1e6)) == (1.0, pytest.approx(0, abs=1e-300))
    assert logit(0.0) == pytest.approx(-logit(1.0))


def test_the_head_sees_missing_members_as_missing_not_as_disagreeing():
    assert shape((0, None, 1, 0), 0) == [1, 0, -1, 1, 2 / 3, 1 / 3, 1 / 4]
    assert shape((None, None, 0), 0) == pytest.approx([0, 0, 1, 1, 0, 2 / 3])


def test_heads_apply_their_line():
    assert Head().confidence(0.7, (0, 0), 0) == 0.7
    line = Head(kind="platt", intercept=0.5, slope=2.0)
    assert line.confidence(0.7, (0, 0), 0) == pytest.approx(logistic(0.5 + 2 * logit(0.7)))
    full = Head(kind="logistic", agreement=(1.0, 0.25, 0.0), spread=0.1, second=0.2, missing=-0.3)
    expected = logit(0.7) + 1.0 - 0.25 + 0.1 * 1 + 0.2 * 0.5 - 0.3 / 3
    assert full.confidence(0.7, (0, 1, None), 0) == pytest.approx(logistic(expected))


def test_ridge_finds_where_the_gradient_vanishes():
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=(200, 3)), rng.random(200)
    right = (rng.random(200) < 1 / (1 + np.exp(-(x @ [1.0, -2.0, 0.0] + 0.5)))).astype(float)
    centre = np.array([1.0, 0.0, 0.0])
    found = ridge_logistic(x, right, weight, centre=centre, ridge=2.0)
    p = 1 / (1 + np.exp(-(found[0] + x @ found[1:])))
    assert x.T @ (weight * (right - p)) == pytest.approx(2.0 * (found[1:] - centre), abs=1e-6)
    assert (weight * (right - p)).sum() == pytest.approx(0.002 * found[0], abs=1e-6)


def test_separable_data_and_no_data_have_a_finite_answer():
    x = np.array([[-30.0], [-20.0], [25.0], [1e3]])
    found = ridge_logistic(x, np.array([0.0, 0, 1, 1]), np.ones(4), centre=np.array([1.0]))
    assert np.isfinite(found).all()
    assert ridge_logistic(x, np.ones(4), np.ones(4), centre=np.array([1.0]), steps=1)[0] > 0
    always = ridge_logistic(np.zeros((50, 1)), np.ones(50), np.ones(50), centre=np.array([1.0]))
    assert np.isfinite(always).all()
    assert always[1] == pytest.approx(1.0)


def test_stages_hold_the_full_panel_last():
    assert stages(2) == [(0, 1)]
    assert len(stages(6)) == 2**6 - 1 - 6
    assert len(stages(9)) == 36 + 84 + 1
    assert len(stages(20)) == 190 + 1
    for panel in (2, 6, 9, 20):
        assert stages(panel)[-1] == tuple(range(panel))


@pytest.mark.parametrize(("labels", "kind"), [(30, "raw"), (120, "platt"), (220, "logistic")])
def test_fit_head(labels, kind):
    items = survey(labels, 11)
    raw = Estimator(fit(items), Head())
    head = fit_head(items, [raw] * labels)
    assert head.kind == kind
    assert len(head.agreement) == (6 if kind == "logistic" else 0)
    assert math.isfinite(head.intercept)
    assert 0 < head.slope < 3


def test_fit_head_without_a_single_vote_is_raw():
    items = [item.__class__(task=item.task, votes=(None,) * 6, right=None) for item in survey(60, 1)]
    assert fit_head(items, [Estimator(fit(items), Head())] * 60) == Head()
