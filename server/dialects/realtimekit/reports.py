"""The peer report: what the server measured about one connection."""

from aiohttp import web

from server.dialects.realtimekit.answers import not_found, success
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.people import person, preset_of, view_types
from server.dialects.realtimekit.qualities import qualities
from server.dialects.realtimekit.reading import Body, read_words
from server.dialects.realtimekit.sessions import all_sessions, with_events
from server.dialects.realtimekit.tally import Row

_EVENTS = 500
SAMPLE_SECONDS = 5
MOST_SAMPLES = 2000
"""Of one stream in one report; a longer connection has them farther apart."""
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
        "quality": await _quality(call, row) if _wanted(call, "quality_stats") else {},
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
    }
    if _wanted(call, "events"):
        found["events"] = events
    return found


async def _quality(call: Call, row: Row) -> Body:
    """What the server measured, at the steps that it has kept; also after the connection ended."""
    connection = row.connection
    start = int(row.joined_at.timestamp())
    end = 1 + int((row.left_at or call.app.clock.utc()).timestamp())
    series = await call.app.quality.history(
        connection.session_id,
        start=start - start % SAMPLE_SECONDS,
        end=end,
        step=max(SAMPLE_SECONDS, -(-(end - start) // MOST_SAMPLES)),
        participant_id=connection.participant_id,
    )
    return qualities(one for one in series if one.connection_id == connection.id)


def _wanted(call: Call, part: str) -> bool:
    filters = read_words(call.query, "filters")
    return not filters or part in filters
