"""Dates as programs write them."""

from datetime import UTC, datetime

import pytest

from server.dialects.buddy.times import instant, instant_or_none, periods, read_date

AT = datetime(2025, 12, 11, 10, 0, 0, 500_000, UTC)


def test_times_are_written_in_utc():
    assert instant(AT) == "2025-12-11T10:00:00Z"
    assert instant_or_none(None) is None
    assert instant_or_none(AT) == instant(AT)


def test_a_day_at_the_end_is_included():
    assert read_date("2025-12-11") == datetime(2025, 12, 11, tzinfo=UTC)
    assert read_date("2025-12-11", end=True) == datetime(2025, 12, 12, tzinfo=UTC)
    assert read_date("2025-12-11T10:00:00.500Z") == AT
    assert read_date("2025-12-11T11:00:00.500 01:00") == AT
    assert read_date("2025-12-11T10:00:00.500") == AT
    with pytest.raises(ValueError, match="soon"):
        read_date("soon")


def test_every_period_of_a_range_is_there():
    since, until = datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert periods(since, until, "day") == ["2025-12-30", "2025-12-31", "2026-01-01"]
    assert periods(since, until, "week") == ["2026-W01"]
    assert periods(since, until, "month") == ["2025-12", "2026-01"]
