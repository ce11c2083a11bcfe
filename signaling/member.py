"""A Participant with its Connections and what is muted of it; plain bookkeeping."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from media.types import TrackSource
from signaling.model import (
    Connection,
    Participant,
    ParticipantState,
    Permissions,
    Track,
)

if TYPE_CHECKING:
    from signaling.connection import LiveConnection


@dataclass(slots=True)
class Member:
    """Somebody known to a Session, present or gone.

    Mute states belong to the person, not to a connection: they outlive a reconnect.

    Attributes:
        connections: Those that have not ended, oldest first.
        newest: The latest connection's record, ended or not.
        own_mutes: Sources that the participant muted.
        host_mutes: Sources that a host muted, with that host's participant id; None for a program.
        made: What a program of this process publishes, without a connection that carries it.
        granted: What an invitation permits; None for what the role may do.
    """

    participant: Participant
    newest: Connection
    connections: "dict[str, LiveConnection]" = field(default_factory=dict)
    own_mutes: set[TrackSource] = field(default_factory=set)
    host_mutes: dict[TrackSource, str | None] = field(default_factory=dict)
    made: dict[TrackSource, Track] = field(default_factory=dict)
    granted: Permissions | None = None

    @property
    def permissions(self) -> Permissions:
        """What this participant may do."""
        return self.granted or Permissions.of(self.participant.role)

    @property
    def present(self) -> bool:
        """In the roster."""
        return self.participant.state is ParticipantState.PRESENT

    @property
    def attended(self) -> bool:
        """Somebody is at the other end: a connection works and its signaling is open."""
        return any(live.attended for live in self.connections.values())

    @property
    def joined(self) -> bool:
        """A connection was up and has not ended."""
        return any(live.record.connected_at for live in self.connections.values())

    def muted(self, source: TrackSource) -> bool:
        """Whether nobody may get this source now."""
        return (
            source in self.own_mutes
            or source in self.host_mutes
            or source not in self.permissions.sources
        )

    def tracks(self) -> list[Track]:
        """Everything published, by source; the newest connection wins."""
        found = dict(self.made)
        for live in self.connections.values():
            found.update(live.tracks)
        return list(found.values())
