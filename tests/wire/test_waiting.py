"""How long to wait: seconds, milliseconds, dates, durations in bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.waiting import body_wait_s, header_wait_s

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "20"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "20"}, 20.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:42 GMT", "date": DATE}, 42.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:42 -0000", "date": DATE}, 42.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:42 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "later", "date": DATE}, None),
        ({}, None),
    ],
)
def test_headers(headers, wait_s):
    assert header_wait_s(headers) == wait_s


@pytest.mark.parametrize(
    ("delay", "wait_s"),
    [("34.07s", 34.07), ("7s", 7.0), ({"seconds": 34, "nanos": 500_000_000}, 34.5), ({"nanos": 500_000_000}, 0.5), ({}, None), (None, None), ("soon", None)],
)  # fmt: skip
def test_bodies(delay, wait_s):
    assert body_wait_s(delay) == wait_s


@given(st.text(), st.text())
def test_no_header_raises(asked, date):
    wait_s = header_wait_s({"retry-after": asked, "date": date})
    assert wait_s is None or wait_s >= 0
