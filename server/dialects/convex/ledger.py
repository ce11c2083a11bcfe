"""Mutations that were done, so that one sent again after a reconnect is not done twice."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from server.dialects.convex.values import Value

MAX_ENTRIES = 16_384
"""Clients send again only what was not answered: a few, within seconds."""

Key: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Done:
    """A mutation's value and the timestamp of its commit."""

    value: Value
    timestamp: int


class Ledger:
    """Successful mutations by identity, client session and request id; the oldest go first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, asyncio.Future[Done]] = OrderedDict()

    async def once(self, key: Key, perform: Callable[[], Awaitable[Done]]) -> Done:
        """Perform a mutation, or give what it gave before; a failed one may be tried again.

        One that is under way is waited for, also when the socket that asked first is gone.

        Raises:
            Exception: What `perform` raises.
        """
        known = self._entries.get(key)
        if known is not None:
            try:
                return await asyncio.shield(known)
            except asyncio.CancelledError:
                if not known.cancelled():
                    raise
        place: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._entries[key] = place
        if len(self._entries) > MAX_ENTRIES:
            _ = self._entries.popitem(last=False)
        try:
            done = await perform()
        except BaseException:
            _ = self._entries.pop(key, None)
            _ = place.cancel()
            raise
        place.set_result(done)
        return done
