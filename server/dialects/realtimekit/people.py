"""Rows of session participants: who a connection belonged to, and what happened to it."""

from server.dialects.realtimekit.answers import time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.reading import Body
from server.dialects.realtimekit.tally import Row
from signaling.model import Role

_PRESETS = {
    Role.HOST: "group_call_host",
    Role.PARTICIPANT: "group_call_participant",
    Role.OBSERVER: "webinar_viewer",
}
"""What people who were not invited through this dialect count as."""


def person(row: Row, preset: str) -> Body:
    """One row; `left_at` is absent while inside."""
    who, connection = row.participant, row.connection
    shown: dict[str, object] = {
        "id": connection.id,
        "user_id": who.invitation_id or who.id,
        "custom_participant_id": who.user_id or who.id,
        "display_name": who.name,
        "preset_name": preset,
        "joined_at": time_text(row.joined_at),
        "duration": row.minutes,
        "created_at": time_text(connection.created_at),
        "updated_at": time_text(max(connection.updated_at, row.joined_at)),
    }
    if row.left_at is not None:
        shown["left_at"] = time_text(row.left_at)
    return shown


async def preset_of(call: Call, row: Row) -> str:
    """The name of the preset that a row's participant has, or counts as."""
    invitation_id = row.participant.invitation_id
    if invitation_id is not None:
        found = await call.kit.invitations.by_id(invitation_id)
        if found is not None:
            return found.preset_name
    return _PRESETS[row.participant.role]


async def view_types(call: Call, row: Row) -> str:
    """The view type of that preset."""
    preset = await call.kit.presets.by_name(call.ref.account, await preset_of(call, row))
    config = preset.document.get("config") if preset is not None else None
    word = config.get("view_type") if isinstance(config, dict) else None
    return word if isinstance(word, str) else "GROUP_CALL"


def peer_events(row: Row, view_type: str) -> list[Body]:
    """What happened to a connection: made, joined, left."""
    connection = row.connection
    turns = [("PEER_CREATED", connection.created_at), ("PEER_JOINING", row.joined_at)]
    if row.left_at is not None:
        turns.append(("PEER_LEAVING", row.left_at))
    return [
        {
            "id": f"{connection.id}-{number}",
            "event_name": name,
            "peer_id": connection.id,
            "participant_id": row.participant.invitation_id or row.participant.id,
            "session_id": connection.session_id,
            "socket_session_id": connection.session_id,
            "preset_view_type": view_type,
            "minutes_consumed": row.minutes if name == "PEER_LEAVING" else 0,
            "created_at": time_text(at),
            "updated_at": time_text(at),
        }
        for number, (name, at) in enumerate(turns)
    ]
