"""What was said in a session, for download: the transcript in four formats, and its summary."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aiohttp import web

from server.dialects.realtimekit.answers import KitError, bad, success, time_text
from server.dialects.realtimekit.digest import DEFAULT_WORDS, summary
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.links import LIFE, Links
from server.dialects.realtimekit.reading import Body
from server.records import Extra, TranscriptSegment
from server.services.context import App
from server.services.transcript_formats import srt, vtt
from server.storage.port import StoredSession

Segments = Sequence[TranscriptSegment]
TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "json": "application/json",
    "srt": "text/plain",
    "vtt": "text/vtt",
    "txt": "text/plain",
}
_FORMATS: Final = ("SRT", "VTT", "JSON", "CSV")


async def transcript(call: Call) -> web.Response:
    """`GET /sessions/{session}/transcript`."""
    wanted = call.query.get("format", "CSV")
    if wanted not in _FORMATS:
        raise bad('"format" must be one of SRT, VTT, JSON, CSV')
    view = await call.session()
    await _needed(call, view.session.id, "transcript")
    url, expiry = link(
        call.app, call.kit.links, "transcript", view.session.id, f"transcript.{wanted.lower()}"
    )
    return success(
        {
            "sessionId": view.session.id,
            "transcript_download_url": url,
            "transcript_download_url_expiry": expiry,
        }
    )


async def get_summary(call: Call) -> web.Response:
    """`GET /sessions/{session}/summary`: its link; it is made when somebody reads it."""
    view = await call.session()
    await _needed(call, view.session.id, "summary")
    url, expiry = link(call.app, call.kit.links, "summary", view.session.id, "summary.txt")
    return success(
        {
            "sessionId": view.session.id,
            "summaryDownloadUrl": url,
            "summaryDownloadUrlExpiry": expiry,
        }
    )


async def make_summary(call: Call) -> web.Response:
    """`POST /sessions/{session}/summary`: there is nothing to wait for."""
    view = await call.session()
    await _needed(call, view.session.id, "summary")
    return success({"session_id": view.session.id, "status": "COMPLETED"})


def link(app: App, links: Links, kind: str, session_id: str, name: str) -> tuple[str, str | None]:
    """Where something that was said can be fetched, and until when."""
    expires = app.clock.utc() + LIFE
    path = links.path(kind, session_id, name, expires)
    return app.meetings.public_url.rstrip("/") + path, time_text(expires)


async def _needed(call: Call, session_id: str, what: str) -> None:
    if not await call.app.transcripts.of_session(session_id):
        raise KitError(404, f"No {what} found for session_id {session_id}")


async def transcript_file(app: App, session_id: str, name: str) -> str:
    """The transcript of a session in the format that its file's name says."""
    segments = await app.transcripts.of_session(session_id)
    stored = await app.storage.find_session(session_id)
    return _WRITERS[name.rpartition(".")[2]](segments, stored)


async def summary_file(app: App, session_id: str) -> str:
    """The summary of a session, as its meeting's `ai_config` wants it."""
    segments = await app.transcripts.of_session(session_id)
    stored = await app.storage.find_session(session_id)
    found = await app.storage.find_record(Extra, stored.session.meeting_id) if stored else None
    wish = _wish(found.data if found is not None else {})
    words = wish.get("word_limit")
    return summary(
        segments,
        int(words) if isinstance(words, int | float) else DEFAULT_WORDS,
        markdown=wish.get("text_format") == "markdown",
    )


def _wish(data: Body) -> Body:
    config = data.get("ai_config")
    wish = config.get("summarization") if isinstance(config, dict) else None
    return wish if isinstance(wish, dict) else {}


def _csv(segments: Segments, stored: StoredSession | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for one in segments:
        who = _peer(one, stored)
        writer.writerow(
            (round(one.start * 1000), who["id"], who["userId"], who["cpi"], one.name, one.text)
        )
    return out.getvalue()


def _json(segments: Segments, stored: StoredSession | None) -> str:
    rows = [
        {
            "startTime": round(one.start, 3),
            "endTime": round(one.end, 3),
            "sentence": one.text,
            "peerData": _peer(one, stored),
        }
        for one in segments
    ]
    return json.dumps(rows, ensure_ascii=False)


def _peer(segment: TranscriptSegment, stored: StoredSession | None) -> dict[str, object]:
    """Who spoke, by the ids that clients know."""
    people = stored.participants if stored is not None else ()
    who = next((one for one in people if one.id == segment.participant_id), None)
    custom = (who.user_id if who is not None else None) or segment.participant_id
    user = (who.invitation_id if who is not None else None) or segment.participant_id
    return {
        "id": segment.connection_id,
        "userId": user,
        "displayName": segment.name,
        "cpi": custom,
        "joinedAt": time_text(who.joined_at) if who is not None else None,
        "leftAt": time_text(who.left_at) if who is not None and who.left_at else None,
    }


_WRITERS: Final[Mapping[str, Callable[[Segments, StoredSession | None], str]]] = {
    "csv": _csv,
    "json": _json,
    "srt": lambda segments, _: srt(segments),
    "vtt": lambda segments, _: vtt(segments),
}
