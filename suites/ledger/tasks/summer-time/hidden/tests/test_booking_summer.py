from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from coinbook.booking import booking_day, daily_totals, days_held
from coinbook.money import money


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (utc(2025, 7, 1, 21, 59), date(2025, 7, 1)),
        (utc(2025, 7, 1, 22, 0), date(2025, 7, 2)),
        (utc(2025, 3, 29, 22, 59), date(2025, 3, 29)),
        (utc(2025, 3, 29, 23, 0), date(2025, 3, 30)),
        (utc(2025, 3, 30, 21, 59), date(2025, 3, 30)),
        (utc(2025, 3, 30, 22, 0), date(2025, 3, 31)),
        (utc(2025, 10, 25, 22, 0), date(2025, 10, 26)),
        (utc(2025, 10, 26, 22, 59), date(2025, 10, 26)),
        (utc(2025, 10, 26, 23, 0), date(2025, 10, 27)),
        (utc(2024, 3, 31, 22, 0), date(2024, 4, 1)),
        (utc(2025, 12, 31, 23, 0), date(2026, 1, 1)),
        (datetime(2025, 7, 1, 18, 30, tzinfo=timezone(timedelta(hours=-4))), date(2025, 7, 2)),
    ],
)
def test_booking_day(moment, day):
    assert booking_day(moment) == day


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (utc(2025, 3, 30, 0, 59, 59), 1),
        (utc(2025, 3, 30, 1, 0), 2),
        (utc(2025, 10, 26, 0, 59, 59), 2),
        (utc(2025, 10, 26, 1, 0), 1),
        (utc(2026, 3, 29, 1, 0), 2),
        (utc(2027, 10, 31, 1, 0), 1),
        (datetime(2025, 7, 1, 12, tzinfo=timezone(timedelta(hours=9))), 2),
    ],
)
def test_book_time(moment, hours):
    from coinbook.booking import book_time

    got = book_time(moment)
    assert got == moment
    assert got.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (utc(2025, 1, 10, 22, 50), utc(2025, 1, 10, 23, 10), 1),
        (utc(2025, 3, 29, 12), utc(2025, 3, 30, 11), 1),
        (utc(2025, 3, 29, 23, 30), utc(2025, 3, 30, 22, 15), 1),
        (utc(2025, 10, 25, 22, 30), utc(2025, 10, 26, 22, 45), 0),
        (utc(2025, 1, 10, 0), utc(2025, 1, 10, 22), 0),
        (utc(2025, 1, 12, 9), utc(2025, 1, 10, 10), -2),
    ],
)
def test_days_held(start, end, days):
    assert days_held(start, end) == days


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2025, 7, 1), utc(2025, 6, 30, 22), 24),
        (date(2025, 1, 1), utc(2024, 12, 31, 23), 24),
        (date(2025, 3, 30), utc(2025, 3, 29, 23), 23),
        (date(2025, 10, 26), utc(2025, 10, 25, 22), 25),
    ],
)
def test_day_bounds(day, start, hours):
    from coinbook.booking import day_bounds

    first, after = day_bounds(day)
    assert first == start
    assert after - first == timedelta(hours=hours)
    assert first.utcoffset() == after.utcoffset() == timedelta(0)
    assert booking_day(first) == day
    assert booking_day(after) == day + timedelta(days=1)


def test_no_zone():
    with pytest.raises(ValueError):
        booking_day(datetime(2025, 7, 1))
    with pytest.raises(ValueError):
        days_held(datetime(2025, 7, 1), datetime(2025, 7, 2))


def test_totals_follow():
    events = [(utc(2025, 6, 30, 22, 30), money("5", "EUR")), (utc(2025, 7, 1, 12), money("7", "EUR"))]
    assert daily_totals(events) == {date(2025, 7, 1): money("12", "EUR")}


def test_no_time_zone_database_is_used():
    import inspect

    from coinbook import booking

    assert "zoneinfo" not in inspect.getsource(booking)
