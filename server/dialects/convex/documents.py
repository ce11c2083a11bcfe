"""Documents of the dialect out of the domain: a Connection becomes a `webrtcSessions` row."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.values import Value
from server.records import User
from signaling.model import Connection, ConnectionState, Participant

_ACTIVE_ORDER = (
    ConnectionState.CONNECTING,
    ConnectionState.CONNECTED,
    ConnectionState.DISCONNECTED,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def active_sessions(
    rows: Iterable[tuple[Connection, Participant]], users: Mapping[str, User]
) -> list[Value]:
    """The active connections as documents, in order of state, then of creation.

    Args:
        rows: Connections with their participants.
        users: By `sub`; a row whose user is not among them is left out.
    """
    shown = [
        (connection, participant)
        for connection, participant in rows
        if connection.state in _ACTIVE_ORDER
        and (participant.user_id is None or participant.user_id in users)
    ]
    shown.sort(key=lambda row: (_ACTIVE_ORDER.index(row[0].state), row[0].id))
    return [
        _session_document(connection, _user_document(participant, users))
        for connection, participant in shown
    ]


def creation_time(uuid: str) -> float:
    """When an entity was created: milliseconds since the epoch out of its UUIDv7.

    The 12 bits after the version are the fraction (RFC 9562 section 6.2 method 3), which is just
    what a float resolves in this century: unique, never changing, in the order of ids.
    """
    bits = UUID(uuid).int
    return float(bits >> 80) + (bits >> 64 & 0xFFF) / 4096


def whole_milliseconds(at: datetime) -> float:
    """A moment as whole milliseconds since the epoch."""
    return float((at - _EPOCH) // timedelta(milliseconds=1))


def _session_document(connection: Connection, user: Mapping[str, Value]) -> Mapping[str, Value]:
    document: dict[str, Value] = {
        "_creationTime": creation_time(connection.id),
        "_id": encode_id(Table.WEBRTC_SESSIONS, connection.id),
        "createdAt": whole_milliseconds(connection.created_at),
        "meetingId": encode_id(Table.MEETINGS, connection.meeting_id),
        "sessionId": connection.client_name or connection.id,
        "state": connection.state.value,
        "updatedAt": whole_milliseconds(connection.updated_at),
        "user": user,
        "userId": user["_id"],
    }
    if connection.quality is not None:
        document["connectionQuality"] = connection.quality.value
    if connection.quality_at is not None:
        document["lastMetricsAt"] = whole_milliseconds(connection.quality_at)
    if connection.metadata:
        document["metadata"] = {
            name: value if isinstance(value, bool | str) else float(value)
            for name, value in connection.metadata.items()
        }
    return document


def _user_document(participant: Participant, users: Mapping[str, User]) -> Mapping[str, Value]:
    """Who a row belongs to; somebody without an account appears under the participant's id."""
    user = users.get(participant.user_id) if participant.user_id is not None else None
    document: dict[str, Value] = {
        "_id": encode_id(Table.USERS, user.id if user is not None else participant.id)
    }
    name = participant.name or (user.name if user is not None else None)
    if name:
        document["displayName"] = name
    if user is not None and user.avatar:
        document["avatarUrl"] = user.avatar
    return document
