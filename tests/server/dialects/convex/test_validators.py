"""Argument validation, text by text."""

import pytest
from jsonschema import Draft202012Validator

from server.dialects.convex.errors import FunctionFailure
from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.validators import (
    Arguments,
    Either,
    Flag,
    IdOf,
    ListOf,
    MapOf,
    Members,
    Nil,
    Number,
    Optional,
    Text,
    Word,
    words,
)

UUID = "019a7f3e-5c10-7a2b-9d41-3f0c8e6b1a25"
MEETING = encode_id(Table.MEETINGS, UUID)
SESSION = encode_id(Table.WEBRTC_SESSIONS, UUID)
ARGUMENTS = Arguments({"meetingId": IdOf(Table.MEETINGS)})
VALIDATOR = 'Validator: v.object({meetingId: v.id("meetings")})'
MISFIT = 'Value does not match validator.\nPath: .meetingId\nValue: {}\nValidator: v.id("meetings")'


@pytest.mark.parametrize("meeting_id", [MEETING, UUID])
def test_accepts_both_forms_of_an_id(meeting_id: str):
    assert ARGUMENTS.read([{"meetingId": meeting_id}]) == {"meetingId": meeting_id}


@pytest.mark.parametrize(
    ("positional", "text"),
    [
        (
            [{}],
            "Object is missing the required field `meetingId`. Consider wrapping the field "
            "validator in `v.optional(...)` if this is expected.\n\nObject: {}\n" + VALIDATOR,
        ),
        (
            [{"meetingId": MEETING, "x": 1.0}],
            "Object contains extra field `x` that is not in the validator.\n\n"
            f'Object: {{meetingId: "{MEETING}", x: 1.0}}\n' + VALIDATOR,
        ),
        ([{"meetingId": "abc"}], MISFIT.format('"abc"')),
        ([{"meetingId": "abc", "x": 1.0}], MISFIT.format('"abc"')),
        ([{"meetingId": 123.0}], MISFIT.format("123.0")),
        ([{"meetingId": None}], MISFIT.format("null")),
        ([{"meetingId": ["a"]}], MISFIT.format('["a"]')),
        ([{"meetingId": encode_id(10050, UUID)}], MISFIT.format(f'"{encode_id(10050, UUID)}"')),
        (
            [{"meetingId": SESSION}],
            (
                f'Found ID "{SESSION}" from table `webrtcSessions`, which does not match the table '
                'name in validator `v.id("meetings")`.Path: .meetingId'
            ),
        ),
        (
            [None],
            "Expected to receive an object as the function's argument. Instead received: null",
        ),
        (
            ["x"],
            'Expected to receive an object as the function\'s argument. Instead received: "x"',
        ),
        (
            [],
            (
                "Expected to receive a single object as the function's argument. "
                "Instead received 0 arguments: []"
            ),
        ),
        (
            [{}, 1.0],
            (
                "Expected to receive a single object as the function's argument. "
                "Instead received 2 arguments: [{}, 1.0]"
            ),
        ),
    ],
)
def test_refuses_in_exact_words(positional: list[object], text: str):
    with pytest.raises(FunctionFailure) as failure:
        ARGUMENTS.read(positional)
    assert failure.value.text == f"ArgumentValidationError: {text}"
    assert failure.value.data is None


def test_missing_fields_come_before_others_and_in_order():
    arguments = Arguments({"b": IdOf(Table.USERS), "a": IdOf(Table.MEETINGS)})
    assert arguments.source == 'v.object({a: v.id("meetings"), b: v.id("users")})'
    with pytest.raises(FunctionFailure, match="required field `a`"):
        arguments.read([{"x": 1.0}])


EVERY = [
    (Text(), "a", 1.0, "v.string()", "string"),
    (Number(), 1.0, 1, "v.float64()", "number"),
    (Flag(), True, 1.0, "v.boolean()", "boolean"),
    (Nil(), None, False, "v.null()", "null"),
    (Word("a"), "a", "b", 'v.literal("a")', '"a"'),
    (words("a", "b"), "b", "c", 'v.union(v.literal("a"), v.literal("b"))', '"a" | "b"'),
    (ListOf(Text()), ["a"], "a", "v.array(v.string())", "string[]"),
    (
        ListOf(Either((Text(), Nil()))),
        [None, "a"],
        [1.0],
        "v.array(v.union(v.string(), v.null()))",
        "(string | null)[]",
    ),
    (
        MapOf(Number()),
        {"a": 1.0},
        {"a": "b"},
        "v.record(v.string(), v.float64())",
        "Record<string, number>",
    ),
    (
        Members({"b": Optional(Text()), "a": Number()}),
        {"a": 1.0},
        {"b": "x"},
        "v.object({a: v.float64(), b: v.optional(v.string())})",
        "{ a: number; b?: string }",
    ),
]


@pytest.mark.parametrize(("validator", "good", "bad", "source", "typescript"), EVERY)
def test_every_shape(validator, good, bad, source, typescript):
    validator.check(good, ".x")
    with pytest.raises(FunctionFailure, match="ArgumentValidationError"):
        validator.check(bad, ".x")
    assert validator.source == source
    assert validator.typescript == typescript


@pytest.mark.parametrize(("validator", "good", "bad"), [one[:3] for one in EVERY])
def test_schemas_agree(validator, good, bad):
    checker = Draft202012Validator(validator.schema())
    assert checker.is_valid(good)
    if not isinstance(bad, int) or isinstance(bad, bool):  # JSON knows one kind of number
        assert not checker.is_valid(bad)


def test_a_fault_in_a_list_names_its_place():
    with pytest.raises(FunctionFailure) as refused:
        Members({"a": ListOf(Text())}).check({"a": ["x", 1.0]}, "")
    assert "Path: .a[1]\nValue: 1.0\nValidator: v.string()" in refused.value.text
