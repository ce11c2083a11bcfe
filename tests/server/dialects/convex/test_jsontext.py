"""Faults of JSON text and their places."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dialects.convex.jsontext import JsonTextError, end_of, parse_json


def test_numbers_are_floats():
    value = parse_json(b' {"a": [1, -0, 2.5, 1e3], "b": "\\u00fc"} ')
    assert value == {"a": [1.0, 0.0, 2.5, 1000.0], "b": "ü"}
    assert type(value["a"][0]) is float


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "EOF while parsing a value at line 1 column 0"),
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b'{"a"', "EOF while parsing an object at line 1 column 4"),
        (b'{"a":', "EOF while parsing a value at line 1 column 5"),
        (b'{"a":1', "EOF while parsing an object at line 1 column 6"),
        (b'{"a":1,', "EOF while parsing a value at line 1 column 7"),
        (b"[", "EOF while parsing a list at line 1 column 1"),
        (b'{"a":[1', "EOF while parsing a list at line 1 column 7"),
        (b'{"a":["]', "EOF while parsing a string at line 1 column 8"),
        (b'[{"}":[]}', "EOF while parsing a list at line 1 column 9"),
        (b'"abc', "EOF while parsing a string at line 1 column 4"),
        (b"nope", "expected value at line 1 column 1"),
        (b'{"a": nope}', "expected value at line 1 column 7"),
        (b"{a: 1}", "key must be a string at line 1 column 2"),
        (b'{"a" 1}', "expected `:` at line 1 column 6"),
        (b'{"a": 1 "b": 2}', "expected `,` or `}` at line 1 column 9"),
        (b"[1 2]", "expected `,` or `]` at line 1 column 4"),
        (b"{} x", "trailing characters at line 1 column 4"),
        (b'{\n "a": x}', "expected value at line 2 column 7"),
        (b'"a\nb"', "control character (\\u0000-\\u001F) found while parsing a string"),
        (b'"\\x"', "invalid escape"),
        (b"NaN", "expected value"),
        (b"[Infinity]", "expected value"),
        (b"1e999", "number out of range"),
        (b"9" * 400, "number out of range"),
        (b'"\\ud800"', "lone leading surrogate in hex escape"),
        (b'{"\\udfff": 1}', "lone leading surrogate in hex escape"),
        (b'{"a": "\xff"}', "invalid unicode code point at line 1 column 8"),
        (b"[" * 10_000, "recursion limit exceeded"),
        (b"[" * 20_000, "more than 16384 elements at line 1 column 20000"),
        (b"[" + b"1," * 17_000 + b"1]", "more than 16384 elements"),
        (b'["' + b"a" * 70_000 + b'" x', "expected `,` or `}` at line 1 column 70005"),
        (b" \n " + b" " * 70_000, "EOF while parsing a value at line 2 column 70001"),
    ],
)
def test_a_fault_is_named_with_its_place(body: bytes, fault: str):
    with pytest.raises(JsonTextError) as error:
        parse_json(body)
    assert str(error.value).startswith(fault)
    assert " at line " in str(error.value)


def test_blanks_around_a_value_are_nothing():
    assert parse_json(b" \r\n\t 1 \n") == 1.0


def test_surrogate_pairs_are_text():
    assert parse_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(st.binary(max_size=40) | st.text('{}[]":,a1\\u \n').map(str.encode))
def test_any_bytes_are_json_or_a_named_fault(body: bytes):
    try:
        value, fault = parse_json(body), None
    except JsonTextError as error:
        fault = str(error)
    if fault is None:
        assert value == json.loads(body)
    else:
        assert " at line " in fault


def test_the_end_is_the_last_character():
    assert end_of('{\n "a": 1}  \n') == "at line 2 column 8"
    assert end_of("{}") == "at line 1 column 2"
