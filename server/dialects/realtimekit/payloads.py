"""What webhooks are sent: one JSON object for each event. Pure."""

from datetime import datetime
from typing import Final

from server.dialects.realtimekit.answers import time_text, whole_ms
from server.dialects.realtimekit.reading import Body
from server.dialects.realtimekit.watch import Happening, What
from signaling.model import EndReason, Meeting, Session

EVENT_NAMES: Final = {
    What.STARTED: "meeting.started",
    What.JOINED: "meeting.participantJoined",
    What.LEFT: "meeting.participantLeft",
    What.ENDED: "meeting.ended",
    What.CHAT: "meeting.chatSynced",
    What.TRANSCRIPT: "meeting.transcript",
    What.SUMMARY: "meeting.summary",
    What.RECORDING: "recording.statusUpdate",
}


def meeting_object(meeting: Meeting, session: Session | None, title: str, by: Body) -> Body:
    """The `meeting` of most events; its status is `LIVE` even at the end."""
    shown: dict[str, object] = {
        "id": meeting.id,
        "title": title,
        "roomName": meeting.id,
        "status": "LIVE",
        "createdAt": time_text(meeting.created_at),
        "organizedBy": by,
    }
    if session is not None:
        shown["sessionId"] = session.id
        shown["startedAt"] = time_text(session.started_at)
        if session.ended_at is not None:
            shown["endedAt"] = time_text(session.ended_at)
    return shown


def payload(happening: Happening, meeting: Meeting, title: str, by: Body) -> Body:
    """An event about a session or somebody in it.

    Args:
        happening: Neither a recording's nor the chat's.
        meeting: Where.
        title: As the client knows it.
        by: `organizedBy`.
    """
    body: dict[str, object] = {
        "event": EVENT_NAMES[happening.what],
        "meeting": meeting_object(meeting, happening.session, title, by),
    }
    if happening.what is What.ENDED and happening.session is not None:
        by_host = happening.session.reason is EndReason.MEETING_ENDED
        body["reason"] = "HOST_ENDED_MEETING" if by_host else "ALL_PARTICIPANTS_LEFT"
    if happening.what in (What.JOINED, What.LEFT):
        body["participant"] = _participant(happening)
    return body


def _participant(happening: Happening) -> Body:
    who, connection = happening.participant, happening.connection
    assert who is not None  # noqa: S101  (joined and left name both)
    assert connection is not None  # noqa: S101
    custom = who.user_id or who.id
    shown: dict[str, object] = {
        "peerId": connection.id,
        "userDisplayName": who.name,
        "customParticipantId": custom,
        "clientSpecificId": custom,
        "joinedAt": _ms(connection.connected_at),
    }
    if happening.what is What.LEFT:
        shown["leftAt"] = _ms(connection.closed_at or connection.updated_at)
    return shown


def chat_payload(meeting: Meeting, session: Session, title: str, by: Body, link: Body) -> Body:
    """`meeting.chatSynced`."""
    return {
        "event": EVENT_NAMES[What.CHAT],
        "sessionId": session.id,
        "meetingId": meeting.id,
        "title": title,
        **link,
        "createdAt": time_text(session.created_at),
        "startedAt": time_text(session.started_at),
        "endedAt": time_text(session.ended_at),
        "organizedBy": by,
    }


def spoken_payload(what: What, meeting: Body, url: str, expiry: str | None) -> Body:
    """`meeting.transcript` and `meeting.summary`."""
    name = "transcript" if what is What.TRANSCRIPT else "summary"
    return {
        "event": EVENT_NAMES[what],
        "meeting": meeting,
        f"{name}DownloadUrl": url,
        f"{name}DownloadUrlExpiry": expiry,
    }


def recording_payload(shown: Body, meeting: Body, meeting_id: str, organization: str) -> Body:
    """`recording.statusUpdate` from a recording as the REST answers show it."""
    size = shown.get("file_size")
    return {
        "event": EVENT_NAMES[What.RECORDING],
        "meeting": meeting,
        "recording": {
            "id": shown["id"],
            "recordingId": shown["id"],
            "status": shown["status"],
            "downloadUrl": shown.get("download_url"),
            "audioDownloadUrl": shown.get("audio_download_url"),
            "downloadUrlExpiry": shown.get("download_url_expiry"),
            "startedTime": shown.get("started_time"),
            "stoppedTime": shown.get("stopped_time"),
            "fileSize": None if size is None else str(size),
            "outputFileName": shown["output_file_name"],
            "meetingId": meeting_id,
            "recordingDuration": shown.get("recording_duration"),
            "organizationId": organization,
            "roomUUID": shown["session_id"],
        },
    }


def _ms(at: datetime | None) -> str | None:
    return None if at is None else time_text(whole_ms(at))
