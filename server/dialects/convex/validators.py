"""Validators as data: what a function accepts and returns, and the exact words of a refusal.

Each tells itself as its author writes it, as a TypeScript type and as a JSON schema.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from server.dialects.convex.errors import FunctionFailure, invalid_arguments
from server.dialects.convex.ids import DocumentIdError, Table, decode_id, plain_uuid
from server.dialects.convex.values import Value, show_value

Schema: TypeAlias = dict[str, object]


class Validator(Protocol):
    """One shape of value."""

    @property
    def source(self) -> str:
        """The validator as its author writes it, for messages."""
        ...

    @property
    def typescript(self) -> str:
        """The type that a TypeScript client sees."""
        ...

    def schema(self) -> Schema:
        """The JSON schema of the plain form."""
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
    typescript: ClassVar[str] = "string"

    @property
    def source(self) -> str:
        """Such as `v.id("meetings")`."""
        return f'v.id("{self.table.word}")'

    def schema(self) -> Schema:
        """Text."""
        return {"type": "string", "description": f"Id of a document in `{self.table.word}`."}

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
        raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""

    source: ClassVar[str] = "v.string()"
    typescript: ClassVar[str] = "string"

    def schema(self) -> Schema:
        """Text."""
        return {"type": "string"}

    def check(self, value: Value, path: str) -> None:
        """Accept text."""
        if not isinstance(value, str):
            raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Number:
    """A Float64; an Int64 is another type."""

    source: ClassVar[str] = "v.float64()"
    typescript: ClassVar[str] = "number"

    def schema(self) -> Schema:
        """A number."""
        return {"type": "number"}

    def check(self, value: Value, path: str) -> None:
        """Accept a Float64."""
        if not isinstance(value, float):
            raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    source: ClassVar[str] = "v.boolean()"
    typescript: ClassVar[str] = "boolean"

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}

    def check(self, value: Value, path: str) -> None:
        """Accept a boolean."""
        if not isinstance(value, bool):
            raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Nil:
    """Null."""

    source: ClassVar[str] = "v.null()"
    typescript: ClassVar[str] = "null"

    def schema(self) -> Schema:
        """Null."""
        return {"type": "null"}

    def check(self, value: Value, path: str) -> None:
        """Accept null."""
        if value is not None:
            raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Word:
    """Exactly this text."""

    word: str

    @property
    def source(self) -> str:
        """Such as `v.literal("offer")`."""
        return f"v.literal({json.dumps(self.word)})"

    @property
    def typescript(self) -> str:
        """A literal type."""
        return json.dumps(self.word)

    def schema(self) -> Schema:
        """One word."""
        return {"type": "string", "enum": [self.word]}

    def check(self, value: Value, path: str) -> None:
        """Accept the one word."""
        if value != self.word:
            raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes."""

    members: tuple[Validator, ...]

    @property
    def source(self) -> str:
        """Such as `v.union(v.string(), v.null())`."""
        return f"v.union({', '.join(member.source for member in self.members)})"

    @property
    def typescript(self) -> str:
        """A union type."""
        return " | ".join(member.typescript for member in self.members)

    def schema(self) -> Schema:
        """Any of them."""
        if all(isinstance(member, Word) for member in self.members):
            words = [member.word for member in self.members if isinstance(member, Word)]
            return {"type": "string", "enum": words}
        return {"anyOf": [member.schema() for member in self.members]}

    def check(self, value: Value, path: str) -> None:
        """Accept what one of them accepts."""
        for member in self.members:
            try:
                member.check(value, path)
            except FunctionFailure:
                continue
            return
        raise _mismatch(self, value, path)


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of one shape."""

    item: Validator

    @property
    def source(self) -> str:
        """Such as `v.array(v.string())`."""
        return f"v.array({self.item.source})"

    @property
    def typescript(self) -> str:
        """An array type."""
        inner = self.item.typescript
        return f"({inner})[]" if isinstance(self.item, Either) else f"{inner}[]"

    def schema(self) -> Schema:
        """An array."""
        return {"type": "array", "items": self.item.schema()}

    def check(self, value: Value, path: str) -> None:
        """Accept a list whose items all fit."""
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise _mismatch(self, value, path)
        for index, item in enumerate(value):
            self.item.check(item, f"{path}[{index}]")


@dataclass(frozen=True, slots=True)
class MapOf:
    """Any names with values of one shape."""

    value: Validator

    @property
    def source(self) -> str:
        """Such as `v.record(v.string(), v.float64())`."""
        return f"v.record(v.string(), {self.value.source})"

    @property
    def typescript(self) -> str:
        """A record type."""
        return f"Record<string, {self.value.typescript}>"

    def schema(self) -> Schema:
        """An object with any members."""
        return {"type": "object", "additionalProperties": self.value.schema()}

    def check(self, value: Value, path: str) -> None:
        """Accept an object whose members all fit."""
        if not isinstance(value, Mapping):
            raise _mismatch(self, value, path)
        for name in sorted(value):
            self.value.check(value[name], f"{path}.{name}")


@dataclass(frozen=True, slots=True)
class Optional:
    """A member that may be absent; never null."""

    inner: Validator

    @property
    def source(self) -> str:
        """Such as `v.optional(v.string())`."""
        return f"v.optional({self.inner.source})"

    @property
    def typescript(self) -> str:
        """The type where it is present."""
        return self.inner.typescript

    def schema(self) -> Schema:
        """The schema where it is present."""
        return self.inner.schema()

    def check(self, value: Value, path: str) -> None:
        """Accept what is present."""
        self.inner.check(value, path)


@dataclass(frozen=True, slots=True)
class Members:
    """An object with exactly these members."""

    fields: Mapping[str, Validator]

    @property
    def source(self) -> str:
        """Such as `v.object({meetingId: v.id("meetings")})`."""
        inner = ", ".join(f"{name}: {self.fields[name].source}" for name in sorted(self.fields))
        return f"v.object({{{inner}}})"

    @property
    def typescript(self) -> str:
        """An object type."""
        members = (
            f"{name}{'?' if isinstance(field, Optional) else ''}: {field.typescript}"
            for name, field in sorted(self.fields.items())
        )
        return "{ " + "; ".join(members) + " }"

    def schema(self) -> Schema:
        """An object without other members."""
        required = [n for n, field in sorted(self.fields.items()) if not _may_lack(field)]
        schema: Schema = {
            "type": "object",
            "properties": {name: field.schema() for name, field in sorted(self.fields.items())},
            "additionalProperties": False,
        }
        return schema | ({"required": required} if required else {})

    def check(self, value: Value, path: str) -> None:
        """Accept an object with the required members, nothing else, and all of them fitting."""
        if not isinstance(value, Mapping):
            raise _mismatch(self, value, path)
        for name in sorted(self.fields):
            field = self.fields[name]
            if name in value:
                field.check(value[name], f"{path}.{name}")
            elif not _may_lack(field):
                raise self._misfit(
                    value,
                    path,
                    f"Object is missing the required field `{name}`. Consider wrapping the field "
                    "validator in `v.optional(...)` if this is expected.",
                )
        for name in sorted(value):
            if name not in self.fields:
                fault = f"Object contains extra field `{name}` that is not in the validator."
                raise self._misfit(value, path, fault)

    def _misfit(self, value: Mapping[str, Value], path: str, words: str) -> FunctionFailure:
        place = f"Path: {path}" if path else ""
        return invalid_arguments(
            f"{words}\n{place}\nObject: {show_value(value)}\nValidator: {self.source}"
        )


@dataclass(frozen=True, slots=True)
class Arguments(Members):
    """The one object of named arguments that a function takes."""

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
        self.check(value, "")
        return value


def words(*each: str) -> Either:
    """One of several words."""
    return Either(tuple(Word(word) for word in each))


def _may_lack(field: Validator) -> bool:
    return isinstance(field, Optional)


def _mismatch(validator: Validator, value: Value, path: str) -> FunctionFailure:
    return invalid_arguments(
        f"Value does not match validator.\nPath: {path}\n"
        f"Value: {show_value(value)}\nValidator: {validator.source}"
    )


def _table_of(text: str) -> Table | None:
    try:
        return Table(decode_id(text).table)
    except (DocumentIdError, ValueError):
        return None
