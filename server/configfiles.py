"""Reads settings: flags over environment over file over default, unknown keys refused by name."""

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, SettingsError, TomlConfigSettingsSource
from typing_extensions import override

from server.config import PREFIX, Settings
from server.errors import ConfigError

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
    given = flags or {}
    words = {_variable(name): value for name, value in given.items() if isinstance(value, str)}
    plain = {name: value for name, value in given.items() if not isinstance(value, str)}
    tree: Tree = {}
    sources: dict[str, str] = {}
    if file is not None:
        _merge(tree, sources, _flat(_read(file)), "file")
    environ = os.environ if environ is None else environ
    _merge(tree, sources, _flat(_Words(environ, "environment")()), "environment")
    _merge(tree, sources, _flat(_Words(words, "flag")()), "flag")
    _merge(tree, sources, plain.items(), "flag")
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
        file.read_bytes()  # a source of settings passes over a file that is not there
        return TomlConfigSettingsSource(Settings, toml_file=file)()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}") from error


class _Words(EnvSettingsSource):
    """Settings written as words in the form of the environment; lists may use commas.

    Raises:
        ConfigError: A name is unknown, or a list is neither JSON nor words between commas.
    """

    def __init__(self, words: Mapping[str, str], source: str) -> None:
        super().__init__(Settings)
        ours = {k: v for k, v in words.items() if k.startswith(PREFIX) and k not in NOT_SETTINGS}
        known = {name for name, _ in described()}
        for key in sorted(ours):
            if (name := _dotted(key)) not in known:
                raise _unknown(name, source, list(known))
        self.env_vars = {key.lower(): value for key, value in ours.items()}

    @override
    def __call__(self) -> Tree:
        try:
            return super().__call__()
        except SettingsError as error:
            raise ConfigError(str(error.__cause__ or error)) from error

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: str) -> object:
        if value.strip()[:1] not in ("[", "{"):
            return [part.strip() for part in value.split(",") if part.strip()]
        try:
            return json.loads(value)
        except ValueError as error:
            raise ConfigError(f"{field_name}: {value} is not a JSON list") from error


def _variable(name: str) -> str:
    return PREFIX + name.replace(".", "__").upper()


def _dotted(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def _flat(tree: Tree, prefix: str = "") -> Iterator[tuple[str, object]]:
    groups = {name for name, field in Settings.model_fields.items() if _group(field)}
    for name, value in tree.items():
        if not prefix and name in groups and isinstance(value, dict):
            yield from _flat(cast("Tree", value), f"{name}.")
        else:
            yield prefix + name, value


def _merge(
    tree: Tree, sources: dict[str, str], values: Iterable[tuple[str, object]], source: str
) -> None:
    known = [name for name, _ in described()]
    for name, value in values:
        if name not in known:
            raise _unknown(name, source, known)
        *groups, last = name.split(".")
        place = tree
        for group in groups:
            place = cast("Tree", place.setdefault(group, {}))
        place[last] = value
        sources[name] = source


def _unknown(name: str, source: str, known: list[str]) -> ConfigError:
    shown = _variable(name) if source == "environment" else name
    close = get_close_matches(name, known, n=1, cutoff=0.6) or [
        other for other in known if other.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]
    ]
    hint = "`roomtone config docs` lists all settings."
    if close:
        meant = close[0]
        if source == "environment":
            meant = _variable(meant)
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
