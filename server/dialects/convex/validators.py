"""Argument validators as data: what a function accepts, and the exact words of a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from server.dialects.convex.errors import invalid_arguments
from server.dialects.convex.ids import DocumentIdError, Table, decode_id, plain_uuid
from server.dialects.convex.values import Value, show_value


class Validator(Protocol):
    """One shape of value."""

    @property
    def source(self) -> str:
        """The validator as its author writes it, for messages."""
        ...

    def check(self, value: Value, path: str) -> None:
        """Accept a value at a path such as `.meetingId`.

        Raises:
            FunctionFailure: It does not fit.
        """


@dataclass(frozen=True, slots=True)
class IdOf:
    """An id of one table, in Convex form or as a plain UUID; whether it exists is not checked."""

    table: Table

    @property
    def source(self) -> str:
        """Such as `v.id("meetings")`."""
        return f'v.id("{self.table.word}")'

    def check(self, value: Value, path: str) -> None:
        """Accept a well-formed id of this table."""
        if isinstance(value, str):
            if plain_uuid(value) is not None:
                return
            table = _table_of(value)
            if table is self.table:
                return
            if table is not None:
                raise invalid_arguments(
                    f'Found ID "{value}" from table `{table.word}`, which does not match the '
                    f"table name in validator `{self.source}`.Path: {path}"
                )
        raise invalid_arguments(
            f"Value does not match validator.\nPath: {path}\n"
            f"Value: {show_value(value)}\nValidator: {self.source}"
        )


@dataclass(frozen=True, slots=True)
class Arguments:
    """The one object of named arguments that a function takes; every field is required."""

    fields: Mapping[str, Validator]

    @property
    def source(self) -> str:
        """Such as `v.object({meetingId: v.id("meetings")})`."""
        inner = ", ".join(f"{name}: {self.fields[name].source}" for name in sorted(self.fields))
        return f"v.object({{{inner}}})"

    def read(self, positional: Sequence[Value]) -> Mapping[str, Value]:
        """The named arguments out of the list of positional ones.

        Raises:
            FunctionFailure: They do not fit.
        """
        if len(positional) != 1:
            raise invalid_arguments(
                "Expected to receive a single object as the function's argument. "
                f"Instead received {len(positional)} arguments: {show_value(positional)}"
            )
        value = positional[0]
        if not isinstance(value, Mapping):
            raise invalid_arguments(
                "Expected to receive an object as the function's argument. "
                f"Instead received: {show_value(value)}"
            )
        for name in sorted(self.fields):
            if name not in value:
                raise self._misfit(
                    value,
                    f"Object is missing the required field `{name}`. Consider wrapping the field "
                    "validator in `v.optional(...)` if this is expected.",
                )
            self.fields[name].check(value[name], f".{name}")
        for name in sorted(value):
            if name not in self.fields:
                raise self._misfit(
                    value, f"Object contains extra field `{name}` that is not in the validator."
                )
        return value

    def _misfit(self, value: Mapping[str, Value], words: str) -> Exception:
        return invalid_arguments(
            f"{words}\n\nObject: {show_value(value)}\nValidator: {self.source}"
        )


def _table_of(text: str) -> Table | None:
    try:
        return Table(decode_id(text).table)
    except (DocumentIdError, ValueError):
        return None
