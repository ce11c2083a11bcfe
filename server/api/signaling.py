"""Routes that the signaling ring serves itself: mounted here, and described where HTTP can.

OpenAPI has no words for a WebSocket: `/v1/signaling` is in the protocol's own reference.
"""

from aiohttp import web

from server.api import shapes
from server.http.call import Call
from server.http.registry import Content, Credential, Header, Registry
from server.services.context import App
from signaling.endpoint import SignalingEndpoint
from signaling.whip import FRAGMENT, SDP, Whip

routes = Registry()
_TAG = "Signaling"
_TEXT = {"type": "string"}
_IF_MATCH = Header("If-Match", "The ETag of the POST's answer (RFC 9725 section 4.3.1).")
_CREATED = Content("The SDP answer.", SDP, _TEXT, ("Location", "ETag", "Link"))
_REFUSED = {
    401: ("token_required", "token_invalid", "token_expired"),
    403: ("token_for_another_meeting",),
    404: ("meeting_not_found",),
    406: ("not_acceptable",),
    409: ("ended",),
    410: ("meeting_inactive",),
    413: ("too_large",),
    415: ("unsupported_media_type",),
    422: ("invalid_sdp", "name_required", "no_common_codec"),
    429: ("rate_limited",),
    503: ("meeting_full", "server_draining", "media_unavailable"),
}
_RESOURCE_REFUSED = {
    401: ("token_required", "token_invalid"),
    404: ("connection_not_found",),
}
_PATCH_REFUSED = {
    **_RESOURCE_REFUSED,
    412: ("etag_mismatch",),
    413: ("too_large",),
    415: ("unsupported_media_type",),
    422: ("invalid_candidate", "ice_restart_unsupported"),
    428: ("if_match_required",),
}


def add_signaling(application: web.Application, app: App) -> None:
    """Serve the routes of this module."""
    endpoint = SignalingEndpoint(app.live, app.live.settings, app.clock)
    application.router.add_get("/v1/signaling", endpoint.handle, allow_head=False)
    application.add_routes(Whip(app.live).routes())


@routes.route(
    "POST",
    "/v1/meetings/{meeting}/whip",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    contents={201: _CREATED},
    problems=_REFUSED,
    takes=SDP,
    elsewhere=True,
)
async def publish_by_whip(call: Call, meeting: str, query: shapes.PublishQuery) -> None:
    """Publish to a meeting by posting an offer (WHIP, RFC 9725).

    Takes a join token, or an API key with `?name=` and `?user_id=`. `Location` names the
    connection; DELETE there ends it.
    """


@routes.route(
    "POST",
    "/v1/meetings/{meeting}/whep",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    contents={201: _CREATED},
    problems=_REFUSED,
    takes=SDP,
    elsewhere=True,
)
async def listen_by_whep(call: Call, meeting: str, query: shapes.ListenQuery) -> None:
    """Listen to a meeting by posting an offer (WHEP).

    The offer's receive-only m-lines are filled as slots; `?participant=` picks one person.
    """


@routes.route(
    "PATCH",
    "/v1/meetings/{meeting}/whip/{connection}",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    status=204,
    problems=_PATCH_REFUSED,
    headers=(_IF_MATCH,),
    takes=FRAGMENT,
    elsewhere=True,
)
async def trickle_by_whip(call: Call, meeting: str, connection: str) -> None:
    """Add ICE candidates to a published connection (RFC 8840 fragment)."""


@routes.route(
    "PATCH",
    "/v1/meetings/{meeting}/whep/{connection}",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    status=204,
    problems=_PATCH_REFUSED,
    headers=(_IF_MATCH,),
    takes=FRAGMENT,
    elsewhere=True,
)
async def trickle_by_whep(call: Call, meeting: str, connection: str) -> None:
    """Add ICE candidates to a listening connection (RFC 8840 fragment)."""


@routes.route(
    "DELETE",
    "/v1/meetings/{meeting}/whip/{connection}",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    problems=_RESOURCE_REFUSED,
    elsewhere=True,
)
async def end_whip(call: Call, meeting: str, connection: str) -> None:
    """End a published connection."""


@routes.route(
    "DELETE",
    "/v1/meetings/{meeting}/whep/{connection}",
    tag=_TAG,
    credential=Credential.OPTIONAL,
    problems=_RESOURCE_REFUSED,
    elsewhere=True,
)
async def end_whep(call: Call, meeting: str, connection: str) -> None:
    """End a listening connection."""
