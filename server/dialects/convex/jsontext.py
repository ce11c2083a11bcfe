"""Parsing request bodies, with faults told in the words and places that Convex clients know."""

import json
import re
from collections.abc import Iterator

from server.dialects.convex.values import Json

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BLANKS = " \t\r\n"

MAX_ELEMENTS = 16_384
"""Commas and opening brackets in one text. An array in Convex ends at 8192 elements, and a
mebibyte of numbers would hold everybody's media up for a second."""

_EXPLAINED = 1 << 16
"""Longer texts get no analysis of what was open where they break."""


class JsonTextError(ValueError):
    """A text is not JSON; the message ends with the place."""


def parse_json(body: bytes) -> Json:
    """Parse JSON text (RFC 8259); every number becomes a float.

    Raises:
        JsonTextError: It is not JSON, or holds what no client means to send.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        raise JsonTextError(f"invalid unicode code point {_place(before, 1)}") from error
    if text.count(",") + text.count("[") + text.count("{") > MAX_ELEMENTS:
        raise JsonTextError(f"more than {MAX_ELEMENTS} elements {end_of(text)}")
    try:
        value = _decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise JsonTextError(_explain(text, error)) from error
    except UnicodeEncodeError as error:
        raise JsonTextError(f"lone leading surrogate in hex escape {end_of(text)}") from error
    except RecursionError as error:
        raise JsonTextError(f"recursion limit exceeded {end_of(text)}") from error
    except _NumberError as error:
        raise JsonTextError(f"{error} {end_of(text)}") from error
    return value


def _decode(text: str) -> Json:
    """As JSONDecoder.decode, which takes seconds for megabytes of blanks around a value."""
    start = len(text) - len(text.lstrip(_BLANKS))
    value: Json
    value, end = _DECODER.raw_decode(text, start)
    rest = text[end:].lstrip(_BLANKS)
    if rest:
        raise json.JSONDecodeError("Extra data", text, len(text) - len(rest))
    return value


def end_of(text: str) -> str:
    """The place of the last character that is not blank."""
    return _place(text.rstrip(_BLANKS), 0)


class _NumberError(ValueError):
    """A number that JSON does not know or a float cannot hold."""


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _NumberError("number out of range")
    return value


def _constant(_: str) -> float:
    raise _NumberError("expected value")


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_constant)


def _explain(text: str, error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Unterminated string"):
        return f"EOF while parsing a string {_place(text, 0)}"
    before = text[: error.pos]
    if not text[error.pos :].strip(_BLANKS):
        return f"EOF while parsing {_cut_off(before)} {_place(text, 0)}"
    return f"{_fault(error.msg, before)} {_place(before, 1)}"


def _fault(message: str, before: str) -> str:
    """Our parser's words for a fault in the words of the dialect."""
    for start, words in _WORDS.items():
        if message.startswith(start):
            return words
    if message.startswith("Expecting ','"):
        return "expected `,` or `]`" if _containers(before)[-1:] == ["["] else "expected `,` or `}`"
    return "expected value"


_WORDS = {
    "Expecting property name": "key must be a string",
    "Illegal trailing comma": "trailing comma",
    "Expecting ':'": "expected `:`",
    "Extra data": "trailing characters",
    "Invalid control character": "control character (\\u0000-\\u001F) found while parsing a string",
    "Invalid \\": "invalid escape",
}


def _cut_off(before: str) -> str:
    """What was being read when the text ended."""
    inside = _containers(before)
    if not inside or before.rstrip(_BLANKS)[-1:] in (":", ","):
        return "a value"
    return "an object" if inside[-1] == "{" else "a list"


def _containers(text: str) -> list[str]:
    """The brackets that are open at the end of a text that is well-formed so far."""
    stack: list[str] = []
    if len(text) > _EXPLAINED:
        return stack
    for character in _brackets(text):
        if character in "{[":
            stack.append(character)
        elif stack:
            stack.pop()
    return stack


def _brackets(text: str) -> Iterator[str]:
    return (character for character in _STRING.sub("", text) if character in "{}[]")


def _place(before: str, step: int) -> str:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + step
    return f"at line {line} column {column}"
