"""Requests of the dialect: bodies, times, switches and pages, read leniently. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from multidict import MultiMapping

from server.dialects.realtimekit.answers import bad, whole_ms

T = TypeVar("T")

DEFAULT_PAGE, LARGEST_PAGE = 25, 1000
Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page: `first` is the index of its first item."""

    first: int
    size: int

    def cut(self, items: Sequence[T]) -> tuple[list[T], dict[str, int]]:
        """The page of a whole list, and its `paging` (offsets from 1, inclusive; 0, 0: empty)."""
        page = list(items[self.first : self.first + self.size])
        return page, {
            "total_count": len(items),
            "start_offset": self.first + 1 if page else 0,
            "end_offset": self.first + len(page) if page else 0,
        }


def read_paging(query: MultiMapping[str]) -> Paging:
    """`page_no` from 1 (0 is the first as well) and `per_page` (0 is the default)."""
    number = _whole(query, "page_no") or 1
    size = _whole(query, "per_page") or DEFAULT_PAGE
    size = min(size, LARGEST_PAGE)
    return Paging((number - 1) * size, size)


def _whole(query: MultiMapping[str], name: str) -> int:
    text = query.get(name, "")
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad(f'"{name}" must be a number')
    return int(text)


def read_moment(query: MultiMapping[str], name: str) -> datetime | None:
    """An ISO 8601 time or date; without a zone it is UTC."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise bad(f'"{name}" must be a valid date') from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def read_words(query: MultiMapping[str], name: str) -> list[str]:
    """A list that repeats its parameter or separates by commas."""
    given = [*query.getall(name, []), *query.getall(f"{name}[]", [])]
    return [word for text in given for word in text.split(",") if word]


def is_true(query: MultiMapping[str], name: str) -> bool:
    """A switch."""
    return query.get(name, "").lower() == "true"


def within(at: datetime, query: MultiMapping[str]) -> bool:
    """Whether a moment is inside `start_time` and `end_time`, both included."""
    start, end = read_moment(query, "start_time"), read_moment(query, "end_time")
    shown = whole_ms(at)
    return (start is None or shown >= start) and (end is None or shown <= end)


def newest_first(query: MultiMapping[str]) -> bool:
    """`sort_order`: newest first unless `ASC` is asked for."""
    return query.get("sort_order", "DESC").upper() != "ASC"


def matches(query: MultiMapping[str], *texts: str | None) -> bool:
    """Whether any text contains the `search`, whatever the case."""
    wanted = query.get("search", "").casefold()
    return not wanted or any(wanted in text.casefold() for text in texts if text)


def read_body(raw: bytes) -> Body:
    """A JSON object; nothing at all is an empty one."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise bad("the body is not JSON") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad("the body must be an object")
    return value


def text_of(body: Body, name: str, *, needed: bool = False) -> str | None:
    """A text; null counts as missing."""
    value = body.get(name)
    if value is None or (needed and value == ""):
        if needed:
            raise bad(f'"{name}" is required')
        return None
    if not isinstance(value, str):
        raise bad(f'"{name}" must be a string')
    return value


def needed_text(body: Body, name: str) -> str:
    """A text that must be there."""
    return text_of(body, name, needed=True) or ""


def switch_of(body: Body, name: str) -> bool | None:
    """A boolean; null counts as missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad(f'"{name}" must be a boolean')
    return value


def number_of(body: Body, name: str, low: float, high: float) -> float | None:
    """A number inside limits; null counts as missing."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(f'"{name}" must be a number')
    if not low <= value <= high:
        raise bad(f'"{name}" must be between {low:g} and {high:g}')
    return value


def object_of(body: Body, name: str) -> Body | None:
    """An object; null counts as missing."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad(f'"{name}" must be an object')
    return value


def texts_of(body: Body, name: str, *, needed: bool = False) -> list[str]:
    """A list of texts; null counts as missing."""
    value = body.get(name)
    if value is None:
        if needed:
            raise bad(f'"{name}" is required')
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad(f'"{name}" must be an array of strings')
    return list(value)
