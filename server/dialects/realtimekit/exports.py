"""Exports of a session: its chat."""

import csv
import io

from aiohttp import web

from server.dialects.realtimekit.answers import KitError, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.links import LIFE
from server.facts import utc_text
from server.records import LogEntryView
from server.services.context import App
from server.storage.port import StoredSession

CHAT_EVENT = "chat.sent"
_CHUNK = 1000
_COLUMNS = (
    "id",
    "participantId",
    "sessionId",
    "meetingId",
    "displayName",
    "pinned",
    "isEdited",
    "payloadType",
    "payload",
    "createdAt",
)


async def chat(call: Call) -> web.Response:
    """`GET /sessions/{session}/chat`."""
    view = await call.session()
    if not await messages_of(call.app, view.session.id):
        raise KitError(404, f"No chat found for session_id {view.session.id}")
    expires = call.app.clock.utc() + LIFE
    path = call.kit.links.path("chat", view.session.id, "chat.csv", expires)
    return success(
        {
            "chat_download_url": call.app.meetings.public_url.rstrip("/") + path,
            "chat_download_url_expiry": time_text(expires),
        }
    )


async def messages_of(app: App, session_id: str) -> list[LogEntryView]:
    """Every chat message of a session, oldest first."""
    await app.sessions.settle()
    found: list[LogEntryView] = []
    after = 0
    while True:
        entries = await app.storage.list_events(session_id, after=after, limit=_CHUNK)
        found.extend(entry for entry in entries if entry.type == CHAT_EVENT)
        if len(entries) < _CHUNK:
            return found
        after = entries[-1].sequence


async def chat_file(app: App, session_id: str) -> str:
    """The chat of a session as comma-separated values (RFC 4180)."""
    stored = await app.storage.find_session(session_id)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for entry in await messages_of(app, session_id):
        message = entry.data.get("message")
        if isinstance(message, dict):
            who = _participant(stored, str(message.get("participant_id")))
            text = str(message.get("text"))
            writer.writerow(
                (
                    message.get("id"),
                    who,
                    session_id,
                    entry.meeting_id,
                    message.get("name"),
                    "false",
                    "false",
                    "TEXT_MESSAGE",
                    text,
                    utc_text(entry.at),
                )
            )
    return out.getvalue()


def _participant(stored: StoredSession | None, participant_id: str) -> str:
    """The id by which clients know somebody."""
    for who in stored.participants if stored is not None else ():
        if who.id == participant_id and who.invitation_id is not None:
            return who.invitation_id
    return participant_id
