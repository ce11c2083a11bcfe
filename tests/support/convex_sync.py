"""A client of the Convex sync protocol, frame by frame, that checks the chain of versions."""

import asyncio
import base64
import json
import struct
from typing import Any

import aiohttp

QUERY = "meetings/webrtc/index:getActiveSessions"
START = {"querySet": 0, "identity": 0, "ts": "AAAAAAAAAAA="}


class RefusedError(Exception):
    """A function answered with an error; `data` is that of a ConvexError."""

    def __init__(self, message: str, data: Any) -> None:
        super().__init__(message)
        self.data = data


class SyncClient:
    """One socket.

    Attributes:
        version: Where the last Transition left it.
        results: Latest modification of each query.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.version = dict(START)
        self.results: dict[int, dict[str, Any]] = {}
        self._asked = 0
        self._identity = 0

    async def connect(self, session: str = "session", **members: Any) -> "SyncClient":
        await self.send(
            type="Connect",
            sessionId=session,
            connectionCount=0,
            lastCloseReason="InitialConnect",
            clientTs=members.pop("clientTs", 0),
            **members,
        )
        return self

    async def send(self, **frame: Any) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def authenticate(self, token: str | None) -> None:
        kind = {"tokenType": "None"} if token is None else {"tokenType": "User", "value": token}
        await self.send(type="Authenticate", baseVersion=self._identity, **kind)
        self._identity += 1

    async def add(self, query_id: int, args: object, path: str = QUERY) -> None:
        one = {"type": "Add", "queryId": query_id, "udfPath": path, "args": [args]}
        await self.modify(one)

    async def remove(self, query_id: int) -> None:
        await self.modify({"type": "Remove", "queryId": query_id})

    async def modify(self, *changes: dict[str, Any]) -> None:
        base, self._asked = self._asked, self._asked + 1
        await self.send(
            type="ModifyQuerySet",
            baseVersion=base,
            newVersion=self._asked,
            modifications=list(changes),
        )

    async def frame(self) -> dict[str, Any]:
        """The next frame that is not a Ping; a Transition moves `version` along."""
        while True:
            async with asyncio.timeout(30):
                message = await self.socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, (message, self.socket.close_code)
            frame = json.loads(message.data)
            if frame["type"] == "Ping":
                continue
            if frame["type"] == "Transition":
                self._follow(frame)
            return frame

    async def transition(self) -> dict[str, Any]:
        frame = await self.frame()
        assert frame["type"] == "Transition", frame
        return frame

    async def until(self, query_set: int | None = None, identity: int | None = None) -> None:
        """Transitions up to this version."""
        while not (
            query_set in (None, self.version["querySet"])
            and identity in (None, self.version["identity"])
        ):
            await self.transition()

    async def closed(self) -> tuple[int | None, object]:
        async with asyncio.timeout(30):
            message = await self.socket.receive()
        return self.socket.close_code, message.extra

    def value(self, query_id: int) -> Any:
        result = self.results[query_id]
        assert result["type"] == "QueryUpdated", result
        return result["value"]

    def _follow(self, frame: dict[str, Any]) -> None:
        assert frame["startVersion"] == self.version
        end = frame["endVersion"]
        assert number(end["ts"]) >= number(self.version["ts"])
        self.version = end
        ids = [change["queryId"] for change in frame["modifications"]]
        for change in frame["modifications"]:
            self.results[change["queryId"]] = change
        assert len(ids) == len(set(ids))


def number(ts: str) -> int:
    raw = base64.b64decode(ts, validate=True)
    value: int = struct.unpack("<Q", raw)[0]
    assert value < 1 << 63
    return value
