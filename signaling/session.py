"""One live Session: who is in it, what everybody is told, and the numbers of its log.

The engine's room of a Session has the Session's id. Facts go to the log first and to the people
second, so that what they see is never ahead of what is known.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, assert_never

from typing_extensions import override

from media.types import ConnectionSpec, RoomListener, TrackSource, TrackState
from signaling.commands import AnnounceSession, CloseEverybody, Discard, SessionCommand, WakeAt
from signaling.connection import LiveConnection
from signaling.context import Context
from signaling.driver import Alarm
from signaling.events import AlarmWent, EndRequested, PresenceChanged, SessionEvent
from signaling.ids import new_id
from signaling.log import (
    ChatSent,
    ConnectionChanged,
    Fact,
    LogEntry,
    ParticipantJoined,
    ParticipantLeft,
    QualityChanged,
    RecordingChanged,
    SessionChanged,
    SessionDiscarded,
    TrackChanged,
    TrackEnded,
)
from signaling.member import Member
from signaling.messages import PROTOCOL
from signaling.model import (
    ChatMessage,
    Connection,
    ConnectionState,
    EndReason,
    Meeting,
    Participant,
    ParticipantKind,
    ParticipantState,
    RecordingNotice,
    Role,
    Session,
    SessionState,
    Track,
)
from signaling.outbox import Outbox
from signaling.ports import Admission
from signaling.replies import (
    ChatMessageSent,
    Departure,
    Muted,
    ParticipantView,
    RecordingMessage,
    Reply,
    Roster,
    SessionMessage,
    SlotCounts,
    Speaking,
    TimersView,
    Welcome,
)
from signaling.session_machine import SessionMachine
from signaling.views import (
    any_recording_view,
    chat_view,
    ice_server_views,
    meeting_view,
    participant_view,
    recording_view,
    session_view,
)

_LOG = logging.getLogger("roomtone.signaling")

CHAT_KEPT: Final = 100
# People who left and may come back as the same Participant; older ones come back as new ones.
LEFT_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody comes in, beside who they are.

    Attributes:
        protocol: `websocket`, `whip`, `whep` or a dialect's word.
        client_name: Opaque name chosen by a dialect's client; None for the connection's id.
        only_participant: WHEP: whose tracks fill the slots; None for everybody's.
    """

    protocol: str
    client_name: str | None = None
    only_participant: str | None = None


