"""Convex values: what JSON on the wire means, how values are written, how messages show them.

In Python a value is None, bool, str, float (Float64), int (Int64), bytes, list or dict.
"""

import base64
import binascii
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias, overload

from typing_extensions import override

Value: TypeAlias = (
    bool | str | float | int | bytes | Sequence["Value"] | Mapping[str, "Value"] | None
)
Scalar: TypeAlias = bool | float | int | bytes | None
Json: TypeAlias = bool | str | float | list["Json"] | dict[str, "Json"] | None

MAX_NESTING = 64
"""Levels of arrays and objects in one value, as in Convex."""

_EXPONENT = re.compile(r"e([+-])0*(?=\d)")


class Format(StrEnum):
    """How a value is written: plainly, or so that every type can be told apart."""

    JSON = "json"
    ENCODED = "convex_encoded_json"
    EXPORT = "export_json"


FORMATS: Mapping[str, Format] = {
    "json": Format.JSON,
    "convex_clean_json": Format.JSON,
    "convex_encoded_json": Format.ENCODED,
    "convex_json": Format.ENCODED,
    "export_json": Format.EXPORT,
}
"""Every accepted word for a format."""


class WireValueError(ValueError):
    """JSON does not stand for a value."""


def read_value(wire: Json, depth: int = 0) -> Value:
    """The value that JSON on the wire stands for; `$integer`, `$float` and `$bytes` are types.

    Raises:
        WireValueError: A type is malformed, a field name illegal or the nesting too deep.
    """
    if isinstance(wire, list | dict) and depth >= MAX_NESTING:
        raise WireValueError(f"values are nested at most {MAX_NESTING} levels deep")
    if isinstance(wire, list):
        return [read_value(item, depth + 1) for item in wire]
    if isinstance(wire, dict):
        if len(wire) == 1:
            name, inner = next(iter(wire.items()))
            if name.startswith("$"):
                return _typed(name, inner)
        return {_field_name(name): read_value(inner, depth + 1) for name, inner in wire.items()}
    return wire


class Written(Sequence["Value"]):
    """A list that many are going to ask for: each form of it is written once.

    Args:
        items: What is in it.
        reads: Names of what it was made of.
    """

    def __init__(self, items: Sequence[Value], reads: frozenset[str] = frozenset()) -> None:
        self.reads = reads
        self._items = tuple(items)
        self._texts: dict[Format, str] = {}

    @overload
    def __getitem__(self, index: int) -> Value: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Value]: ...

    @override
    def __getitem__(self, index: int | slice) -> Value | Sequence[Value]:
        return self._items[index]

    @override
    def __len__(self) -> int:
        return len(self._items)

    def text(self, form: Format) -> str:
        """The list in this form."""
        known = self._texts.get(form)
        if known is None:
            known = self._texts[form] = write_value(self._items, form)
        return known


def write_value(value: Value, form: Format) -> str:
    """A value as compact JSON with sorted keys; Float64 always shows its fraction."""
    if isinstance(value, Mapping):
        members = (f"{_text(name)}:{write_value(value[name], form)}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Written):
        return value.text(form)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ",".join(write_value(item, form) for item in value) + "]"
    return _write_scalar(value, form)


def show_value(value: Value) -> str:
    """A value as messages show it: field names bare, text quoted."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {show_value(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ", ".join(show_value(item) for item in value) + "]"
    return _show_scalar(value)


def _show_scalar(value: Scalar) -> str:
    if isinstance(value, bytes):
        return f"Bytes({base64.b64encode(value).decode()})"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}n"
    return _write_scalar(value, Format.JSON)


def _write_scalar(value: Scalar, form: Format) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, bytes):
        return _write_typed("$bytes", value, base64.b64encode(value).decode(), form)
    if isinstance(value, int):
        return _write_typed("$integer", struct.pack("<q", value), str(value), form)
    return _write_float(value, form)


def _write_typed(name: str, raw: bytes, plain: str, form: Format) -> str:
    if form is Format.ENCODED:
        return f'{{"{name}":"{base64.b64encode(raw).decode()}"}}'
    return f'"{plain}"'


def _write_float(value: float, form: Format) -> str:
    minus_zero = value == 0 and math.copysign(1, value) < 0
    if not math.isfinite(value) or (minus_zero and form is Format.ENCODED):
        plain = {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        return _write_typed("$float", struct.pack("<d", value), plain, form)
    return _EXPONENT.sub(lambda match: "e" + match[1].strip("+"), repr(value))


def _typed(name: str, inner: Json) -> Value:
    try:
        raw = base64.b64decode(inner, validate=True) if isinstance(inner, str) else None
    except (binascii.Error, ValueError):
        raw = None
    if raw is not None and name == "$bytes":
        return raw
    if raw is not None and len(raw) == 8 and name in ("$integer", "$float"):
        number: int | float = struct.unpack("<q" if name == "$integer" else "<d", raw)[0]
        return number
    raise WireValueError(f"{name} is not a type, or its content is malformed")


def _field_name(name: str) -> str:
    if name.startswith("$") or not all(" " <= character <= "~" for character in name):
        raise WireValueError(f"field name {name!r} is not ASCII or begins with $")
    return name


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
