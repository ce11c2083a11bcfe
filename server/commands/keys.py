"""`roomtone key`: API keys in a data directory's database, beside a running server or not."""

import asyncio
import json
from collections.abc import Sequence

from server.commands.parts import keys_of
from server.config import Settings
from server.errors import ServerError
from server.facts import plain, utc_text
from server.records import ApiKey


def create(settings: Settings, name: str) -> str:
    """A new key's text."""

    async def work() -> str:
        async with keys_of(settings) as keys:
            return (await keys.create(name))[0]

    return asyncio.run(work())


def listing(settings: Settings, *, as_json: bool) -> list[str]:
    """Lines that show every key."""

    async def work() -> Sequence[ApiKey]:
        async with keys_of(settings) as keys:
            return await keys.list()

    found = asyncio.run(work())
    return [_json_line(key) if as_json else _line(key) for key in found]


def revoke(settings: Settings, key_id: str) -> None:
    """Refuse a key from now on.

    Raises:
        ServerError: No good key has this id.
    """

    async def work() -> bool:
        async with keys_of(settings) as keys:
            return await keys.revoke(key_id)

    if not asyncio.run(work()):
        raise ServerError(f"no good key has the id {key_id}", "`roomtone key list` shows ids.")


def _line(key: ApiKey) -> str:
    state = f"revoked {utc_text(key.revoked_at)}" if key.revoked_at else "good"
    return f"{key.id}  {key.hint}…  {utc_text(key.created_at)}  {state}  {key.name}"


def _json_line(key: ApiKey) -> str:
    shown = ("id", "account", "name", "hint", "created_at", "revoked_at")
    return json.dumps({name: plain(getattr(key, name)) for name in shown})
