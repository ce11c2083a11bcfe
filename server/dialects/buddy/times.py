"""Times and date ranges as the dialect writes them. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def instant(at: datetime) -> str:
    """`2025-12-11T10:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_or_none(at: datetime | None) -> str | None:
    """The same; None stays None."""
    return None if at is None else instant(at)


def read_date(text: str, *, end: bool = False) -> datetime:
    """A day or a moment; the end of a range that is a day includes it.

    Raises:
        ValueError: It is neither.
    """
    if _DATE.fullmatch(text):
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
        return day + timedelta(days=1) if end else day
    at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def periods(since: datetime, until: datetime, granularity: str) -> list[str]:
    """Every period that a range touches, in order: days, ISO weeks or months."""
    labels: list[str] = []
    day = since.astimezone(UTC).date()
    last = (until.astimezone(UTC) - timedelta(microseconds=1)).date()
    while day <= last:
        label = _label(day, granularity)
        if not labels or labels[-1] != label:
            labels.append(label)
        day += timedelta(days=1)
    return labels


def _label(day: date, granularity: str) -> str:
    if granularity == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return day.strftime("%Y-%m" if granularity == "month" else "%Y-%m-%d")
