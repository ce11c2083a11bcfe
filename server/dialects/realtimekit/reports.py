"""The peer report: what the server measured about one connection."""

from aiohttp import web

from server.dialects.realtimekit.answers import not_found, success
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.people import person, preset_of, view_types
from server.dialects.realtimekit.reading import Body
from server.dialects.realtimekit.sessions import all_sessions, with_events
from server.dialects.realtimekit.tally import Row

_EVENTS = 500
_QUALITY_EVENT = "connection.quality"


async def get(call: Call) -> web.Response:
    """`GET /sessions/peer-report/{peer}`; what only a browser knows is left out."""
    row = await _row(call)
    preset = await preset_of(call, row)
    shown = {**await with_events(call, row, person(row, preset)), "role": preset}
    del shown["preset_name"]
    shown["session_id"] = row.connection.session_id
    shown["peer_report"] = {
        "metadata": await _metadata(call, row),
        "quality": _quality(call, row),
    }
    return success({"participant": shown})


async def _row(call: Call) -> Row:
    wanted = call.part("peer")
    for counted in await all_sessions(call):
        for row in counted.tally.rows:
            if row.connection.id == wanted:
                return row
    return not_found("peer", wanted)


async def _metadata(call: Call, row: Row) -> Body:
    connection = row.connection
    entries = await call.app.sessions.events(connection.session_id, after=0, limit=_EVENTS)
    events = []
    client = None
    for entry in entries:
        one = entry.data.get("connection")
        if not isinstance(one, dict) or one.get("id") != connection.id:
            continue
        details = entry.data.get("details")
        if isinstance(details, dict):
            client = details.get("client") or client
        name = "quality" if entry.type == _QUALITY_EVENT else f"{one.get('state')}"
        facts = {"quality": one.get("quality")} if name == "quality" else {}
        events.append({"timestamp": entry.at.isoformat(), "name": name, "metadata": facts})
    found: dict[str, object] = {
        "sdk_name": str(client or connection.protocol),
        "sdk_type": "server",
        "room_view_type": await view_types(call, row),
        "events": events,
    }
    return found


def _quality(call: Call, row: Row) -> Body:
    """Counters of a connection that is up; afterwards they are gone."""
    if row.left_at is not None:
        return {}
    stats = call.app.engine.stats(row.connection.id)
    now = call.app.clock.utc().isoformat()
    return {
        "audio_producer": [
            {
                "timestamp": now,
                "bytes_sent": stats.bytes_received,
                "packets_sent": stats.packets_received + stats.packets_lost,
                "packets_lost": stats.packets_lost,
            }
        ],
        "audio_consumer": [
            {
                "timestamp": now,
                "bytes_received": stats.bytes_sent,
                "packets_received": stats.packets_sent,
            }
        ],
    }
