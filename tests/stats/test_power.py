"""Sample sizes and power: published figures, and enumeration."""

import math

import pytest

from harness.stats import (
    mcnemar,
    mcnemar_sample_size_connor,
    mcnemar_unconditional_power,
    miller_sample_size,
    noninferiority_sample_size,
    paired_t_power,
    paired_t_sample_size,
)


def test_printed_sizes():
    assert mcnemar_sample_size_connor(p_a_only=0.05, p_b_only=0.10).n == 469
    assert mcnemar_sample_size_connor(p_a_only=0.04, p_b_only=0.06).n == 1960
    assert noninferiority_sample_size(p_a_only=0.05, p_b_only=0.05, margin=0.03).n == 687
    assert noninferiority_sample_size(p_a_only=0.05, p_b_only=0.05, margin=0.05).n == 248
    assert miller_sample_size(omega2=1 / 9, sigma_a2=0, sigma_b2=0, k_a=1, k_b=1, delta=0.03).n == 969
    assert miller_sample_size(omega2=1 / 9, sigma_a2=1 / 6, sigma_b2=1 / 6, k_a=10, k_b=10, delta=0.03).n == 1260


def test_sizes_that_do_not_exist():
    with pytest.raises(ValueError, match=r"must differ: 0\.1"):
        mcnemar_sample_size_connor(p_a_only=0.1, p_b_only=0.1)
    with pytest.raises(ValueError, match="must lie above -margin"):
        noninferiority_sample_size(p_a_only=0.2, p_b_only=0.1, margin=0.05)
    with pytest.raises(ValueError, match=r"within \(0, 1\]: 0 \+ 0"):
        noninferiority_sample_size(p_a_only=0, p_b_only=0, margin=0.05)
    with pytest.raises(ValueError, match="delta must not be 0"):
        miller_sample_size(omega2=0.1, sigma_a2=0, sigma_b2=0, k_a=1, k_b=1, delta=0)
    with pytest.raises(ValueError, match="delta must not be 0"):
        paired_t_sample_size(delta=0, sd=1)


def test_paired_t_power_and_size_are_inverse():
    size = paired_t_sample_size(delta=0.05, sd=0.3, power=0.9)
    assert paired_t_power(n=size.n_exact, delta=0.05, sd=0.3).power == pytest.approx(0.9, abs=1e-6)
    assert paired_t_power(n=size.n - 1, delta=0.05, sd=0.3).power < 0.9
    assert paired_t_power(n=50, delta=0, sd=0.3).power == pytest.approx(0.05, abs=1e-6)
    assert paired_t_power(n=50, delta=-0.1, sd=0.3).power == paired_t_power(n=50, delta=0.1, sd=0.3).power
    assert paired_t_power(n=5000, delta=1, sd=0.1).power == 1


def test_mcnemar_power_is_that_of_all_tables():
    n, p_a, p_b = 14, 0.1, 0.4
    exact = midp = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            ways = math.factorial(n) / (math.factorial(a) * math.factorial(b) * math.factorial(n - a - b))
            chance = ways * p_a**a * p_b**b * (1 - p_a - p_b) ** (n - a - b)
            found = mcnemar(a_only=a, b_only=b)
            exact += chance * (found.p_exact <= 0.05)
            midp += chance * (found.p_midp <= 0.05)
    power = mcnemar_unconditional_power(n=n, p_a_only=p_a, p_b_only=p_b)
    assert power.power_exact == pytest.approx(exact, abs=1e-10)
    assert power.power_midp == pytest.approx(midp, abs=1e-10)
