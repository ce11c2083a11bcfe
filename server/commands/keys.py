"""`roomtone key`: API keys in a data directory's database, beside a running server or not."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from media.clock import SystemClock
from server.auth.keys import KeyRing, pair_of
from server.auth.principal import DEFAULT_ACCOUNT
from server.commands.parts import keys_of, storage_of
from server.config import Settings
from server.errors import ConfigError, ServerError
from server.facts import plain, utc_text
from server.records import ApiKey, Workspace

MIN_FOREIGN = 8
"""Shortest credential of another service: plain hashes protect nothing that can be guessed."""


def create(settings: Settings, name: str) -> str:
    """A new key's text."""

    async def work() -> str:
        async with keys_of(settings) as keys:
            return (await keys.create(name))[0]

    return asyncio.run(work())


@dataclass(frozen=True, slots=True)
class Foreign:
    """Credentials that another service made, and the ids that its clients name.

    Attributes:
        workspace: A group of meetings of its own, made when it is missing.
    """

    token: str | None = None
    email: str | None = None
    key: str | None = None
    account: str | None = None
    workspace: str | None = None

    @property
    def given(self) -> bool:
        """Anything at all was given."""
        return any((self.token, self.email, self.key, self.account, self.workspace))

    def credentials(self) -> list[str]:
        """What is to be accepted.

        Raises:
            ConfigError: Parts are missing or too short.
        """
        if (self.email is None) != (self.key is None):
            raise ConfigError("--email and --key belong together", "Give both or neither.")
        found = [self.token] if self.token else []
        if self.email is not None and self.key is not None:
            found.append(pair_of(self.email, self.key))
        if not found:
            raise ConfigError("no credential was given", "Give --token, or --email and --key.")
        if any(len(one.rpartition("\n")[2]) < MIN_FOREIGN for one in found):
            raise ConfigError(
                f"a credential has at least {MIN_FOREIGN} characters",
                "A shorter one is guessed too easily.",
            )
        if self.workspace is not None and self.account is None:
            raise ConfigError("--app needs --account", "Give the account id as well.")
        return found


def register(settings: Settings, name: str, foreign: Foreign) -> list[str]:
    """Accept credentials from now on; the ids under which `key list` shows them.

    Raises:
        ConfigError: Parts are missing, or the app belongs to another account.
    """
    credentials = foreign.credentials()

    async def work() -> list[str]:
        async with storage_of(settings) as storage:
            clock = SystemClock()
            if foreign.workspace is not None and foreign.account is not None:
                known = await storage.find_record(Workspace, foreign.workspace)
                if known is None:
                    made = Workspace(foreign.workspace, foreign.account, name, clock.utc())
                    await storage.save_record(made)
                elif known.account != foreign.account:
                    raise ConfigError("the app belongs to another account", "Choose another id.")
            keys = KeyRing(storage, clock, dev=False)
            account = foreign.account or DEFAULT_ACCOUNT
            return [(await keys.register(one, name, account)).id for one in credentials]

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
