"""Posterior probabilities: against sums, symmetry and simulation."""

import math

import numpy as np
import pytest

from harness.stats import (
    bayes_independent_prob_better,
    bayes_paired_dirichlet,
    bayes_paired_noninferiority,
    dirichlet_prior,
)


def test_independent_against_the_finite_sum():
    # P(B > A) of two Beta variables with whole parameters.
    a, b, c, d = 13, 9, 17, 5

    def log_beta(x: float, y: float) -> float:
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    exact = sum(
        math.exp(log_beta(a + i, b + d) - math.log(d + i) - log_beta(1 + i, d) - log_beta(a, b)) for i in range(c)
    )
    found = bayes_independent_prob_better(a_pass=12, a_n=20, b_pass=16, b_n=20)
    assert found.p_b_better == pytest.approx(exact, abs=1e-9)


def test_independent_is_symmetric():
    one = bayes_independent_prob_better(a_pass=0, a_n=3, b_pass=5, b_n=5, prior=(0.5, 0.5)).p_b_better
    other = bayes_independent_prob_better(a_pass=5, a_n=5, b_pass=0, b_n=3, prior=(0.5, 0.5)).p_b_better
    assert one + other == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match="must not exceed b_n = 5: 6"):
        bayes_independent_prob_better(a_pass=1, a_n=3, b_pass=6, b_n=5)


def test_paired_without_data_is_even():
    assert bayes_paired_dirichlet(a_only=0, b_only=0).p_b_better == pytest.approx(0.5)
    assert bayes_paired_dirichlet(a_only=3, b_only=9).p_b_better + bayes_paired_dirichlet(
        a_only=9, b_only=3
    ).p_b_better == pytest.approx(1)


def test_noninferiority_against_simulation():
    found = bayes_paired_noninferiority(both=20, a_only=6, b_only=4, neither=10, margin=0.1).p_noninferior
    draws = np.random.default_rng(1).dirichlet([20.5, 6.5, 4.5, 10.5], 200_000)
    assert found == pytest.approx(float(np.mean(draws[:, 2] - draws[:, 1] > -0.1)), abs=0.005)


def test_noninferiority_grows_with_the_margin():
    found = [
        bayes_paired_noninferiority(both=5, a_only=6, b_only=4, neither=1, margin=m).p_noninferior
        for m in (0.01, 0.2, 0.9)
    ]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(1, abs=1e-4)


def test_priors():
    assert dirichlet_prior("Dirichlet(1/2 x4)") == (0.5,) * 4
    assert dirichlet_prior("Dirichlet(1/2,1/2,1, 2)") == (0.5, 0.5, 1, 2)
    assert dirichlet_prior([1, 2, 3, 4]) == (1, 2, 3, 4)


@pytest.mark.parametrize("prior", ["Dirichlet(a x4)", "Dirichlet(1/0 x4)", "Dirichlet(1)", [1, 2, 3, 0]])
def test_priors_that_are_none(prior: str | list[float]):
    with pytest.raises(ValueError, match="prior must"):
        dirichlet_prior(prior)
