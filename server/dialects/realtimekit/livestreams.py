"""Livestreams: none are made here, and every call says so honestly."""

from aiohttp import web

from server.dialects.realtimekit.answers import bad, not_found, success
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.reading import read_paging

_SECONDS = {"count": 0, "total_ingest_seconds": 0, "total_viewer_seconds": 0}


async def listing(call: Call) -> web.Response:
    """`GET /livestreams`: nothing, in the one object that the clients' models want."""
    empty: list[object] = []
    page, offsets = read_paging(call.query).cut(empty)
    return success({"livestreams": page, "paging": offsets}, paging=offsets)


async def missing(call: Call) -> web.Response:
    """Everything about one livestream."""
    return not_found("livestream", call.part("livestream"))


async def missing_session(call: Call) -> web.Response:
    """`GET /livestreams/sessions/{livestream}`."""
    return not_found("livestream session", call.part("livestream"))


async def missing_active(call: Call) -> web.Response:
    """A meeting's active livestream, and how to stop it."""
    return not_found("active livestream", call.part("meeting"))


async def refuse(call: Call) -> web.Response:
    """Start one."""
    if "meeting" in call.request.match_info:
        _ = await call.meeting()
    raise bad("this server does not livestream")


async def overall(_call: Call) -> web.Response:
    """`GET /analytics/livestreams/overall`."""
    return success(_SECONDS)


async def daywise(_call: Call) -> web.Response:
    """`GET /analytics/livestreams/daywise`."""
    return success([])
