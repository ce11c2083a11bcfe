"""A connector that plays a scenario: for developing against bots without any meeting."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from media.tasks import OnError, TaskScope
from server.connectors.links import ParsedLink, Platform
from server.connectors.port import (
    Availability,
    BotIdentity,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
)
from server.connectors.told import Told


class ScriptedConnector:
    """Tells what its scenario says; satisfies `server.connectors.port.Connector`.

    Args:
        scenario: Seconds to wait and what to tell then, in order.
        on_error: Told of bugs.
        platform: Whose connector it plays.
        missing: Why bots cannot go there; None when they can.
    """

    def __init__(
        self,
        scenario: Sequence[tuple[float, ConnectorEvent]],
        on_error: OnError,
        *,
        platform: Platform = Platform.ZOOM,
        missing: str | None = None,
    ) -> None:
        self._scenario = tuple(scenario)
        self._scope = TaskScope(on_error)
        self._platform = platform
        self._missing = missing
        self._told = Told()

    @property
    def platform(self) -> Platform:
        """Whose meetings it plays."""
        return self._platform

    async def available(self) -> Availability:
        """As the scenario wants."""
        return Availability(ok=self._missing is None, reason=self._missing)

    async def join(self, link: ParsedLink, bot: BotIdentity) -> None:  # noqa: ARG002  (the port's)
        """Begin to play."""
        _ = self._scope.spawn(self._play(), name="play scenario")

    async def leave(self) -> None:
        """Play no further."""
        await self._scope.close()
        self._told.end()

    async def withdraw(self) -> None:
        """Play no further."""
        await self.leave()

    def events(self) -> AsyncIterator[ConnectorEvent]:
        """What the scenario told so far, and tells from now on."""
        return self._told.events()

    async def _play(self) -> None:
        for pause, event in self._scenario:
            await asyncio.sleep(pause)
            if isinstance(event, Denied | Ended | Failed):
                self._told.end(event)
                return
            self._told.tell(event)
