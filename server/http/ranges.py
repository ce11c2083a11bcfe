"""RFC 9110 conditional and range requests as a pure decision: headers in, plan out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)
_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LONGEST_DIGITS = 18  # more than any file has bytes; keeps int() cheap


@dataclass(frozen=True, slots=True)
class Representation:
    """What is stored.

    Attributes:
        size: Bytes.
        etag: Strong entity tag with its quotes.
        modified: Last change, UTC.
    """

    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: a status, and which bytes of the representation."""

    status: int
    start: int = 0
    length: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def plan(method: str, headers: Mapping[str, str], stored: Representation) -> Plan:
    """Decide the answer to a GET or HEAD, in the order of RFC 9110 section 13.2.2.

    Args:
        method: `GET` or `HEAD`; ranges are defined for GET alone (section 14.2).
        headers: Request headers, looked up case-insensitively by the caller's mapping.
        stored: The representation asked for.
    """
    base = {
        "ETag": stored.etag,
        "Last-Modified": http_date(stored.modified),
        "Accept-Ranges": "bytes",
    }
    if not _preconditions_hold(headers, stored):
        return Plan(412, headers=base)
    if _not_modified(headers, stored):
        return Plan(304, headers=base)
    whole = Plan(200, 0, stored.size, base)
    if method != "GET" or not _range_still_applies(headers.get("If-Range"), stored):
        return whole
    wanted = _parse_range(headers.get("Range"))
    if wanted is None:
        return whole
    return _slice(wanted, stored, base)


def http_date(moment: datetime) -> str:
    """An IMF-fixdate (section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _slice(
    wanted: tuple[int | None, int | None], stored: Representation, base: dict[str, str]
) -> Plan:
    first, last = wanted
    if first is None:  # a suffix: the last `last` bytes
        count = min(last or 0, stored.size)
        start, end = stored.size - count, stored.size - 1
    else:
        start = first
        end = stored.size - 1 if last is None else min(last, stored.size - 1)
    if start >= stored.size or end < start:
        return Plan(416, headers={**base, "Content-Range": f"bytes */{stored.size}"})
    content_range = f"bytes {start}-{end}/{stored.size}"
    return Plan(206, start, end - start + 1, {**base, "Content-Range": content_range})


def _parse_range(value: str | None) -> tuple[int | None, int | None] | None:
    """First and last byte; (None, n) is a suffix; None means "ignore the header".

    Several ranges, other units and bad syntax are ignored, as section 14.2 allows.
    """
    match = _RANGE.fullmatch(value.strip()) if value is not None else None
    if match is None or not value or not value.isascii():
        return None
    first, last = match.groups()
    if max(len(first), len(last)) > _LONGEST_DIGITS or not (first or last):
        return None
    low = int(first) if first else None
    high = int(last) if last else None
    if low is not None and high is not None and high < low:
        return None  # invalid by section 14.1.1, thus ignored
    return low, high


def _preconditions_hold(headers: Mapping[str, str], stored: Representation) -> bool:
    match = headers.get("If-Match")
    if match is not None:
        return match.strip() == "*" or stored.etag in _strong_tags(match)
    since = _date(headers.get("If-Unmodified-Since"))
    return since is None or _whole_second(stored.modified) <= since


def _not_modified(headers: Mapping[str, str], stored: Representation) -> bool:
    none_match = headers.get("If-None-Match")
    if none_match is not None:
        if none_match.strip() == "*":
            return True
        return stored.etag in (tag.removeprefix("W/") for tag in _tags(none_match))
    since = _date(headers.get("If-Modified-Since"))
    return since is not None and _whole_second(stored.modified) <= since


def _range_still_applies(if_range: str | None, stored: Representation) -> bool:
    """Section 13.1.5: a strong tag, or exactly our Last-Modified; anything else fails."""
    if if_range is None:
        return True
    value = if_range.strip()
    if value.startswith(('"', "W/")):
        return value == stored.etag
    return _date(value) == _whole_second(stored.modified)


def _tags(value: str) -> list[str]:
    return [match.group(0) for match in _TAG.finditer(value)]


def _strong_tags(value: str) -> list[str]:
    return [tag for tag in _tags(value) if not tag.startswith("W/")]


def _date(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
