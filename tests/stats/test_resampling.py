"""Bootstrap and sign flips: against full enumeration."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import bootstrap_exact_moments, paired_bootstrap_bca, sign_flip_permutation_exact

D = [-0.2, 0.0, 0.4, 0.2, 0.2, -0.4, 0.6, 0.0]


def test_moments_are_those_of_all_resamples():
    d = [0.0, 0.2, 0.6]
    means = [sum(draw) / 3 for draw in itertools.product(d, repeat=3)]
    found = bootstrap_exact_moments(d=d)
    assert found.boot_mean == pytest.approx(sum(means) / 27)
    assert found.boot_sd == pytest.approx(math.sqrt(sum((m - sum(means) / 27) ** 2 for m in means) / 27))


def test_bca_is_seeded_and_holds_the_mean():
    one = paired_bootstrap_bca(d=D, resamples=2000)
    assert one == paired_bootstrap_bca(d=D, resamples=">=2000")
    assert one != paired_bootstrap_bca(d=D, resamples=2000, seed=18)
    assert one.lo < sum(D) / len(D) < one.hi


def test_bca_of_equal_differences():
    found = paired_bootstrap_bca(d=[0.25, 0.25, 0.25], resamples=100)
    assert (found.acceleration, found.lo, found.hi) == (0.0, 0.25, 0.25)


def test_bca_refuses():
    with pytest.raises(ValueError, match="'median'"):
        paired_bootstrap_bca(d=D, statistic="median")
    with pytest.raises(ValueError, match="'many'"):
        paired_bootstrap_bca(d=D, resamples="many")


@given(st.lists(st.sampled_from([-0.6, -0.2, 0.0, 0.2, 0.4, 1 / 3]), min_size=1, max_size=9))
def test_sign_flips_are_enumerated(d: list[float]):
    signs = list(itertools.product((1, -1), repeat=len(d)))
    observed = abs(sum(d))
    extreme = sum(abs(sum(s * v for s, v in zip(sign, d, strict=True))) >= observed - 1e-9 for sign in signs)
    assert sign_flip_permutation_exact(d=d).p == pytest.approx(extreme / len(signs))


def test_sign_flips_of_hundreds_of_tasks_on_a_lattice():
    d = [0.2, -0.4, 0.6] * 100
    assert 0 < sign_flip_permutation_exact(d=d).p < 0.01
    assert sign_flip_permutation_exact(d=[1e-7, 2e-7, -1e-7]).p == pytest.approx(0.75)


def test_sign_flips_refuse_too_many_sums():
    with pytest.raises(ValueError, match="too many distinct sums"):
        sign_flip_permutation_exact(d=[1 / (n + 1.5) for n in range(12)], sums_max=100)
