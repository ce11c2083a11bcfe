"""Settings for people: the reference page, and what is in force with its source. Pure."""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from server.config import PREFIX, Settings
from server.configfiles import Loaded, described

INTRO = """\
# Configuration

<!-- Written by `roomtone config docs`; a test compares the two. -->

Every setting can be given in three ways. A flag wins over the environment, the environment over
the file, the file over the default.

- **Flag:** `roomtone serve --set rtc.udp_port=40001`; the most used have flags of their own
  (`--dev`, `--host`, `--port`, `--data`).
- **Environment:** `ROOMTONE_` and the name in capitals, two underscores for the dot:
  `ROOMTONE_RTC__UDP_PORT=40001`. Lists are separated by commas or written as JSON.
- **File:** TOML, given by `--config FILE` or `ROOMTONE_CONFIG`:

  ```toml
  [rtc]
  udp_port = 40001
  ```

A name that does not exist is an error, with a suggestion. `roomtone config show` prints what is
in force and where each value comes from.
"""
HIDDEN = "(set, not shown)"


def page() -> str:
    """The reference page in Markdown."""
    parts = [INTRO]
    group = None
    for name, field in described():
        here = name.rpartition(".")[0]
        if here != group:
            group = here
            parts.append(_heading(group))
        parts.append(f"| `{name}` | {_kind(field)} | {_default(field)} | {_prose(field)} |\n")
    parts.append(_nested())
    return "".join(parts)


def in_force(loaded: Loaded) -> Iterator[str]:
    """One line for each setting: name, value, source."""
    for name, _ in described():
        value: object = loaded.settings
        for part in name.split("."):
            value = getattr(value, part)
        yield f"{name} = {_shown(value)}    # {loaded.sources.get(name, 'default')}"


def _heading(group: str) -> str:
    title = f"`[{group}]`" if group else "Top level"
    about = _group_text(group)
    head = "| setting | type | default | meaning |\n| --- | --- | --- | --- |\n"
    return f"\n## {title}\n\n{about}\n\n{head}"


def _group_text(group: str) -> str:
    if not group:
        return "Outside every group; in the environment " + f"`{PREFIX}DEV`."
    kind = Settings.model_fields[group].annotation
    text = (kind.__doc__ or "") if isinstance(kind, type) else ""
    return text.strip()


def _prose(field: FieldInfo) -> str:
    text = (field.description or "").strip()
    limits = [_limit(item) for item in field.metadata]
    shown = ", ".join(limit for limit in limits if limit)
    return f"{text} ({shown})" if shown else text


def _limit(item: object) -> str:
    for name, sign in (("ge", "at least"), ("gt", "more than"), ("le", "at most")):
        value = getattr(item, name, None)
        if value is not None:
            return f"{sign} {value}"
    return ""


def _kind(field: FieldInfo) -> str:
    return _type_text(field.annotation)


def _type_text(kind: object) -> str:
    if isinstance(kind, types.UnionType):
        return " or ".join(_type_text(k) for k in get_args(kind) if k is not type(None))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) is list:
        return f"list of {_type_text(get_args(kind)[0])}"
    names = {
        str: "text", int: "integer", float: "number", bool: "boolean",
        Path: "path", SecretStr: "secret",
    }  # fmt: skip
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "table"
    return names.get(kind, "text") if isinstance(kind, type) else _type_text(get_args(kind)[0])


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    return "" if default is None else f"`{_shown(default)}`"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, Path):
        return json.dumps(str(value))
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return f"[{len(value)} tables]"
    return json.dumps(value) if value is not None else "(unset)"


def _nested() -> str:
    parts: list[str] = []
    for name, field in described():
        inner = get_args(field.annotation)[:1]
        if inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
            parts.append(f"\n### Tables of `{name}`\n\n{(inner[0].__doc__ or '').strip()}\n\n")
            parts.append("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
            parts += [
                f"| `{key}` | {_kind(one)} | {_required(one)} | {_prose(one)} |\n"
                for key, one in described(inner[0])
            ]
    return "".join(parts)


def _required(field: FieldInfo) -> str:
    return "required" if field.is_required() else _default(field)
