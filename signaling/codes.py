"""Codes of the wire: which error ends a WebSocket and with which close code (RFC 6455 section 7.4).

An error code that is not in CLOSE_CODES is not fatal: the client is told and goes on.
"""

from collections.abc import Mapping

from signaling.model import EndReason

NORMAL = 1000
GOING_AWAY = 1001
UNSUPPORTED_DATA = 1003
MESSAGE_TOO_BIG = 1009
INTERNAL = 1011

CLOSE_CODES: Mapping[str, int] = {
    "bad_message": 4400,
    "hello_expected": 4400,
    "protocol_unsupported": 4400,
    "hello_timeout": 4408,
    "token_required": 4401,
    "token_invalid": 4401,
    "token_expired": 4401,
    "name_required": 4401,
    "name_invalid": 4401,
    "token_for_another_meeting": 4403,
    "kicked": 4403,
    "waiting_room": 4403,
    "join_refused": 4403,
    "wait_timed_out": 4408,
    "replaced": 4409,
    "meeting_not_found": 4404,
    "too_slow": 4408,
    "meeting_inactive": 4410,
    "meeting_ended": 4410,
    "left": NORMAL,
    "meeting_full": 4429,
    "rate_limited": 4429,
    "too_fast": 4429,
    "server_draining": 4503,
    "media_unavailable": 4503,
    "internal": INTERNAL,
}

GOODBYE_CODES: Mapping[EndReason, int] = {
    EndReason.LEFT: NORMAL,
    EndReason.KICKED: 4403,
    EndReason.REPLACED: 4409,
    EndReason.MEETING_ENDED: 4410,
    EndReason.EMPTY: 4410,
    EndReason.TRANSPORT_LOST: 4408,
    EndReason.CONNECT_TIMEOUT: 4408,
    EndReason.ICE_FAILED: 4408,
    EndReason.DTLS_FAILED: 4408,
    EndReason.PROTOCOL_ERROR: 4400,
    EndReason.SERVER_STOPPED: GOING_AWAY,
}

GOODBYE_TEXTS: Mapping[EndReason, str] = {
    EndReason.LEFT: "You left the meeting.",
    EndReason.KICKED: "A host removed you from the meeting.",
    EndReason.REPLACED: "You joined again from another page or device.",
    EndReason.MEETING_ENDED: "The meeting was ended for everybody.",
    EndReason.EMPTY: "The meeting ended because nobody was left.",
    EndReason.TRANSPORT_LOST: "The connection was lost.",
    EndReason.CONNECT_TIMEOUT: "The connection could not be made in time.",
    EndReason.ICE_FAILED: "No network path to the server was found.",
    EndReason.DTLS_FAILED: "The encrypted connection could not be made.",
    EndReason.PROTOCOL_ERROR: "The connection ended because of an error.",
    EndReason.SERVER_STOPPED: "The server is stopping.",
}

# Reasons after which joining again is what the person most likely wants.
REJOIN = frozenset(
    {
        EndReason.LEFT,
        EndReason.TRANSPORT_LOST,
        EndReason.CONNECT_TIMEOUT,
        EndReason.ICE_FAILED,
        EndReason.DTLS_FAILED,
        EndReason.SERVER_STOPPED,
    }
)
