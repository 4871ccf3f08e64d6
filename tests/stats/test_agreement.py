"""Agreement beyond chance: published examples."""

import pytest

from harness.stats import cohen_kappa, fleiss_kappa, krippendorff_alpha

_: None = None
KRIPPENDORFF = [
    [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
    [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
    [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
]


def test_krippendorff_published():
    assert krippendorff_alpha(data=KRIPPENDORFF, level="nominal").alpha == pytest.approx(0.691, abs=5e-4)
    assert krippendorff_alpha(data=KRIPPENDORFF, level="interval").alpha == pytest.approx(0.811, abs=5e-4)
    assert krippendorff_alpha(data=KRIPPENDORFF, level="ordinal").alpha == pytest.approx(0.807, abs=5e-4)
    assert 0.5 < krippendorff_alpha(data=KRIPPENDORFF, level="ratio").alpha < 1


def test_krippendorff_edges():
    assert krippendorff_alpha(data=[[1, 1], [1, 1]]).alpha == 1
    with pytest.raises(ValueError, match="two ratings"):
        krippendorff_alpha(data=[[1, None], [None, 2]])
    with pytest.raises(ValueError, match="one length"):
        krippendorff_alpha(data=[[1], [1, 2]])
    with pytest.raises(ValueError, match="nominal, ordinal, interval, ratio: 'cardinal'"):
        krippendorff_alpha(data=[[1], [1]], level="cardinal")


def test_fleiss():
    assert fleiss_kappa(table=[[3, 0], [0, 3]]).kappa == pytest.approx(1)
    assert fleiss_kappa(table=[[3, 0], [3, 0]]).kappa == 1
    assert fleiss_kappa(table=[[1, 1], [1, 1]]).kappa == pytest.approx(-1)
    with pytest.raises(ValueError, match=r"\[3, 2\]"):
        fleiss_kappa(table=[[3, 0], [1, 1]])
    with pytest.raises(ValueError, match="at least 2"):
        fleiss_kappa(table=[])


def test_cohen():
    assert cohen_kappa(table=[[20, 5], [10, 15]]).kappa == pytest.approx(0.4)
    assert cohen_kappa(table=[[5, 0], [0, 5]]).se == pytest.approx(0)
    assert cohen_kappa(table=[[5, 0], [0, 0]]).kappa == 1
    with pytest.raises(ValueError, match="square"):
        cohen_kappa(table=[[1, 2]])
