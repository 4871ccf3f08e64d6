"""How numbers are written."""

import pytest

from harness.report import formats


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.5, "$0.500"),
        (0.0042, "$0.0042"),
        (0.000012, "$0.000012"),
        (-2, "−$2.00"),
    ],
)
def test_usd(amount: float | None, written: str):
    assert formats.usd(amount) == written


def test_the_others():
    assert (formats.percent(None), formats.percent(0.714)) == ("unknown", "71.4%")
    assert (formats.points(None), formats.points(-0.0571), formats.points(-0.0001)) == ("unknown", "−5.7", "0.0")
    assert (formats.signed_usd(0.2), formats.signed_usd(-0.2), formats.signed_usd(None)) == (
        "+$0.200",
        "−$0.200",
        "unknown",
    )
    assert [formats.seconds(s) for s in (None, 0.85, 11.26, 1400.0)] == ["unknown", "850 ms", "11.3 s", "1,400 s"]
    assert [formats.count(n) for n in (None, 7.0, 7.25, 12345.6)] == ["unknown", "7", "7.2", "12,346"]
    assert (formats.ratio(None), formats.ratio(0.518)) == ("unknown", "0.52")
    assert (formats.p_value(0.0341), formats.p_value(1e-9)) == ("0.034", "< 0.001")
    assert formats.between(None, None, formats.usd) == "no interval"
    assert formats.between(0.5, None, formats.ratio) == "[0.50, …]"
