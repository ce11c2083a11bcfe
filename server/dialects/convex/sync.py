"""The sync endpoint: every socket of the dialect, and how each is opened and ended."""

from typing import Final

from aiohttp import WSCloseCode, web

from server.dialects.convex.deployment import Deployment
from server.dialects.convex.socket import SyncSocket
from server.services.throttle import Throttle

MAX_SOCKETS: Final = 20_000
MAX_FRAME: Final = 1 << 20
"""Bytes; a client sends no more than arguments and a description."""

FAILURE_BURST, FAILURES_PER_SECOND = 60.0, 1.0


class SyncEndpoint:
    """`/api/sync` and `/api/{version}/sync`; nothing is asked at the door.

    Args:
        deployment: The dialect's own state.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._sockets: set[SyncSocket] = set()
        self._refusals = Throttle(
            deployment.app.clock, burst=FAILURE_BURST, per_second=FAILURES_PER_SECOND
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it goes."""
        # compression would cost each socket a quarter of a megabyte
        response = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MAX_FRAME)
        if not response.can_prepare(request):
            return web.json_response(
                {"code": "BadRequest", "message": "Expected a WebSocket upgrade"}, status=400
            )
        _ = await response.prepare(request)
        if len(self._sockets) >= MAX_SOCKETS:
            _ = await response.close(
                code=WSCloseCode.TRY_AGAIN_LATER, message=b"TooManyConcurrentRequests"
            )
            return response
        rust = "version" not in request.match_info
        socket = SyncSocket(self._deployment, response, request.remote, self._refusals, rust=rust)
        self._sockets.add(socket)
        try:
            await socket.run()
        finally:
            self._sockets.discard(socket)
        return response

    async def close_all(self, _: web.Application) -> None:
        """Send everybody away before a stop; they come back by themselves."""
        for socket in tuple(self._sockets):
            await socket.close(WSCloseCode.TRY_AGAIN_LATER, "ServiceRestart")
