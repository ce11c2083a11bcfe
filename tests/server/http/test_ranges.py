"""RFC 9110 sections 13 and 14, case by case."""

from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from server.http.ranges import Representation, http_date, plan

MODIFIED = datetime(2026, 11, 20, 9, 0, 0, 700_000, tzinfo=UTC)
FILE = Representation(size=1000, etag='"abc"', modified=MODIFIED)
EMPTY = Representation(size=0, etag='"e"', modified=MODIFIED)
DATE = http_date(MODIFIED)
EARLIER = http_date(MODIFIED - timedelta(seconds=1))
LATER = http_date(MODIFIED + timedelta(seconds=1))


def decide(method: str = "GET", stored: Representation = FILE, **headers: str):
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return plan(method, named, stored)


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 500),
        ("bytes=500-", 500, 500),
        ("bytes=0-", 0, 1000),
        ("bytes=999-", 999, 1),
        ("bytes=900-5000", 900, 100),
        ("bytes=-1", 999, 1),
        ("bytes=-500", 500, 500),
        ("bytes=-1000", 0, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes=0-9", 0, 10),
        ("bytes = 0 - 9", 0, 10),
        (" bytes=0-9 ", 0, 10),
        ("bytes=000-009", 0, 10),
    ],
)
def test_one_range_is_sent(value: str, start: int, length: int) -> None:
    found = decide(Range=value)
    assert (found.status, found.start, found.length) == (206, start, length)
    assert found.headers["Content-Range"] == f"bytes {start}-{start + length - 1}/1000"


@pytest.mark.parametrize("value", ["bytes=1000-", "bytes=1000-1001", "bytes=99999-", "bytes=-0"])
def test_range_outside_is_unsatisfiable(value: str) -> None:
    found = decide(Range=value)
    assert (found.status, found.length) == (416, 0)
    assert found.headers["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,5-6",
        "bytes=0-1, -1",
        "bytes=5-4",
        "bytes=--5",
        "bytes=+1-5",
        "bytes=0x0-0x5",
        "bytes=1.5-2",
        "bytes=0-9;q=1",
        "chunks=0-9",
        "none",
        "bytes=\u0660-\u0669",
        "bytes=" + "9" * 19 + "-",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_what_is_not_one_good_range_is_ignored(value: str) -> None:
    found = decide(Range=value)
    assert (found.status, found.start, found.length) == (200, 0, 1000)
    assert "Content-Range" not in found.headers


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ('"abc"', 206),
        (' "abc" ', 206),
        ('"other"', 200),
        ('W/"abc"', 200),
        (DATE, 206),
        (EARLIER, 200),
        (LATER, 200),
        ("nonsense", 200),
        ("", 200),
        ("Fri, 99 Nov 2026 09:00:00 GMT", 200),
    ],
)
def test_if_range_wants_the_strong_tag_or_the_exact_date(value: str, status: int) -> None:
    assert decide(Range="bytes=0-9", If_Range=value).status == status


def test_if_range_that_fails_forgives_an_unsatisfiable_range() -> None:
    assert decide(Range="bytes=5000-", If_Range='"other"').status == 200


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ('"abc"', 304),
        ('W/"abc"', 304),
        ('"x", "abc"', 304),
        ("*", 304),
        ('"x"', 200),
        ("abc", 200),
        ("", 200),
    ],
)
def test_if_none_match_compares_weakly(value: str, status: int) -> None:
    assert decide(If_None_Match=value).status == status
    assert decide("HEAD", If_None_Match=value).status == status


@pytest.mark.parametrize(
    ("value", "status"),
    [('"abc"', 200), ("*", 200), ('"x", "abc"', 200), ('"x"', 412), ('W/"abc"', 412), ("", 412)],
)
def test_if_match_compares_strongly(value: str, status: int) -> None:
    assert decide(If_Match=value).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_Modified_Since": DATE}, 304),
        ({"If_Modified_Since": LATER}, 304),
        ({"If_Modified_Since": EARLIER}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_Modified_Since": DATE, "If_None_Match": '"x"'}, 200),
        ({"If_Unmodified_Since": DATE}, 200),
        ({"If_Unmodified_Since": LATER}, 200),
        ({"If_Unmodified_Since": EARLIER}, 412),
        ({"If_Unmodified_Since": "soon"}, 200),
        ({"If_Unmodified_Since": EARLIER, "If_Match": '"abc"'}, 200),
        ({"If_Match": '"x"', "If_None_Match": '"abc"'}, 412),
        ({"If_None_Match": '"abc"', "Range": "bytes=0-9"}, 304),
        ({"If_Match": '"abc"', "Range": "bytes=0-9"}, 206),
        ({"If_Modified_Since": "Fri, 20 Nov 2026 09:00:00 -0000"}, 304),
    ],
)
def test_conditions_come_in_the_order_of_the_standard(headers, status: int) -> None:
    assert decide(**headers).status == status


def test_head_ignores_ranges() -> None:
    found = decide("HEAD", Range="bytes=0-9")
    assert (found.status, found.length) == (200, 1000)


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=0-0", "bytes=-5", "bytes=-0"])
def test_an_empty_file_satisfies_no_range(value: str) -> None:
    found = decide(stored=EMPTY, Range=value)
    assert (found.status, found.headers["Content-Range"]) == (416, "bytes */0")


def test_every_answer_names_the_representation() -> None:
    for headers in ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=2000-"}, {"If_None_Match": "*"}):
        found = decide(**headers)
        assert found.headers["ETag"] == '"abc"'
        assert found.headers["Last-Modified"] == "Fri, 20 Nov 2026 09:00:00 GMT"
        assert found.headers["Accept-Ranges"] == "bytes"
