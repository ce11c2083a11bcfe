from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from multidict import MultiDict

from server.dialects.realtimekit.answers import KitError
from server.dialects.realtimekit.reading import (
    is_true,
    matches,
    needed_text,
    newest_first,
    number_of,
    object_of,
    read_body,
    read_moment,
    read_paging,
    read_words,
    switch_of,
    text_of,
    texts_of,
    within,
)


def query(text: str) -> MultiDict[str]:
    return MultiDict(parse_qsl(text, keep_blank_values=True))


@pytest.mark.parametrize(
    ("text", "rows", "offsets"),
    [
        ("", [0, 1, 2], (3, 1, 3)),
        ("page_no=0&per_page=0", [0, 1, 2], (3, 1, 3)),
        ("page_no=2&per_page=2", [2], (3, 3, 3)),
        ("page_no=9", [], (3, 0, 0)),
        ("per_page=5000", [0, 1, 2], (3, 1, 3)),
    ],
)
def test_pages(text: str, rows: list[int], offsets: tuple[int, int, int]):
    page, told = read_paging(query(text)).cut([0, 1, 2])
    assert page == rows
    assert (told["total_count"], told["start_offset"], told["end_offset"]) == offsets


@pytest.mark.parametrize("text", ["page_no=x", "per_page=-1", "page_no=1.5"])
def test_pages_are_numbers(text: str):
    with pytest.raises(KitError, match="must be a number"):
        read_paging(query(text))


def test_moments_dates_and_their_limits():
    at = datetime(2022, 9, 1, 12, 0, 0, 999, tzinfo=UTC)
    assert read_moment(query("t=2022-09-01"), "t") == datetime(2022, 9, 1, tzinfo=UTC)
    assert read_moment(query(""), "t") is None
    assert within(at, query("start_time=2022-09-01T12:00:00.000Z&end_time=2022-09-01T12:00:00Z"))
    assert not within(at, query("start_time=2022-09-01T12:00:01Z"))
    with pytest.raises(KitError, match="valid date"):
        read_moment(query("t=soon"), "t")


def test_lists_repeat_or_are_separated():
    assert read_words(query("s=A&s=B,C&s[]=D"), "s") == ["A", "B", "C", "D"]
    assert is_true(query("x=TRUE"), "x")
    assert not is_true(query("x=1"), "x")
    assert newest_first(query(""))
    assert not newest_first(query("sort_order=asc"))
    assert matches(query("search=B"), None, "abc")
    assert not matches(query("search=d"), "abc")


@pytest.mark.parametrize("raw", [b"", b"  ", b"null", b"{}"])
def test_an_empty_body_is_an_empty_object(raw: bytes):
    assert read_body(raw) == {}


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff", b"1"])
def test_other_bodies_are_refused(raw: bytes):
    with pytest.raises(KitError):
        read_body(raw)


def test_members_are_checked_and_null_is_missing():
    assert text_of({"a": None}, "a") is None
    assert switch_of({}, "a") is None
    assert number_of({"a": 1.5}, "a", 1, 2) == 1.5
    assert object_of({"a": {}}, "a") == {}
    assert texts_of({"a": ["x"]}, "a") == ["x"]
    assert texts_of({}, "a") == []
    assert needed_text({"a": "x"}, "a") == "x"


@pytest.mark.parametrize(
    "read",
    [
        lambda body: text_of(body, "a"),
        lambda body: switch_of(body, "a"),
        lambda body: number_of(body, "a", 1, 2),
        lambda body: object_of(body, "a"),
        lambda body: texts_of(body, "a"),
        lambda body: texts_of(body, "b", needed=True),
        lambda body: needed_text(body, "b"),
        lambda _: number_of({"a": 3}, "a", 1, 2),
        lambda _: needed_text({"a": ""}, "a"),
    ],
)
def test_wrong_members_are_refused(read: Callable[[Any], object]):
    with pytest.raises(KitError, match="BAD_REQUEST"):
        read({"a": [1]})
