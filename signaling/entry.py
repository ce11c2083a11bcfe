"""How somebody comes into a Session: what the model records and what the engine is told."""

from dataclasses import dataclass
from datetime import datetime

from media.types import ConnectionSpec
from signaling.ids import new_id
from signaling.model import (
    Connection,
    ConnectionState,
    Participant,
    ParticipantState,
    Role,
    Session,
)
from signaling.ports import Admission


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody comes in, beside who they are.

    Attributes:
        protocol: `websocket`, `whip`, `whep` or a dialect's word.
        client_name: Opaque name chosen by a dialect's client; None for the connection's id.
        only_participant: WHEP: whose tracks fill the slots; None for everybody's.
        client: What the client's program calls itself.
        mix: Hear everybody as one sound instead of the loudest in slots of their own.
    """

    protocol: str
    client_name: str | None = None
    only_participant: str | None = None
    client: str | None = None
    mix: bool = False

    def connection(
        self, session: Session, participant_id: str, replaces: str | None, now: datetime
    ) -> Connection:
        """A Connection that begins now."""
        connection_id = new_id()
        return Connection(
            id=connection_id,
            session_id=session.id,
            meeting_id=session.meeting_id,
            participant_id=participant_id,
            state=ConnectionState.CONNECTING,
            created_at=now,
            updated_at=now,
            client_name=self.client_name or connection_id,
            protocol=self.protocol,
            replaces=replaces,
        )

    def spec(self, connection: Connection, participant: Participant) -> ConnectionSpec:
        """What the engine must know; the Session names its room."""
        listens_only = self.protocol == "whep" or participant.role is Role.OBSERVER
        return ConnectionSpec(
            connection_id=connection.id,
            room_id=connection.session_id,
            participant_id=participant.id,
            label=participant.name,
            publish=not listens_only,
            subscribe=self.protocol != "whip",
            only_participant=self.only_participant,
            every_video=self.protocol == "whep",
            mix=self.mix,
        )


def participant_of(
    admission: Admission, session: Session, participant_id: str, now: datetime
) -> Participant:
    """Somebody who joins a Session for the first time."""
    return Participant(
        id=participant_id,
        session_id=session.id,
        meeting_id=session.meeting_id,
        name=admission.name,
        role=admission.role,
        kind=admission.kind,
        state=ParticipantState.PRESENT,
        joined_at=now,
        user_id=admission.user_id,
        invitation_id=admission.invitation_id,
    )