class LiveSession(RoomListener):
    """One occupancy of a meeting, while it lasts.

    Args:
        meeting: Of which meeting.
        context: The rings beside it.
        ended: Called once when the session is over.
        continues: The session that a restart of the server cut off.

    Attributes:
        session: The Session as the model knows it.
        recording: The latest state of its recording, None when there was none.
    """

    def __init__(
        self,
        meeting: Meeting,
        context: Context,
        ended: "Callable[[LiveSession], None]",
        continues: str | None = None,
    ) -> None:
        self.meeting = meeting
        self.recording: RecordingNotice | None = None
        self._context = context
        self._ended = ended
        self._machine = SessionMachine(context.settings.timers)
        self._alarm = Alarm(context.schedule, lambda: self._post(AlarmWent()))
        self._inbox: deque[SessionEvent] = deque()
        self._busy = False
        self._sequence = 0
        self._present: dict[str, Member] = {}
        self._left: OrderedDict[str, Member] = OrderedDict()
        self._chat: deque[ChatMessage] = deque(maxlen=CHAT_KEPT)
        self._turn: asyncio.Task[None] | None = None
        self.session = Session(
            id=new_id(),
            meeting_id=meeting.id,
            state=SessionState.PENDING,
            created_at=context.clock.utc(),
            continues=continues,
        )
        self._emit(SessionChanged(self.session))
        context.engine.listen_room(self.id, self)

    @property
    def id(self) -> str:
        """The Session's id, which also names its room in the engine."""
        return self.session.id

    @property
    def sequence(self) -> int:
        """Number of the latest fact."""
        return self._sequence

    def members(self) -> Iterator[Member]:
        """Everybody who is present."""
        return iter(tuple(self._present.values()))

    def member(self, participant_id: str) -> Member | None:
        """Somebody present, or gone and still remembered."""
        return self._present.get(participant_id) or self._left.get(participant_id)

    def connections(self) -> Iterator[LiveConnection]:
        """Every connection that has not ended."""
        for member in self.members():
            yield from tuple(member.connections.values())

    # Coming in

    def join(
        self, admission: Admission, participant_id: str, entry: Entry, outbox: Outbox
    ) -> LiveConnection:
        """Open a Connection; earlier ones of the same Participant are closed in the same step."""
        member = self.member(participant_id)
        old = [] if member is None else list(member.connections.values())
        live = LiveConnection(
            self._connection(participant_id, entry, old[-1].id if old else None),
            self,
            self._context,
        )
        label = admission.name if member is None else member.participant.name
        role = admission.role if member is None else member.participant.role
        spec = self._spec(live, label, entry, publish=role is not Role.OBSERVER)
        self._context.engine.open(spec, live)
        fresh = member is None or not member.present
        member = self._admit(admission, participant_id, live.record)
        member.connections[live.id] = live
        sequence = self._emit(ConnectionChanged(live.record, None))
        live.opened()
        for earlier in old:
            earlier.end(EndReason.REPLACED)
        view = self._view(member)
        self.broadcast(
            Roster(sequence=sequence, joined=[view])
            if fresh
            else Roster(sequence=sequence, changed=[view])
        )
        live.attach(outbox, self._welcome(member, live, admission, kept=False))
        self._presence()
        return live

    def keep(
        self, member: Member, live: LiveConnection, admission: Admission, outbox: Outbox
    ) -> None:
        """A client came back on a new socket; its peer connection still works."""
        live.attach(outbox, self._welcome(member, live, admission, kept=True))
        live.kept()

    def continue_from(self, session_id: str) -> None:
        """Name the session that a restart cut off, while nobody is connected yet."""
        if self.session.continues is None and self.session.state is SessionState.PENDING:
            self.session = replace(self.session, continues=session_id)
            self._emit(SessionChanged(self.session))

    # What people do

    def say(self, live: LiveConnection, text: str) -> None:
        """Somebody writes to everybody."""
        member = self._present[live.participant_id]
        message = ChatMessage(
            id=new_id(),
            participant_id=live.participant_id,
            name=member.participant.name,
            text=text,
            at=self._context.clock.utc(),
        )
        self._chat.append(message)
        sequence = self._emit(ChatSent(message))
        self.broadcast(ChatMessageSent(sequence=sequence, message=chat_view(message)))

    def mute_own(self, live: LiveConnection, source: TrackSource, *, muted: bool) -> bool:
        """Somebody mutes or unmutes their own source; False when a host has muted it."""
        member = self._present[live.participant_id]
        if not muted and source in member.host_mutes:
            return False
        if muted:
            member.own_mutes.add(source)
        else:
            member.own_mutes.discard(source)
        self._apply_mute(member, source)
        return True

    def mute_by_host(
        self, member: Member, source: TrackSource, *, muted: bool, by: str | None
    ) -> None:
        """A host mutes somebody, or gives them the right to unmute themselves back.

        Nobody's microphone is ever opened by somebody else: after a release the source stays muted
        until its owner unmutes it.
        """
        if muted:
            member.host_mutes[source] = by
            member.own_mutes.add(source)
        else:
            member.host_mutes.pop(source, None)
        self._apply_mute(member, source)
        for live in member.connections.values():
            live.send(Muted(source=source, muted=muted, by=by))

    def kick(self, member: Member, by: str | None) -> None:
        """Remove somebody at once and for good."""
        fields = {"participant": member.participant.id, "by": by}
        _LOG.info("participant kicked", extra=fields)
        self._context.kicked.add(member.participant.id)
        for live in tuple(member.connections.values()):
            live.end(EndReason.KICKED)

    def end(self, reason: EndReason) -> None:
        """End the session for all."""
        self._post(EndRequested(reason))

    def settle(self) -> None:
        """Look again who is here; a pending session with nobody in it is discarded."""
        self._presence()

    # What connections report

    def connection_moved(self, live: LiveConnection, before: ConnectionState) -> None:
        """A connection changed its state; its record has the new one."""
        member = self._present[live.participant_id]
        if member.newest.id == live.id:
            member.newest = live.record
        if live.record.state.final:
            for source in live.tracks:
                self._emit(TrackEnded(live.participant_id, live.id, source))
            live.tracks = {}
            del member.connections[live.id]
        sequence = self._emit(ConnectionChanged(live.record, before))
        if member.connections:
            self.broadcast(Roster(sequence=sequence, changed=[self._view(member)]))
        else:
            self._leave(member, live.record.reason)
        self._presence()

    def tracks_changed(self, live: LiveConnection, tracks: tuple[TrackState, ...]) -> None:
        """A connection publishes something else than before."""
        member = self._present[live.participant_id]
        changed = False
        now = {track.source: track for track in tracks}
        for source in tuple(live.tracks):
            if source not in now:
                del live.tracks[source]
                self._emit(TrackEnded(live.participant_id, live.id, source))
                changed = True
        for source, state in now.items():
            known = live.tracks.get(source)
            if known is None or known.codec != state.codec:
                live.tracks[source] = self._track(member, live, source, state.codec)
                self._context.engine.set_muted(live.id, source, muted=member.muted(source))
                self._emit(TrackChanged(live.tracks[source]))
                changed = True
        if changed:
            self._tell_changed(member)

    def quality_changed(self, live: LiveConnection, before: object) -> None:
        """A connection's quality was judged."""
        member = self._present[live.participant_id]
        if member.newest.id == live.id:
            member.newest = live.record
        self._emit(QualityChanged(live.record))
        if live.record.quality is not before:
            self._tell_changed(member)

    def recording_changed(self, notice: RecordingNotice) -> None:
        """The recording changed its state; also after the session ended."""
        self.recording = notice
        sequence = self._emit(RecordingChanged(notice))
        message = RecordingMessage(sequence=sequence, recording=any_recording_view(notice))
        self.broadcast(message)

    @override
    def speakers_changed(self, room_id: str, participant_ids: tuple[str, ...]) -> None:
        """The engine hears others speak (media.types.RoomListener)."""
        self.broadcast(Speaking(participants=list(participant_ids)))

    def broadcast(self, message: Reply) -> None:
        """Send a message to everybody."""
        for live in self.connections():
            live.send(message)

    # Inside

    def _emit(self, fact: Fact) -> int:
        self._sequence += 1
        entry = LogEntry(self.id, self.meeting.id, self._sequence, self._context.clock.utc(), fact)
        self._context.log.append(entry)
        return self._sequence

    def _connection(self, participant_id: str, entry: Entry, replaces: str | None) -> Connection:
        now, connection_id = self._context.clock.utc(), new_id()
        return Connection(
            id=connection_id,
            session_id=self.id,
            meeting_id=self.meeting.id,
            participant_id=participant_id,
            state=ConnectionState.CONNECTING,
            created_at=now,
            updated_at=now,
            client_name=entry.client_name or connection_id,
            protocol=entry.protocol,
            replaces=replaces,
        )

    def _spec(
        self, live: LiveConnection, label: str, entry: Entry, *, publish: bool
    ) -> ConnectionSpec:
        whep = entry.protocol == "whep"
        return ConnectionSpec(
            connection_id=live.id,
            room_id=self.id,
            participant_id=live.participant_id,
            label=label,
            publish=publish and not whep,
            subscribe=entry.protocol != "whip",
            only_participant=entry.only_participant,
            every_video=whep,
        )

    def _admit(self, admission: Admission, participant_id: str, record: Connection) -> Member:
        """Make sure that the participant is present, new or come back."""
        member = self._present.get(participant_id)
        if member is not None:
            member.newest = record
            return member
        member = self._left.pop(participant_id, None)
        if member is None:
            participant = Participant(
                id=participant_id,
                session_id=self.id,
                meeting_id=self.meeting.id,
                name=admission.name,
                role=admission.role,
                kind=admission.kind,
                state=ParticipantState.PRESENT,
                joined_at=self._context.clock.utc(),
                user_id=admission.user_id,
            )
            member = Member(participant, record)
        else:
            member.newest = record
            member.participant = replace(
                member.participant, state=ParticipantState.PRESENT, left_at=None, reason=None
            )
        self._present[participant_id] = member
        self._emit(ParticipantJoined(member.participant))
        return member

    def _leave(self, member: Member, reason: EndReason | None) -> None:
        participant = replace(
            member.participant,
            state=ParticipantState.LEFT,
            left_at=self._context.clock.utc(),
            reason=reason,
        )
        member.participant = participant
        del self._present[participant.id]
        self._left[participant.id] = member
        if len(self._left) > LEFT_KEPT:
            self._left.popitem(last=False)
        sequence = self._emit(ParticipantLeft(participant))
        departure = Departure(id=participant.id, reason=reason or EndReason.LEFT)
        self.broadcast(Roster(sequence=sequence, left=[departure]))

    def _track(
        self, member: Member, live: LiveConnection, source: TrackSource, codec: str | None
    ) -> Track:
        return Track(
            participant_id=live.participant_id,
            connection_id=live.id,
            source=source,
            muted=member.muted(source),
            codec=codec,
            muted_by=member.host_mutes.get(source),
        )

    def _apply_mute(self, member: Member, source: TrackSource) -> None:
        changed = False
        for live in member.connections.values():
            self._context.engine.set_muted(live.id, source, muted=member.muted(source))
            known = live.tracks.get(source)
            if known is None:
                continue
            track = self._track(member, live, source, known.codec)
            if track != known:
                live.tracks[source] = track
                self._emit(TrackChanged(track))
                changed = True
        if changed:
            self._tell_changed(member)

    def _tell_changed(self, member: Member) -> None:
        self.broadcast(Roster(sequence=self._sequence, changed=[self._view(member)]))

    def _view(self, member: Member) -> ParticipantView:
        return participant_view(member.participant, member.newest, member.tracks())

    def _welcome(
        self, member: Member, live: LiveConnection, admission: Admission, *, kept: bool
    ) -> Welcome:
        settings = self._context.settings
        timers = settings.timers
        token = self._context.gate.resume_token(
            admission, session_id=self.id, participant_id=member.participant.id
        )
        return Welcome(
            protocol=PROTOCOL,
            sequence=self._sequence,
            meeting=meeting_view(self.meeting),
            session=session_view(self.session),
            you=self._view(member),
            connection=live.id,
            resume=token,
            kept=kept,
            participants=[self._view(other) for other in self.members() if other is not member],
            recording=recording_view(self.recording),
            chat=[chat_view(message) for message in self._chat],
            ice_servers=ice_server_views(settings.ice_servers),
            slots=SlotCounts(audio=settings.audio_slots, video=settings.video_slots),
            timers=TimersView(disconnected=timers.disconnected, failed=timers.failed),
        )

    def _presence(self) -> None:
        people = [
            member
            for member in self._present.values()
            if member.participant.kind is ParticipantKind.PERSON
        ]
        live = sum(1 for member in people if member.joined)
        bots = len(self._present) - len(people)
        self._post(PresenceChanged(live, len(people) - live, bots))

    def _post(self, event: SessionEvent) -> None:
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                now = self._context.clock.monotonic()
                for command in self._machine.handle(self._inbox.popleft(), now):
                    self._perform(command)
        finally:
            self._busy = False

    def _perform(self, command: SessionCommand) -> None:
        match command:
            case WakeAt(when):
                self._alarm.set(when)
            case CloseEverybody(reason):
                for live in self.connections():
                    live.end(reason)
            case AnnounceSession(state, reason):
                self._announce(state, reason)
            case Discard():
                self._discard()
            case _:
                assert_never(command)

    def _announce(self, state: SessionState, reason: EndReason | None) -> None:
        now = self._context.clock.utc()
        first = state is SessionState.LIVE and self.session.started_at is None
        over = state is SessionState.ENDED
        self.session = replace(
            self.session,
            state=state,
            reason=reason,
            started_at=now if first else self.session.started_at,
            ended_at=now if over else None,
        )
        sequence = self._emit(SessionChanged(self.session))
        self.broadcast(SessionMessage(sequence=sequence, state=state))
        if first:
            self._tell_watcher_started()
        if over:
            self._context.engine.listen_room(self.id, None)
            self._ended(self)
            self._tell_watcher_ended()

    def _discard(self) -> None:
        now = self._context.clock.utc()
        self.session = replace(self.session, state=SessionState.ENDED, ended_at=now)
        self._emit(SessionDiscarded(self.session))
        self._context.engine.listen_room(self.id, None)
        self._ended(self)

    def _tell_watcher_started(self) -> None:
        watcher = self._context.watcher
        if watcher is not None:
            started = watcher.session_started(self.meeting, self.id)
            self._turn = self._context.scope.spawn(started, name=f"start of session {self.id}")

    def _tell_watcher_ended(self) -> None:
        watcher = self._context.watcher
        if watcher is None:
            return

        async def turn(started: asyncio.Task[None] | None) -> None:
            if started is not None:
                await asyncio.wait({started})
            await watcher.session_ended(self.meeting.id, self.id)

        _ = self._context.scope.spawn(turn(self._turn), name=f"end of session {self.id}")
