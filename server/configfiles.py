"""Reads settings: flags over environment over file over default, unknown keys refused by name."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from server.config import Settings
from server.errors import ConfigError

PREFIX = "ROOMTONE_"
NOT_SETTINGS = frozenset({"ROOMTONE_CONFIG", "ROOMTONE_URL", "ROOMTONE_KEY"})
"""Words of the same prefix that the command line and the examples read."""

Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where each one came from.

    Attributes:
        sources: By dotted name: `flag`, `environment` or `file`; absent means default.
    """

    settings: Settings
    sources: Mapping[str, str]


def load(
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    """Read every source and check the whole.

    Args:
        file: A TOML file.
        environ: The environment; the process's own when None.
        flags: Values by dotted name.

    Raises:
        ConfigError: The file cannot be read, a key is unknown or a value is not possible.
    """
    tree: Tree = {}
    sources: dict[str, str] = {}
    if file is not None:
        for name, value in _flat(_read(file)):
            _put(tree, sources, name, value, "file")
    for name, text in _from_environment(os.environ if environ is None else environ):
        _put(tree, sources, name, text, "environment")
    for name, value in (flags or {}).items():
        _put(tree, sources, name, value, "flag")
    try:
        return Loaded(Settings.model_validate(tree), sources)
    except ValidationError as error:
        raise _explain(error, sources) from error


def assignments(pairs: list[str]) -> dict[str, object]:
    """Flags of the form `rtc.udp_port=40001`.

    Raises:
        ConfigError: A pair has no `=`.
    """
    values: dict[str, object] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError(f"--set {pair} has no value", "Write it as group.name=value.")
        values[name.strip()] = value
    return values


def described(
    model: type[BaseModel] = Settings, prefix: str = ""
) -> Iterator[tuple[str, FieldInfo]]:
    """Every setting with its dotted name, in order."""
    for name, field in model.model_fields.items():
        group = _group(field)
        if group is not None:
            yield from described(group, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _group(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _read(file: Path) -> Tree:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}") from error


def _flat(tree: Tree, prefix: str = "") -> Iterator[tuple[str, object]]:
    groups = {name for name, field in Settings.model_fields.items() if _group(field)}
    for name, value in tree.items():
        if not prefix and name in groups and isinstance(value, dict):
            yield from _flat(cast("Tree", value), f"{name}.")
        else:
            yield prefix + name, value


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, text in sorted(environ.items()):
        if key.startswith(PREFIX) and key not in NOT_SETTINGS:
            yield key.removeprefix(PREFIX).lower().replace("__", "."), text


def _put(tree: Tree, sources: dict[str, str], name: str, value: object, source: str) -> None:
    fields = dict(described())
    if name not in fields:
        raise _unknown(name, source, list(fields))
    *groups, last = name.split(".")
    place = tree
    for group in groups:
        place = cast("Tree", place.setdefault(group, {}))
    place[last] = _parsed(value, fields[name], name) if isinstance(value, str) else value
    sources[name] = source


def _parsed(text: str, field: FieldInfo, name: str) -> object:
    """Text from environment or flag: lists may be JSON or separated by commas."""
    if not _is_list(field):
        return text
    if text.strip().startswith("["):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ConfigError(f"{name}: {text} is not a JSON list") from error
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_list(field: FieldInfo) -> bool:
    return str(field.annotation).startswith("list[") or any(
        str(arg).startswith("list[") for arg in get_args(field.annotation)
    )


def _unknown(name: str, source: str, known: list[str]) -> ConfigError:
    shown = PREFIX + name.replace(".", "__").upper() if source == "environment" else name
    close = get_close_matches(name, known, n=1, cutoff=0.6) or [
        other for other in known if other.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]
    ]
    hint = "`roomtone config docs` lists all settings."
    if close:
        meant = close[0]
        if source == "environment":
            meant = PREFIX + meant.replace(".", "__").upper()
        hint = f"Did you mean {meant}?"
    return ConfigError(f"unknown setting {shown} ({source})", hint)


def _explain(error: ValidationError, sources: Mapping[str, str]) -> ConfigError:
    first = error.errors(include_url=False, include_input=False)[0]
    parts = [str(part) for part in first["loc"]]
    name = ".".join(part for part in parts if not part.isdigit())
    source = next((s for n, s in sources.items() if name == n or name.startswith(f"{n}.")), "")
    message = str(first["msg"]).removeprefix("Value error, ")
    where = f" ({source})" if source else ""
    return ConfigError(f"{name}: {message}{where}", "`roomtone config docs` lists all settings.")
