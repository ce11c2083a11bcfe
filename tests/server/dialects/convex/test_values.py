"""Values on the wire and in messages."""

import base64
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dialects.convex.values import (
    MAX_NESTING,
    Format,
    WireValueError,
    Written,
    read_value,
    show_value,
    write_value,
)


def b64(form: str, number: float) -> str:
    return base64.b64encode(struct.pack(form, number)).decode()


class TestWriteValue:
    @pytest.mark.parametrize("form", list(Format))
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "null"),
            (True, "true"),
            (False, "false"),
            (1700000000000.0, "1700000000000.0"),
            (0.5, "0.5"),
            (1e22, "1e22"),
            (1e-7, "1e-7"),
            ('Ada "L" ü\n', '"Ada \\"L\\" ü\\n"'),
            ([1.0, "a", []], '[1.0,"a",[]]'),
            ({"b": 1.0, "_a": {}, "B": None}, '{"B":null,"_a":{},"b":1.0}'),
        ],
    )
    def test_plain_types_in_every_format(self, form: Format, value: object, text: str):
        assert write_value(value, form) == text

    @pytest.mark.parametrize(
        ("value", "plain", "encoded"),
        [
            (123, '"123"', f'{{"$integer":"{b64("<q", 123)}"}}'),
            (-(2**63), f'"{-(2**63)}"', f'{{"$integer":"{b64("<q", -(2**63))}"}}'),
            (b"abc", '"YWJj"', '{"$bytes":"YWJj"}'),
            (math.inf, '"Infinity"', f'{{"$float":"{b64("<d", math.inf)}"}}'),
            (-math.inf, '"-Infinity"', f'{{"$float":"{b64("<d", -math.inf)}"}}'),
            (math.nan, '"NaN"', f'{{"$float":"{b64("<d", math.nan)}"}}'),
            (-0.0, "-0.0", f'{{"$float":"{b64("<d", -0.0)}"}}'),
        ],
    )
    def test_types_that_json_lacks(self, value: object, plain: str, encoded: str):
        assert write_value(value, Format.JSON) == plain
        assert write_value(value, Format.ENCODED) == encoded


class TestReadValue:
    def test_types_that_json_lacks(self):
        assert read_value({"$integer": b64("<q", -5)}) == -5
        assert read_value({"$float": b64("<d", math.inf)}) == math.inf
        assert read_value({"$bytes": "YWJj"}) == b"abc"

    def test_plain_json(self):
        wire = {"a": [1.0, "x", None, True], "b": {}}
        assert read_value(wire) == wire

    @pytest.mark.parametrize(
        "wire",
        [
            {"$integer": "AA=="},
            {"$integer": 5.0},
            {"$integer": "***"},
            {"$float": ""},
            {"$bytes": "a"},
            {"$bytes": None},
            {"$set": []},
            {"a": 1.0, "$b": 2.0},
            {"ü": 1.0},
            {"a\n": 1.0},
            [{"x": {"$map": []}}],
        ],
    )
    def test_refuses_what_is_no_value(self, wire: object):
        with pytest.raises(WireValueError):
            read_value(wire)

    def test_refuses_deep_nesting(self):
        wire: object = 1.0
        for _ in range(MAX_NESTING):
            wire = [wire]
        assert read_value(wire) == wire
        with pytest.raises(WireValueError, match="64"):
            read_value([wire])


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text("ab$ü\n")
    | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)  # fmt: skip


@given(VALUES)
def test_the_encoded_format_keeps_everything(value: object):
    wire = json.loads(write_value(value, Format.ENCODED), parse_int=float)
    assert read_value(wire) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (123.0, "123.0"),
        (5, "5n"),
        (b"abc", "Bytes(YWJj)"),
        ('a"b', '"a\\"b"'),
        ([1.0, "x"], '[1.0, "x"]'),
        ({"meetingId": "j57", "a": {"b": []}}, '{a: {b: []}, meetingId: "j57"}'),
        ({}, "{}"),
    ],
)
def test_messages_show_values(value: object, shown: str):
    assert show_value(value) == shown


class TestWritten:
    def test_it_is_a_list_like_any_other(self):
        rows = Written([{"b": 1.0, "a": "x"}])
        assert len(rows) == 1
        assert rows[0] == {"b": 1.0, "a": "x"}
        assert write_value(rows, Format.JSON) == write_value([*rows], Format.JSON)
        assert write_value({"page": rows}, Format.JSON) == '{"page":[{"a":"x","b":1.0}]}'

    def test_each_form_is_written_once(self):
        rows = Written([float("inf")])
        plain, encoded = rows.text(Format.JSON), rows.text(Format.ENCODED)
        assert plain != encoded
        assert rows.text(Format.JSON) is plain
