"""Validators of what the module's functions take and give, by the names of the published module."""

from server.dialects.convex.ids import Table
from server.dialects.convex.validators import (
    Arguments,
    Either,
    Flag,
    IdOf,
    ListOf,
    MapOf,
    Members,
    Nil,
    Number,
    Optional,
    Text,
    Validator,
    words,
)

MEETING = IdOf(Table.MEETINGS)
SESSION = IdOf(Table.WEBRTC_SESSIONS)
USER = IdOf(Table.USERS)
SIGNAL = IdOf(Table.WEBRTC_SIGNALS)
TEXT, NUMBER, FLAG, NIL = Text(), Number(), Flag(), Nil()

STATES = ("connecting", "connected", "disconnected", "failed", "closed")
QUALITIES = ("excellent", "good", "fair", "poor")
FAILURES = ("ice_failed", "connection_timeout", "media_failed", "signaling_failed")

METADATA = MapOf(Either((TEXT, NUMBER, FLAG)))
DESCRIPTION = Members({"type": words("offer", "answer", "pranswer", "rollback"), "sdp": TEXT})
CANDIDATE = Members(
    {
        "candidate": TEXT,
        "sdpMLineIndex": Optional(NUMBER),
        "sdpMid": Optional(TEXT),
        "usernameFragment": Optional(TEXT),
    }
)
STATS = Members({"bitrate": NUMBER, "jitter": NUMBER, "latency": NUMBER, "packetLoss": NUMBER})
PAGINATION = Members(
    {
        "cursor": Either((TEXT, NIL)),
        "endCursor": Optional(Either((TEXT, NIL))),
        "id": Optional(NUMBER),
        "maximumBytesRead": Optional(NUMBER),
        "maximumRowsRead": Optional(NUMBER),
        "numItems": NUMBER,
    }
)

ACTIVE_SESSION = Members(
    {
        "_creationTime": NUMBER,
        "_id": SESSION,
        "connectionQuality": Optional(words(*QUALITIES)),
        "createdAt": NUMBER,
        "lastMetricsAt": Optional(NUMBER),
        "meetingId": MEETING,
        "metadata": Optional(METADATA),
        "sessionId": TEXT,
        "state": words(*STATES),
        "updatedAt": NUMBER,
        "user": Members({"_id": USER, "avatarUrl": Optional(TEXT), "displayName": Optional(TEXT)}),
        "userId": USER,
    }
)
PAGE = Members(
    {
        "continueCursor": TEXT,
        "isDone": FLAG,
        "page": ListOf(ACTIVE_SESSION),
        "pageStatus": Optional(Either((words("SplitRecommended", "SplitRequired"), NIL))),
        "splitCursor": Optional(Either((TEXT, NIL))),
    }
)
PENDING_SIGNAL = Members(
    {
        "_id": SIGNAL,
        "data": Either((DESCRIPTION, CANDIDATE)),
        "fromUserId": USER,
        "sessionId": TEXT,
        "timestamp": NUMBER,
        "type": words("sdp", "ice"),
    }
)
CREATED = Members({"sessionId": TEXT, "success": FLAG})
ICE_SERVER = Members(
    {
        "credential": Optional(TEXT),
        "urls": Either((TEXT, ListOf(TEXT))),
        "username": Optional(TEXT),
    }
)
ROOM = Members(
    {
        "features": Members(
            {
                "chat": FLAG,
                "maxParticipants": NUMBER,
                "recording": FLAG,
                "screenSharing": FLAG,
                "transcription": FLAG,
            }
        ),
        "iceServers": Optional(ListOf(ICE_SERVER)),
        "provider": words("webrtc", "getstream"),
        "roomId": TEXT,
        "success": FLAG,
    }
)
ACCESS_TOKEN = Members(
    {
        "participantId": TEXT,
        "permissions": Members(
            {"canKick": FLAG, "canMute": FLAG, "canRecord": FLAG, "canShare": FLAG}
        ),
        "provider": words("webrtc", "getstream"),
        "roomId": TEXT,
        "success": FLAG,
        "token": TEXT,
    }
)
FAILURE_ADVICE = Members(
    {
        "fallbackProvider": Optional(words("getstream")),
        "retryRecommended": FLAG,
        "success": FLAG,
    }
)
QUALITY_ADVICE = Members(
    {
        "quality": words(*QUALITIES),
        "recommendations": ListOf(TEXT),
        "shouldFallback": FLAG,
    }
)


def takes(**fields: Validator) -> Arguments:
    """The arguments of a function about a meeting."""
    return Arguments({"meetingId": MEETING, **fields})
