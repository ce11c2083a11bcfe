"""Routes that the signaling ring serves itself, mounted and documented here."""

import json

from aiohttp import web

from server.http.call import Call
from server.http.problem import CONTENT_TYPE, Problem
from server.http.registry import Content, Credential, Registry
from server.services.context import App
from signaling.endpoint import SignalingEndpoint

routes = Registry()
_TAG = "Signaling"
ENDPOINT = web.AppKey("roomtone_signaling", SignalingEndpoint)


def add_signaling(application: web.Application, app: App) -> None:
    """Make what the routes of this module hand their requests to."""
    application[ENDPOINT] = SignalingEndpoint(app.live, app.live.settings, app.clock)


@routes.route(
    "GET",
    "/v1/signaling",
    tag=_TAG,
    credential=Credential.NOT_READ,
    contents={101: Content("The connection is a WebSocket now.")},
    problems={403: ("origin_not_allowed",), 426: ("websocket_expected",)},
)
async def open_signaling(call: Call) -> web.StreamResponse:
    """Open the WebSocket of a meeting client.

    The protocol is in `docs/reference/signaling-protocol.md`.
    """
    return _named(call, await call.request.app[ENDPOINT].handle(call.request))


def _named(call: Call, response: web.StreamResponse) -> web.StreamResponse:
    """A problem of the signaling ring with the id of this request in it."""
    if not isinstance(response, web.Response) or response.content_type != CONTENT_TYPE:
        return response
    body = json.loads(response.body if isinstance(response.body, bytes) else b"{}")
    problem = Problem(
        response.status,
        str(body.pop("code", "request_refused")),
        str(body.pop("detail", "")),
        data=body,
        headers={name: value for name, value in response.headers.items() if name in _KEPT},
    )
    return problem.response(call.request_id)


_KEPT = ("Accept-Post", "Allow", "Connection", "Link", "Retry-After", "Upgrade", "WWW-Authenticate")
